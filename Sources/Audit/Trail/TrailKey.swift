import Crypto
import Foundation

/// The controller's own Ed25519 key, which signs the trail's commits.
package struct TrailKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a new key from the system's random source.
    package init() { key = Curve25519.Signing.PrivateKey() }

    /// The key that others check with.
    package var publicKey: TrailPublicKey {
        TrailPublicKey(raw: Array(key.publicKey.rawRepresentation))
    }

    /// Signs bytes: 64 bytes (RFC 8032).
    func signature(of bytes: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: bytes))
    }

    // --- the file -------------------------------------------------------------------------------

    private static let begin = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let end = "-----END OPENSSH PRIVATE KEY-----"
    private static let magic = Array("openssh-key-v1\0".utf8)

    /// The key as a file of OpenSSH's own format, without a passphrase (PROTOCOL.key).
    package func file(comment: String) -> String {
        let public_ = publicKey
        let check = SSHWire.number(UInt32.random(in: .min ... .max))
        var secret = check + check
        secret += SSHWire.string(TrailPublicKey.kind) + SSHWire.string(public_.raw)
        secret += SSHWire.string(Array(key.rawRepresentation) + public_.raw)
        secret += SSHWire.string(comment)
        var pad: UInt8 = 1
        while secret.count % 8 != 0 {
            secret.append(pad)
            pad += 1
        }
        let none = SSHWire.string("none")
        let blob =
            Self.magic + none + none + SSHWire.string([]) + SSHWire.number(1)
            + SSHWire.string(public_.blob) + SSHWire.string(secret)
        return Armor.lines(blob, begin: Self.begin, end: Self.end)
    }

    /// Reads such a file; nil when it is none, holds another kind of key, or has a passphrase.
    package init?(file: String) {
        guard let blob = Armor.bytes(file, begin: Self.begin, end: Self.end),
            blob.starts(with: Self.magic)
        else { return nil }
        var reader = SSHWire.Reader(Array(blob.dropFirst(Self.magic.count)))
        guard reader.text() == "none", reader.text() == "none", reader.string() != nil,
            reader.number() == 1, let publicBlob = reader.string(), let secret = reader.string(),
            let listed = TrailPublicKey(blob: publicBlob)
        else { return nil }
        var inner = SSHWire.Reader(secret)
        guard let first = inner.number(), first == inner.number(),
            inner.text() == TrailPublicKey.kind, inner.string() == listed.raw,
            let pair = inner.string(), pair.count == 64,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: pair.prefix(32)),
            Array(key.publicKey.rawRepresentation) == listed.raw
        else { return nil }
        self.key = key
    }
}
