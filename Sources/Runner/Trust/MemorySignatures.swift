import Crypto

/// Signatures in memory, for simulations and tests: the twin of what `ssh-keygen` makes.
///
/// They have a text of their own and no secret behind them; what they prove is which key, bytes and
/// use were meant.
package struct MemorySignatures: StatementSigning, StatementChecking {
    private static let begin = "-----BEGIN MEMORY SIGNATURE-----"
    private static let end = "-----END MEMORY SIGNATURE-----"

    /// The keys that can sign, as an agent holds them.
    package let held: Set<KeyFingerprint>

    package init(holding keys: some Sequence<PersonKey> = []) {
        held = Set(keys.map(\.fingerprint))
    }

    /// Signs with a key that is held.
    package func sign(
        _ statement: [UInt8], namespace: SignatureNamespace, with key: PersonKey
    ) async throws(TrustError) -> String {
        guard held.contains(key.fingerprint) else {
            throw TrustError(.noKey, "No agent holds the key \(key.fingerprint).")
        }
        let proof = Self.proof(key.key, statement, namespace.rawValue)
        return [Self.begin, key.key.line, namespace.rawValue, proof, Self.end, ""]
            .joined(separator: "\n")
    }

    /// The key that signed, when the text is one of these signatures.
    package func key(
        signing statement: [UInt8], signature: String, namespace: SignatureNamespace
    ) async throws(TrustError) -> SigningKey {
        let lines = signature.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 6, lines[0] == Self.begin, lines[4] == Self.end, lines[5].isEmpty,
            let key = Self.key(String(lines[1]))
        else { throw .malformedSignature }
        guard lines[2] == namespace.rawValue else {
            throw .wrongNamespace(String(lines[2]), namespace)
        }
        guard lines[3] == Self.proof(key, statement, namespace.rawValue) else {
            throw .wrongSignature(key.fingerprint)
        }
        return key
    }

    private static func key(_ line: String) -> SigningKey? { try? SigningKey(line: line) }

    private static func proof(
        _ key: SigningKey, _ statement: [UInt8], _ namespace: String
    ) -> String {
        Hexadecimal.text(of: SHA256.hash(data: key.blob + Array(namespace.utf8) + [0] + statement))
    }
}
