import ArgumentParser
import Runner

/// `handrail change hold`: nothing of a change starts until it is taken off.
struct ChangeHoldCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Holds a change in whatever state it is: nothing more of it starts.",
        discussion: """
            What is under way ends, and undoing goes on. --off takes the hold away.

            Example: handrail change hold CHG-42 --why 'the vendor calls back'
            """)

    @OptionGroup var change: ChangeIDArgument

    @Flag(help: "Take the hold away.")
    var off = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Why.", valueName: "text"))
    var why: String

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records it.
    func perform(_ session: Session) async throws -> ExitCode {
        let why = try await NoteText.given(why, session.world)
        let acting = try await ChangeActing.on(change.change, session)
        return try await acting.tell(
            [off ? .unhold(why: why) : .hold(why: why)], "The hold of \(acting.change.id)")
    }
}
