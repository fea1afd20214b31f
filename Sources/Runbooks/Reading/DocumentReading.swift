/// The reading of one document: its source, and what was found so far.
struct DocumentReading {
    /// How many problems of one document are kept.
    static let greatestProblems = 200

    let source: YamlSource
    private(set) var diagnostics: [Diagnostic]
    private let gaps: YamlGaps

    init(_ loaded: YamlLoader.Result) {
        source = loaded.source
        gaps = loaded.gaps
        diagnostics = loaded.diagnostics
    }

    /// Whether the document can't be used.
    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// Notes an error; without an excerpt, the text at the mark is shown.
    mutating func error(
        _ code: String, _ message: String, at mark: YamlMark, excerpt: String? = nil,
        hint: String? = nil
    ) {
        report(.error, code, message, mark, excerpt, hint)
    }

    /// Notes a warning; without an excerpt, the text at the mark is shown.
    mutating func warning(
        _ code: String, _ message: String, at mark: YamlMark, excerpt: String? = nil,
        hint: String? = nil
    ) {
        report(.warning, code, message, mark, excerpt, hint)
    }

    private mutating func report(
        _ severity: Diagnostic.Severity, _ code: String, _ message: String, _ mark: YamlMark,
        _ excerpt: String?, _ hint: String?
    ) {
        guard diagnostics.count <= 4 * Self.greatestProblems, isKnown(code) else { return }
        let isWord = ["a ", "an ", "the "].contains(where: message.hasPrefix)
        let sentence = isWord ? message.prefix(1).uppercased() + message.dropFirst() : message
        let shown = excerpt.map(Excerpt.line) ?? source.excerpt(mark)
        diagnostics.append(
            Diagnostic(
                severity, code: code, message: sentence, at: source.position(mark),
                excerpt: shown?.isEmpty == false ? shown : nil,
                hint: hint ?? Self.hints[code]))
    }

    /// Whether lines were left out between two marks, so that a key may have stood there.
    func hasGap(from start: YamlMark, to end: YamlMark) -> Bool {
        gaps.lines.contains { start.line <= $0 && $0 <= end.line }
    }

    /// Whether a finding holds whatever the parts say that could not be read.
    private func isKnown(_ code: String) -> Bool {
        switch code {
        case "unused-parameter", "unused-output", "unused-file": gaps.isEmpty
        case "dangling-reference", "forward-reference": !gaps.mayHoldNames
        case "effect-missing": gaps.lines.isEmpty
        default: true
        }
    }

    /// What helps with a code where nothing better is known.
    private static let hints = [
        "bad-value": "Write a value from this range; docs/format.md lists them.",
        "bad-default": "Give a default that its own constraints allow.",
        "dangling-reference": "Correct the name, or declare what it means.",
        "duplicate-id": "Remove it, or choose another name.",
        "too-large": "Make it shorter, or split it.",
        "unknown-member": "Correct the name, or add the target.",
        "missing-key": "Add what is missing.",
        "wrong-type": "docs/format.md says what can stand here.",
        "control-character": "Remove it.",
        "text-trap": "Put quotes around the text.",
    ]

    /// All findings in their order, errors kept before warnings where there are too many.
    func sorted() -> [Diagnostic] { Self.sorted(diagnostics, file: source.file) }

    /// Findings in their order, each once, cut to the limit.
    static func sorted(_ found: [Diagnostic], file: String) -> [Diagnostic] {
        var seen: Set<Diagnostic> = []
        var unique = found.filter { seen.insert($0).inserted }
        if unique.count > greatestProblems {
            let errors = unique.filter { $0.severity == .error }
            unique = Array(
                (errors + unique.filter { $0.severity == .warning })
                    .prefix(greatestProblems))
            unique.append(
                .error(
                    "too-many-problems",
                    "The document has more problems; the first \(greatestProblems) are shown.",
                    at: SourcePosition(file: file, line: 1, column: 1),
                    hint: "Correct these first."))
        }
        return unique.sorted(by: comesBefore)
    }

    /// The order in which findings are shown: by place, then code.
    static func comesBefore(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
        let none = SourcePosition(file: "", line: 0, column: 0)
        let (first, second) = (left.position ?? none, right.position ?? none)
        return first == second
            ? (left.code, left.message) < (right.code, right.message) : first < second
    }
}
