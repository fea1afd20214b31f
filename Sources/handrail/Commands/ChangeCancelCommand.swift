import ArgumentParser
import Runner

/// `handrail change cancel`: a change is not to be carried out any more.
struct ChangeCancelCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Says that a change is not to be carried out any more.",
        discussion: "Example: handrail change cancel CHG-42 --why 'CHG-45 does it too'")

    @OptionGroup var change: ChangeIDArgument

    @Option(parsing: .unconditional, help: ArgumentHelp("Why.", valueName: "text"))
    var why: String

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records it.
    func perform(_ session: Session) async throws -> ExitCode {
        let why = try await NoteText.given(why, session.world)
        let acting = try await ChangeActing.on(change.change, session)
        return try await acting.tell(
            [.cancel(why: why)], "That \(acting.change.id) is cancelled")
    }
}
