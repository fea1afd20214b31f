import Runbooks

/// What makes a signed act the only one of its kind: 128 random bits.
package struct ActNonce: CheckedName {
    /// The digits.
    package let rawValue: String
    /// The grammar, as errors word it.
    package static let grammar = "32 hexadecimal digits, lower case"

    package init?(rawValue: String) {
        guard HexText.isHex(rawValue, digits: 32) else { return nil }
        self.rawValue = rawValue
    }
}
