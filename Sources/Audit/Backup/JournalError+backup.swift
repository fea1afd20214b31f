import Foundation
import GRDB
import Runner

extension JournalError {
    /// The refusal for an error that giving a home its place ended with.
    package init(placing error: any Error) {
        self.init(backup: error, path: (error as? FileError)?.path ?? "")
    }

    /// The refusal for an error that writing or reading a backup ended with.
    init(backup error: any Error, path: String) {
        switch error {
        case let known as JournalError: self = known
        case let error as FileError where error.isFull:
            self.init(
                .full, "No space is left for \(path): nothing was written.",
                hint: "Free space on its file system ('df -h'), or name another.", cause: error)
        case let error as FileError where error.number == EEXIST:
            self.init(
                .io, "\(path) is there already: nothing was written.",
                hint: "Name a file that isn't there yet.", cause: error)
        case let error as FileError where error.number == EWOULDBLOCK:
            self = .trailIsLocked(error.path, cause: error)
        case let error as FileError:
            self.init(
                .io, "\(error.call) of \(error.path) failed: \(error.reason).",
                hint: "Look at the folder that it is in, and at its space ('df -h').",
                cause: error)
        case let error as DatabaseError where error.resultCode == .SQLITE_FULL:
            self.init(
                .full, "No space is left for \(path): nothing was written.",
                hint: "Free space on its file system ('df -h'), or name another.", cause: error)
        default: self.init(access: error, path: path)
        }
    }
}
