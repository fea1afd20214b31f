/// A block of an article.
enum ArticleBlock: Sendable, Hashable {
    case heading(level: Int, String)
    case paragraph(String)
    case item(mark: String, depth: Int, String, isFirst: Bool)
    case quote(String)
    case code([String])
    /// The header first; the line of dashes is left out.
    case table([[String]])
    case rule

    /// Whether it is an item of a list.
    var isListItem: Bool { if case .item = self { true } else { false } }
}

/// Splits Markdown into blocks.
struct ArticleReader {
    private var blocks: [ArticleBlock] = []
    private var paragraph: [Substring] = []
    private var lines: ArraySlice<Substring>

    /// The blocks of an article, in order.
    static func blocks(of text: String) -> [ArticleBlock] {
        var reader = ArticleReader(
            lines: text.split(separator: "\n", omittingEmptySubsequences: false)[...])
        reader.read()
        return reader.blocks
    }

    private init(lines: ArraySlice<Substring>) { self.lines = lines }

    private mutating func read() {
        while let line = lines.popFirst() {
            let text = line.trimmedBlanks
            let indent = line.prefix { $0 == " " }.count
            if text.isEmpty {
                endParagraph()
            } else if text.hasPrefix("```") || text.hasPrefix("~~~") {
                fence(String(text.prefix(3)), indent: indent)
            } else if let heading = Self.heading(text) {
                endParagraph()
                blocks.append(heading)
            } else if let item = Self.item(text) {
                self.item(item.mark, indent: indent, item.text)
            } else if indent >= 4, paragraph.isEmpty, !isInList {
                code(line)
            } else if text.hasPrefix(">") {
                quote(text)
            } else if text.hasPrefix("|") {
                table(text)
            } else if paragraph.isEmpty, text.count >= 3, Set(text).isSubset(of: ["-", "*", "_"]),
                Set(text).count == 1
            {
                blocks.append(.rule)
            } else {
                paragraph.append(text)
            }
        }
        endParagraph()
    }

    private var isInList: Bool { blocks.last?.isListItem == true }

    private mutating func endParagraph() {
        guard !paragraph.isEmpty else { return }
        blocks.append(.paragraph(paragraph.joined(separator: " ")))
        paragraph = []
    }

    private static func heading(_ text: Substring) -> ArticleBlock? {
        let level = text.prefix { $0 == "#" }.count
        guard (1...6).contains(level), text.dropFirst(level).first == " " else { return nil }
        return .heading(level: level, String(text.dropFirst(level).trimmedBlanks))
    }

    private static func item(_ text: Substring) -> (mark: String, text: Substring)? {
        if let sign = text.first, "-*+".contains(sign), text.dropFirst().first == " " {
            return ("•", text.dropFirst(2))
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...3).contains(digits.count) else { return nil }
        let rest = text.dropFirst(digits.count)
        guard rest.hasPrefix(". ") || rest.hasPrefix(") ") else { return nil }
        return (digits + ".", rest.dropFirst(2))
    }

    /// An item with the lines that go on with it.
    private mutating func item(_ mark: String, indent: Int, _ text: Substring) {
        endParagraph()
        var parts = [text.trimmedBlanks]
        while let next = lines.first {
            let inner = next.trimmedBlanks
            guard !inner.isEmpty, Self.item(inner) == nil, Self.heading(inner) == nil,
                !inner.hasPrefix("```"), !inner.hasPrefix("|")
            else { break }
            parts.append(inner)
            lines.removeFirst()
        }
        let isFirst = !isInList
        blocks.append(
            .item(
                mark: mark, depth: indent / 2, parts.joined(separator: " "), isFirst: isFirst))
    }

    private mutating func fence(_ mark: String, indent: Int) {
        endParagraph()
        var body: [String] = []
        while let line = lines.popFirst(), !line.trimmedBlanks.hasPrefix(mark) {
            let blanks = line.prefix(indent).prefix { $0 == " " }.count
            body.append(String(line.dropFirst(blanks)))
        }
        blocks.append(.code(body))
    }

    private mutating func code(_ first: Substring) {
        var body = [String(first.dropFirst(4))]
        while let line = lines.first, line.hasPrefix("    ") || line.trimmedBlanks.isEmpty {
            body.append(String(line.dropFirst(4)))
            lines.removeFirst()
        }
        while body.last?.isEmpty == true { body.removeLast() }
        blocks.append(.code(body))
    }

    private mutating func quote(_ first: Substring) {
        endParagraph()
        var parts = [first.dropFirst().trimmedBlanks]
        while let line = lines.first, line.trimmedBlanks.hasPrefix(">") {
            parts.append(line.trimmedBlanks.dropFirst().trimmedBlanks)
            lines.removeFirst()
        }
        blocks.append(.quote(parts.joined(separator: " ")))
    }

    private mutating func table(_ first: Substring) {
        endParagraph()
        var rows = [Self.cells(first)]
        while let line = lines.first, line.trimmedBlanks.hasPrefix("|") {
            let text = line.trimmedBlanks
            if !text.allSatisfy({ "|-: ".contains($0) }) { rows.append(Self.cells(text)) }
            lines.removeFirst()
        }
        blocks.append(.table(rows))
    }

    /// The cells of a row; a bar after a backslash is text.
    private static func cells(_ line: Substring) -> [String] {
        var cells: [String] = [""]
        var isEscaped = false
        for character in line.dropFirst() {
            if character == "|", !isEscaped {
                cells.append("")
            } else {
                if isEscaped, character != "|" { cells[cells.count - 1].append("\\") }
                if character != "\\" { cells[cells.count - 1].append(character) }
            }
            isEscaped = character == "\\"
        }
        if cells.last?.allSatisfy({ $0 == " " }) == true { cells.removeLast() }
        return cells.map { String($0[...].trimmedBlanks) }
    }
}

extension Substring {
    /// Without blanks and tabs at both ends.
    fileprivate var trimmedBlanks: Substring {
        var text = drop { $0 == " " || $0 == "\t" || $0 == "\r" }
        while let last = text.last, last == " " || last == "\t" || last == "\r" {
            text.removeLast()
        }
        return text
    }
}
