import Foundation
import Synchronization

extension TrailRepository {
    /// The state of the one that writes; in one process one thread, and of all processes one.
    final class Writing: Sendable {
        // A class, because the lock ends with its last owner.

        /// What is kept from one seal to the next.
        struct State: Sendable {
            /// What was last read or written; used while the branch still names its commit.
            var end: End?
            /// Whether a write failed such that nothing is known of what is on the disk.
            var isBroken = false
        }

        private let lock: TrailLock
        private let turns = NSRecursiveLock()
        private let state = Mutex(State())
        private let depth = Mutex(0)

        init(_ lock: TrailLock) { self.lock = lock }

        /// Runs a body with both locks and the state; not within another such body.
        func exclusively<Value>(_ body: (inout State) throws -> Value) throws -> Value {
            try locked {
                var now = state.withLock { $0 }
                defer { state.withLock { $0 = now } }
                return try body(&now)
            }
        }

        /// Runs a body with both locks; what it runs may take them again.
        func locked<Value>(_ body: () throws -> Value) throws -> Value {
            turns.lock()
            defer { turns.unlock() }
            if depth.withLock({ $0 }) == 0 { try lock.take() }
            depth.withLock { $0 += 1 }
            defer {
                let left = depth.withLock { depth in
                    depth -= 1
                    return depth
                }
                if left == 0 { lock.release() }
            }
            return try body()
        }
    }
}
