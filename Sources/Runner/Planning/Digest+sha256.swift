import Crypto

extension Digest {
    /// The SHA-256 of bytes (FIPS 180-4).
    package static func sha256(of bytes: [UInt8]) -> Digest {
        Digest(SHA256.hash(data: bytes))
    }

    /// The SHA-256 of what was kept of a stream; may block for reading a file.
    ///
    /// - Throws: `JournalError` (io).
    package static func sha256(of output: CapturedOutput) throws -> Digest {
        var hash = SHA256()
        try output.forEachPiece { hash.update(data: $0) }
        return Digest(hash.finalize())
    }

    private init(_ hash: SHA256.Digest) {
        guard let digest = Digest(rawValue: Hexadecimal.text(of: hash)) else {
            preconditionFailure("a SHA-256 has 64 hexadecimal digits")
        }
        self = digest
    }

    /// The SHA-256 of a value's canonical JSON.
    ///
    /// - Throws: what encoding the value throws.
    package static func sha256(ofCanonical value: some Encodable) throws -> Digest {
        sha256(of: try CanonicalJSON.bytes(of: value))
    }
}
