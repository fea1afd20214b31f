import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail whoami`: who acts when this account does, and what they may do.
struct WhoamiCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Who you are here, your roles, the key that your agent has, what you may do.")

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows it; somebody whom trust doesn't know ends with 4.
    func perform(_ session: Session) async throws -> ExitCode {
        let account = session.world.account().name
        let console = session.console
        switch session.trustState() {
        case .unusable(let why): throw Failure.trustUnusable(why)
        case .solo:
            if console.isJSON {
                console.json(WhoamiDocument(account: account))
            } else {
                console.lines([
                    "\(SafeText.line(account)): solo home, the account is the person.",
                    "What you do here is unreviewed; nobody's role is asked for.",
                ])
            }
            return .success
        case .known(let book, _, let instant):
            let agent = SigningAgent(socket: session.world.environment["SSH_AUTH_SOCK"])
            let held = Set(try await agent.keys().map(\.fingerprint))
            let people: [Person] =
                switch book.actor(forAccount: account, at: instant) {
                case .nobody: []
                case .person(let person): [person]
                case .several(let people): people
                }
            let document = WhoamiDocument(
                account: account, people: people, held: held, book: book, at: instant)
            if console.isJSON { console.json(document) } else { console.lines(document.lines) }
            return people.isEmpty ? .refused : .success
        }
    }
}
