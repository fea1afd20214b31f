import Glibc

/// What is known of a journal's `-wal`, to notice that somebody cut, removed or replaced it.
///
/// While a connection is open SQLite never removes the file nor makes it shorter (no
/// `journal_size_limit` is set, and nobody asks for a truncating checkpoint). It begins the file
/// anew in place, and then raises the number in its header
/// (https://www.sqlite.org/fileformat2.html#walformat).
struct WriteAheadLog: Sendable {
    /// The header's numbers that tell one beginning from another.
    private struct Beginning: Sendable, Equatable {
        /// How often the log was begun.
        let number: UInt32
        let salt: UInt64
    }

    private static let headerLength = 32
    /// Big- and little-endian checksums.
    private static let magic: Set<UInt32> = [0x377F_0682, 0x377F_0683]

    private var file: FileIdentity?
    private var size = 0
    private var beginning: Beginning?

    /// The log of a journal that was just opened.
    init(of path: String) { note(path) }

    /// Remembers how the log is now, unless it has lost something since the last time.
    mutating func note(_ path: String) {
        guard loss(at: path) == nil else { return }
        let log = path + "-wal"
        (file, size) = (FileIdentity(of: log), Self.size(of: log))
        beginning = Self.beginning(of: log)
    }

    /// What happened to the log since, as the end of a sentence; nil when nothing did.
    func loss(at path: String) -> String? {
        let log = path + "-wal"
        guard let file else { return nil }
        guard let now = FileIdentity(of: log) else { return "was removed" }
        guard now == file else { return "was replaced" }
        guard Self.size(of: log) >= size else { return "was cut" }
        guard let beginning else { return nil }
        guard let current = Self.beginning(of: log) else { return "was overwritten" }
        let isAnew = current.number &- beginning.number < UInt32.max / 2
        return current == beginning || (isAnew && current.number != beginning.number)
            ? nil : "was overwritten"
    }

    private static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The numbers in the header; nil when there is none.
    ///
    /// SAFETY: closing a descriptor drops a process's locks of that file (fcntl(2)); SQLite holds
    /// none on the log, but on the database and the `-shm`.
    private static func beginning(of path: String) -> Beginning? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: headerLength)
        guard pread(descriptor, &header, headerLength, 0) == headerLength else { return nil }
        func number(at place: Int) -> UInt32 {
            header[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard magic.contains(number(at: 0)) else { return nil }
        return Beginning(
            number: number(at: 12), salt: UInt64(number(at: 16)) << 32 | UInt64(number(at: 20)))
    }
}

/// Which file a name leads to.
struct FileIdentity: Sendable, Equatable {
    private let device: UInt
    private let inode: UInt

    /// Nil when there is none.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (device, inode) = (UInt(status.st_dev), UInt(status.st_ino))
    }
}
