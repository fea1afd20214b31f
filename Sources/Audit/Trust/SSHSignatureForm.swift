import Runner

/// An armoured signature of any kind of key, taken apart (PROTOCOL.sshsig); nothing is checked yet.
struct SSHSignatureForm {
    /// The longest text that is read, in bytes.
    static let longest = SignedStatement.longestSignature
    /// What hardware says of itself when somebody touched it (PROTOCOL.u2f).
    private static let touched: UInt8 = 1

    /// Whose it says it is.
    let key: SigningKey
    /// What it says it is for.
    let namespace: String
    /// Whether a person touched the hardware that made it; true for all other keys.
    let isTouched: Bool

    /// Reads the text; nil when it is in any other form than the one that OpenSSH writes.
    init?(text: String) {
        guard text.utf8.count <= Self.longest,
            let blob = Armor.bytes(text, begin: SSHSignature.begin, end: SSHSignature.end),
            Armor.lines(blob, begin: SSHSignature.begin, end: SSHSignature.end) == text,
            blob.starts(with: SSHSignature.magic)
        else { return nil }
        var reader = SSHWire.Reader(Array(blob.dropFirst(SSHSignature.magic.count)))
        guard reader.number() == 1, let key = reader.string().flatMap(SigningKey.init(blob:)),
            let namespace = reader.text(), reader.string() == [], let hash = reader.text(),
            ["sha256", "sha512"].contains(hash), let signature = reader.string(), reader.isAtEnd,
            let isTouched = Self.touch(signature, key.kind)
        else { return nil }
        (self.key, self.namespace, self.isTouched) = (key, namespace, isTouched)
    }

    /// Whether it was touched; nil when the signature's own parts aren't those of its kind.
    private static func touch(_ signature: [UInt8], _ kind: SigningKey.Kind) -> Bool? {
        var reader = SSHWire.Reader(signature)
        guard let name = reader.text(), names(of: kind).contains(name), reader.string() != nil
        else { return nil }
        switch kind {
        case .hardwareEd25519, .hardwareECDSA:
            guard let flags = reader.take(1)?.first, reader.number() != nil, reader.isAtEnd else {
                return nil
            }
            return flags & touched != 0
        case .ed25519, .ecdsa256, .ecdsa384, .ecdsa521, .rsa:
            return reader.isAtEnd ? true : nil
        }
    }

    /// What a kind's signatures are called; SHA-1 is none (RFC 8332).
    private static func names(of kind: SigningKey.Kind) -> [String] {
        kind == .rsa ? ["rsa-sha2-512", "rsa-sha2-256"] : [kind.rawValue]
    }
}
