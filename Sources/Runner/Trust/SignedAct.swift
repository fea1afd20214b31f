import Runbooks

/// An act that a person signed, checked: what is recorded of it.
package struct SignedAct: Sendable, Hashable {
    /// What was signed.
    package let statement: ActStatement
    /// Whose signature it is.
    package let signer: PersonID
    /// The key that signed.
    package let key: KeyFingerprint
    /// Of the signed statement, by which the store has it.
    package let digest: Digest
    /// When it was checked.
    package let at: Timestamp

    package init(
        statement: ActStatement, signer: PersonID, key: KeyFingerprint, digest: Digest,
        at: Timestamp
    ) {
        (self.statement, self.signer, self.key) = (statement, signer, key)
        (self.digest, self.at) = (digest, at)
    }
}
