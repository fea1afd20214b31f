/// Columns, brackets, commas and spaces: where things stand.
extension YamlSlip {
    private static let space = UInt8(ascii: " ")

    /// A tab in the indentation.
    func tab() -> YamlRepair? {
        let line = text.line(error.mark.line)
        let indentation = line.prefix { $0 == Self.space || $0 == UInt8(ascii: "\t") }
        guard let tab = indentation.firstIndex(of: UInt8(ascii: "\t")),
            indentation.count < line.count
        else { return nil }
        let width = indentationNear(error.mark.line) ?? indentation.count * 2
        return YamlRepair(
            diagnostic: report(
                "text-trap", "A tab stands in the indentation; YAML allows spaces only.",
                at: text.mark(of: tab), hint: "Replace it with spaces."),
            edits: [
                YamlEdit(
                    range: indentation.indices,
                    replacement: [UInt8](repeating: Self.space, count: width))
            ])
    }

    /// The column that a line's neighbours make likely: that of the next line, or of the keys of
    /// the line before.
    private func indentationNear(_ line: Int) -> Int? {
        let next = text.line(line + 1)
        let after = next.prefix { $0 == Self.space }.count
        if after > 0, after < next.count, next.dropFirst(after).first != UInt8(ascii: "\t") {
            return after
        }
        let before = text.line(line - 1)
        let width = before.prefix { $0 == Self.space || $0 == UInt8(ascii: "-") }.count
        return width < before.count && width > 0 ? width : nil
    }

    /// A directive after the document's start.
    func directive() -> YamlRepair? {
        let line = text.line(error.mark.line)
        guard line.first == UInt8(ascii: "%") else { return nil }
        return YamlRepair(
            diagnostic: YamlScreening.directive(on: error.mark.line, of: written),
            edits: [
                YamlEdit(
                    range: line.startIndex..<line.startIndex + 1,
                    replacement: [UInt8(ascii: "#")])
            ])
    }

    /// `title:text`: the space after the colon is missing, here or in the line above.
    func missingSpace() -> YamlRepair? {
        let above = lineAbove(error.mark.line)
        for number in [error.context?.line, error.mark.line, above].compactMap({ $0 }) {
            guard let colon = tightColon(number), !text.line(number).contains(UInt8(ascii: "{"))
            else {
                continue
            }
            let end = textEnd(from: colon, isFlow: false)
            let line = LineShape(text.line(number))
            let key = String(decoding: text.bytes[line.first..<colon + 1], as: UTF8.self)
            let value = String(decoding: text.bytes[colon + 1..<end], as: UTF8.self)
            return YamlRepair(
                diagnostic: report(
                    "yaml-syntax", "A space is missing after '\(Excerpt.line(key))'.",
                    at: text.mark(of: line.first), excerpt: key + value,
                    hint: "Write `\(Excerpt.line(key + " " + value))`."),
                edits: [YamlEdit(range: colon + 1..<colon + 1, replacement: [Self.space])])
        }
        return nil
    }

    /// `steps` or `title text`: the colon after the key is missing.
    func missingColon() -> YamlRepair? {
        guard let context = error.context else { return nil }
        let line = text.line(context.line)
        let start = LineShape(line).first
        let end = line[start...].firstIndex { !LineShape.isKeyByte($0) } ?? line.endIndex
        guard end > start, end == line.endIndex || line[end] == Self.space else { return nil }
        let key = String(decoding: text.bytes[start..<end], as: UTF8.self)
        return YamlRepair(
            diagnostic: report(
                "yaml-syntax", "A ':' is missing after '\(Excerpt.line(key))'.",
                at: text.mark(of: start), hint: "Write `\(Excerpt.line(key)): …`."),
            edits: [YamlEdit(range: end..<end, replacement: [UInt8(ascii: ":")])])
    }

    /// The colon of a line `key:value`; nil for anything else, addresses with `://` included.
    private func tightColon(_ number: Int) -> Int? {
        let line = text.line(number)
        let shape = LineShape(line)
        guard let colon = line[shape.first...].firstIndex(where: { !LineShape.isKeyByte($0) }),
            colon > shape.first, line[colon] == UInt8(ascii: ":"), colon + 1 < line.endIndex,
            line[colon + 1] != Self.space, !line[colon...].starts(with: "://".utf8)
        else { return nil }
        return colon
    }

    private func lineAbove(_ number: Int) -> Int? {
        var above = number - 1
        while above >= 1, LineShape(text.line(above)).isBlank { above -= 1 }
        return above >= 1 ? above : nil
    }

    /// A line that starts in another column than its neighbours; it is moved, with what belongs
    /// to it.
    func indentation() -> YamlRepair? {
        let number = error.mark.line
        let line = text.line(number)
        let shape = LineShape(line)
        let isAtError = error.mark.column <= shape.width + 1
        guard !shape.isBlank, isAtError || shape.keyEnd == offset,
            let column = columnNear(shape, above: number), column != shape.width
        else { return nil }
        let moved = block(from: number, shape, to: column)
        let others = moved.count - 1
        let whom =
            switch others {
            case 0: "This line starts"
            case 1: "This line and the next start"
            default: "This line and the \(others) after it start"
            }
        return YamlRepair(
            diagnostic: report(
                "yaml-syntax",
                "\(whom) in column \(shape.width + 1), and \(shape.isElement ? "the '-'" : "keys") "
                    + "of the same level in column \(column + 1).",
                at: text.mark(of: line.startIndex + shape.width),
                hint: "Start in column \(column + 1); text that goes on from the line above needs "
                    + "quotes."),
            edits: moved.map { move(line: $0, by: column - shape.width) })
    }

    private func move(line number: Int, by distance: Int) -> YamlEdit {
        let line = text.line(number)
        let width = LineShape(line).width
        let wanted = max(0, width + distance)
        return YamlEdit(
            range: line.startIndex..<line.startIndex + width,
            replacement: [UInt8](repeating: Self.space, count: wanted))
    }

    /// The nearest column in which a list or mapping is open above a line.
    private func columnNear(_ shape: LineShape, above number: Int) -> Int? {
        var limit = Int.max
        var nearest: Int?
        for above in stride(from: number - 1, through: max(1, number - 2000), by: -1) {
            let other = LineShape(text.line(above))
            guard !other.isBlank, other.width < limit else { continue }
            for column in other.columns(ofElements: shape.isElement) where column < limit {
                guard let known = nearest else {
                    nearest = column
                    continue
                }
                if abs(column - shape.width) < abs(known - shape.width) { nearest = column }
            }
            limit = other.width
            if limit == 0 { break }
        }
        return nearest
    }

    /// The lines that move with one: those in its column, and what they hold.
    private func block(from first: Int, _ shape: LineShape, to column: Int) -> [Int] {
        var lines = [first]
        var number = first + 1
        while number <= text.lineStarts.count {
            let other = LineShape(text.line(number))
            defer { number += 1 }
            if other.isBlank { continue }
            if other.width < shape.width { break }
            if shape.isElement, other.width == shape.keyColumn + column - shape.width { break }
            if column > shape.width, other.width > shape.width, !shape.mayHoldLines {
                if other.width == column { break }
                continue
            }
            lines.append(number)
        }
        return lines
    }

    /// `[a, b}`: the wrong bracket closes.
    func otherBracket() -> YamlRepair? {
        let line = text.line(error.mark.line)
        guard let context = error.context, line.indices.contains(offset),
            "]}".utf8.contains(text.bytes[offset])
        else { return nil }
        let start = text.offset(of: context)
        let right = text.bytes[start] == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: "}")
        let sign = String(decoding: [right], as: UTF8.self)
        guard context.line == error.mark.line, start < offset, right != text.bytes[offset] else {
            return nil
        }
        return YamlRepair(
            diagnostic: report(
                "yaml-syntax", "What opens here is not closed by '\(sign)'.", at: context,
                hint: "Write '\(sign)' at its end."),
            edits: [YamlEdit(range: offset..<offset, replacement: [right])])
    }

    /// A comma too many: `[a, , b]`.
    func strayComma() -> YamlRepair? {
        guard text.bytes.indices.contains(offset), text.bytes[offset] == UInt8(ascii: ",")
        else { return nil }
        let before = text.line(error.mark.line)[..<offset]
        guard before.contains(where: { "[{".utf8.contains($0) }) else { return nil }
        return YamlRepair(
            diagnostic: report(
                "yaml-syntax", "No value stands before this comma.", at: error.mark,
                hint: "Remove the comma; empty text is written \"\"."),
            edits: [YamlEdit(range: offset..<offset + 1, replacement: [Self.space])])
    }

    /// A line inside brackets that follows another without a comma between them.
    func missingComma() -> YamlRepair? {
        guard let context = error.context, error.mark.line > context.line,
            let above = lineAbove(error.mark.line), above >= context.line
        else { return nil }
        let opener = LineShape(text.line(context.line))
        guard LineShape(text.line(error.mark.line)).width > opener.width else { return nil }
        let place = textEnd(from: text.line(above).startIndex, isFlow: false)
        guard !",[{".utf8.contains(text.bytes[place - 1]) else { return nil }
        return YamlRepair(
            diagnostic: report(
                "yaml-syntax", "A comma is missing at the end of this line.",
                at: text.mark(of: LineShape(text.line(above)).first),
                hint: "Between brackets, elements have a comma between them."),
            edits: [YamlEdit(range: place..<place, replacement: [UInt8(ascii: ",")])])
    }

    /// A bracket that is never closed: it ends before the next line of its own level.
    func openBracket() -> YamlRepair? {
        guard let context = error.context else { return nil }
        let start = text.offset(of: context)
        let opener = LineShape(text.line(context.line))
        var last = context.line
        for number in stride(from: context.line + 1, through: error.mark.line, by: 1) {
            let shape = LineShape(text.line(number))
            if shape.isBlank { continue }
            guard shape.width > opener.width, number < error.mark.line else { break }
            last = number
        }
        let end = textEnd(
            from: last == context.line ? start : text.line(last).startIndex, isFlow: false)
        let closers = closers(of: start..<end)
        guard !closers.isEmpty else { return nil }
        let sign = String(decoding: closers, as: UTF8.self)
        return YamlRepair(
            diagnostic: report(
                "yaml-syntax", "The bracket that opens here is never closed.", at: context,
                hint: "Write '\(sign)' where it ends."),
            edits: [YamlEdit(range: end..<end, replacement: closers)])
    }

    /// The brackets that are still to be closed at the end of a range, innermost first.
    private func closers(of range: Range<Int>) -> [UInt8] {
        var open: [UInt8] = []
        var quote: UInt8?
        for byte in text.bytes[range] {
            if let inside = quote {
                if byte == inside { quote = nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = byte
            case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
            case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
            case UInt8(ascii: "]"), UInt8(ascii: "}"): _ = open.popLast()
            default: break
            }
        }
        return open.reversed()
    }
}

/// What stands where in one line: its indentation, its dashes, its key.
struct LineShape {
    /// The number of spaces it starts with.
    let width: Int
    /// The columns of the dashes it starts with, from 0.
    let dashes: [Int]
    /// The offset of what follows the dashes, in the text.
    let first: Int
    /// The offset of the colon after a key that starts there.
    let keyEnd: Int?
    /// Whether it holds nothing, or a comment.
    let isBlank: Bool
    /// Whether the lines below it, further in, belong to it.
    let mayHoldLines: Bool
    private let start: Int

    init(_ line: ArraySlice<UInt8>) {
        start = line.startIndex
        var index = line.startIndex
        let skip = { (index: inout Int) in
            while index < line.endIndex, line[index] == UInt8(ascii: " ") { index += 1 }
        }
        skip(&index)
        width = index - start
        isBlank = index == line.endIndex || line[index] == UInt8(ascii: "#")
        var dashes: [Int] = []
        while index + 1 < line.endIndex, line[index] == UInt8(ascii: "-"),
            line[index + 1] == UInt8(ascii: " ")
        {
            dashes.append(index - start)
            index += 1
            skip(&index)
        }
        if index + 1 == line.endIndex, line[index] == UInt8(ascii: "-") {
            dashes.append(index - start)
        }
        self.dashes = dashes
        first = index
        let end = line[index...].firstIndex { !Self.isKeyByte($0) }
        keyEnd = end.flatMap { $0 > index && line[$0] == UInt8(ascii: ":") ? $0 : nil }
        mayHoldLines = !dashes.isEmpty || line.last == UInt8(ascii: ":")
    }

    /// Whether it starts an element of a list.
    var isElement: Bool { !dashes.isEmpty }

    /// The column in which its key or text starts, from 0.
    var keyColumn: Int { first - start }

    /// The columns in which it starts lists, or mappings.
    func columns(ofElements: Bool) -> [Int] {
        ofElements ? dashes : keyEnd == nil ? [] : [keyColumn]
    }

    /// Whether a byte may stand in a key that needs no quotes here.
    static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
