/// Every code of a diagnostic has a row in docs/format.md, and every row a use.
///
/// A string literal of lower-case words with hyphens in Runbooks is such a code: names of keys
/// have underscores.
enum DiagnosticCodeRule {
    static let page = "docs/format.md"

    /// Literals of this form that are no codes, and what they are.
    static let exempt: [String: String] = [:]

    static func findings(in files: [SourceFile], page lines: [String]) -> [Finding] {
        let rows = rows(of: lines)
        let used = Dictionary(
            files.flatMap { file in
                file.code.filter { $0.kind == .string && isCode($0.text) }
                    .map { ($0.text, "\(file.path):\($0.line)") }
            }, uniquingKeysWith: { first, _ in first })
        let undocumented = used.filter { rows[$0.key] == nil }.map { code, place in
            Finding(
                place: place, what: "the code '\(code)' has no row in \(page)",
                advice: "Add the row under 'Diagnostics', or use a code that has one")
        }
        let unused = rows.filter { used[$0.key] == nil }.map { code, line in
            Finding(
                place: "\(page):\(line)", what: "no source uses the code '\(code)'",
                advice: "Take the row out, or find out what stopped reporting it")
        }
        return undocumented + unused
    }

    private static func isCode(_ text: String) -> Bool {
        let words = text.split(separator: "-", omittingEmptySubsequences: false)
        return words.count > 1 && exempt[text] == nil
            && words.allSatisfy { word in
                word.first?.isLetter == true
                    && word.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) }
            }
    }

    /// The codes of the table, each with its line.
    private static func rows(of lines: [String]) -> [String: Int] {
        var rows: [String: Int] = [:]
        var isInside = false
        for (number, line) in zip(1..., lines) {
            if line.hasPrefix("## ") { isInside = line == "## Diagnostics" }
            guard isInside, line.hasPrefix("| `"),
                let code = line.dropFirst(3).split(separator: "`").first
            else { continue }
            rows[String(code)] = number
        }
        return rows
    }
}
