import Foundation

/// A system call on a file that failed.
struct FileError: Error, Sendable {
    /// Such as `open`.
    let call: String
    let path: String
    /// The `errno` it left.
    let number: Int32

    /// What the system says of the number.
    var reason: String { String(cString: strerror(number)) }

    /// Whether there was no room: on the disk, or within the account's quota.
    var isFull: Bool { number == ENOSPC || number == EDQUOT }
}

/// An open file or folder that closes itself.
struct FileDescriptor: ~Copyable {
    let number: Int32
    let path: String

    /// Opens a path; `O_CLOEXEC` is always set.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(FileError) {
        number = try Self.checked("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) }
        self.path = path
    }

    /// Opens a name within this folder; it is never followed when it is a symlink.
    init(_ name: String, in folder: borrowing FileDescriptor, _ flags: Int32) throws(FileError) {
        let parent = folder.number
        path = folder.path + "/" + name
        number = try Self.checked("open", path) {
            Glibc.openat(parent, name, flags | O_CLOEXEC | O_NOFOLLOW)
        }
    }

    deinit { Glibc.close(number) }

    /// Writes all bytes.
    func write(_ bytes: [UInt8]) throws(FileError) {
        var done = 0
        while done < bytes.count {
            done += try Self.checked("write", path) {
                bytes[done...].withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Reads to the end, but no more than one byte over the limit.
    func read(upTo limit: Int) throws(FileError) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while result.count <= limit {
            let wanted = min(chunk.count, limit + 1 - result.count)
            let count = try Self.checked("read", path) {
                chunk.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, wanted) }
            }
            if count == 0 { break }
            result += chunk[..<count]
        }
        return result
    }

    /// Waits until what was written is on the disk.
    ///
    /// Never called again after it failed.
    func synchronize() throws(FileError) {
        // WHY NOT retried on EINTR: whether the first call dropped an error can't be known.
        guard fsync(number) == 0 else {
            throw FileError(call: "fsync", path: path, number: errno)
        }
    }

    /// What the file is.
    func status() throws(FileError) -> stat {
        var answer = stat()
        _ = try Self.checked("fstat", path) { fstat(number, &answer) }
        return answer
    }

    /// Calls again when a signal came in between.
    static func checked<Result: SignedInteger>(
        _ call: String, _ path: String, _ body: () -> Result
    ) throws(FileError) -> Result {
        while true {
            let result = body()
            if result >= 0 { return result }
            let number = errno
            if number != EINTR { throw FileError(call: call, path: path, number: number) }
        }
    }
}

/// An exclusive lock on a folder, held by one process at a time, and by none once that is killed.
package final class FolderLock: Sendable {
    // A class, because the lock ends with its last owner.
    private let folder: Int32

    /// Waits for the lock, for a limited time; blocks the calling thread.
    init(_ path: String, waiting limit: Duration) throws(FileError) {
        folder = try FileDescriptor.checked("open", path) {
            Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        let clock = ContinuousClock()
        let end = clock.now + limit
        while flock(folder, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR, clock.now < end else {
                Glibc.close(folder)
                throw FileError(call: "flock", path: path, number: number)
            }
            usleep(5_000)
        }
    }

    /// The lock of a folder that nobody holds; nil when somebody does, or it can't be opened.
    package static func untaken(_ path: String) -> FolderLock? {
        do {
            return try FolderLock(path, waiting: .zero)
        } catch {
            return nil
        }
    }

    /// Gives the lock back.
    func unlock() { flock(folder, LOCK_UN) }

    deinit { Glibc.close(folder) }
}
