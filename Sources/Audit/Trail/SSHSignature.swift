import Crypto

/// A signature in OpenSSH's format SSHSIG (PROTOCOL.sshsig), which git and `ssh-keygen -Y` read.
package struct SSHSignature: Sendable, Hashable {
    /// The armour's first line.
    static let begin = "-----BEGIN SSH SIGNATURE-----"
    /// The armour's last line.
    static let end = "-----END SSH SIGNATURE-----"
    /// What its binary form begins with.
    static let magic = Array("SSHSIG".utf8)

    /// Whose it says it is.
    package let publicKey: TrailPublicKey
    /// What it is for: a signature for one use is none for another.
    package let namespace: String
    /// `sha256` or `sha512`.
    package let hash: String
    /// 64 bytes.
    package let raw: [UInt8]

    /// Signs a message.
    package init(of message: [UInt8], namespace: String, by key: TrailKey) throws {
        publicKey = key.publicKey
        self.namespace = namespace
        hash = "sha512"
        raw = try key.signature(of: Self.signed(message, namespace, hash) ?? [])
    }

    /// Reads the armoured text; nil when it is anything else, or of another kind of key.
    package init?(text: String) {
        guard let blob = Armor.bytes(text, begin: Self.begin, end: Self.end),
            blob.starts(with: Self.magic)
        else { return nil }
        var reader = SSHWire.Reader(Array(blob.dropFirst(Self.magic.count)))
        guard reader.number() == 1, let key = reader.string().flatMap(TrailPublicKey.init(blob:)),
            let namespace = reader.text(), reader.string() == [], let hash = reader.text(),
            let signature = reader.string(), reader.isAtEnd
        else { return nil }
        var inner = SSHWire.Reader(signature)
        guard inner.text() == TrailPublicKey.kind, let raw = inner.string(), raw.count == 64,
            inner.isAtEnd
        else { return nil }
        (publicKey, self.namespace, self.hash, self.raw) = (key, namespace, hash, raw)
        // Base64 has spare bits, and its reader takes lines of any length: one signature, one text.
        guard self.text == text else { return nil }
    }

    /// The armoured text.
    package var text: String {
        let signature = SSHWire.string(TrailPublicKey.kind) + SSHWire.string(raw)
        let blob =
            Self.magic + SSHWire.number(1) + SSHWire.string(publicKey.blob)
            + SSHWire.string(namespace) + SSHWire.string([]) + SSHWire.string(hash)
            + SSHWire.string(signature)
        return Armor.lines(blob, begin: Self.begin, end: Self.end)
    }

    /// Whether it is the key's signature of a message, made for this namespace.
    package func holds(for message: [UInt8], namespace: String) -> Bool {
        guard self.namespace == namespace, let bytes = Self.signed(message, namespace, hash) else {
            return false
        }
        return publicKey.verifies(raw, of: bytes)
    }

    /// What is really signed; nil for a hash that SSHSIG doesn't know.
    private static func signed(
        _ message: [UInt8], _ namespace: String, _ hash: String
    ) -> [UInt8]? {
        let digest: [UInt8]
        switch hash {
        case "sha512": digest = Array(SHA512.hash(data: message))
        case "sha256": digest = Array(SHA256.hash(data: message))
        default: return nil
        }
        return magic + SSHWire.string(namespace) + SSHWire.string([]) + SSHWire.string(hash)
            + SSHWire.string(digest)
    }
}
