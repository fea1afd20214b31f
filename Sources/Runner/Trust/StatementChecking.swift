/// Says which key a signature was truly made with.
package protocol StatementChecking: Sendable {
    /// The key that signed exactly these bytes for exactly this use.
    ///
    /// Whose key that is, and whether it counts, is for `TrustBook` to say.
    ///
    /// - Throws: `TrustError`: `malformed`, `wrongNamespace`, `wrongSignature`, `noProgram`, `io`.
    func key(
        signing statement: [UInt8], signature: String, namespace: SignatureNamespace
    ) async throws(TrustError) -> SigningKey
}
