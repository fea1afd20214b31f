import Glibc
import Synchronization

/// The zones of a machine: compiled zone files in a folder, read when they are first asked for.
///
/// Each is read once; a machine whose zone files are renewed while a process runs gives it the old
/// rules until it ends.
package final class ZoneFolder: ZoneSource {
    /// Where Debian, and all other Linux systems that we know, keep them.
    package static let systemPath = "/usr/share/zoneinfo"

    /// Bytes of the largest file that is read; the largest of 2025b has 3,545.
    private static let fileSize = 256 << 10

    // A class, because what was read is kept for all that share it.
    private let known = Mutex<[String: ZoneRules?]>([:])
    private let path: String

    /// The zones of a folder, which need not exist; then none is known but UTC.
    package init(path: String = systemPath) { self.path = path }

    /// Reads the zone's file, the first time; nil for a name that none has.
    ///
    /// `UTC` needs no file.
    package func zone(named name: String) -> ZoneRules? {
        if ["UTC", "Etc/UTC", "Z", "GMT", "Etc/GMT"].contains(name) { return .utc }
        guard ZoneName.isValid(name) else { return nil }
        return known.withLock { known in
            if let found = known[name] { return found }
            let rules = Self.read("\(path)/\(name)").flatMap { ZoneRules(name: name, file: $0) }
            known[name] = .some(rules)
            return rules
        }
    }

    /// The names in the folder's list of zones; empty where it has none.
    package var names: [String] {
        guard let bytes = Self.read("\(path)/tzdata.zi") ?? Self.read("\(path)/zone1970.tab") else {
            return []
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.compactMap { line -> String? in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            switch words.first {
            case "Z" where words.count > 1: return String(words[1])
            case "L" where words.count > 2: return String(words[2])
            case .some where words.count > 2 && line.contains("\t"): return String(words[2])
            default: return nil
            }
        }.sorted()
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var state = stat()
        guard fstat(file, &state) == 0, state.st_mode & S_IFMT == S_IFREG,
            state.st_size <= fileSize
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(state.st_size))
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            guard got > 0 else { return nil }
            count += got
        }
        return bytes
    }
}
