import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail trust init`: makes the folder, with the calling account as its first person.
struct TrustInitCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes the trust folder of this home, with you as its first person.",
        discussion: """
            From then on people are looked up in it: who isn't there, or hasn't the role, is \
            refused. Roles that aren't given are asked for.

            Example: handrail trust init --name 'Anna Berger' --role operator --key ~/.ssh/id.pub
            """)

    @Option(help: ArgumentHelp("Your id; the account's name unless given.", valueName: "id"))
    var id: String?

    @OptionGroup(title: "You") var grant: GrantOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Makes the folder, records it, and shows who is in it.
    func perform(_ session: Session) async throws -> ExitCode {
        if case .read = try session.trustFolder.read() {
            throw Failure(
                .invalidInput, code: "trust.exists",
                "There is a trust folder already: \(SafeText.line(session.trustFolder.path)).",
                hint: "'handrail trust add' adds people")
        }
        let account = session.world.account().name
        let id = try TrustEditing.id(id ?? account)
        var roles = try grant.grants()
        if roles.isEmpty { roles = try await asked(session) }
        let person = Person(
            id: id, name: grant.name ?? account,
            accounts: grant.account.contains(account)
                ? grant.account : [account] + grant.account, git: try grant.gitAddresses(),
            roles: roles,
            keys: try await grant.keys(session.world))
        let book = try await TrustEditing(session: session).write(
            [TrustEditing.path(of: id): PersonText.of(person)], what: "init: \(id)")
        TrustView.show(book, on: session.console, at: session.world.now())
        if !session.console.isJSON {
            session.console.note(
                "Made \(SafeText.line(session.trustFolder.path)). What environments demand at "
                    + "least belongs into its environments.yaml (docs/trust.md).")
        }
        return .success
    }

    /// The roles that a person names on the terminal.
    private func asked(_ session: Session) async throws -> [RoleGrant] {
        let words = Role.allCases.map(\.rawValue)
        guard session.console.isInteractive else {
            throw Failure(
                .usage, code: "usage", "Nobody can be asked for your roles here.",
                hint: "give --role, such as: --role operator --role implementer")
        }
        session.console.note("Roles are: \(words.joined(separator: ", ")).")
        while true {
            let answer = try await session.console.ask("Yours, with commas between them:")
            let given = answer.split { $0 == "," || $0 == " " }.map(String.init)
            let unknown = given.filter { Role(rawValue: $0) == nil }
            if unknown.isEmpty, !given.isEmpty {
                return given.compactMap { Role(rawValue: $0) }.map { RoleGrant($0) }
            }
            for word in unknown {
                let near = nearestName(to: word, among: words)
                session.console.note(
                    "  \(printableExcerpt(word)) is no role."
                        + (near.map { " Did you mean \($0)?" } ?? ""))
            }
        }
    }
}
