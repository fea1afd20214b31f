/// One folder of a git tree, as its object's bytes list it.
struct GitTree: Sendable {
    /// What a name in it stands for.
    struct Entry: Sendable, Hashable {
        let mode: Mode
        let id: GitObjectID
    }

    /// The kinds of entries, by the mode that git writes.
    enum Mode: String, Sendable, Hashable {
        case folder = "40000"
        case file = "100644"
        case executable = "100755"
        case symlink = "120000"
        case submodule = "160000"
    }

    /// The names, as git orders them: by bytes, folders as if they ended in a slash.
    private(set) var names: [String] = []
    private var entries: [String: Entry] = [:]
    /// The object's bytes, once they were asked for; nil when they have to be made anew.
    private var written: [UInt8]?

    /// A folder without entries.
    init() {}

    /// Reads a tree object; nil when it is malformed, unordered, or names something twice.
    init?(bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 0x20), let end = rest.firstIndex(of: 0),
                space < end,
                let mode = Mode(rawValue: String(decoding: rest[..<space], as: UTF8.self)),
                let name = String(validating: rest[(space + 1)..<end], as: UTF8.self),
                Self.isName(name), entries[name] == nil,
                let id = GitObjectID(raw: rest[(end + 1)...].prefix(GitObjectID.size))
            else { return nil }
            let entry = Entry(mode: mode, id: id)
            if let last = names.last, !Self.precedes(last, entries[last], name, entry) {
                return nil
            }
            names.append(name)
            entries[name] = entry
            rest = rest[(end + 1 + GitObjectID.size)...]
        }
    }

    /// What a name stands for.
    subscript(name: String) -> Entry? { entries[name] }

    /// Gives a name to an entry, in place of the one that has it.
    mutating func put(_ name: String, _ entry: Entry) {
        if entries[name] != nil { remove(name) }
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(names[middle], entries[names[middle]], name, entry) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        if low < names.count { written = nil }
        // At the end, as batches come: a minute's folder may have thousands.
        written?.append(contentsOf: Self.bytes(of: name, entry))
        names.insert(name, at: low)
        entries[name] = entry
    }

    /// Takes a name out.
    mutating func remove(_ name: String) {
        names.removeAll { $0 == name }
        entries[name] = nil
        written = nil
    }

    /// The object's bytes; kept, so that they needn't be made again after `put` at the end.
    mutating func bytes() -> [UInt8] {
        if let written { return written }
        var bytes: [UInt8] = []
        for name in names {
            if let entry = entries[name] { bytes += Self.bytes(of: name, entry) }
        }
        written = bytes
        return bytes
    }

    private static func bytes(of name: String, _ entry: Entry) -> [UInt8] {
        Array("\(entry.mode.rawValue) \(name)\0".utf8) + entry.id.raw
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
            && name.lowercased() != ".git"
    }

    private static func precedes(
        _ left: String, _ leftEntry: Entry?, _ right: String, _ rightEntry: Entry?
    ) -> Bool {
        let first = leftEntry?.mode == .folder ? left + "/" : left
        let second = rightEntry?.mode == .folder ? right + "/" : right
        return first.utf8.lexicographicallyPrecedes(second.utf8)
    }
}
