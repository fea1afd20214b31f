import ArgumentParser
import Runbooks
import Runner

/// `handrail pay`: gives back what a target still owes.
struct PayCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "pay",
        abstract: "Gives back what a run has taken and a target still owes.",
        discussion: """
            Runs the release that the runbook wrote. With --by-hand, a person has done it already.

            Example: handrail pay last --on mbx02
            """)

    @OptionGroup var run: RunIDArgument

    @Option(
        help: ArgumentHelp("The target that owes.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: String

    @Flag(help: "It was given back by hand: nothing is run.")
    var byHand = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --by-hand: what was done.", valueName: "text"))
    var note: String?

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses what can't be combined.
    func validate() throws {
        if byHand, note == nil { throw ValidationError("--by-hand needs --note: what was done.") }
        if !byHand, note != nil { throw ValidationError("--note goes with --by-hand.") }
    }

    /// Tells the run.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading)
        let target = try PlanNames.target(on, of: telling.folded.machine.plan)
        guard let note else {
            return try await telling.tell(
                .pay(target), done: ["What \(target) owes is being given back."])
        }
        let said = try await telling.redactor().scrub(try NoteText.checked(note))
        return try await telling.tell(
            .paidByHand(target, note: said),
            done: ["\(target) owes nothing any more."])
    }
}
