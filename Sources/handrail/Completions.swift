import ArgumentParser
import Audit
import Runbooks
import Runner

/// What shells offer while a person types: runbooks, targets, parameters and runs.
///
/// Each answer reads the library or the journal once. Whatever goes wrong means no offers: a
/// shell in the middle of a line is no place for an error.
enum Completions {
    /// How many runs are offered.
    private static let offeredRuns = 50

    /// Ids of the library's runbooks.
    static func runbooks(_ words: [String], _ index: Int, _ prefix: String) async -> [String] {
        await offers(words) { session in
            try await session.openLibrary().library.runbooks.map(\.id.rawValue)
        }
    }

    /// Names of the inventory's targets.
    static func targets(_ words: [String], _ index: Int, _ prefix: String) async -> [String] {
        await offers(words) { session in
            try await session.openLibrary().library.inventory.targets.map(\.name.rawValue)
        }
    }

    /// Names of targets and groups, after the last comma of a list.
    static func limits(_ words: [String], _ index: Int, _ prefix: String) async -> [String] {
        await offers(words) { session in
            let targets = try await session.openLibrary().library.inventory.targets
            let names = targets.map(\.name.rawValue) + Set(targets.flatMap(\.groups)).sorted()
            guard let comma = prefix.lastIndex(of: ",") else { return names }
            return names.map { prefix[...comma] + $0 }
        }
    }

    /// `name=` for each parameter of the runbook on the line, with the choices of its values.
    static func parameters(_ words: [String], _ index: Int, _ prefix: String) async -> [String] {
        await offers(words) { session in
            let runbooks = try await session.openLibrary().library.runbooks
            guard let runbook = runbooks.first(where: { words.contains($0.id.rawValue) }) else {
                return []
            }
            guard let equals = prefix.firstIndex(of: "=") else {
                return runbook.parameters.map { "\($0.name)=" }
            }
            let parameter = runbook.parameters.first { $0.name.rawValue == prefix[..<equals] }
            let choices =
                parameter?.kind == .boolean
                ? ["true", "false"] : parameter?.constraints.choices ?? []
            return choices.map { prefix[...equals] + $0 }
        }
    }

    /// Ids of the newest runs.
    static func runs(_ words: [String], _ index: Int, _ prefix: String) async -> [String] {
        await offers(words) { session in
            guard let home = try await session.existingHome() else { return [] }
            let runs = try await home.journal.runs(matching: RunFilter(limit: offeredRuns))
            return runs.map(\.id.rawValue) + ["last"]
        }
    }

    /// Ids of the changes that have not ended.
    static func changes(_ words: [String], _ index: Int, _ prefix: String) async -> [String] {
        await offers(words) { session in
            guard let home = try await session.existingHome() else { return [] }
            let open = ChangeFilter(isOpen: true, limit: offeredRuns)
            return try await home.journal.changes(matching: open).map(\.id.rawValue)
        }
    }

    /// Names of the known change types.
    static func changeTypes(_ words: [String], _ index: Int, _ prefix: String) async -> [String] {
        await offers(words) { session in
            try await session.openLibrary().changeRules(for: .normal).map(\.type)
        }
    }

    /// What a body offers, in the library and home that the line names.
    private static func offers(
        _ words: [String], _ body: (Session) async throws -> [String]
    ) async -> [String] {
        var world = World.live
        world.terminal.writeError = { _ in }
        do {
            let options = try GlobalOptions.parse(globalWords(words))
            let console = Console(world: world, isJSON: false)
            return try await body(Session(console: console, options: options))
        } catch {
            // Nothing is offered; the command itself will say what is wrong.
            return []
        }
    }

    /// The options on the line that say where to look.
    private static func globalWords(_ words: [String]) -> [String] {
        var found: [String] = []
        for (index, word) in words.enumerated() {
            if word == "--working-tree" { found.append(word) }
            for name in ["--library", "--home"] {
                if word.hasPrefix(name + "=") { found.append(word) }
                if word == name, index + 1 < words.count { found += [word, words[index + 1]] }
            }
        }
        return found
    }
}
