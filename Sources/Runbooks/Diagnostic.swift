/// A place in a document: file, line and column, as editors count them.
package struct SourcePosition: Sendable, Hashable, Comparable, Codable {
    /// The file's path, relative to the library's root.
    package let file: String
    /// The line, from 1.
    package let line: Int
    /// The column in characters, from 1.
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// Whether the first position comes before the second: by file, then line, then column.
    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// Something wrong, or doubtful, in a document, an inventory or a set of parameters.
///
/// Diagnostics are collected, never thrown: a reader of a document finds all of its problems in
/// one pass.
package struct Diagnostic: Sendable, Hashable, Codable {
    /// Whether the document can still be used.
    package enum Severity: String, Sendable, Codable { case error, warning }

    /// An error keeps the document from being used; a warning doesn't.
    package let severity: Severity
    /// A short stable name, such as `unknown-key`; each has a row in docs/format.md.
    package let code: String
    /// What is wrong and why, in one sentence, without the position.
    package let message: String
    /// Where it is; nil where the problem is not in a file (a parameter on the command line).
    package let position: SourcePosition?
    /// The offending text, one line of it at most, control characters escaped.
    package let excerpt: String?
    /// What to write instead.
    package let hint: String?

    package init(
        _ severity: Severity, code: String, message: String, at position: SourcePosition? = nil,
        excerpt: String? = nil, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.position = position
        self.excerpt = excerpt
        self.hint = hint
    }

    /// An error, which makes its document unusable.
    package static func error(
        _ code: String, _ message: String, at position: SourcePosition? = nil,
        excerpt: String? = nil, hint: String? = nil
    ) -> Diagnostic {
        Diagnostic(.error, code: code, message: message, at: position, excerpt: excerpt, hint: hint)
    }

    /// A warning, which people should see.
    package static func warning(
        _ code: String, _ message: String, at position: SourcePosition? = nil,
        excerpt: String? = nil, hint: String? = nil
    ) -> Diagnostic {
        Diagnostic(
            .warning, code: code, message: message, at: position, excerpt: excerpt, hint: hint)
    }
}

/// A value, if the reading of it left one, and everything that was found on the way.
package struct Checked<Value: Sendable>: Sendable {
    /// The value; nil exactly when an error made it unusable.
    package let value: Value?
    /// All findings, sorted by position.
    package let diagnostics: [Diagnostic]

    package init(value: Value?, diagnostics: [Diagnostic]) {
        self.value = value
        self.diagnostics = diagnostics
    }

    /// Whether any finding is an error.
    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}
