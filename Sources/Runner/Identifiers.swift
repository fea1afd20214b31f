import Runbooks

/// An instant: milliseconds since 1970-01-01T00:00:00Z, as the wall clock said it.
package struct Timestamp: Sendable, Hashable, Comparable, Codable {
    /// Milliseconds since the epoch.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Whether the first instant is earlier.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The instant a while later.
    package func adding(_ duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.inMilliseconds)
    }

    /// The milliseconds between an earlier instant and this one.
    package func since(_ earlier: Timestamp) -> Int64 { milliseconds - earlier.milliseconds }

    /// Reads one number of milliseconds.
    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes one number of milliseconds.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

/// A plan's id: 128 random bits as 32 hexadecimal digits.
package struct PlanID: CheckedName {
    /// The digits.
    package let rawValue: String
    /// The grammar, as errors word it.
    package static let grammar = "32 hexadecimal digits, lower case"

    package init?(rawValue: String) {
        guard HexText.isHex(rawValue, digits: 32) else { return nil }
        self.rawValue = rawValue
    }
}

/// A run's id, such as `r-20261123-0714-k3f9`: sortable by time, short enough to be typed.
package struct RunID: CheckedName {
    /// The id as it is typed, with its `r-`.
    package let rawValue: String
    /// The grammar, as errors word it.
    package static let grammar = "'r-', a date, a time, and four letters or digits"

    package init?(rawValue: String) {
        guard rawValue.hasPrefix("r-"), rawValue.utf8.count <= 40, NameGrammar.isTarget(rawValue)
        else { return nil }
        self.rawValue = rawValue
    }
}

/// A SHA-256 digest as 64 hexadecimal digits.
package struct Digest: CheckedName {
    /// The digits, without a `sha256:` before them.
    package let rawValue: String
    /// The grammar, as errors word it.
    package static let grammar = "64 hexadecimal digits, lower case"

    package init?(rawValue: String) {
        guard HexText.isHex(rawValue, digits: 64) else { return nil }
        self.rawValue = rawValue
    }
}

/// Checks of hexadecimal text.
enum HexText {
    /// Whether the text is exactly so many lower-case hexadecimal digits.
    static func isHex(_ text: String, digits: Int) -> Bool {
        text.utf8.count == digits
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
