/// A table that fits the terminal: what a person has to type is never cut.
struct Table: Sendable {
    /// One column: its header, and what becomes of it when room is short.
    struct Column: Sendable, ExpressibleByStringLiteral {
        /// What becomes of a column when room is short.
        enum Fit: Sendable {
            /// It is cut, the widest first.
            case cut
            /// It is shown as it is: an id that people copy.
            case whole
            /// It is left out, the last one first, before anything is cut.
            case spare
        }

        let title: String
        let fit: Fit

        init(_ title: String, _ fit: Fit = .cut) {
            self.title = title
            self.fit = fit
        }

        init(stringLiteral title: String) { self.init(title) }
    }

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

    /// The least that a column is cut to.
    private static let narrowest = 8

    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: Column...) { self.columns = columns }
    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; missing cells are empty.
    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// Adds a row; missing cells are empty.
    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// The columns that it takes when nothing is cut.
    var naturalWidth: Int { total(of: columns.indices.map { ($0, natural($0)) }) }

    /// The lines, header first; none without rows.
    ///
    /// Without a width nothing is cut or left out.
    func lines(width: Int?, style: Style) -> [String] {
        guard !rows.isEmpty else { return [] }
        let shown = fitted(to: width)
        let head = line(columns.map { Cell($0.title, .faint) }, shown, style)
        return [head] + rows.map { line($0, shown, style) }
    }

    private typealias Shown = (column: Int, width: Int)

    private func line(_ cells: [Cell], _ shown: [Shown], _ style: Style) -> String {
        var text = ""
        for (place, (index, width)) in shown.enumerated() {
            let cell = index < cells.count ? cells[index] : Cell("")
            let cut = TextWidth.cut(cell.text, to: width)
            let isLast = place == shown.count - 1
            let filler = isLast ? "" : String(repeating: " ", count: width - TextWidth.of(cut) + 2)
            text += style.paint(cut, cell.tone) + filler
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    private func natural(_ index: Int) -> Int {
        rows.reduce(TextWidth.of(columns[index].title)) {
            index < $1.count ? max($0, TextWidth.of($1[index].text)) : $0
        }
    }

    private func total(of shown: [Shown]) -> Int {
        shown.reduce(2 * (shown.count - 1)) { $0 + $1.width }
    }

    private func fitted(to width: Int?) -> [Shown] {
        var shown: [Shown] = columns.indices.map { ($0, natural($0)) }
        guard let width else { return shown }
        while total(of: shown) > width,
            let last = shown.lastIndex(where: { columns[$0.column].fit == .spare })
        {
            shown.remove(at: last)
        }
        while total(of: shown) > width {
            let wide = shown.indices.filter { shown[$0].width > Self.narrowest }
            let usual = wide.filter { columns[shown[$0].column].fit == .cut }
            // Of what is shown whole, the first column stays so.
            let cuttable = usual.isEmpty ? wide.filter { shown[$0].column > 0 } : usual
            // The widest, and among equals the last.
            guard let widest = cuttable.max(by: { shown[$0].width <= shown[$1].width }) else {
                break
            }
            // Down to the next widest, so that no column is cut more than another is wide.
            let second = cuttable.filter { $0 != widest }.map { shown[$0].width }.max() ?? 0
            let most = max(1, shown[widest].width - max(second, Self.narrowest))
            shown[widest].width -= min(total(of: shown) - width, most)
        }
        return shown
    }
}
