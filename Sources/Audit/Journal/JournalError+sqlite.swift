import Foundation
import GRDB
import Runbooks
import Runner

/// What SQLite's result codes mean for a journal (https://www.sqlite.org/rescode.html).
extension JournalError {
    /// The refusal for an error that a database access ended with.
    ///
    /// A `JournalError` passes unchanged; what can't be decoded means a damaged file.
    init(access error: any Error, path: String) {
        switch error {
        case let known as JournalError:
            self = known
        case let error as DatabaseError:
            self = JournalError(sqlite: error, path: path)
        case let error as FileError where error.isFull:
            self = .fullDisk(path, cause: error)
        case let error as FileError where error.number == EWOULDBLOCK:
            self.init(
                .locked, "Another process was opening \(error.path) for too long.",
                hint: "Look who has it open ('fuser -v \(error.path)'), then try again.",
                cause: error)
        case let error as FileError:
            self.init(
                .io,
                "The journal \(path) can't be opened: \(error.call) of \(error.path) "
                    + "failed: \(error.reason).",
                hint: "Check that the home and its files are yours and can be written.",
                cause: error)
        case is DecodingError:
            self.init(
                .corrupt, "The journal \(path) holds a record that can't be read.",
                hint: Self.damageHint, cause: error)
        default:
            self.init(.io, "The journal \(path) could not be used.", cause: error)
        }
    }

    private static let damageHint =
        "Stop all runs, keep a copy of the file and its -wal, and restore the last backup."

    private init(sqlite error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_FULL:
            self = .fullDisk(path, cause: error)
        case .SQLITE_IOERR where DiskSpace.isUsedUp(at: path):
            self = .fullDisk(path, cause: error)
        case .SQLITE_BUSY where DiskSpace.isUsedUp(at: path):
            // It has no room for the file by which processes take turns.
            self = .fullDisk(path, cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .locked, "Another process held the journal \(path) for too long.",
                hint: "Look who has it open ('fuser -v \(path)'), then try again.", cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .corrupt, "The journal \(path) is damaged or no journal.", hint: Self.damageHint,
                cause: error)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            self.init(
                .io, "The journal \(path) can't be opened or written.",
                hint: "Check that the file and its folder are yours and that the file system "
                    + "isn't mounted read-only.", cause: error)
        case .SQLITE_IOERR:
            self.init(
                .io, "Reading or writing the journal \(path) failed.",
                hint: "Look at the kernel's log for the disk ('dmesg') and repair it, then try "
                    + "again.", cause: error)
        default:
            self.init(.io, "The journal \(path) could not be used.", cause: error)
        }
    }

    private static func fullDisk(_ path: String, cause: any Error) -> JournalError {
        JournalError(
            .full, "No space is left for the journal \(path): nothing was recorded.",
            hint: "Free space on its file system ('df -h'), then try again.",
            cause: cause)
    }

    /// Whether the connection can't be trusted with another write after this error.
    ///
    /// A failed fsync may have dropped the pages it was to write, so that the next one succeeds
    /// and proves nothing.
    static func endsWriting(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        switch error.resultCode {
        case .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB: return true
        default: return false
        }
    }
}

/// A question to the file system that a path lies on.
enum DiskSpace {
    /// Whether this account can't get a single block or file more; false where it can't be asked.
    static func isUsedUp(at path: String) -> Bool {
        var answer = statvfs()
        guard statvfs(PathText.folder(of: path), &answer) == 0 else {
            return false
        }
        return answer.f_bavail == 0 || (answer.f_files > 0 && answer.f_favail == 0)
    }
}
