import Glibc

/// The private folder of one process's pinned host keys.
///
/// A lock that its process holds tells it from what a kill has left; the next one to make a folder
/// removes that.
struct ServerKeyFolder: Sendable {
    private static let prefix = "handrail-keys-"
    private static let lockName = "lock"
    /// A folder without a lock that is younger than this, in seconds, is being made.
    private static let making = 60

    let path: String
    private let lock: CInt

    /// A new folder in a place; nil when it has no room for one.
    init?(in place: String) {
        Self.sweep(place)
        guard let made = Self.make(in: place) else { return nil }
        (path, lock) = made
    }

    /// Removes the folder with all that is in it.
    func remove() {
        Self.delete(path)
        close(lock)
    }

    private static func make(in place: String) -> (String, CInt)? {
        var template = Array("\(place)/\(prefix)XXXXXX".utf8CString)
        let path = template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, let made = mkdtemp(start) else { return nil }
            return String(cString: made)
        }
        guard let path else { return nil }
        let lock = open("\(path)/\(lockName)", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            if lock >= 0 { close(lock) }
            delete(path)
            return nil
        }
        return (path, lock)
    }

    private static func sweep(_ place: String) {
        for name in names(in: place) where name.hasPrefix(prefix) {
            let path = "\(place)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == geteuid()
            else { continue }
            let lock = open("\(path)/\(lockName)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else {
                if time(nil) - status.st_mtim.tv_sec > making { delete(path) }
                continue
            }
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { delete(path) }
            close(lock)
        }
    }

    private static func delete(_ path: String) {
        for name in names(in: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
