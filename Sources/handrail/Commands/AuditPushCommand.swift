import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail audit push`: the trail to its remote.
struct AuditPushCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Pushes the trail to its remote with stock git; fast-forward only.",
        discussion: """
            The remote is an address (ssh://HOST/PATH, HOST:PATH, /PATH), a remote of the trail's \
            repository, or what 'remote:' in the home's trail.yaml says. Runs push by themselves.

            Example: handrail audit push ssh://git@office/trail.git
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("Where to; what is configured unless given.", valueName: "remote"))
    var remote: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Seals what is recorded, pushes, and says what the remote has now.
    func perform(_ session: Session) async throws -> ExitCode {
        try session.permit(.auditPush)
        let home = try await session.homeWithTrail(begun: true)
        try await home.trail.seal()
        let reader = try TrailReader(path: home.home.trailPath)
        let settings = try TrailSettings.read(in: home.home)
        guard let address = try TrailAddress.of(remote, settings, reader) else {
            throw Failure(
                .invalidInput, code: "trail.remote", "No remote is configured for this trail.",
                hint: "give one, or write 'remote: ssh://HOST/PATH' into "
                    + "\(home.home.path)/trail.yaml")
        }
        let push = TrailPush(session: session, home: home.home, address: address)
        return show(try await push.push(), address, session.console)
    }

    private func show(
        _ outcome: TrailPush.Outcome, _ place: TrailAddress, _ console: Console
    ) -> ExitCode {
        let address = place.text
        let document = AuditPushDocument(outcome, address)
        if console.isJSON { console.json(document) }
        switch outcome {
        case .pushed(let state, let wasLost):
            if wasLost {
                console.warn(
                    "\(address) had lost what it once took",
                    hint: "find out who cut it: it has all of it again")
            }
            if !console.isJSON {
                console.lines(["pushed to \(address): \(CountText.of(state.events, "event"))"])
            }
            return .success
        case .current(let state):
            if !console.isJSON {
                console.lines(
                    ["\(address) has everything: \(CountText.of(state.events, "event"))"])
            }
            return .success
        case .failed(let why):
            if !console.isJSON {
                console.errors(
                    FailureView.lines(
                        Failure(
                            .internalError, code: "trail.push",
                            "The trail was not pushed to \(address): \(why).",
                            hint: "try it by hand: git ls-remote \(address)"),
                        style: console.errorStyle, width: console.errorWidth))
            }
            return .internalError
        case .diverged(let foreign):
            if !console.isJSON {
                console.errors(
                    FailureView.lines(
                        Failure(
                            .verificationFailed, code: "trail.diverged",
                            TrailGate.diverged(foreign), hint: TrailGate.divergedHint(place)),
                        style: console.errorStyle, width: console.errorWidth))
            }
            return .verificationFailed
        }
    }
}

/// The form of `audit push --json` (docs/json.md).
struct AuditPushDocument: Encodable, Sendable {
    let format = 1
    let remote: String
    /// `pushed`, `current`, `failed` or `diverged`.
    let outcome: String
    let commit: String?
    let events: Int?
    let hadLost: Bool
    let failure: String?
    let foreignCommit: String?

    private enum CodingKeys: String, CodingKey {
        case format, remote, outcome, commit, events, failure
        case hadLost = "had_lost"
        case foreignCommit = "foreign_commit"
    }

    init(_ outcome: TrailPush.Outcome, _ remote: String) {
        self.remote = remote
        var state: PushState?
        var (lost, failure, foreign): (Bool, String?, String?) = (false, nil, nil)
        switch outcome {
        case .pushed(let now, let wasLost): (self.outcome, state, lost) = ("pushed", now, wasLost)
        case .current(let now): (self.outcome, state) = ("current", now)
        case .failed(let why): (self.outcome, failure) = ("failed", why)
        case .diverged(let commit): (self.outcome, foreign) = ("diverged", commit)
        }
        (commit, events) = (state?.commit, state?.events)
        (hadLost, self.failure, foreignCommit) = (lost, failure, foreign)
    }
}
