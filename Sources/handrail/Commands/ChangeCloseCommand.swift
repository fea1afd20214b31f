import ArgumentParser
import Runner

/// `handrail change close`: a change that was carried out comes to its end.
struct ChangeCloseCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "Closes a change whose run has ended, as complete or not.",
        discussion: """
            As long as a target of its plan has not ended well it is not complete.

            Example: handrail change close CHG-42 --note 'done, two servers were replaced meanwhile'
            """)

    @OptionGroup var change: ChangeIDArgument

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What came of it; - reads it from standard input.", valueName: "text"))
    var note: String?

    @Flag(help: "Not all that was asked for was done.")
    var incomplete = false

    @Option(
        help: ArgumentHelp(
            "The change that follows it, such as the permanent one after an emergency.",
            valueName: "change"), completion: .custom(Completions.changes))
    var followedBy: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records it.
    func perform(_ session: Session) async throws -> ExitCode {
        let acting = try await ChangeActing.on(change.change, session)
        var said = ""
        if let note { said = try await NoteText.given(note, session.world) }
        var follows: ChangeID?
        if let followedBy {
            follows = try await ChangeReference(text: followedBy)
                .resolve(in: acting.home.journal).id
        }
        let unfinished =
            acting.change.state == .review && !incomplete
            ? try await acting.home.unfinished(acting.change) : []
        return try await acting.tell(
            [
                .close(
                    Change.Closing(isComplete: !incomplete, note: said, followedBy: follows),
                    unfinished: unfinished)
            ], "That \(acting.change.id) is closed")
    }
}
