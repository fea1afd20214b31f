/// The encoding of SSH's binary formats: lengths are 4 bytes, the most significant first (RFC 4251,
/// section 5).
enum SSHWire {
    /// A string with its length in front.
    static func string(_ bytes: some Collection<UInt8>) -> [UInt8] {
        number(UInt32(bytes.count)) + bytes
    }

    /// Text as such a string.
    static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

    /// Four bytes.
    static func number(_ value: UInt32) -> [UInt8] {
        [
            UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF),
            UInt8(value & 0xFF),
        ]
    }

    /// Reads such values one after the other; nil where the bytes end too early.
    struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) { rest = bytes[...] }

        /// Whether everything was read.
        var isAtEnd: Bool { rest.isEmpty }

        mutating func take(_ count: Int) -> [UInt8]? {
            guard count >= 0, rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }

        mutating func number() -> UInt32? {
            take(4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
        }

        mutating func string() -> [UInt8]? {
            guard let count = number() else { return nil }
            return take(Int(count))
        }

        mutating func text() -> String? {
            string().flatMap { String(validating: $0, as: UTF8.self) }
        }
    }
}
