import Runbooks

/// A pattern of names: `*` is any text, `?` any one character, everything else itself.
package struct NameGlob: CheckedName {
    /// The pattern as it was written.
    package let rawValue: String
    /// The grammar, as diagnostics word it.
    package static let grammar =
        "letters, digits, '.', '-', '_', and '*' or '?' for any text or character, 253 at most"

    package init?(rawValue: String) {
        guard (1...253).contains(rawValue.utf8.count), rawValue.utf8.allSatisfy(Self.isAllowed)
        else { return nil }
        self.rawValue = rawValue
    }

    /// Whether it holds `*` or `?`.
    package var isOpen: Bool { rawValue.utf8.contains { $0 == Self.star || $0 == Self.mark } }

    /// Whether a whole name fits.
    package func fits(_ name: String) -> Bool {
        let (name, glob) = (Array(name.utf8), Array(rawValue.utf8))
        var (place, index) = (0, 0)
        var retry: (star: Int, place: Int)?
        while place < name.count {
            if index < glob.count, glob[index] == Self.star {
                retry = (index, place)
                index += 1
            } else if index < glob.count, glob[index] == name[place] || glob[index] == Self.mark {
                (index, place) = (index + 1, place + 1)
            } else if let (star, last) = retry {
                retry = (star, last + 1)
                (index, place) = (star + 1, last + 1)
            } else {
                return false
            }
        }
        return glob[index...].allSatisfy { $0 == Self.star }
    }

    /// Whether a dotted id fits, or lies in the area that a pattern without `*` and `?` names.
    package func covers(_ id: RunbookID) -> Bool {
        fits(id.rawValue) || (!isOpen && id.rawValue.hasPrefix(rawValue + "."))
    }

    private static let star = UInt8(ascii: "*")
    private static let mark = UInt8(ascii: "?")

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte == star || byte == mark || (0x30...0x39).contains(byte)
            || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || ".-_".utf8.contains(byte)
    }
}
