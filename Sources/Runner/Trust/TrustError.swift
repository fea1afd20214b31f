/// A failure to read trust, to sign a statement, or a signature that isn't what it says.
package struct TrustError: Error, Sendable {
    /// What kind of failure it is; callers switch on it.
    package enum Code: String, Sendable {
        /// The folder can't be used: somebody else may write it, or its documents have errors.
        case unusable
        /// The text is no signature of the form that is read here.
        case malformed
        /// It is a signature for another use.
        case wrongNamespace
        /// It is a signature of something else, or was changed.
        case wrongSignature
        /// No key at hand can sign: neither in the agent nor in a file.
        case noKey
        /// The program that signs or checks is missing, failed or took too long.
        case noProgram
        /// The person or the hardware key said no.
        case declined
        /// Reading or writing failed.
        case io
    }

    /// What kind of failure it is; it decides the exit code.
    package let code: Code
    /// What failed, on what, in one sentence.
    package let message: String
    /// What the person can do next.
    package let hint: String?
    /// The lower error.
    package let cause: (any Error)?

    package init(
        _ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
