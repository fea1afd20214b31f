/// The tree of a pattern.
indirect enum PatternNode {
    case characters(TextPattern.Characters)
    case sequence([PatternNode])
    case either([PatternNode])
    /// At least and at most so many times; without a greatest number when nil.
    case repeated(PatternNode, Int, Int?)
}

/// Reads the text of a pattern; groups nest at most 32 deep.
struct TextPatternParser {
    private typealias SyntaxError = TextPattern.SyntaxError
    private typealias Characters = TextPattern.Characters

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    /// The whole pattern; `^` at its start and `$` at its end say what is true anyway.
    mutating func whole() throws(TextPattern.SyntaxError) -> PatternNode {
        _ = take("^")
        let node = try either()
        guard index == scalars.count else { throw problem("this `)` closes nothing") }
        return node
    }

    private mutating func either() throws(TextPattern.SyntaxError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 32 else { throw problem("groups nest deeper than 32") }
        var choices = [try sequence()]
        while take("|") { choices.append(try sequence()) }
        return choices.count == 1 ? choices[0] : .either(choices)
    }

    private mutating func sequence() throws(TextPattern.SyntaxError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            if scalar == "$", index + 1 == scalars.count, depth == 1 {
                index += 1
                continue
            }
            parts.append(try repetition(of: try atom()))
        }
        return .sequence(parts)
    }

    private mutating func repetition(
        of node: PatternNode
    ) throws(TextPattern.SyntaxError) -> PatternNode {
        let repeated: PatternNode
        if take("*") {
            repeated = .repeated(node, 0, nil)
        } else if take("+") {
            repeated = .repeated(node, 1, nil)
        } else if take("?") {
            repeated = .repeated(node, 0, 1)
        } else if take("{") {
            repeated = try counted(node)
        } else {
            return node
        }
        if let next = current, ["*", "+", "?", "{"].contains(next) {
            throw problem(
                "`\(next)` repeats a repetition; lazy and possessive forms don't exist here, since "
                    + "the whole value is matched")
        }
        return repeated
    }

    private mutating func counted(
        _ node: PatternNode
    ) throws(TextPattern.SyntaxError) -> PatternNode {
        let message = "a number of repetitions is written {3}, {2,} or {2,5}; a brace is \\{"
        let least = number()
        var most = least
        if take(",") { most = number() }
        let isOpen = scalars[index - 1] == ","
        guard let least, take("}"), isOpen || most != nil else { throw problem(message) }
        guard least <= 1000, most ?? least <= 1000, most ?? least >= least else {
            throw problem("repetitions go from 0 to 1000, the smaller number first")
        }
        return .repeated(node, least, isOpen ? nil : most)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = current, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            index += 1
        }
        return Int(digits)
    }

    private mutating func atom() throws(TextPattern.SyntaxError) -> PatternNode {
        guard let scalar = current else { throw problem("the pattern ends too early") }
        index += 1
        switch scalar {
        case "(": return try group()
        case "[": return .characters(try bracket())
        case ".": return .characters(Characters(ranges: [0x0A...0x0A], isNegated: true))
        case "\\": return .characters(try escape())
        case "*", "+", "?", "{":
            index -= 1
            throw problem("`\(scalar)` repeats nothing; the character itself is \\\(scalar)")
        case "^", "$":
            index -= 1
            throw problem(
                "`\(scalar)` has a meaning only at the \(scalar == "^" ? "start" : "end"); "
                    + "the character itself is \\\(scalar)")
        default: return .characters(Characters(ranges: [scalar.value...scalar.value]))
        }
    }

    private mutating func group() throws(TextPattern.SyntaxError) -> PatternNode {
        let start = index - 1
        if take("?"), !take(":") {
            throw problem("only (?:…) exists of the groups that start with `(?`")
        }
        let node = try either()
        guard take(")") else {
            throw SyntaxError(offset: start, message: "the group is not closed; add `)`")
        }
        return node
    }

    private mutating func bracket() throws(TextPattern.SyntaxError) -> TextPattern.Characters {
        let start = index - 1
        var characters = Characters(ranges: [])
        characters.isNegated = take("^")
        while let scalar = current {
            index += 1
            if scalar == "]", !characters.ranges.isEmpty { return characters }
            if scalar == "[" || scalar == "]" {
                index -= 1
                throw problem("inside brackets this character is written \\\(scalar)")
            }
            let first = scalar == "\\" ? try escape() : single(scalar)
            guard current == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
                characters.ranges += try positive(first)
                continue
            }
            index += 1
            let end = scalars[index]
            index += 1
            let last = end == "\\" ? try escape() : single(end)
            guard let low = first.onlyScalar, let high = last.onlyScalar, low <= high else {
                throw problem("a range goes from the smaller character to the greater: a-z")
            }
            characters.ranges.append(low...high)
        }
        throw SyntaxError(offset: start, message: "the bracket is not closed; add `]`")
    }

    private func positive(
        _ characters: TextPattern.Characters
    ) throws(TextPattern.SyntaxError) -> [ClosedRange<UInt32>] {
        guard !characters.isNegated else {
            throw problem("\\D, \\W and \\S have no place inside brackets")
        }
        return characters.ranges
    }

    private func single(_ scalar: Unicode.Scalar) -> TextPattern.Characters {
        Characters(ranges: [scalar.value...scalar.value])
    }

    /// The characters that the escape before `index` stands for.
    private mutating func escape() throws(TextPattern.SyntaxError) -> TextPattern.Characters {
        guard let scalar = current else { throw problem("a backslash ends the pattern") }
        index += 1
        let digits: [ClosedRange<UInt32>] = [0x30...0x39]
        let word: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
        let space: [ClosedRange<UInt32>] = [0x09...0x0D, 0x20...0x20]
        switch scalar {
        case "d": return Characters(ranges: digits)
        case "D": return Characters(ranges: digits, isNegated: true)
        case "w": return Characters(ranges: word)
        case "W": return Characters(ranges: word, isNegated: true)
        case "s": return Characters(ranges: space)
        case "S": return Characters(ranges: space, isNegated: true)
        case "n": return single("\n")
        case "t": return single("\t")
        case "r": return single("\r")
        case "a"..."z", "A"..."Z", "0"..."9":
            index -= 1
            throw problem("\\\(scalar) doesn't exist here (no back references, no boundaries)")
        default: return single(scalar)
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        index += 1
        return true
    }

    private func problem(_ message: String) -> TextPattern.SyntaxError {
        TextPattern.SyntaxError(offset: index, message: message)
    }
}

extension TextPattern.Characters {
    /// The scalar, where there is exactly one.
    fileprivate var onlyScalar: UInt32? {
        guard ranges.count == 1, !isNegated, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
