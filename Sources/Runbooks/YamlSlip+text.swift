/// Text without quotes, or with too few: what YAML takes for something else.
extension YamlSlip {
    /// Text that goes on after a quote or a bracket has closed: `say: "Stop" now`.
    func rest() -> YamlRepair? {
        let line = text.line(error.mark.line)
        guard offset < line.endIndex, let start = textStart(before: offset, isFlow: false),
            start < offset, "\"'[{".utf8.contains(text.bytes[start])
        else { return nil }
        return quoting(
            start..<line.endIndex,
            because: "YAML takes the quote or bracket at the start for all of the value.")
    }

    /// A colon and a space inside text.
    func colon(isFlow: Bool) -> YamlRepair? {
        let line = text.line(error.mark.line)
        let colon = offset
        guard colon < line.endIndex, text.bytes[colon] == UInt8(ascii: ":"),
            let start = textStart(before: colon, isFlow: isFlow), start < colon,
            !Self.isQuote(text.bytes[start])
        else { return nil }
        return quoting(
            start..<textEnd(from: colon, isFlow: isFlow),
            because: "YAML takes ': ' inside text without quotes for another mapping.")
    }

    /// A colon in a line that goes on with the text of the line above.
    func colonInLaterLine() -> YamlRepair? {
        let line = text.line(error.mark.line)
        let colon = offset
        guard colon < line.endIndex, text.bytes[colon] == UInt8(ascii: ":") else { return nil }
        let start = line.firstIndex { $0 != UInt8(ascii: " ") } ?? line.startIndex
        guard start < colon, !Self.isQuote(text.bytes[start]) else { return nil }
        return quoting(
            start..<textEnd(from: colon, isFlow: false),
            because: "YAML takes ': ' inside text without quotes for another mapping.",
            hint: "Write `|` after the key, and the text below it, indented.")
    }

    /// A place for a value inside a text in brackets: `[--to={{ x }}]`.
    func brace() -> YamlRepair? {
        let line = text.line(error.mark.line)
        guard line.indices.contains(offset), line[offset...].starts(with: "{{".utf8),
            let close = line[offset...].firstRange(of: Array("}}".utf8)),
            let start = textStart(before: offset, isFlow: true), start < offset,
            !Self.isQuote(text.bytes[start])
        else { return nil }
        return quoting(
            start..<textEnd(from: close.upperBound, isFlow: true),
            because: "YAML takes '{' inside text without quotes for a mapping.",
            hint: "No value is put into text: give $name as a value of its own; or put quotes "
                + "around the text.")
    }

    /// A reserved sign where text starts: `say: @ops`, `title: - x`, `title: ? x`.
    func sign(at start: Int) -> YamlRepair? {
        let line = text.line(error.mark.line)
        guard line.indices.contains(start), "@`%*&!?-]},".utf8.contains(text.bytes[start]) else {
            return nil
        }
        let before = line[..<start]
        guard before.contains(where: { $0 != UInt8(ascii: " ") }) else { return nil }
        let isFlow = before.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }
        let isCloser = "]},".utf8.contains(text.bytes[start])
        guard !(isFlow && isCloser) else { return nil }
        let sign = String(decoding: [text.bytes[start]], as: UTF8.self)
        return quoting(
            start..<textEnd(from: start, isFlow: isFlow),
            because: "Text without quotes can't start with '\(sign)' in YAML.")
    }

    /// Text that starts with '!' and that YAML can't even read as a tag.
    func tag() -> YamlRepair? {
        guard let context = error.context, context.line == error.mark.line else { return nil }
        let start = text.offset(of: context)
        guard text.line(context.line).indices.contains(start), text.bytes[start] == 0x21 else {
            return nil
        }
        return sign(at: start)
    }

    /// A backslash in double quotes that YAML has no meaning for: `pattern: "\\d+"`.
    func escape() -> YamlRepair? {
        let isUnknown = error.problem == "found unknown escape character"
        let place = isUnknown ? offset : offset - 2
        guard text.bytes.indices.contains(place), text.bytes[place] == UInt8(ascii: "\\") else {
            return nil
        }
        let message =
            isUnknown
            ? "In double quotes YAML takes '\\' for an escape, and knows none such."
            : "In double quotes YAML takes '\\' for an escape, and this one names no character."
        return YamlRepair(
            diagnostic: report(
                "text-trap", message, at: text.mark(of: place),
                hint: "Use single quotes, where '\\' is itself; or write '\\\\'."),
            edits: [YamlEdit(range: place..<place + 1, replacement: [UInt8(ascii: "_")])])
    }

    /// A quote that nothing closes before the document's end.
    func openQuote() -> YamlRepair? {
        guard let context = error.context else { return nil }
        return close(context)
    }

    /// A quote that only a quote on a later line closed.
    func longQuote() -> YamlRepair? {
        guard let start = error.longQuote else { return nil }
        return close(start)
    }

    private func close(_ start: YamlMark) -> YamlRepair? {
        let line = text.line(start.line)
        let place = text.offset(of: start)
        guard line.indices.contains(place), Self.isQuote(text.bytes[place]) else { return nil }
        let quote = text.bytes[place]
        // A backslash at the line's end would escape the quote that is put there.
        let isEscape = quote == UInt8(ascii: "\"") && line.last == UInt8(ascii: "\\")
        let end = isEscape ? line.endIndex - 1 : line.endIndex
        let sign = String(decoding: [quote], as: UTF8.self)
        return YamlRepair(
            diagnostic: report(
                "yaml-syntax", "The quote that opens here is not closed on its line.", at: start,
                hint: "Write \(sign) at the end of the text."),
            edits: [YamlEdit(range: end..<line.endIndex, replacement: [quote])],
            lostValue: text.written(start), mayHoldNames: isID(before: place))
    }

    /// Text beside the `|` or `>` that starts a block of text.
    func blockHeader() -> YamlRepair? {
        guard let context = error.context else { return nil }
        let line = text.line(context.line)
        let start = text.offset(of: context)
        guard line.indices.contains(start), "|>".utf8.contains(text.bytes[start]) else {
            return nil
        }
        let range = start + 1..<line.endIndex
        let sign = String(decoding: [text.bytes[start]], as: UTF8.self)
        return YamlRepair(
            diagnostic: report(
                "text-trap", "'\(sign)' starts a block of text, and nothing can follow it here.",
                at: context, hint: "Put the text on the lines below, indented; or in quotes."),
            edits: [
                YamlEdit(range: range, replacement: Array(repeating: 0x20, count: range.count))
            ])
    }

    /// The one repair of text that needs quotes: it is made harmless, and its value not used.
    private func quoting(
        _ range: Range<Int>, because reason: String, hint: String? = nil
    ) -> YamlRepair {
        let shown = String(decoding: text.bytes[range], as: UTF8.self)
        let mark = text.mark(of: range.lowerBound)
        let quoted = shown.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return YamlRepair(
            diagnostic: report(
                "text-trap", reason, at: mark, excerpt: shown,
                hint: hint ?? "Put quotes around it: \(Excerpt.line("\"\(quoted)\""))"),
            edits: [YamlEdit(range: range, replacement: disarmed(range))],
            lostValue: text.written(mark), mayHoldNames: isID(before: range.lowerBound))
    }

    /// Whether a value at this place is an id.
    private func isID(before place: Int) -> Bool {
        let line = text.line(text.mark(of: place).line)
        var before = line[..<place]
        while before.last == UInt8(ascii: " ") { before.removeLast() }
        return before.suffix(3).elementsEqual("id:".utf8)
    }

    /// Where the text starts that a stray sign stands in: after the key, or after a separator.
    private func textStart(before end: Int, isFlow: Bool) -> Int? {
        let line = text.line(error.mark.line)
        var start: Int?
        var index = line.startIndex
        while index + 1 < end {
            let byte = line[index]
            let isKeyEnd = byte == UInt8(ascii: ":") && line[index + 1] == UInt8(ascii: " ")
            let isSeparator = isFlow && ",{[".utf8.contains(byte)
            if isKeyEnd || isSeparator {
                start = index + 1
                if !isFlow { break }
            }
            index += 1
        }
        guard var found = start else { return nil }
        while found < end, line[found] == UInt8(ascii: " ") { found += 1 }
        return found
    }

    /// Where text that starts here ends: before a comment, a separator or spaces.
    func textEnd(from start: Int, isFlow: Bool) -> Int {
        let line = text.line(text.mark(of: start).line)
        var end = start
        while end < line.endIndex {
            if isFlow, ",}]".utf8.contains(line[end]), end > start { break }
            if line[end] == UInt8(ascii: "#"), end > start, line[end - 1] == UInt8(ascii: " ") {
                break
            }
            end += 1
        }
        while end > start + 1, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return end
    }

    private static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }

    /// The same number of characters, with none left that YAML gives a meaning.
    func disarmed(_ range: Range<Int>) -> [UInt8] {
        text.bytes[range].map {
            ":\"'[]{},&*!%@`#|>?-".utf8.contains($0) ? UInt8(ascii: "_") : $0
        }
    }
}
