/// A table that fits the terminal: columns as wide as they need, the widest cut when room is short.
struct Table: Sendable {
    /// One cell: printable text, and how it stands out.
    struct Cell: Sendable, ExpressibleByStringLiteral {
        let text: String
        let tone: Tone

        init(_ text: String, _ tone: Tone = .plain) {
            self.text = text
            self.tone = tone
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    private let header: [String]
    private var rows: [[Cell]] = []

    init(_ header: String...) { self.header = header }
    init(_ header: [String]) { self.header = header }

    /// Adds a row; missing cells are empty.
    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// Adds a row; missing cells are empty.
    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// The lines, header first; none without rows.
    ///
    /// Without a width nothing is cut.
    func lines(width: Int?, style: Style) -> [String] {
        guard !rows.isEmpty else { return [] }
        let widths = fitted(to: width)
        let head = line(header.map { Cell($0, .faint) }, widths, style)
        return [head] + rows.map { line($0, widths, style) }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ style: Style) -> String {
        var text = ""
        for (index, width) in widths.enumerated() {
            let cell = index < cells.count ? cells[index] : Cell("")
            let cut = TextWidth.cut(cell.text, to: width)
            let isLast = index == widths.count - 1
            let filler = isLast ? "" : String(repeating: " ", count: width - TextWidth.of(cut) + 2)
            text += style.paint(cut, cell.tone) + filler
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    private func fitted(to width: Int?) -> [Int] {
        var widths = header.indices.map { index in
            rows.reduce(TextWidth.of(header[index])) {
                index < $1.count ? max($0, TextWidth.of($1[index].text)) : $0
            }
        }
        guard let width else { return widths }
        var excess = widths.reduce(2 * (widths.count - 1), +) - width
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > 8
        {
            // Down to the next widest, so that no column is cut more than another is wide.
            let second = widths.indices.filter { $0 != widest }.map { widths[$0] }.max() ?? 8
            let cut = min(excess, max(1, widths[widest] - max(second, 8)))
            widths[widest] -= cut
            excess -= cut
        }
        return widths
    }
}
