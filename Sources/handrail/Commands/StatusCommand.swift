import ArgumentParser
import Runbooks
import Runner

/// `handrail status`, and `handrail` alone: what waits for a person, or one run in full.
struct StatusCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What waits for you; with a run, everything about it.",
        discussion: """
            A run is named by its id, by the beginning or the end of it, or by 'last'.

            Example: handrail status last
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("The run; all open ones without it.", valueName: "run"),
        completion: .custom(Completions.runs))
    var run: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows one run, or all that are open.
    func perform(_ session: Session) async throws -> ExitCode {
        guard let run else { return try await showInbox(session) }
        let (home, folded) = try await session.openRun(run)
        let status = RunStatus(
            folded, now: session.world.now(),
            escalations: try await home.journal.escalations(of: folded.summary.id),
            locks: try await home.journal.locks(on: folded.summary.targets),
            children: try await home.journal.children(
                of: folded.summary.id, plan: folded.machine.plan.planID),
            chain: try await RunChain(of: folded, in: home.journal))
        let console = session.console
        if console.isJSON {
            console.json(
                RunDocument(
                    folded.machine, isLed: folded.summary.isLed, escalations: status.escalations,
                    locks: status.locks, children: status.children))
        } else {
            console.lines(
                StatusView(
                    status: status, time: ShownTime(session.world), style: console.style,
                    width: console.proseWidth
                ).lines)
        }
        return .success
    }

    private func showInbox(_ session: Session) async throws -> ExitCode {
        let inbox = try await session.inbox()
        let console = session.console
        if console.isJSON {
            console.json(InboxDocument(inbox))
        } else {
            console.lines(
                InboxView(
                    inbox: inbox, time: ShownTime(session.world), style: console.style,
                    width: console.proseWidth
                ).lines + (inbox.lag?.lines(ShownTime(session.world), console.style) ?? []))
        }
        return .success
    }
}
