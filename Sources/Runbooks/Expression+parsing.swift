extension Expression {
    /// The greatest length of an expression's text, as written and in its canonical form, in bytes.
    package static let longestText = 4096
    /// The greatest depth of parentheses and `not`.
    package static let deepestNesting = 64

    /// Reads an expression; nothing is guessed, and every other language's operator is explained.
    ///
    /// The grammar, loosest binding first (docs/format.md, "Expressions"):
    ///
    ///     either   = both ("or" both)*
    ///     both     = single ("and" single)*
    ///     single   = "not" single | "(" either ")" | "has" NAME | test
    ///     test     = NAME | NAME OPERATOR value | NAME ["not"] "in" "[" value ("," value)* "]"
    ///     OPERATOR = "=" | "!=" | "<" | "<=" | ">" | ">="
    package static func parse(_ text: String) -> Result<Expression, ExpressionError> {
        guard text.utf8.count <= longestText else {
            return .failure(tooLong)
        }
        do throws(ExpressionError) {
            var lexer = ExpressionLexer(text)
            var parser = ExpressionParser(tokens: try lexer.tokens())
            let expression = try parser.whole()
            guard expression.description.utf8.count <= longestText else { throw tooLong }
            return .success(expression)
        } catch {
            return .failure(error)
        }
    }

    private static var tooLong: ExpressionError {
        ExpressionError(
            offset: longestText, message: "the expression is longer than 4 KiB",
            hint: "use a label or a group instead of a long list")
    }
}

/// Recursive descent over the tokens; its depth is bounded by `Expression.deepestNesting`.
private struct ExpressionParser {
    typealias Token = ExpressionLexer.Token

    private let tokens: [Token]
    private var index = 0
    private var depth = 0

    init(tokens: [Token]) { self.tokens = tokens }

    private var current: Token { tokens[index] }

    /// The whole text as one expression.
    mutating func whole() throws(ExpressionError) -> Expression {
        guard current.kind != .end else {
            throw ExpressionError(
                offset: 0, message: "the expression is empty", hint: "write, say, role = hub")
        }
        let expression = try either()
        guard current.kind == .end else { throw unexpectedRest() }
        return expression
    }

    private mutating func either() throws(ExpressionError) -> Expression {
        var left = try both()
        while take("or") { left = .or(left, try both()) }
        return left
    }

    private mutating func both() throws(ExpressionError) -> Expression {
        var left = try single()
        while take("and") { left = .and(left, try single()) }
        return left
    }

    private mutating func single() throws(ExpressionError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Expression.deepestNesting else {
            throw ExpressionError(
                offset: current.offset,
                message: "more than \(Expression.deepestNesting) levels of parentheses and `not`")
        }
        if take("not") { return .not(try single()) }
        if take("has") { return .has(try name(after: "`has`")) }
        guard current.kind == .open else { return try test() }
        let start = current.offset
        index += 1
        let inner = try either()
        guard current.kind == .close else {
            if current.kind != .end { throw unexpectedRest() }
            throw ExpressionError(
                offset: start, message: "the parenthesis is not closed", hint: "add `)`")
        }
        index += 1
        return inner
    }

    private mutating func test() throws(ExpressionError) -> Expression {
        let name = try name(after: nil)
        if case .comparison(let comparison) = current.kind {
            let offset = current.offset
            index += 1
            let value = try value(after: "`\(comparison.rawValue)`")
            if comparison.isOrdering, !OrderedText.canOrder(value) {
                throw ExpressionError(
                    offset: offset,
                    message: "`\(comparison.rawValue)` needs a number or a version, "
                        + "not \(printableExcerpt(value))",
                    hint: "a length of time is compared in seconds, a size in bytes")
            }
            return .compare(name, comparison, value)
        }
        let negated = take("not")
        if take("in") { return .isIn(name, try list(), negated: negated) }
        if negated {
            throw ExpressionError(
                offset: current.offset, message: "expected `in` after `not`",
                hint: "write `\(name) not in [a, b]`, or `not \(name) = a`")
        }
        guard !["true", "false"].contains(name.description) else {
            throw ExpressionError(
                offset: tokens[index - 1].offset, message: "`\(name)` is a value, not a name",
                hint: "write `name = \(name)`")
        }
        return .holds(name)
    }

    private mutating func list() throws(ExpressionError) -> [String] {
        guard current.kind == .openList else {
            throw ExpressionError(
                offset: current.offset, message: "expected `[` after `in`",
                hint: "write `in [a, b]`")
        }
        let start = current.offset
        index += 1
        var values = [try value(after: "`[`")]
        while current.kind == .comma {
            index += 1
            values.append(try value(after: "`,`"))
        }
        guard current.kind == .closeList else {
            throw ExpressionError(
                offset: current.kind == .end ? start : current.offset,
                message: "the list is not closed", hint: "write `in [a, b]`")
        }
        index += 1
        return values
    }

    private mutating func name(after place: String?) throws(ExpressionError) -> Expression.Name {
        let expected = "expected a name" + (place.map { " after \($0)" } ?? "")
        guard case .word(let text) = current.kind else {
            var hint: String?
            if case .quoted = current.kind {
                hint = "names are written without quotes, on the left"
            }
            throw ExpressionError(offset: current.offset, message: expected, hint: hint)
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !Expression.keywords.contains(text) else {
            throw ExpressionError(
                offset: current.offset, message: "\(expected), not the word `\(text)`")
        }
        guard parts.allSatisfy(Self.isNamePart) else {
            throw ExpressionError(
                offset: current.offset, message: "\(expected); \(printableExcerpt(text)) is none",
                hint: "a name has letters, digits, `_` and `-`, and starts with a letter")
        }
        guard parts.count <= 2 else {
            throw ExpressionError(
                offset: current.offset, message: "`\(text)` has more than one dot",
                hint: "names are `label`, `target.label` or `step.output`")
        }
        index += 1
        return Expression.Name(parts: parts)
    }

    private static func isNamePart(_ part: String) -> Bool {
        guard let first = part.first, first.isASCII, first.isLetter else { return false }
        return NameGrammar.isTarget(part)
    }

    private mutating func value(after place: String) throws(ExpressionError) -> String {
        switch current.kind {
        case .word(let text) where Expression.keywords.contains(text):
            throw ExpressionError(
                offset: current.offset,
                message: "expected a value after \(place), not the word `\(text)`",
                hint: "a value that is one of these words needs quotes: '\(text)'")
        case .word(let text), .quoted(let text):
            index += 1
            return text
        default:
            throw ExpressionError(
                offset: current.offset, message: "expected a value after \(place)",
                hint: "a value is a bare word, or text in quotes")
        }
    }

    private mutating func take(_ keyword: String) -> Bool {
        guard current.kind == .word(keyword) else { return false }
        index += 1
        return true
    }

    private func unexpectedRest() -> ExpressionError {
        var hint: String?
        switch current.kind {
        case .word(let word) where Expression.keywords.contains(word.lowercased()):
            hint = "write `\(word.lowercased())`, where it joins two tests"
        case .word, .quoted: hint = "put a value with spaces in quotes; join tests with `and`"
        case .comma: hint = "a list of values is written `in [a, b]`"
        case .close: hint = "this `)` closes nothing"
        default: break
        }
        return ExpressionError(
            offset: current.offset, message: "expected `and`, `or` or the end here", hint: hint)
    }
}
