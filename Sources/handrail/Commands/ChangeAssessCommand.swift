import ArgumentParser
import Runner

/// `handrail change assess`: says what the change manager found.
struct ChangeAssessCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "assess",
        abstract: "Says what was found about a change, so that others can decide.",
        discussion: "Example: handrail change assess CHG-42 --note 'fits beside CHG-40'")

    @OptionGroup var change: ChangeIDArgument

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What was found; - reads it from standard input.", valueName: "text"))
    var note: String

    @Option(
        help: ArgumentHelp("minor or major, where it is more than was said.", valueName: "severity")
    )
    var severity: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records the assessment.
    func perform(_ session: Session) async throws -> ExitCode {
        let note = try await NoteText.given(note, session.world)
        var options = ChangeFieldOptions.none
        options.severity = severity
        let named = try ChangeIntake(session: session, options: options, types: [])
            .request(from: ChangeRequest()).severity
        let acting = try await ChangeActing.on(change.change, session)
        return try await acting.tell(
            [.assess(Change.Assessment(note: note, severity: named))],
            "That \(acting.change.id) is assessed")
    }
}
