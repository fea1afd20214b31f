import Crypto

extension Digest {
    /// The SHA-256 of bytes (FIPS 180-4).
    package static func sha256(of bytes: [UInt8]) -> Digest {
        guard let digest = Digest(rawValue: Hexadecimal.text(of: SHA256.hash(data: bytes))) else {
            preconditionFailure("a SHA-256 has 64 hexadecimal digits")
        }
        return digest
    }

    /// The SHA-256 of a value's canonical JSON.
    ///
    /// - Throws: what encoding the value throws.
    package static func sha256(ofCanonical value: some Encodable) throws -> Digest {
        sha256(of: try CanonicalJSON.bytes(of: value))
    }
}
