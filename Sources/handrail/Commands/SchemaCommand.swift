import ArgumentParser
import Runbooks

/// `handrail schema`: what editors need to check and complete documents while they are written.
struct SchemaCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Writes the JSON Schema of runbooks and the other documents, for editors.",
        discussion: """
            Made of the tables that the reader itself uses. 'validate' knows more: references, \
            files, effects.

            Example: handrail schema runbook > .schemas/runbook.json
            Then, as the first line of a runbook.yaml:
              # yaml-language-server: $schema=../../../.schemas/runbook.json
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp(
            "runbook, exceptions, inventory or configuration.", valueName: "kind"))
    var kind: Kind = .runbook

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// The kinds of documents, as people type them.
    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        case runbook, exceptions, inventory, configuration

        var schema: DocumentSchema {
            switch self {
            case .runbook: DocumentSchema(of: .runbook)
            case .exceptions: DocumentSchema(of: .exceptions)
            case .inventory: DocumentSchema(of: .inventory)
            case .configuration: DocumentSchema(of: .configuration)
            }
        }
    }

    /// Writes the schema to standard output; it is JSON with and without `--json`.
    func perform(_ session: Session) async throws -> ExitCode {
        session.console.json(kind.schema.tree)
        return .success
    }
}
