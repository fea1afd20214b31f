import ArgumentParser
import Runbooks
import Runner

/// `handrail show`: a runbook, as a person reads it.
struct ShowCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "A runbook's article, then its parameters, targets, symptoms and steps.",
        discussion: "Example: handrail show disk.full")

    @ArgumentParser.Argument(
        help: ArgumentHelp("The runbook's id.", valueName: "runbook"),
        completion: .custom(Completions.runbooks))
    var id: String

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows the runbook, and who ran it here before.
    func perform(_ session: Session) async throws -> ExitCode {
        let opened = try await session.openLibrary()
        let runbook = try opened.runbook(id)
        var entry = RunbookEntry(runbook)
        let memory = try await session.homeMemoryIfReadable()
        entry.take(memory)
        let bytes = opened.library.tree.entries[runbook.folder + "/README.md"]?.bytes
        let article = bytes.map { String(decoding: $0, as: UTF8.self) }
        let console = session.console
        if console.isJSON {
            console.json(
                RunbookDocument(
                    runbook, entry: entry, article: article, library: opened.source,
                    inventory: opened.library.inventory, noHistory: memory.problem?.message))
            return .success
        }
        let view = RunbookView(
            runbook: runbook, article: article,
            past: memory.runs.filter { $0.runbook == runbook.id },
            flags: entry.flags,
            fitting: opened.library.inventory.targets.filter { target in
                runbook.targets.select.map { $0.holds(in: target.scope) } ?? true
            }, time: ShownTime(session.world), style: console.style, width: console.proseWidth)
        console.lines(view.lines)
        return .success
    }
}
