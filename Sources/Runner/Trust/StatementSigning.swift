/// Signs what a person says, with a key of theirs.
package protocol StatementSigning: Sendable {
    /// The armoured signature (SSHSIG) of some bytes by a key.
    ///
    /// May ask the person (a passphrase, a touch of a hardware key), and ends within a limit.
    ///
    /// - Throws: `TrustError`: `noKey`, `noProgram`, `declined`, `io`.
    func sign(
        _ statement: [UInt8], namespace: SignatureNamespace, with key: PersonKey
    ) async throws(TrustError) -> String
}
