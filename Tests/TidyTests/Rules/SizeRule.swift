/// A file of at most 500 lines, a function of at most 70.
enum SizeRule {
    static let longestFile = 500
    static let longestFunction = 70

    /// Files that are tables of cases, and why each can't be split.
    static let exempt: [String: String] = [:]

    /// Words that start another declaration: a function without a body ends before them.
    private static let starts: Set<String> = [
        "func", "var", "let", "init", "case", "static", "package", "public", "private",
        "subscript", "typealias", "associatedtype", "mutating", "}", "struct", "enum",
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        guard exempt[file.path] == nil else { return [] }
        var findings: [Finding] = []
        if file.lineCount > longestFile {
            findings.append(
                file.finding(
                    longestFile, "the file has \(file.lineCount) lines, over \(longestFile)",
                    do: "Give one of its reasons to change a file of its own"))
        }
        for index in file.code.indices where isFunction(file, index) {
            guard let body = body(of: index, in: file), let end = file.end(of: body) else {
                continue
            }
            let count = file.code[end].line - file.code[index].line + 1
            guard count > longestFunction else { continue }
            findings.append(
                file.finding(
                    file.code[index].line,
                    "the function has \(count) lines, over \(longestFunction)",
                    do: "Give a part of it a name and a function of its own"))
        }
        return findings
    }

    private static func isFunction(_ file: SourceFile, _ index: Int) -> Bool {
        (file.isCode("func", at: index) || file.isCode("init", at: index))
            && !file.isCode(".", at: index - 1)
    }

    /// The index of the `{` that opens a function's body; nil when it has none.
    private static func body(of function: Int, in file: SourceFile) -> Int? {
        var index = function + 1
        while index < file.code.count {
            let token = file.code[index]
            if token.kind == .symbol, token.text == "{" { return index }
            if token.kind == .symbol, token.text == "(" || token.text == "[" {
                guard let end = file.end(of: index) else { return nil }
                index = end
            } else if token.kind != .string, starts.contains(token.text) {
                return nil
            }
            index += 1
        }
        return nil
    }
}
