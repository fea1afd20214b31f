import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail audit verify`: whether a trail is what was written.
struct AuditVerifyCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks a trail from its first event to its last, and names what is wrong.",
        discussion: """
            Reads the repository by itself, and follows nothing that it configures. The home's \
            own trail is compared with its journal, too.

            Example: handrail audit verify --anchor 41:9f86d081… --require-anchor
            """)

    @Option(
        help: ArgumentHelp("The trail's folder; the home's own unless given.", valueName: "folder"),
        completion: .directory)
    var trail: String?

    @Option(
        help: ArgumentHelp(
            "The keys that may sign, as ssh-keygen -Y reads them; the home's own key unless given.",
            valueName: "file"),
        completion: .file())
    var signers: String?

    @Option(
        help: ArgumentHelp(
            "What somebody kept of it: 'SIZE:HASH', as runs print it. May be repeated.",
            valueName: "size:hash"))
    var anchor: [String] = []

    @Option(
        help: ArgumentHelp(
            "A remote that the trail is pushed to, by address or by name: its commit must be in it.",
            valueName: "remote"))
    var remote: String?

    @Flag(help: "Exit with 15 when nothing kept outside agrees with it.")
    var requireAnchor = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Verifies, shows what was found, and ends with 10 where anything was.
    func perform(_ session: Session) async throws -> ExitCode {
        // Somebody else's trail, with somebody's keys, needs no home.
        let isElsewhere = trail != nil && signers != nil
        var (opened, lost): (OpenedHome?, Failure?)
        do {
            opened = isElsewhere ? nil : try await session.existingHome()
        } catch let error as JournalError where !session.console.isJSON && session.ownTrail != nil {
            // The trail is verified all the same; that there is no journal to compare it with is
            // no good end.
            lost = Failure(error)
        }
        let home = try lost == nil ? opened?.home : Home.open(at: session.homePath)
        guard let path = trail.map(session.world.path) ?? home?.trailPath else {
            throw Failure(
                .invalidInput, code: "audit.noTrail",
                "There is no home at \(printableExcerpt(session.homePath)), so there is no trail.",
                hint: "name one with --trail, or the home with --home")
        }
        var waiting = 0
        var verifier = TrailVerifier(path: path, signers: try await keys(home, session))
        verifier.anchors = try anchor.map(TrailKeys.anchor)
        if trail == nil, let journal = opened?.journal {
            verifier.journal = { try journal.trailTexts($0) }
            // Asked before the folder is read: what is sealed meanwhile is no finding.
            let rows = try journal.sealedSoFar()
            verifier.isBeforeFirstSeal = rows.recorded > 0 && rows.sealed == 0
            waiting = rows.unsealed
        }
        var copy: TrailCopy?
        if let remote {
            let address = try address(of: remote, path)
            let commit = try await tip(of: address, path, session)
            copy = address.folder.map { TrailCopy(folder: $0, isBeside: address.isBeside(path)) }
            if copy?.isBeside == true {
                verifier.copiedCommits = [commit]
            } else {
                verifier.knownCommits = [commit]
            }
        }
        let found = try verifier.verify()
        if session.console.isJSON {
            session.console.json(AuditVerifyDocument(found, copy: copy))
        } else {
            let view = AuditVerifyView(
                found: found, path: path, copy: copy, unsealed: waiting,
                width: session.console.width)
            session.console.lines(view.lines(session.console.style))
        }
        guard found.isConsistent else { return .verificationFailed }
        if let lost, trail == nil {
            throw Failure(
                lost.exit, code: lost.code,
                lost.message
                    + " So the trail was verified without it, which the answer above says.",
                hint: lost.hint)
        }
        return requireAnchor && !found.isAnchored ? .notAnchored : .success
    }

    private func keys(_ home: Home?, _ session: Session) async throws -> [TrailPublicKey] {
        if let signers { return try await TrailKeys.signers(in: signers, session) }
        switch session.trustState() {
        case .unusable(let why): throw Failure.trustUnusable(why)
        case .known(let book, _, _):
            let first = book.controllers.filter { $0.from == 1 }
                .compactMap { TrailPublicKey(line: $0.key.line) }
            if !first.isEmpty { return first }
        case .solo: break
        }
        guard let home, let key = try TrailKeyFile.firstKey(of: home) else {
            // A home without a run has no trail either; that comes first.
            if trail == nil, let home { _ = try TrailReader(path: home.trailPath) }
            throw Failure(
                .invalidInput, code: "audit.signers",
                "Nobody says which key signs this trail: the home has none.",
                hint: "give the first key with --signers; never take it from the trail itself")
        }
        return [key]
    }

    /// Where a remote is that was named.
    private func address(of remote: String, _ path: String) throws -> TrailAddress {
        guard
            let address = try TrailAddress.of(
                remote, TrailSettings(), try TrailReader(path: path))
        else { return try TrailAddress(checked: remote) }
        return address
    }

    /// The commit that a remote has.
    private func tip(
        of address: TrailAddress, _ path: String, _ session: Session
    ) async throws -> String {
        let reader = try TrailReader(path: path)
        guard let tip = try await address.tip(of: reader.branch, session.world) else {
            throw Failure(
                .invalidInput, code: "trail.remote",
                "\(printableExcerpt(address.text)) has no trail of \(reader.controller).",
                hint: "'handrail audit push' brings it there; if it was there, somebody removed it")
        }
        return tip
    }
}
