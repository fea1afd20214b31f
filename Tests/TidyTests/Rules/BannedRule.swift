/// What no source file does, and what only a few may do with a reason beside it.
enum BannedRule {
    /// Files that may bypass the checks of concurrency, each time with `SAFETY:` nearby.
    static let unsafeFolders = [
        "Sources/Audit/Git/", "Sources/Audit/Library/", "Sources/Plugins/Host/",
        "Sources/Plugins/HTTP/", "Sources/Plugins/Session/",
    ]

    /// The lines above an unsafe use that are searched for its reason.
    static let reach = 6

    private static let never: [(tokens: [String], advice: String)] = [
        (["try", "!"], "Handle the error, or throw it on"),
        (["fatalError", "("], "Use precondition for a bug of ours, an error for anything else"),
        (["Task", ".", "detached"], "Use a task group, so that somebody waits for it"),
        (["@", "_exported"], "Import the module where it is used"),
    ]

    private static let unsafe: [[String]] = [
        ["@", "unchecked", "Sendable"], ["nonisolated", "(", "unsafe"],
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        file.code.indices.flatMap { banned(file, $0) + unexplained(file, $0) }
    }

    private static func banned(_ file: SourceFile, _ index: Int) -> [Finding] {
        never.filter { matches($0.tokens, file, index) }.map { rule in
            file.finding(
                file.code[index].line, "'\(rule.tokens.joined())' is never used here",
                do: rule.advice)
        }
    }

    private static func unexplained(_ file: SourceFile, _ index: Int) -> [Finding] {
        guard let use = unsafe.first(where: { matches($0, file, index) }) else { return [] }
        let (line, text) = (file.code[index].line, use.joined())
        guard unsafeFolders.contains(where: file.path.hasPrefix) else {
            return [
                file.finding(
                    line, "'\(text)' is for \(unsafeFolders.joined(separator: ", ")) alone",
                    do: "Use an actor, a Mutex or a value")
            ]
        }
        let isExplained = file.tokens.contains { token in
            (token.kind == .comment || token.kind == .documentation)
                && (line - reach...line).contains(token.line) && token.text.contains("SAFETY:")
        }
        guard !isExplained else { return [] }
        return [
            file.finding(
                line, "'\(text)' stands without its reason",
                do: "Write a comment with 'SAFETY:' above it, which says why it holds")
        ]
    }

    private static func matches(_ tokens: [String], _ file: SourceFile, _ index: Int) -> Bool {
        tokens.indices.allSatisfy { file.isCode(tokens[$0], at: index + $0) }
    }
}
