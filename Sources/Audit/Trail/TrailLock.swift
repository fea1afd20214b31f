import Foundation

/// What the one that writes the trail, changes its key or pushes it holds: `flock` on a file of the
/// home.
///
/// Held for the length of that, so that several processes take turns; it ends with its process.
final class TrailLock: Sendable {
    // A class, because the descriptor is closed with its last owner.
    private let file: Int32
    private let path: String
    private let limit: Duration

    /// Opens the file, and makes it when it is missing.
    init(_ path: String, waiting limit: Duration) throws(FileError) {
        file = try FileDescriptor.checked("open", path) {
            Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode_t(0o600))
        }
        (self.path, self.limit) = (path, limit)
    }

    deinit { Glibc.close(file) }

    /// Waits for the lock, for a limited time; blocks the calling thread.
    func take() throws(FileError) {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR, clock.now < end else {
                throw FileError(call: "flock", path: path, number: number)
            }
            usleep(2_000)
        }
    }

    /// Gives it back.
    func release() { flock(file, LOCK_UN) }
}
