import Crypto
import Runbooks

/// The SHA-256 of a public key, as `ssh-keygen -l` shows it.
package struct KeyFingerprint: CheckedName {
    /// With its `SHA256:`.
    package let rawValue: String
    /// The grammar, as diagnostics word it.
    package static let grammar = "'SHA256:' and 43 characters of base64"

    package init?(rawValue: String) {
        guard rawValue.hasPrefix("SHA256:"), rawValue.utf8.count == 50,
            Base64Text.bytes(rawValue.dropFirst(7) + "=") != nil
        else { return nil }
        self.rawValue = rawValue
    }

    /// Of a key's binary form.
    package init(ofBlob blob: [UInt8]) {
        let text = Base64Text.text(of: Array(SHA256.hash(data: blob)))
        rawValue = "SHA256:" + text.filter { $0 != "=" }
    }
}
