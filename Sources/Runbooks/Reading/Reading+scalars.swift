extension DocumentReading {
    /// The greatest length of a line of text, in characters.
    static let longestLine = 200
    /// The greatest length of a text, in characters.
    static let longestText = 8192
    /// The greatest length of a value in UTF-8 bytes.
    static let longestValue = 4096

    /// One line of text.
    mutating func line(_ node: YamlNode?, _ what: String, limit: Int = longestLine) -> String? {
        guard let node, let text = text(node, what, limit: limit) else { return nil }
        guard !text.contains(where: \.isNewline) else {
            error("bad-value", "\(what) is one line of text.", at: node.start)
            return nil
        }
        return text
    }

    /// Text of one or more lines, without a line end at its end.
    mutating func text(_ node: YamlNode?, _ what: String, limit: Int = longestText) -> String? {
        guard let node, let written = scalar(node, what) else { return nil }
        nameTraps(node)
        var text = Substring(written)
        while text.last?.isNewline == true { text = text.dropLast() }
        guard !text.allSatisfy(\.isWhitespace) else {
            error("bad-value", "\(what) is empty.", at: node.start)
            return nil
        }
        guard text.count <= limit else {
            error(
                "too-large", "\(what) has \(text.count) characters; \(limit) is the limit.",
                at: node.start)
            return nil
        }
        if let scalar = text.unicodeScalars.first(where: CharacterRule.isForbidden) {
            error(
                "control-character",
                "\(what) holds the character \(scalar.escaped(asASCII: true)), which terminals "
                    + "and people take for something else.",
                at: node.start, hint: "Remove it.")
            return nil
        }
        return String(text)
    }

    /// The text of a scalar, whatever it says.
    mutating func scalar(_ node: YamlNode, _ what: String) -> String? {
        switch node.content {
        case .scalar(let text, _): return text
        case .unreadable: return nil
        case .list, .mapping:
            let sign = source.text(from: node.start).prefix(1)
            let isFlow = sign == "[" || sign == "{"
            error(
                "wrong-type", "\(what) must be text, and this is \(node.kindInWords).",
                at: node.start,
                hint: isFlow ? "If the '\(sign)' belongs to the text, put quotes around it." : nil)
            return nil
        }
    }

    /// A truth value: `true` or `false`.
    mutating func truth(_ node: YamlNode?, _ what: String) -> Bool? {
        guard let node, let text = scalar(node, what) else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default:
            let means = [
                "yes": "true", "on": "true", "y": "true", "no": "false", "off": "false",
                "n": "false",
            ][text.lowercased()]
            error(
                means == nil ? "bad-value" : "text-trap",
                "\(what) must be true or false, and '\(Excerpt.line(text))' is text here.",
                at: node.start, excerpt: text,
                hint: means.map { "Write \($0)." } ?? "Write true or false.")
            return nil
        }
    }

    /// A whole number in a range.
    mutating func integer(
        _ node: YamlNode?, _ what: String, _ range: ClosedRange<Int>
    ) -> Int? {
        guard let node, let text = scalar(node, what) else { return nil }
        guard let number = Int(text), range.contains(number), !text.hasPrefix("+") else {
            error(
                "bad-value",
                "\(what) must be a whole number from \(range.lowerBound) to \(range.upperBound).",
                at: node.start, excerpt: text)
            return nil
        }
        return number
    }

    /// A length of time in a range.
    mutating func time(
        _ node: YamlNode?, _ what: String, _ range: ClosedRange<Duration>
    ) -> Duration? {
        amount(node, what, range, kind: "a length of time", read: parseDuration) {
            formatDuration($0)
        }
    }

    /// A size in bytes.
    mutating func size(_ node: YamlNode?, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        amount(node, what, range, kind: "a size", read: parseSize) { formatSize($0) }
    }

    /// A number with its unit, in a range.
    private mutating func amount<Amount>(
        _ node: YamlNode?, _ what: String, _ range: ClosedRange<Amount>, kind: String,
        read: (String) -> Amount?, write: (Amount) -> String
    ) -> Amount? {
        guard let node, let text = scalar(node, what) else { return nil }
        if let amount = read(text), range.contains(amount) { return amount }
        let limits = "\(write(range.lowerBound)) to \(write(range.upperBound))"
        error(
            "bad-value", "\(what) must be \(kind) from \(limits).", at: node.start, excerpt: text,
            hint: AmountHint.text(for: text, isSize: Amount.self == Int.self))
        return nil
    }

    /// One word of a fixed list.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ node: YamlNode?, _ what: String, as type: Word.Type
    ) -> Word? {
        guard let node, let text = scalar(node, what) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let known = OtherWords.meaning[text.lowercased()].flatMap { words.contains($0) ? $0 : nil }
        error(
            "bad-value", "\(what) can't be '\(Excerpt.line(text))'.", at: node.start,
            excerpt: text,
            hint: (known ?? nearestName(to: text, among: words)).map { "Did you mean '\($0)'?" }
                ?? "It is one of: \(words.joined(separator: ", ")).")
        return nil
    }

    /// A name of its own kind.
    mutating func name<Name: CheckedName>(
        _ text: String?, _ what: String, at mark: YamlMark, as type: Name.Type
    ) -> Name? {
        guard let text else { return nil }
        if let name = Name(rawValue: text) { return name }
        let isReserved =
            Name.self == ParameterName.self && NameGrammar.isParameter(text)
            && NameGrammar.isReserved(text)
        let why = isReserved ? "is a reserved name" : "is no name here"
        error(
            "bad-name", "'\(Excerpt.line(text))' \(why), and \(what) must be one.", at: mark,
            excerpt: text, hint: "A name is \(Name.grammar).")
        return nil
    }

    /// A name of a label, a group or an environment.
    mutating func labelName(_ text: String, _ what: String, at mark: YamlMark) -> String? {
        if LabelGrammar.isLabel(text) { return text }
        error(
            "bad-name", "'\(Excerpt.line(text))' is no name here, and \(what) must be one.",
            at: mark, excerpt: text, hint: "A name is \(LabelGrammar.words).")
        return nil
    }

    /// A POSIX account or group.
    mutating func account(_ node: YamlNode?, _ what: String) -> String? {
        guard let node, let text = scalar(node, what) else { return nil }
        let tail = text.utf8.dropFirst().allSatisfy {
            NameGrammar.isWordByte($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
        let head = text.utf8.first.map { $0 == UInt8(ascii: "_") || NameGrammar.isLetter($0) }
        if head == true, tail, text.utf8.count <= 32 { return text }
        error(
            "bad-name", "\(what) must be an account's name.", at: node.start, excerpt: text,
            hint: "It is a-z, 0-9, '_' and '-', starting with a letter or '_', 32 at most.")
        return nil
    }

    /// A day, `YYYY-MM-DD`.
    mutating func date(_ node: YamlNode?, _ what: String) -> String? {
        guard let node, let text = scalar(node, what) else { return nil }
        if CalendarDay.isReal(text) { return text }
        error(
            "bad-value", "\(what) must be a real day, written YYYY-MM-DD.", at: node.start,
            excerpt: text, hint: "Such as 2027-05-01.")
        return nil
    }

    /// The elements of a list; with `orOne`, a single value stands for a list of one.
    mutating func elements(
        _ node: YamlNode?, _ what: String, limit: Int, orOne: Bool = false
    ) -> [YamlNode]? {
        guard let node else { return nil }
        switch node.content {
        case .unreadable: return nil
        case .list(let elements):
            guard elements.count <= limit else {
                error(
                    "too-large", "\(what) has \(elements.count) elements; \(limit) is the limit.",
                    at: node.start)
                return Array(elements.prefix(limit))
            }
            for element in elements where element.isEmpty {
                error("wrong-type", "An element of \(what) has no value.", at: element.start)
            }
            return elements.filter { !$0.isEmpty }
        case .scalar, .mapping:
            if orOne { return [node] }
            error(
                "wrong-type", "\(what) must be a list, and this is \(node.kindInWords).",
                at: node.start, hint: "Write `[a, b]`, or one element a line with `- ` before it.")
            return nil
        }
    }

    /// A list of lines.
    mutating func lines(
        _ node: YamlNode?, _ what: String, limit: Int, orOne: Bool = false
    ) -> [String]? {
        guard let nodes = elements(node, what, limit: limit, orOne: orOne) else { return nil }
        return nodes.compactMap { line($0, "an element of \(what)") }
    }

    /// An expression; a problem is shown at its place within the text.
    mutating func expression(_ node: YamlNode?, _ what: String) -> Expression? {
        guard let node, let text = scalar(node, what) else { return nil }
        nameTraps(node)
        switch Expression.parse(text) {
        case .success(let expression): return expression
        case .failure(let problem):
            let mark = mark(in: node, text, offset: problem.offset)
            error(
                "bad-expression", "\(what) can't be read: \(problem.message).", at: mark,
                excerpt: text, hint: problem.hint)
            return nil
        }
    }

    /// The place of an offset in a scalar's text, where it was written on one line.
    private func mark(in node: YamlNode, _ text: String, offset: Int) -> YamlMark {
        guard case .scalar(_, let style) = node.content, node.start.line == node.end.line else {
            return node.start
        }
        let shift = style == .quoted ? 1 : 0
        let before = String(decoding: text.utf8.prefix(max(offset, 0)), as: UTF8.self)
        return YamlMark(
            line: node.start.line,
            column: node.start.column + shift + before.unicodeScalars.count)
    }

    /// Names the traps of text that was written without quotes: a comment that cuts it.
    mutating func nameTraps(_ node: YamlNode) {
        guard case .scalar(let text, .plain) = node.content else { return }
        let rest = source.text(from: node.end)
        let spaces = rest.prefix { $0 == " " || $0 == "\t" }
        let comment = rest.dropFirst(spaces.count)
        guard !spaces.isEmpty, comment.hasPrefix("#") else { return }
        let whole = Excerpt.line(text + String(rest))
        if spaces.count == 1, let next = comment.dropFirst().first, next != " ", next != "#" {
            error(
                "text-trap",
                "YAML takes '\(Excerpt.line(String(comment)))' for a comment and drops it.",
                at: node.end, excerpt: whole,
                hint: "Put quotes around the whole text, or the comment on a line of its own.")
        } else {
            warning(
                "text-trap", "A comment right after text without quotes may be meant as text.",
                at: node.end, excerpt: whole,
                hint: "Put quotes around the text, or the comment on a line of its own.")
        }
    }
}

/// The grammar of names of labels, groups and environments.
enum LabelGrammar {
    static let words = "a-z, 0-9, '_' and '-', starting with a letter, 63 at most"

    /// Whether the text has the form `[a-z][a-z0-9_-]{0,62}`.
    static func isLabel(_ text: String) -> Bool {
        guard let first = text.utf8.first, NameGrammar.isLetter(first), text.utf8.count <= 63
        else { return false }
        return text.utf8.allSatisfy {
            NameGrammar.isWordByte($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }
}

extension NameGrammar {
    /// Whether the byte is a lower-case letter.
    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    /// Whether the byte is a lower-case letter or a digit.
    static func isWordByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// Days of the Gregorian calendar as documents write them.
enum CalendarDay {
    /// Whether the text is `YYYY-MM-DD` and that day exists.
    static func isReal(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return false }
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == 3, numbers[0] >= 1, (1...12).contains(numbers[1]) else {
            return false
        }
        let isLeap =
            numbers[0].isMultiple(of: 4)
            && (!numbers[0].isMultiple(of: 100) || numbers[0].isMultiple(of: 400))
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...lengths[numbers[1] - 1]).contains(numbers[2])
    }
}
