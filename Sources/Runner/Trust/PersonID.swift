import Runbooks

/// The id of a person in trust, such as `anna`: people are compared by it, whatever key they use.
package struct PersonID: CheckedName {
    /// The word, as the person's file is called.
    package let rawValue: String
    /// The grammar, as diagnostics word it.
    package static let grammar =
        "a-z, 0-9, '.', '_' and '-', starting with a letter, 63 at most, and not 'engine'"

    /// Who acts where no person does.
    package static let engine = "engine"

    package init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard bytes.count <= 63, let first = bytes.first, Self.isLetter(first),
            bytes.allSatisfy({
                Self.isLetter($0) || (0x30...0x39).contains($0) || ".-_".utf8.contains($0)
            }),
            rawValue != Self.engine
        else { return nil }
        self.rawValue = rawValue
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
