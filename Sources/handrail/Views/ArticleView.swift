import Runbooks

/// An article (Markdown) on a terminal: wrapped to the width, tables and code kept readable.
///
/// It knows what articles use: headings, paragraphs, lists, quotes, code, tables and inline marks.
/// What it doesn't know is shown as it is written; nothing is left out.
struct ArticleView: Sendable {
    let style: Style
    let width: Int

    /// The lines of an article.
    func lines(of text: String) -> [String] {
        var lines: [String] = []
        for block in ArticleReader.blocks(of: printable(text.utf8, keepNewlines: true)) {
            if !lines.isEmpty, !(block.isListItem && lastIsItem(block, lines)) { lines.append("") }
            lines += self.lines(of: block)
        }
        return lines
    }

    /// Items of a list stand close, unless one of them is a paragraph of its own.
    private func lastIsItem(_ block: ArticleBlock, _ lines: [String]) -> Bool {
        if case .item(_, _, _, let isFirst) = block { return !isFirst }
        return false
    }

    private func lines(of block: ArticleBlock) -> [String] {
        switch block {
        case .heading(let level, let text):
            let title = InlineText(text).plain
            guard level == 1 else { return [style.paint(title, .strong)] }
            return [
                style.paint(title, .strong),
                style.paint(String(repeating: "=", count: min(width, TextWidth.of(title))), .faint),
            ]
        case .paragraph(let text):
            return InlineText(text).wrapped(width: width, style: style)
        case .item(let mark, let depth, let text, _):
            let lead = String(repeating: " ", count: 2 * depth) + mark + " "
            let body = InlineText(text).wrapped(width: max(20, width - lead.count), style: style)
            let margin = String(repeating: " ", count: lead.count)
            return body.enumerated().map { ($0 == 0 ? lead : margin) + $1 }
        case .quote(let text):
            return InlineText(text).wrapped(width: width - 2, style: style)
                .map { style.paint("│ ", .faint) + $0 }
        case .code(let lines):
            return lines.map { "    " + style.paint($0, .plain) }
        case .table(let rows):
            return table(rows)
        case .rule:
            return [style.paint(String(repeating: "─", count: min(width, 40)), .faint)]
        }
    }

    /// Columns side by side where they fit, else each row as a small list.
    private func table(_ rows: [[String]]) -> [String] {
        let cells = rows.map { $0.map { InlineText($0).plain } }
        let count = cells.map(\.count).max() ?? 0
        var widths = (0..<count).map { column in
            cells.map { column < $0.count ? TextWidth.of($0[column]) : 0 }.max() ?? 0
        }
        let room = width - 2 * max(0, count - 1)
        while widths.reduce(0, +) > room,
            let widest = widths.indices.max(by: {
                widths[$0] < widths[$1]
            }), widths[widest] > 12
        {
            widths[widest] -= 1
        }
        var lines: [String] = []
        for (index, row) in cells.enumerated() {
            let parts = (0..<count).map { column in
                TextWidth.wrapped(column < row.count ? row[column] : "", width: widths[column])
            }
            for line in 0..<(parts.map(\.count).max() ?? 0) {
                var text = (0..<count).map { column in
                    let part = line < parts[column].count ? parts[column][line] : ""
                    return TextWidth.padded(part, to: widths[column])
                }.joined(separator: "  ")
                while text.hasSuffix(" ") { text.removeLast() }
                lines.append(index == 0 ? style.paint(text, .strong) : text)
            }
            if index == 0 {
                let rule = widths.map { String(repeating: "-", count: $0) }
                lines.append(style.paint(rule.joined(separator: "  "), .faint))
            }
        }
        return lines
    }
}

/// Inline text: words with their tones, without Markdown's marks.
struct InlineText: Sendable {
    private struct Word {
        var pieces: [(text: String, tone: Tone)] = []
        var width: Int { pieces.reduce(0) { $0 + TextWidth.of($1.text) } }
    }

    private var words: [Word] = []

    init(_ text: String) {
        var current = Word()
        for (piece, tone) in Self.pieces(of: text) {
            // Code keeps its blanks, as one word; other text breaks at them.
            guard tone != .good else {
                current.pieces.append((piece, tone))
                continue
            }
            for (index, part) in piece.split(separator: " ", omittingEmptySubsequences: false)
                .enumerated()
            {
                if index > 0 {
                    if !current.pieces.isEmpty { words.append(current) }
                    current = Word()
                }
                if !part.isEmpty { current.pieces.append((String(part), tone)) }
            }
        }
        if !current.pieces.isEmpty { words.append(current) }
    }

    /// The words alone.
    var plain: String {
        words.map { $0.pieces.map(\.text).joined() }.joined(separator: " ")
    }

    /// Lines no wider than the width.
    func wrapped(width: Int, style: Style) -> [String] {
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in words {
            if used > 0, used + 1 + word.width > width {
                lines.append(line)
                (line, used) = ("", 0)
            }
            if used > 0 {
                line += " "
                used += 1
            }
            line += word.pieces.map { style.paint($0.text, $0.tone) }.joined()
            used += word.width
        }
        return used > 0 ? lines + [line] : lines
    }

    /// Splits at `code`, **strong**, *emphasis* and [links](address).
    private static func pieces(of text: String) -> [(String, Tone)] {
        var pieces: [(String, Tone)] = []
        var plain = ""
        var rest = Substring(text.replacing("\n", with: " "))
        func take(_ open: String, _ close: String) -> Substring? {
            guard rest.hasPrefix(open) else { return nil }
            let inner = rest.dropFirst(open.count)
            guard let end = inner.firstRange(of: close), end.lowerBound > inner.startIndex,
                inner.first != " "
            else { return nil }
            rest = inner[end.upperBound...]
            return inner[..<end.lowerBound]
        }
        while let first = rest.first {
            let before = plain.last
            let found: (Substring, Tone)? =
                if let code = take("`", "`") {
                    (code, .good)
                } else if let strong = take("**", "**") {
                    (strong, .strong)
                } else if before == nil || before == " " || before == "(",
                    let emphasis = take("*", "*")
                {
                    (emphasis, .strong)
                } else {
                    nil
                }
            if let (inner, tone) = found {
                if !plain.isEmpty { pieces.append((plain, .plain)) }
                plain = ""
                pieces.append((String(inner), tone))
            } else if let link = link(&rest) {
                plain += link
            } else {
                plain.append(first)
                rest.removeFirst()
            }
        }
        if !plain.isEmpty { pieces.append((plain, .plain)) }
        return pieces
    }

    /// `[text](address)` as `text (address)`.
    private static func link(_ rest: inout Substring) -> String? {
        guard rest.first == "[", let middle = rest.firstRange(of: "]("),
            let end = rest[middle.upperBound...].firstIndex(of: ")")
        else { return nil }
        let text = rest[rest.index(after: rest.startIndex)..<middle.lowerBound]
        let address = rest[middle.upperBound..<end]
        rest = rest[rest.index(after: end)...]
        return text == address ? String(text) : "\(text) (\(address))"
    }
}
