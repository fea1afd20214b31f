import CGit2

/// A libgit2 call that failed.
struct GitFailure: Error, Sendable {
    /// What was called, in words.
    let doing: String
    /// libgit2's code, negative.
    let code: Int32
    /// libgit2's own sentence.
    let message: String

    /// A refusal of ours, of what git holds.
    static func refused(_ doing: String, _ message: String) -> GitFailure {
        GitFailure(doing: doing, code: GIT_EINVALID.rawValue, message: message)
    }

    /// Whether libgit2 gave this code.
    func isA(_ expected: git_error_code) -> Bool { code == expected.rawValue }
}

/// Calls of libgit2, checked.
///
/// Everything here is synchronous: libgit2 keeps its last error per thread, so it is read in the
/// call that failed.
enum Git {
    /// Runs a body with libgit2 set up; nested uses are counted by libgit2.
    static func session<Value>(
        _ body: () throws -> Value
    ) throws -> Value {
        try check("start libgit2", git_libgit2_init())
        defer { git_libgit2_shutdown() }
        return try body()
    }

    /// Makes a handle; the caller frees it.
    static func make(
        _ doing: String, _ call: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(GitFailure) -> OpaquePointer {
        var handle: OpaquePointer?
        try check(doing, call(&handle))
        guard let handle else {
            throw GitFailure(doing: doing, code: GIT_ERROR.rawValue, message: "nothing was made")
        }
        return handle
    }

    /// Throws for a negative code, with libgit2's sentence.
    static func check(_ doing: String, _ code: Int32) throws(GitFailure) {
        guard code < 0 else { return }
        let last = git_error_last()
        let message = last.flatMap { $0.pointee.message }.map { String(cString: $0) }
        throw GitFailure(doing: doing, code: code, message: message ?? "no reason given")
    }
}
