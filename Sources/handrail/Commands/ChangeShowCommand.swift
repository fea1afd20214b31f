import ArgumentParser
import Runner

/// `handrail change show`: a change, and how it stands.
struct ChangeShowCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "A change: what is asked for, who agreed, what was done.")

    @OptionGroup var change: ChangeIDArgument

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows it.
    func perform(_ session: Session) async throws -> ExitCode {
        let (home, change) = try await session.openChange(self.change.change)
        return try await ChangeActing(session: session, home: home, change: change).show(change)
    }
}
