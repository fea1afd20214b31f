import Runbooks
import Runner
import Synchronization

/// The sessions that an executor opens, on their way into the journal.
///
/// Nothing starts in a session before the journal names it: else the next leader could not prove
/// that what runs there is gone. A class, because executor and loop hold the same one.
final class SessionLedger: Sendable {
    private struct State {
        var isLed = false
        var recorded: Set<String> = []
        var onReach: (@Sendable (TargetName, _ lost: String?) -> Void)?
    }

    /// The sessions in the order in which they were opened; it ends with `finish`.
    let opened: AsyncStream<OpenedSession>
    private let opening: AsyncStream<OpenedSession>.Continuation
    private let state = Mutex(State())

    init() { (opened, opening) = AsyncStream.makeStream(of: OpenedSession.self) }

    /// Takes a session that was opened.
    func note(_ session: OpenedSession) { opening.yield(session) }

    /// Says who is told when a target is lost on which something runs, and when it answers again.
    func tellReach(_ body: @escaping @Sendable (TargetName, _ lost: String?) -> Void) {
        state.withLock { $0.onReach = body }
    }

    /// A target on which something runs is lost, and why; nil: it answers again.
    func noteReach(_ target: TargetName, lost: String?) {
        state.withLock(\.onReach)?(target, lost)
    }

    /// No further session follows.
    func finish() { opening.finish() }

    /// From now on a run is led: until then nothing that changes anything is started.
    func beginLeading() { state.withLock { $0.isLed = true } }

    /// Takes what the journal has now.
    func take(_ events: [RunEvent]) {
        let proofs = events.compactMap { event -> String? in
            guard case .sessionOpened(_, let proof) = event else { return nil }
            return proof
        }
        guard !proofs.isEmpty else { return }
        state.withLock { $0.recorded.formUnion(proofs) }
    }

    /// Whether things may be started in a session.
    func isUsable(_ proof: String) -> Bool {
        state.withLock { !$0.isLed || $0.recorded.contains(proof) }
    }

    /// Returns when things may be started in a session, or when the calling task is cancelled.
    func waitUntilUsable(
        _ proof: String, sleep: @Sendable (Duration) async throws -> Void
    ) async {
        while !isUsable(proof) {
            do {
                try await sleep(.milliseconds(2))
            } catch {
                // Cancelled: the executor looks at that, and starts nothing.
                return
            }
        }
    }
}
