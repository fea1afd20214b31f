import ArgumentParser
import Runner

/// `handrail change reject`: one is enough.
struct ChangeRejectCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Rejects a change, signed with your own key; one rejection is enough.",
        discussion: "Example: handrail change reject CHG-42 --why 'it collides with CHG-40'")

    @OptionGroup var change: ChangeIDArgument

    @Option(parsing: .unconditional, help: ArgumentHelp("Why.", valueName: "text"))
    var why: String

    @OptionGroup var signing: ChangeSigningOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Signs and records it.
    func perform(_ session: Session) async throws -> ExitCode {
        let why = try await NoteText.given(why, session.world)
        let acting = try await ChangeActing.on(self.change.change, session)
        let change = acting.change
        try session.permit(.changeReject, on: change.subject)
        let seat = try await ApproverSeat(signing, on: change, in: acting.home, session)
        try await acting.refuseVain(try await seat.statement(.rejected), why: why)
        let signed = try await seat.sign(.rejected)
        let facts = try await session.approvalFacts(of: change, and: signed, in: acting.home)
        return try await acting.tell(
            [.decide(signed, facts, why: why)],
            "That \(change.id) is rejected")
    }
}
