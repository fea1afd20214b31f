/// What somebody said, as the bytes that were signed, with the signature.
package struct SignedStatement: Sendable, Hashable, Codable {
    /// The longest statement, in bytes.
    package static let longestStatement = 64 << 10
    /// The longest armoured signature, in bytes: RSA keys of 16,384 bits.
    package static let longestSignature = 16 << 10

    /// The statement's canonical JSON.
    package let statement: String
    /// SSHSIG, armoured, as `ssh-keygen -Y sign` writes it.
    package let signature: String

    package init(statement: String, signature: String) {
        self.statement = statement
        self.signature = signature
    }

    /// The bytes that were signed.
    package var bytes: [UInt8] { Array(statement.utf8) }

    /// The canonical JSON of what is to be signed.
    ///
    /// - Throws: what encoding it throws.
    package static func text(of statement: some Encodable) throws -> String {
        String(decoding: try CanonicalJSON.bytes(of: statement), as: UTF8.self)
    }
}
