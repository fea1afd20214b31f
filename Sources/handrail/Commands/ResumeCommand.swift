import ArgumentParser
import Runbooks
import Runner

/// `handrail resume`: lets a paused run go on, or leads one on that nobody leads.
struct ResumeCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets a paused run go on; leads it on when nobody does any more.",
        discussion: """
            A run whose process died, or was left, is led on from here. Secrets are nowhere but \
            with people: they are asked for again.

            Example: handrail resume last
            """)

    @OptionGroup var run: RunIDArgument

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run's leader, or becomes it.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading, trail: .byCaller)
        try session.permit(.resume, on: ActSubject(telling.folded.machine.plan))
        try await TrailGate(session: session, home: telling.home).refuseWhenClosed()
        guard telling.folded.machine.isPauseRequested else {
            _ = try await telling.permitted(.resume)
            return try await telling.leadOn()
        }
        let id = telling.folded.summary.id
        return try await telling.tell(
            .resume, done: ["The run \(id) goes on."],
            follow: ["Follow it: handrail watch \(id)"])
    }
}
