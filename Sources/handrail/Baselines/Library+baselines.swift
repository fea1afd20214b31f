import Runbooks
import Runner

extension Library {
    /// Of each runbook, whether a run of it is for one target or for several.
    var picks: [RunbookID: TargetRule.Pick] {
        Dictionary(
            runbooks.map { ($0.id, $0.targets.pick) }, uniquingKeysWith: { first, _ in first })
    }

    /// The baselines, sorted by id.
    var baselines: [Runbook] { runbooks.filter { $0.kind == .baseline } }
}

extension Runbook {
    /// The targets that it is about, sorted by name.
    func targets(in inventory: Inventory) -> [Target] {
        inventory.targets.filter { target in
            targets.select?.holds(in: target.scope) ?? true
        }.sorted { $0.name < $1.name }
    }
}

extension OpenedLibrary {
    /// The baselines that a person names; all of them where none is named.
    ///
    /// - Throws: `Failure` for a name that is no baseline's.
    func baselines(named names: [String]) throws -> [Runbook] {
        guard !names.isEmpty else { return library.baselines }
        return try names.map { name in
            let runbook = try self.runbook(name)
            guard runbook.kind == .baseline else {
                throw Failure(
                    .invalidInput, code: "baseline.none",
                    "\(runbook.id) is a \(runbook.kind.rawValue), and no baseline.",
                    hint: library.baselines.isEmpty
                        ? "the library has no baseline"
                        : "there are "
                            + library.baselines.map(\.id.rawValue).joined(separator: ", "))
            }
            return runbook
        }
    }
}
