import Runbooks

/// Command lines as people type them.
enum CommandText {
    /// The words, each quoted for a shell where it needs it.
    static func of(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// A word as a POSIX shell reads it; what can't be printed is shown as `\xNN`, for bash.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "@%+=:,./-_".utf8.contains($0)
            }
        if isPlain { return word }
        let shown = printable(word.utf8, keepNewlines: false)
        return "'"
            + shown.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }
}
