/// A way around a syntax error whose cause is known, so that the rest can be read too.
struct YamlRepair {
    let diagnostic: Diagnostic
    /// What is replaced in the text, for the next reading only.
    let range: Range<Int>
    let replacement: [UInt8]

    /// The repair for an error; nil when its cause isn't clear.
    static func find(_ error: YamlSyntaxError, in source: YamlSource) -> YamlRepair? {
        let line = source.line(error.mark.line)
        let indentation = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if indentation.contains(UInt8(ascii: "\t")), indentation.count < line.count {
            return tab(indentation, error, source)
        }
        switch error.problem {
        case "mapping values are not allowed in this context":
            return colon(error, source, isFlow: false)
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            return colon(error, source, isFlow: true) ?? brace(error, source)
        case "found unknown escape character": return escape(error, source)
        case "found character that cannot start any token":
            return reserved(source.offset(of: error.mark), error, source)
        case "did not find expected alphabetic or numeric character":
            return reserved(source.offset(of: error.mark) - 1, error, source)
        case "did not find expected key", "did not find expected '-' indicator",
            "did not find expected <document start>":
            return rest(error, source)
        default: return nil
        }
    }

    /// The diagnostic for an error that ends the reading.
    static func describe(_ error: YamlSyntaxError, in source: YamlSource) -> Diagnostic {
        guard !error.problem.hasPrefix("Maximum nesting level") else {
            return .error(
                "too-deep",
                "Lists and mappings nest deeper than \(YamlLoader.greatestDepth) here.",
                at: source.position(error.mark), excerpt: source.excerpt(error.mark),
                hint: "Nest less.")
        }
        let hint =
            hints[error.problem]
            ?? "Look at the indentation, brackets and quotes here and on the line above."
        guard source.excerpt(error.mark) == nil, let context = error.context else {
            return .error(
                "yaml-syntax", "YAML can't be read from here on: \(error.problem).",
                at: source.position(error.mark),
                excerpt: source.excerpt(error.mark) ?? "the end of the file", hint: hint)
        }
        return .error(
            "yaml-syntax", "What starts here is never finished: \(error.problem).",
            at: source.position(context), excerpt: source.excerpt(context) ?? "", hint: hint)
    }

    private static let hints = [
        "did not find expected key":
            "Keys of one mapping start in the same column; look at this line's indentation.",
        "did not find expected '-' indicator":
            "Elements of a list start with '-' in the same column.",
        "found unexpected end of stream": "A quote or a bracket is not closed.",
        "did not find expected ',' or '}'": "A '}' or a comma is missing.",
        "did not find expected ',' or ']'": "A ']' or a comma is missing.",
        "could not find expected ':'": "A ':' is missing after a key, or text needs quotes.",
        "did not find expected node content": "A value is missing before this.",
    ]

    private static func tab(
        _ indentation: ArraySlice<UInt8>, _ error: YamlSyntaxError, _ source: YamlSource
    ) -> YamlRepair {
        let mark = source.mark(
            of: indentation.firstIndex(of: UInt8(ascii: "\t")) ?? indentation.startIndex)
        let width = indentationNear(error.mark.line, source) ?? indentation.count * 2
        return YamlRepair(
            diagnostic: .error(
                "text-trap", "A tab stands in the indentation; YAML allows spaces only.",
                at: source.position(mark), excerpt: source.excerpt(mark),
                hint: "Replace it with spaces."),
            range: indentation.indices,
            replacement: [UInt8](repeating: UInt8(ascii: " "), count: width))
    }

    /// The column that a line's neighbours make likely: that of the next line, or of the keys of
    /// the line before.
    private static func indentationNear(_ line: Int, _ source: YamlSource) -> Int? {
        let isIndentation = { (byte: UInt8) in byte == UInt8(ascii: " ") }
        let next = source.line(line + 1)
        let after = next.prefix(while: isIndentation).count
        if after > 0, after < next.count, next.dropFirst(after).first != UInt8(ascii: "\t") {
            return after
        }
        let before = source.line(line - 1)
        let width = before.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") }.count
        return width < before.count && width > 0 ? width : nil
    }

    /// Text that goes on after a quote or a bracket has closed: `say: "Stop" now`.
    private static func rest(_ error: YamlSyntaxError, _ source: YamlSource) -> YamlRepair? {
        let line = source.line(error.mark.line)
        let place = source.offset(of: error.mark)
        guard place < line.endIndex,
            let start = textStart(before: place, in: line, isFlow: false),
            start < place, "\"'[{".utf8.contains(source.bytes[start])
        else { return nil }
        let range = start..<line.endIndex
        let text = String(decoding: source.bytes[range], as: UTF8.self)
        return YamlRepair(
            diagnostic: .error(
                "text-trap", "YAML takes the quote or bracket at the start for all of the value.",
                at: source.position(source.mark(of: start)), excerpt: Excerpt.line(text),
                hint: "Put quotes around the whole text: \(Excerpt.line(doubleQuoted(text)))"),
            range: range, replacement: disarmed(range, source))
    }

    private static func colon(
        _ error: YamlSyntaxError, _ source: YamlSource, isFlow: Bool
    ) -> YamlRepair? {
        let line = source.line(error.mark.line)
        let colon = source.offset(of: error.mark)
        guard colon < line.endIndex, source.bytes[colon] == UInt8(ascii: ":") else { return nil }
        let start = textStart(before: colon, in: line, isFlow: isFlow)
        guard let start, start < colon, !isQuote(source.bytes[start]) else { return nil }
        let range = start..<textEnd(from: colon, in: line, isFlow: isFlow)
        let text = String(decoding: source.bytes[range], as: UTF8.self)
        return YamlRepair(
            diagnostic: .error(
                "text-trap", "YAML takes ': ' inside text without quotes for another mapping.",
                at: source.position(source.mark(of: start)), excerpt: Excerpt.line(text),
                hint: "Put quotes around it: \(Excerpt.line(doubleQuoted(text)))"),
            range: range, replacement: disarmed(range, source))
    }

    /// A place for a value inside a text in brackets: `[--to={{ x }}]`.
    private static func brace(_ error: YamlSyntaxError, _ source: YamlSource) -> YamlRepair? {
        let line = source.line(error.mark.line)
        let place = source.offset(of: error.mark)
        guard line[place...].starts(with: "{{".utf8),
            let close = line[place...].firstRange(of: Array("}}".utf8)),
            let start = textStart(before: place, in: line, isFlow: true), start < place,
            !isQuote(source.bytes[start])
        else { return nil }
        let range = start..<textEnd(from: close.upperBound, in: line, isFlow: true)
        let text = String(decoding: source.bytes[range], as: UTF8.self)
        return YamlRepair(
            diagnostic: .error(
                "text-trap", "YAML takes '{' inside text without quotes for a mapping.",
                at: source.position(source.mark(of: start)), excerpt: Excerpt.line(text),
                hint: "No value is put into text: give $name as a value of its own; or put "
                    + "quotes around the text."),
            range: range, replacement: disarmed(range, source))
    }

    /// A backslash in double quotes that YAML has no meaning for: `pattern: "\\d+"`.
    private static func escape(_ error: YamlSyntaxError, _ source: YamlSource) -> YamlRepair? {
        let place = source.offset(of: error.mark)
        guard source.bytes.indices.contains(place), source.bytes[place] == UInt8(ascii: "\\")
        else { return nil }
        return YamlRepair(
            diagnostic: .error(
                "text-trap", "In double quotes YAML takes '\\' for an escape, and knows none such.",
                at: source.position(error.mark), excerpt: source.excerpt(error.mark),
                hint: "Use single quotes, where '\\' is itself; or write '\\\\'."),
            range: place..<place + 1, replacement: [UInt8(ascii: "_")])
    }

    private static func reserved(
        _ start: Int, _ error: YamlSyntaxError, _ source: YamlSource
    ) -> YamlRepair? {
        let line = source.line(error.mark.line)
        guard line.indices.contains(start) else { return nil }
        let before = line[..<start]
        let isFlow = before.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }
        guard "@`%*&".utf8.contains(source.bytes[start]) else { return nil }
        let range = start..<textEnd(from: start, in: line, isFlow: isFlow)
        let sign = String(decoding: [source.bytes[start]], as: UTF8.self)
        let text = String(decoding: source.bytes[range], as: UTF8.self)
        return YamlRepair(
            diagnostic: .error(
                "text-trap", "Text without quotes can't start with '\(sign)' in YAML.",
                at: source.position(source.mark(of: start)), excerpt: Excerpt.line(text),
                hint: "Put quotes around it: \(Excerpt.line(doubleQuoted(text)))"),
            range: range, replacement: disarmed(range, source))
    }

    /// Where the text starts that a stray colon stands in: after the key, or after a separator.
    private static func textStart(
        before colon: Int, in line: ArraySlice<UInt8>, isFlow: Bool
    ) -> Int? {
        var start: Int?
        var index = line.startIndex
        while index + 1 < colon {
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
        while found < colon, line[found] == UInt8(ascii: " ") { found += 1 }
        return found
    }

    private static func textEnd(
        from start: Int, in line: ArraySlice<UInt8>, isFlow: Bool
    ) -> Int {
        var end = start
        while end < line.endIndex {
            if isFlow, ",}]".utf8.contains(line[end]) { break }
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

    /// The same number of characters, with none left that YAML gives a meaning: the document has
    /// an error, so nobody uses the text, and all other places stay where they are.
    private static func disarmed(_ range: Range<Int>, _ source: YamlSource) -> [UInt8] {
        source.bytes[range].map {
            ":\"'[]{},&*!%@`#|>?-".utf8.contains($0) ? UInt8(ascii: "_") : $0
        }
    }

    private static func doubleQuoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
