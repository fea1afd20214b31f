import Audit
import Runner

/// A home's trail whose commits are pushed as they come (docs/trail.md, "Replicate").
///
/// An actor, because it owns what is not pushed yet and when it was last tried.
actor PushedTrail: Trail {
    /// How long after the beginning of a push the next one begins, in milliseconds.
    private static let interval: Int64 = 5000
    /// How often it is looked whether there is something to push.
    private static let look = Duration.milliseconds(200)

    private let sealer: TrailSealer
    private let push: TrailPush
    private let isRequired: Bool
    private var isBehind = false
    /// The remote's commit that this trail hasn't.
    private var foreign: String?
    private var began: Timestamp?

    /// The trail of a home that has a remote; nil where none is configured.
    ///
    /// - Throws: `Failure` (invalidInput), `JournalError`.
    static func of(
        _ session: Session, _ home: OpenedHome
    ) throws -> PushedTrail? {
        let settings = try TrailSettings.read(in: home.home)
        guard let address = try TrailGate.address(home.home, settings) else { return nil }
        return PushedTrail(
            home.trail, TrailPush(session: session, home: home.home, address: address),
            isRequired: settings.isRequired)
    }

    private init(_ sealer: TrailSealer, _ push: TrailPush, isRequired: Bool) {
        (self.sealer, self.push, self.isRequired) = (sealer, push, isRequired)
    }

    /// Seals; what is sealed is pushed soon.
    ///
    /// - Throws: as `TrailSealer.seal`.
    func seal() async throws(JournalError) {
        try await sealer.seal()
        isBehind = true
    }

    /// Seals; where the remote is required, returns once it has all of it.
    ///
    /// - Throws: as `TrailSealer.seal`; `unreachable` where a required remote can't be reached,
    ///   or its task was cancelled first, `diverged` where it has another trail.
    func sealBeforeStart() async throws(JournalError) {
        try await seal()
        guard isRequired else { return }
        let problem = foreign == nil ? await pushNow() : nil
        if let foreign {
            throw JournalError(
                .diverged, TrailGate.diverged(foreign), hint: TrailGate.divergedHint(push.address))
        }
        guard let problem else { return }
        throw JournalError(
            .unreachable, "\(problem) Its settings require that before a step starts.",
            hint: "'handrail audit push' says what is wrong; require_remote is in trail.yaml.")
    }

    /// Pushes whenever something was sealed, until the task is cancelled.
    ///
    /// `closed` is told once, with the remote's commit, when the remote has another trail.
    func run(closed: @Sendable (String) -> Void) async {
        var isTold = false
        while !Task.isCancelled {
            if let foreign, !isTold {
                isTold = true
                closed(foreign)
            }
            let now = push.session.world.now()
            let isDue = began.map { now.since($0) >= Self.interval || now < $0 } ?? true
            if isBehind, isDue, foreign == nil { _ = await pushNow() }
            do { try await push.session.world.sleep(Self.look) } catch { return }
        }
    }

    /// Pushes what is left; gives a sentence, and what to do, where the remote lacks it then.
    ///
    /// A push that takes longer than the limit is cut short.
    func finish(within limit: Duration? = nil) async -> (problem: String, hint: String)? {
        let problem = isBehind && foreign == nil ? await pushNow(within: limit) : nil
        if let foreign {
            return (TrailGate.diverged(foreign), TrailGate.divergedHint(push.address))
        }
        return problem.map { ($0, "'handrail audit push' tries again") }
    }

    private func pushNow(within limit: Duration?) async -> String? {
        guard let limit else { return await pushNow() }
        let sleep = push.session.world.sleep
        return await withTaskGroup(of: String??.self) { group in
            group.addTask { .some(await self.pushNow()) }
            group.addTask {
                // Cancelled once the push is over: nobody waits for it then.
                do { try await sleep(limit) } catch { return nil }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            var result = first
            for await other in group { result = result ?? other }
            return result ?? nil
        }
    }

    /// Pushes once; gives a sentence where that failed.
    private func pushNow() async -> String? {
        began = push.session.world.now()
        isBehind = false
        let outcome: TrailPush.Outcome
        do {
            outcome = try await push.push()
        } catch {
            isBehind = true
            return "The trail was not pushed: \(Failure(error).message)"
        }
        switch outcome {
        case .pushed, .current: return nil
        case .failed(let why):
            isBehind = true
            return "The trail was not pushed to \(push.address.text): \(why)."
        case .diverged(let foreign):
            self.foreign = foreign
            return nil
        }
    }
}
