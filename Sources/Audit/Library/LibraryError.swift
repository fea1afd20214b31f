/// A library that can't be read.
package struct LibraryError: Error, Sendable {
    /// What is wrong with it; callers switch on it.
    package enum Code: String, Sendable {
        case notFound, notRepository, noCommit, unsafeOwner, badEntry, tooLarge, io
    }

    /// What kind of failure it is.
    package let code: Code
    /// What failed, on what, in one sentence.
    package let message: String
    /// What the operator can do next.
    package let hint: String?
    /// The lower error.
    package let cause: (any Error)?

    init(_ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}

/// How much of a library is read at most (docs/format.md, "Library").
package struct LibraryLimits: Sendable, Hashable {
    /// Bytes of one file.
    package var fileBytes = 4 << 20
    /// Files and folders in all.
    package var entries = 20_000
    /// Bytes of all files.
    package var totalBytes = 256 << 20
    /// Folders within each other.
    package var depth = 32

    /// The limits that hold for real libraries.
    package init() {}
}
