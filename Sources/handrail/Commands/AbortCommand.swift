import ArgumentParser
import Runner

/// `handrail abort`: ends a run.
struct AbortCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "Ends a run: the steps under way are ended, nothing more starts.",
        discussion: """
            What a target owes is given back as its runbook says, or listed as owed. A run whose \
            process died is taken over and ended.

            Example: handrail abort last
            """)

    @OptionGroup var run: RunIDArgument

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading, trail: .unlessLed)
        let id = telling.folded.summary.id
        let running = telling.folded.machine.runningTargets.map(\.rawValue)
        var done = ["The run \(id) is being aborted."]
        if !running.isEmpty {
            done.append("Under way: \(CountText.listed(running, limit: 8)).")
        }
        return try await telling.tell(
            .abort, done: done, follow: ["Follow it: handrail watch \(id)"])
    }
}
