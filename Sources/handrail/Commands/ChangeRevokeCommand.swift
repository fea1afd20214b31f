import ArgumentParser
import Runner

/// `handrail change revoke`: takes an approval back.
struct ChangeRevokeCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Takes an approval of a change back; it counts from then on.",
        discussion: """
            What is under way ends, nothing more starts, and undoing goes on.

            Example: handrail change revoke CHG-42 --why 'the vendor withdrew the driver'
            """)

    @OptionGroup var change: ChangeIDArgument

    @Option(help: ArgumentHelp("Whose approval; else your own.", valueName: "person"))
    var of: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Why.", valueName: "text"))
    var why: String

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records it.
    func perform(_ session: Session) async throws -> ExitCode {
        let why = try await NoteText.given(why, session.world)
        let acting = try await ChangeActing.on(change.change, session)
        let person = try of ?? ownID(session)
        return try await acting.tell(
            [.revoke(approver: person, why: why)],
            "That an approval of \(acting.change.id) is taken back")
    }

    /// Whose approval is meant where nobody is named: the account's one person's.
    private func ownID(_ session: Session) throws -> String {
        guard case .known(let book, let account, let instant) = session.trustState(),
            case .several(let people) = book.actor(forAccount: account, at: instant)
        else { return session.actor }
        let names = people.map(\.id.rawValue).joined(separator: ", ")
        throw Failure(
            .usage, code: "usage",
            "The account \(SafeText.line(account)) is several people's (\(names)).",
            hint: "say whose approval is taken back, with --of")
    }
}
