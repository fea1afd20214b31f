import Audit
import Foundation
import Runbooks
import Runner

/// What the trail's remote has to say before anything is started (docs/trail.md, "Replicate").
struct TrailGate: Sendable {
    let session: Session
    let home: OpenedHome

    /// Where a home's trail goes; nil where it goes nowhere, or isn't there yet.
    static func address(_ home: Home, _ settings: TrailSettings) throws -> TrailAddress? {
        guard FileManager.default.fileExists(atPath: home.trailPath) else {
            return try settings.remote.map { try TrailAddress(checked: $0) }
        }
        return try TrailAddress.of(nil, settings, try TrailReader(path: home.trailPath))
    }

    /// How far the remote is behind; nil where none is configured.
    func lag() async throws -> TrailLag? {
        let settings = try TrailSettings.read(in: home.home)
        guard let address = try Self.address(home.home, settings) else { return nil }
        let state = try PushState.read(PushPlace(home: home.home, address: address))
        let recorded = try await home.trail.look()?.rows.recorded ?? 0
        let events = max(0, recorded - max(0, state?.events ?? 0))
        let since = events > 0 ? try await home.journal.recordedAt(recorded - events + 1) : nil
        return TrailLag(
            address: address, events: events, since: since, state: state,
            limit: settings.maxLag)
    }

    /// Refuses to start anything while the trail or its key can't be used, or while its remote has
    /// another trail, is too far behind, or is required and can't be reached.
    ///
    /// Where it is too far behind or required, a push is tried first.
    /// - Throws: `Failure` (refused), `JournalError`.
    func refuseWhenClosed() async throws {
        do {
            if try await home.trail.look() != nil { try await home.trail.confirmKey() }
        } catch {
            let failure = Failure(error)
            throw Failure(
                failure.exit, code: failure.code, failure.message + " Nothing was started.",
                hint: failure.hint)
        }
        guard let lag = try await lag() else { return }
        let address = lag.address
        if let foreign = lag.state?.foreign { throw Self.divergence(foreign, address) }
        let isRequired = try TrailSettings.read(in: home.home).isRequired
        let hasTrail = FileManager.default.fileExists(atPath: home.home.trailPath)
        guard lag.isTooFar(at: session.world.now()) || (isRequired && hasTrail) else { return }
        let push = TrailPush(session: session, home: home.home, address: address)
        switch try await push.push() {
        case .pushed, .current: break
        case .diverged(let foreign): throw Self.divergence(foreign, address)
        case .failed(let reason):
            try await refuseWhenUnpushed(reason, isRequired: isRequired, address)
        }
    }

    private func refuseWhenUnpushed(
        _ reason: String, isRequired: Bool, _ address: TrailAddress
    ) async throws {
        guard !isRequired else {
            throw Failure(
                .refused, code: "trail.remote",
                "The trail was not pushed to \(SafeText.line(address.text)), which its settings "
                    + "require: \(reason). Nothing was started.",
                hint: "try it by hand: git ls-remote \(SafeText.line(address.text)); "
                    + "require_remote is in trail.yaml in the home")
        }
        guard let now = try await lag(), now.isTooFar(at: session.world.now()) else { return }
        throw Failure(
            .refused, code: "trail.lag",
            "The trail's remote is too far behind: \(now.sentence(ShownTime(session.world))). "
                + "The last push failed: \(reason). Nothing was started.",
            hint: "handrail audit push; max_lag is in trail.yaml in the home")
    }

    private static func divergence(_ foreign: String, _ address: TrailAddress) -> Failure {
        Failure(
            .refused, code: "trail.diverged", diverged(foreign) + " Nothing was started.",
            hint: divergedHint(address))
    }

    /// What is wrong when the remote's commit isn't one of this trail.
    static func diverged(_ foreign: String) -> String {
        "The trail's remote has the commit \(foreign.prefix(12)), which this trail hasn't: somebody "
            + "wrote to one of them. All gates are closed."
    }

    /// What a person does about it.
    static func divergedHint(_ address: TrailAddress) -> String {
        "compare them: handrail audit verify --remote \(SafeText.line(address.text)). Restore the one that was "
            + "changed; 'handrail audit push' opens the gates once the remote agrees"
    }
}

/// How far the trail's remote is behind the journal.
struct TrailLag: Sendable, Hashable {
    let address: TrailAddress
    /// How many events it lacks.
    let events: Int
    /// When the first of them was recorded.
    let since: Timestamp?
    let state: PushState?
    /// How old that one may be, in milliseconds.
    let limit: Int64?

    /// Whether new runs are refused.
    func isTooFar(at now: Timestamp) -> Bool {
        guard let limit, let since else { return false }
        return now.since(since) > limit
    }

    /// One sentence without its full stop.
    func sentence(_ time: ShownTime) -> String {
        let place = SafeText.line(address.text)
        if let foreign = state?.foreign {
            return "\(place) has the commit \(foreign.prefix(12)), which this trail hasn't"
        }
        guard events > 0 else { return "\(place) has everything" }
        let age = since.map { ", the first \(time.ago($0))" } ?? ""
        return "\(place) lacks \(CountText.of(events, "event"))\(age)"
            + (state?.failure.map { " (\(SafeText.line($0)))" } ?? "")
    }

    /// What the inbox says of it; nothing while all is well.
    func lines(_ time: ShownTime, _ style: Style) -> [String] {
        guard events > 0 || state?.foreign != nil else { return [] }
        let isBad = state?.foreign != nil || isTooFar(at: time.now)
        let hint = state?.foreign == nil ? "handrail audit push" : TrailGate.divergedHint(address)
        return [
            "", style.paint("trail", isBad ? .bad : .warning) + "  " + sentence(time),
            "    → " + hint,
        ]
    }
}

/// The form of it in `status --json` (docs/json.md).
struct TrailLagDocument: Encodable, Sendable {
    let remote: String
    let unpushed: Int
    let since: Timestamp?
    let failure: String?
    let foreignCommit: String?

    private enum CodingKeys: String, CodingKey {
        case remote, unpushed, since, failure
        case foreignCommit = "foreign_commit"
    }

    init(_ lag: TrailLag) {
        (remote, unpushed, since) = (lag.address.text, lag.events, lag.since)
        (failure, foreignCommit) = (lag.state?.failure, lag.state?.foreign)
    }
}
