import Runbooks
import Synchronization

/// How often something was begun on each target.
///
/// A class, since a lock can't be copied: the loop counts, and what clears away beside it looks.
final class VisitCount: Sendable {
    private let counts = Mutex<[TargetName: Int]>([:])

    /// Something is begun on a target.
    func note(_ target: TargetName) { counts.withLock { $0[target, default: 0] += 1 } }

    /// How often something was begun there so far.
    func count(of target: TargetName) -> Int { counts.withLock { $0[target] ?? 0 } }
}
