import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail trust add`: a new person, or more of one.
struct TrustAddCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds a person, or gives one more accounts, e-mails of git, roles and keys.",
        discussion: """
            Bounds (--in, --runbooks, --targets) hold for the roles of this call. The person's \
            file is written anew: comments in it are not kept.

            Example: handrail trust add berta --name 'Berta Conti' --account berta --role operator
            Example: handrail trust add berta --role implementer --in production --targets 'mbx*'
            Example: handrail trust add berta --git berta@example.com
            Example: handrail trust add berta --key ~berta/.ssh/id_ed25519.pub --until 2027-12-31
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("The person's id.", valueName: "person"))
    var id: String

    @OptionGroup(title: "The person") var grant: GrantOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Writes the person's file, and records that trust changed.
    func perform(_ session: Session) async throws -> ExitCode {
        let editing = TrustEditing(session: session)
        let book = try editing.book()
        let id = try TrustEditing.id(id)
        let (roles, keys) = (try grant.grants(), try await grant.keys(session.world))
        let known = book.person(id)
        guard known != nil || grant.name != nil else {
            throw Failure(
                .usage, code: "usage", "\(id) is new, and has no name yet.", hint: "give --name")
        }
        let git = try grant.gitAddresses()
        guard grant.name != nil || !(grant.account + grant.role + grant.key + git).isEmpty else {
            throw Failure(
                .usage, code: "usage", "There is nothing to add to \(id).",
                hint: "give --account, --git, --role or --key")
        }
        let (accounts, knownGit) = (known?.accounts ?? [], known?.git ?? [])
        let person = Person(
            id: id, name: grant.name ?? known?.name ?? id.rawValue,
            accounts: accounts + grant.account.filter { !accounts.contains($0) },
            git: knownGit + git.filter { !knownGit.contains($0) },
            roles: (known?.roles ?? []) + roles.filter { known?.roles.contains($0) != true },
            keys: (known?.keys ?? []) + keys, retired: known?.retired)
        let changed = try await editing.write(
            [TrustEditing.path(of: id): PersonText.of(person)], what: "add: \(id)")
        TrustView.show(
            changed, of: changed.person(id), on: session.console, at: session.world.now())
        return .success
    }
}
