import ArgumentParser
import Audit
import Foundation
import Runbooks
import Runner

/// `handrail break-glass`: what waits for a second person, and their signature.
struct BreakGlassCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "break-glass",
        abstract: "Runs without a change that wait for a second person's signature.",
        discussion: """
            'handrail run ID … --break-glass --why …' begins one: it replaces the gates of \
            environment, change and window, and nothing else. It is recorded, and a change for its \
            review is opened.
            """,
        subcommands: [BreakGlassListCommand.self, BreakGlassApproveCommand.self],
        defaultSubcommand: BreakGlassListCommand.self)
}

/// `handrail break-glass list`: what waits for a second person.
struct BreakGlassListCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "What waits for a second person.")

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Lists the requests that can still be signed.
    func perform(_ session: Session) async throws -> ExitCode {
        let home = try await session.openHome()
        let requests = try GlassFolder(of: home.home).requests().filter {
            session.world.now() < $0.expires
        }
        if session.console.isJSON {
            session.console.json(GlassRequestsDocument(requests))
            return .success
        }
        for request in requests {
            let plan = try await home.plan(of: request)
            session.console.lines(
                GlassText.lines(request, ShownTime(session.world), session.console.style)
                    + GlassText.lines(plan))
        }
        if requests.isEmpty { session.console.note("Nothing waits for a second person.") }
        return .success
    }
}

/// `handrail break-glass approve`: the second person's signature.
struct BreakGlassApproveCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Shows what is to be started without a change, and signs as the second person.",
        discussion: """
            Example: handrail break-glass approve r-20261123-0714-k3f9 --key ~/.ssh/id_ed25519
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("The run's id.", valueName: "run"))
    var run: String

    @Option(
        help: ArgumentHelp(
            "The file of your private key; else $HANDRAIL_KEY, else what ssh-agent holds.",
            valueName: "file"), completion: .file())
    var key: String?

    @Flag(help: "Don't ask: you have looked at it before.")
    var yes = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows, asks, signs; whoever asked takes it.
    func perform(_ session: Session) async throws -> ExitCode {
        let home = try await session.openHome()
        let folder = GlassFolder(of: home.home)
        let request = try self.request(in: folder, session)
        let plan = try await home.plan(of: request)
        guard case .known(let book, let account, let instant) = session.trustState() else {
            throw Failure(
                .refused, code: "breakGlass", "This home has no trust that can be used.",
                hint: "'handrail trust verify' says more")
        }
        let console = session.console
        console.errors(
            GlassText.lines(request, ShownTime(session.world), console.errorStyle)
                + GlassText.lines(plan))
        if !yes {
            guard console.isInteractive else {
                throw Failure(
                    .usage, code: "confirmation",
                    "Nobody can confirm this: standard input is no terminal.",
                    hint: "look at it with 'handrail break-glass', then give --yes")
            }
            try await session.confirm(plan.targets.map(\.name), "break the glass")
        }
        let signing = GlassSigning(session: session, home: home, request: request, plan: plan)
        let signed = try await signing.signed(
            by: book.people(ofAccount: account, at: instant), keyFile: key)
        let signer = try await signing.check(signed)
        try folder.answer(signed, to: request)
        console.note("Signed by \(signer): \(request.first)'s terminal starts the run.")
        return .success
    }

    private func request(in folder: GlassFolder, _ session: Session) throws -> GlassRequest {
        let waiting = try folder.requests()
        guard let request = waiting.first(where: { $0.run.rawValue == run }) else {
            let near = nearestName(to: run, among: waiting.map(\.run.rawValue))
            throw Failure(
                .invalidInput, code: "breakGlass",
                "Nothing of the run \(printableExcerpt(run)) waits for a second person.",
                hint: near.map { "did you mean \($0)?" } ?? "'handrail break-glass' lists what does"
            )
        }
        return request
    }
}

extension OpenedHome {
    /// The plan that is to be started: from the store, under the digest that both sign.
    func plan(of request: GlassRequest) async throws -> Plan {
        try JSONDecoder().decode(Plan.self, from: Data(try await store.get(request.planDigest)))
    }
}

/// What a second person reads before they sign.
enum GlassText {
    /// Who asks for what, why, and until when.
    static func lines(_ request: GlassRequest, _ time: ShownTime, _ style: Style) -> [String] {
        let head = " BREAK-GLASS: \(request.run), asked for by \(request.first) "
        let groups = request.groups.map { SafeText.line($0) }.joined(separator: "; ")
        return [
            style.paint(head, .alarm), "  why    \(SafeText.line(request.reason))",
        ] + (groups.isEmpty ? [] : ["  groups \(groups)"])
            + [
                "  until  \(time.second(request.expires))",
                "  handrail break-glass approve \(request.run)",
            ]
    }

    /// That a run was started so, and by whom.
    static func words(_ glass: BrokenGlass) -> String {
        " BREAK-GLASS: \(glass.first) and \(glass.second), without a change "
    }

    /// What would be done, and where.
    static func lines(_ plan: Plan) -> [String] {
        let targets = TargetList.text(plan.targets.map(\.name), limit: 12)
        return [
            "  runs   \(plan.runbook.id): \(SafeText.line(plan.runbook.title))",
            "  in     \(plan.environment.name), on \(targets)",
        ]
            + plan.parameters.enumerated().map {
                "  \($0 == 0 ? "with  " : "      ") \($1.name) = \(PlanView.shown($1))"
            }
            + plan.steps.map {
                "  step   \($0.id) (\($0.effect.rawValue)): \(SafeText.line($0.title))"
            }
    }
}
