import Foundation
import Runbooks
import Runner

/// What a killed backup left beside its place.
enum BackupLeftovers {
    static let journalSuffix = ".journal"
    private static let mark = ".new-"
    /// How old a file must be that nobody holds, in seconds.
    private static let age = 3600

    /// What stands behind the name of a file that is being written.
    static func suffix() -> String {
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        return mark + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Whether a name is that of a backup that is being written, or of its journal.
    static func isNew(_ name: String) -> Bool {
        guard let mark = name.range(of: ".tar" + Self.mark) else { return false }
        var rest = name[mark.upperBound...]
        for end in ["-wal", "-shm", "-journal"] where rest.hasSuffix(end) {
            rest = rest.dropLast(end.count)
        }
        if rest.hasSuffix(journalSuffix) { rest = rest.dropLast(journalSuffix.count) }
        return Hexadecimal.isDigits(rest, 16)
    }

    /// Removes what nobody writes any more in the folder of a path; gives the names.
    static func remove(besides path: String) throws -> [String] {
        let parent = PathText.folder(of: path)
        let folder = parent.isEmpty ? "." : parent
        let names = try FileDescriptor(folder, O_RDONLY | O_DIRECTORY).names().compactMap {
            String(validating: $0, as: UTF8.self)
        }
        return try names.filter { name in
            guard isNew(name) else { return false }
            let file = folder + "/" + name
            var status = stat()
            guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                status.st_uid == geteuid(), Int(time(nil)) - status.st_mtim.tv_sec > age,
                isUnheld(file)
            else { return false }
            guard unlink(file) == 0 || errno == ENOENT else {
                throw FileError(call: "unlink", path: file, number: errno)
            }
            return true
        }
    }

    private static func isUnheld(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) == 0
    }
}
