/// A way around a syntax error, so that the rest of the document can be read too.
struct YamlRepair {
    let diagnostic: Diagnostic
    /// What is replaced in the text, for the next reading only.
    let edits: [YamlEdit]
    /// Where a value starts, as it was written, that stands there and can't be read.
    var lostValue: YamlMark?
    /// A line that is left out.
    var lostLine: Int?
    /// Whether what is lost may be a name that other places use.
    var mayHoldNames = false
}

/// A place where libyaml could not go on: the text as it was read, and as it was written.
struct YamlSlip {
    let error: YamlSyntaxError
    /// The text that was read: with all repairs so far.
    let text: YamlSource
    let written: YamlSource

    /// Whether a repair changed nothing: the same error in the same place.
    func isSame(as other: YamlSlip) -> Bool {
        error.problem == other.error.problem && error.mark == other.error.mark
    }

    /// The repair for what the author most likely did; at worst the line is left out.
    ///
    /// Nil when nothing can be read after this.
    func repair() -> YamlRepair? {
        guard !isTooDeep else { return nil }
        return tab() ?? directive() ?? repairOfKind() ?? lostLine()
    }

    private func repairOfKind() -> YamlRepair? {
        switch error.problem {
        case "mapping values are not allowed in this context":
            colon(isFlow: false) ?? missingSpace() ?? indentation() ?? colonInLaterLine()
        case "could not find expected ':'": missingSpace() ?? longQuote() ?? missingColon()
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            colon(isFlow: true) ?? brace() ?? otherBracket() ?? missingComma() ?? openBracket()
        case "did not find expected key", "did not find expected '-' indicator",
            "did not find expected <document start>":
            longQuote() ?? rest() ?? indentation()
        case "block sequence entries are not allowed in this context",
            "mapping keys are not allowed in this context":
            sign(at: text.offset(of: error.mark))
        case "did not find expected node content": strayComma() ?? sign(at: offset)
        case "found character that cannot start any token": sign(at: offset)
        case "did not find expected alphabetic or numeric character": sign(at: offset - 1)
        case "found unexpected end of stream", "found unexpected document indicator": openQuote()
        case "found unknown escape character", "did not find expected hexdecimal number",
            "found invalid Unicode character escape code":
            escape()
        case "did not find expected comment or line break",
            "found an indentation indicator equal to 0":
            blockHeader()
        default: tag()
        }
    }

    /// What is wrong, in libyaml's words, where no cause is known.
    var description: Diagnostic {
        guard !isTooDeep else {
            return report(
                "too-deep",
                "Lists and mappings nest deeper than \(YamlLoader.greatestDepth) here.",
                at: error.mark, hint: "Nest less.")
        }
        let hint =
            Self.hints[error.problem]
            ?? "Look at the indentation, brackets and quotes here and on the line above."
        let place = text.written(error.mark)
        guard written.excerpt(place) == nil, let context = error.context else {
            return report(
                "yaml-syntax", "YAML can't be read from here on: \(error.problem).",
                at: error.mark, excerpt: written.excerpt(place) ?? "the end of the file",
                hint: hint)
        }
        return report(
            "yaml-syntax", "What starts here is never finished: \(error.problem).", at: context,
            hint: hint)
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

    private var isTooDeep: Bool { error.problem.hasPrefix("Maximum nesting level") }

    /// The last way out: the line is left out, and what it said is not known.
    func lostLine() -> YamlRepair? {
        guard !isTooDeep else { return nil }
        let isEmpty = { (number: Int) in
            text.line(number).allSatisfy { $0 == UInt8(ascii: " ") }
        }
        var number = error.mark.line
        if isEmpty(number), let context = error.context { number = context.line }
        let line = text.line(number)
        guard let first = line.firstIndex(where: { $0 != UInt8(ascii: " ") }),
            line[first] != UInt8(ascii: "#")
        else { return nil }
        return YamlRepair(
            diagnostic: description,
            edits: [YamlEdit(range: first..<first + 1, replacement: [UInt8(ascii: "#")])],
            lostLine: number, mayHoldNames: true)
    }

    /// The offset of the error in the text.
    var offset: Int { text.offset(of: error.mark) }

    /// A diagnostic at a place of the text, shown as it was written.
    func report(
        _ code: String, _ message: String, at mark: YamlMark, excerpt: String? = nil,
        hint: String
    ) -> Diagnostic {
        let place = text.written(mark)
        return .error(
            code, message, at: written.position(place),
            excerpt: excerpt.map(Excerpt.line) ?? written.excerpt(place) ?? "", hint: hint)
    }
}
