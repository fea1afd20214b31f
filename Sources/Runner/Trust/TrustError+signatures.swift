import Runbooks

/// What is wrong with a signature, in the same words whoever checks it.
extension TrustError {
    /// The text is no signature.
    package static let malformedSignature = TrustError(
        .malformed, "The text is no signature that can be read here.",
        hint: "It is what 'ssh-keygen -Y sign' writes, whole, from BEGIN to END.")

    /// It is for another use.
    package static func wrongNamespace(
        _ found: String, _ wanted: SignatureNamespace
    ) -> TrustError {
        let shown = printable(found.utf8.prefix(60), keepNewlines: false)
        return TrustError(
            .wrongNamespace,
            "The signature is one for '\(shown)', and one for '\(wanted.rawValue)' is needed.",
            hint: "Sign anew, for this use.")
    }

    /// It doesn't fit the bytes.
    package static func wrongSignature(_ key: KeyFingerprint) -> TrustError {
        TrustError(
            .wrongSignature,
            "The signature says that it is by \(key), and is none of these bytes by that key.",
            hint: "What was signed is something else, or was changed afterwards; sign anew.")
    }
}
