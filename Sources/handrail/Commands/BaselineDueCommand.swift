import ArgumentParser
import Runbooks
import Runner

/// `handrail baseline due`: which audits are due, and when the others will be.
struct BaselineDueCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "due",
        abstract: "Which audits are due, and when the others will be.",
        discussion: "It looks at nothing, and starts nothing: 'handrail baseline audit' does.")

    @ArgumentParser.Argument(
        help: ArgumentHelp("Baselines; all when none is named.", valueName: "baseline"),
        completion: .custom(Completions.runbooks))
    var baselines: [String] = []

    @Flag(help: "End with 2 where something is due.")
    var detailedExitcode = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Lists them.
    func perform(_ session: Session) async throws -> ExitCode {
        let opened = try await session.openLibrary()
        let home = try await session.homeToRead()
        let chosen = try opened.baselines(named: baselines)
        let due = try await DueAudits(
            of: chosen, in: opened.library.inventory, home?.journal, at: session.world.now())
        let console = session.console
        if console.isJSON {
            console.json(DueDocument(due))
        } else {
            console.lines(
                DueView(due: due, time: ShownTime(session.world), style: console.style)
                    .lines(width: console.width))
            if due.entries.isEmpty {
                console.note("No baseline of the library says 'every', or selects a target.")
            }
        }
        return detailedExitcode && due.isAnyDue ? .changes : .success
    }
}
