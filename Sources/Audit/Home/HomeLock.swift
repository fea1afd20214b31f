import Glibc
import Runner

/// A lock in a home that other processes ask for without waiting; it ends with its process.
package struct HomeLock: Sendable {
    private let lock: TrailLock

    /// Takes it now; nil while another has it.
    ///
    /// - Parameter path: the lock's file in the home, made when it is missing.
    /// - Throws: `JournalError` (full, io).
    package init?(taking path: String) throws(JournalError) {
        do {
            lock = try TrailLock(path, waiting: .zero)
            try lock.take()
        } catch  where error.number == EWOULDBLOCK {
            return nil
        } catch {
            throw JournalError(trail: error, path: path)
        }
    }

    /// Gives it back.
    package func release() { lock.release() }
}
