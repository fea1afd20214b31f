import ArgumentParser
import Runbooks
import Runner

/// `handrail settle`: says how a step of unknown outcome ended.
struct SettleCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle",
        abstract: "Says how a step ended whose outcome nobody knows: a person looked.",
        discussion: """
            A step that may run once only, and that nobody saw end, is never started again by \
            itself. Look at the target, then say what you found. 'done': the target goes on with \
            the next step. 'not-done': the step has failed, and the target ends there.

            Example: handrail settle last --on mbx02 --step wipe --as done --why 'the spool is empty'
            """)

    /// What was found.
    enum Finding: String, ExpressibleByArgument, CaseIterable, Sendable {
        case done
        case notDone = "not-done"
    }

    @OptionGroup var run: RunIDArgument

    @Option(
        help: ArgumentHelp("The target that was looked at.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: String

    @Option(help: ArgumentHelp("The step whose outcome is unknown.", valueName: "step"))
    var step: String

    @Option(name: .customLong("as"), help: ArgumentHelp("What was found there."))
    var finding: Finding

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How you know; recorded.", valueName: "text"))
    var why: String

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading)
        let plan = telling.folded.machine.plan
        let target = try PlanNames.target(on, of: plan)
        let step = try PlanNames.step(step, of: plan)
        // Refused before a secret is asked for.
        let asked = PersonCommand.Verb.settle(target, step, isDone: finding == .done, why: "")
        try telling.refuseUnlessPossible(asked)
        let said = try await telling.redactor().scrub(try NoteText.checked(why))
        return try await telling.tell(
            .settle(target, step, isDone: finding == .done, why: said),
            done: [
                finding == .done
                    ? "\(step) was done on \(target): it goes on with the next step."
                    : "\(step) was not done on \(target): it has failed there."
            ])
    }
}
