import ArgumentParser
import Runbooks
import Runner

/// `handrail promote`: says that the next wave of a run may start.
struct PromoteCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Lets the next wave of a run start, where its runbook wants a person to say so.",
        discussion: """
            The run is led on from here when nobody leads it. Secrets are nowhere but with people: \
            they are asked for again.

            Example: handrail promote last
            """)

    @OptionGroup var run: RunIDArgument

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run's leader, or becomes it.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading, trail: .byCaller)
        try session.permit(.promote, on: ActSubject(telling.folded.machine.plan))
        try await TrailGate(session: session, home: telling.home).refuseWhenClosed()
        let id = telling.folded.summary.id
        return try await telling.tell(
            .promote, done: ["The run \(id) goes on with its next wave."],
            follow: ["Follow it: handrail watch \(id)"])
    }
}
