import Crypto
import Foundation

/// A public Ed25519 key, as OpenSSH writes it.
package struct TrailPublicKey: Sendable, Hashable {
    /// The name of its kind (RFC 8709).
    static let kind = "ssh-ed25519"

    /// The key itself, 32 bytes.
    let raw: [UInt8]

    init(raw: [UInt8]) { self.raw = raw }

    /// Reads `ssh-ed25519 BASE64 [COMMENT]`; nil when it is no such line.
    package init?(line: String) {
        let words = line.split(separator: " ")
        guard words.count >= 2, words[0] == Self.kind,
            let blob = Data(base64Encoded: String(words[1]))
        else { return nil }
        self.init(blob: Array(blob))
    }

    /// Reads the binary form (RFC 8709, section 4).
    init?(blob: [UInt8]) {
        var reader = SSHWire.Reader(blob)
        guard reader.text() == Self.kind, let raw = reader.string(), raw.count == 32, reader.isAtEnd
        else { return nil }
        self.raw = raw
    }

    /// The binary form.
    var blob: [UInt8] { SSHWire.string(Self.kind) + SSHWire.string(raw) }

    /// `ssh-ed25519 BASE64`, without a comment.
    package var line: String { "\(Self.kind) \(Data(blob).base64EncodedString())" }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    package var fingerprint: String {
        "SHA256:" + Data(SHA256.hash(data: blob)).base64EncodedString().filter { $0 != "=" }
    }

    /// Whether a signature of some bytes is this key's.
    func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw) else {
            return false
        }
        return key.isValidSignature(signature, for: bytes)
    }
}
