/// A Swift file, cut into tokens.
struct SourceFile: Sendable {
    /// Relative to the project's root, such as `Sources/Runner/Plan.swift`.
    let path: String
    let lineCount: Int
    /// Everything, comments included.
    let tokens: [Token]
    /// Code alone.
    let code: [Token]

    init(path: String, text: String) {
        self.path = path
        lineCount = text.split(separator: "\n", omittingEmptySubsequences: false).count
        tokens = SwiftText.tokens(of: text)
        code = tokens.filter { $0.kind != .comment && $0.kind != .documentation }
    }

    /// The module the file belongs to: the folder below `Sources` or `Tests`.
    var module: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// The file's name without its folder.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Whether the token at an index of `code` is this very word or symbol, and no string.
    func isCode(_ text: String, at index: Int) -> Bool {
        code.indices.contains(index) && code[index].kind != .string && code[index].text == text
    }

    /// What is declared with one of these keywords.
    func names(after keywords: Set<String>) -> [String] {
        code.indices.dropFirst().filter {
            keywords.contains(code[$0 - 1].text) && code[$0 - 1].kind != .string
        }.map { code[$0].text }
    }

    /// The cases of enumerations, several of them on a line.
    var caseNames: [String] {
        code.indices.dropFirst().filter { index in
            isCode("case", at: index - 1)
                || isCode(",", at: index - 1)
                    && code.first { $0.line == code[index].line }?.text == "case"
        }.map { code[$0].text }
    }

    /// The index of the closing bracket for the opening one at an index of `code`.
    func end(of opening: Int) -> Int? {
        let pairs = ["{": "}", "(": ")", "[": "]"]
        let open = code[opening].text
        guard let close = pairs[open] else { return nil }
        var depth = 0
        for index in opening..<code.count where code[index].kind == .symbol {
            if code[index].text == open { depth += 1 }
            if code[index].text == close { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    /// Something a rule doesn't allow, on one line of this file.
    func finding(_ line: Int, _ what: String, do advice: String) -> Finding {
        Finding(place: "\(path):\(line)", what: what, advice: advice)
    }
}

/// A broken rule: where, what, and what to do about it.
struct Finding: Sendable, CustomStringConvertible {
    let place: String
    let what: String
    let advice: String

    var description: String { "\(place): \(what). \(advice)" }
}

extension [Finding] {
    /// All of them for a person, one a line, each as `file:line: what. What to do`.
    var report: String { map(\.description).sorted().joined(separator: "\n") }
}
