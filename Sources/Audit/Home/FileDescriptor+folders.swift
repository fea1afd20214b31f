import Foundation

/// Questions to an open folder; none follows a symlink.
extension FileDescriptor {
    /// The names in the folder, sorted by bytes, without `.` and `..`.
    func names() throws(FileError) -> [[UInt8]] {
        let copy = try Self.checked("open", path) {
            openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let folder = fdopendir(copy) else {
            let reason = errno
            close(copy)
            throw FileError(call: "fdopendir", path: path, number: reason)
        }
        defer { closedir(folder) }
        var result: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else {
                    throw FileError(call: "readdir", path: path, number: errno)
                }
                break
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [46] && name != [46, 46] { result.append(name) }
        }
        return result.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// What a name in the folder is.
    func status(of name: String) throws(FileError) -> stat {
        var answer = stat()
        _ = try Self.checked("fstatat", path + "/" + name) {
            fstatat(number, name, &answer, AT_SYMLINK_NOFOLLOW)
        }
        return answer
    }

    /// Whether the folder has a name.
    func has(_ name: String) throws(FileError) -> Bool {
        do {
            _ = try status(of: name)
            return true
        } catch {
            guard error.number == ENOENT else { throw error }
            return false
        }
    }

    /// Where a symlink in the folder leads.
    func destination(of name: String) throws(FileError) -> [UInt8] {
        let limit = Int(PATH_MAX)
        var buffer = [CChar](repeating: 0, count: limit)
        let count = try Self.checked("readlinkat", path + "/" + name) {
            readlinkat(number, name, &buffer, limit)
        }
        return buffer[..<count].map(UInt8.init(bitPattern:))
    }
}
