import ArgumentParser
import Audit
import Runner

/// `handrail trust show`: everybody, or one person.
struct TrustShowCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Everybody in trust with roles and keys, and what environments demand.")

    @ArgumentParser.Argument(help: ArgumentHelp("One person's id.", valueName: "person"))
    var id: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows what trust says.
    func perform(_ session: Session) async throws -> ExitCode {
        let editing = TrustEditing(session: session)
        let book = try editing.book()
        let person = try id.map { try editing.person($0, in: book) }
        TrustView.show(book, of: person, on: session.console, at: session.world.now())
        return .success
    }
}
