/// Why a text is no expression: where, what is wrong, and what to write instead.
package struct ExpressionError: Error, Sendable, Hashable {
    /// The place, in UTF-8 bytes from the start of the text.
    package let offset: Int
    /// What is wrong, in one sentence.
    package let message: String
    /// What to write instead.
    package let hint: String?

    package init(offset: Int, message: String, hint: String? = nil) {
        self.offset = offset
        self.message = message
        self.hint = hint
    }
}

/// Cuts the text of an expression into tokens, and explains what the grammar leaves out.
struct ExpressionLexer {
    /// One token and the byte it starts at.
    struct Token: Equatable {
        /// What a token is; a word may be a keyword, a name or a value.
        enum Kind: Equatable {
            case word(String)
            case quoted(String)
            case comparison(Expression.Comparison)
            case open, close, openList, closeList, comma, end
        }

        let kind: Kind
        let offset: Int
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether a byte can be part of a bare word.
    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: wordPunctuation.contains(byte)
        }
    }

    private static let wordPunctuation = Set("_-./:@+%".utf8)

    /// All tokens, the last of them `end`.
    mutating func tokens() throws(ExpressionError) -> [Token] {
        var tokens: [Token] = []
        while let token = try next() { tokens.append(token) }
        tokens.append(Token(kind: .end, offset: bytes.count))
        return tokens
    }

    private mutating func next() throws(ExpressionError) -> Token? {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            position += 1
        }
        guard position < bytes.count else { return nil }
        let start = position
        if Self.isWordByte(bytes[start]) {
            while position < bytes.count, Self.isWordByte(bytes[position]) { position += 1 }
            return Token(
                kind: .word(String(decoding: bytes[start..<position], as: UTF8.self)),
                offset: start)
        }
        if bytes[start] == UInt8(ascii: "'") || bytes[start] == UInt8(ascii: "\"") {
            return Token(kind: .quoted(try quotedText()), offset: start)
        }
        return Token(kind: try symbol(), offset: start)
    }

    /// The text up to the closing quote; the quote itself is written twice.
    private mutating func quotedText() throws(ExpressionError) -> String {
        let start = position
        let quote = bytes[start]
        var value: [UInt8] = []
        position += 1
        while position < bytes.count {
            if bytes[position] == quote {
                position += 1
                guard position < bytes.count, bytes[position] == quote else {
                    return try checked(value, at: start)
                }
            }
            value.append(bytes[position])
            position += 1
        }
        throw ExpressionError(
            offset: start, message: "the quote is not closed",
            hint: "end the value with the same quote it starts with")
    }

    private func checked(_ value: [UInt8], at start: Int) throws(ExpressionError) -> String {
        let text = String(decoding: value, as: UTF8.self)
        guard text.unicodeScalars.allSatisfy({ !isUnprintable($0) }) else {
            throw ExpressionError(
                offset: start, message: "the value holds a control or invisible character",
                hint: "no label or parameter is compared with such a value; remove it")
        }
        return text
    }

    private mutating func symbol() throws(ExpressionError) -> Token.Kind {
        let rest = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        for (text, message, hint) in Self.refused
        where rest.hasPrefix(text) && !rest.hasPrefix("!=") {
            throw ExpressionError(offset: position, message: message, hint: hint)
        }
        let symbols: [(String, Token.Kind)] = [
            ("!=", .comparison(.notEqual)), ("<=", .comparison(.lessOrEqual)),
            (">=", .comparison(.greaterOrEqual)), ("=", .comparison(.equal)),
            ("<", .comparison(.less)), (">", .comparison(.greater)), ("(", .open), (")", .close),
            ("[", .openList), ("]", .closeList), (",", .comma),
        ]
        if let (text, kind) = symbols.first(where: { rest.hasPrefix($0.0) }) {
            position += text.utf8.count
            return kind
        }
        throw ExpressionError(
            offset: position,
            message: "\(printable(rest.prefix(1).utf8, keepNewlines: false)) has no meaning here",
            hint: "put a value with such characters in quotes: 'value'")
    }

    /// Operators of other languages, longest first, and what to write for them.
    private static let refused: [(String, String, String)] = [
        ("&&", "`&&` is no operator here", "the shell eats `&`; write `and`"),
        ("&", "`&` is no operator here", "the shell eats `&`; write `and`"),
        ("||", "`||` is no operator here", "the shell eats `|`; write `or`"),
        ("|", "`|` is no operator here", "the shell eats `|`; write `or`"),
        ("==", "`==` is no operator here", "write `=`"),
        ("=~", "`=~` is no operator here", "there are no patterns; write `in [a, b]`"),
        ("!~", "`!~` is no operator here", "there are no patterns; write `not in [a, b]`"),
        ("=>", "`=>` is no operator here", "write `>=`"),
        ("=<", "`=<` is no operator here", "write `<=`"),
        ("<>", "`<>` is no operator here", "write `!=`"),
        ("!", "`!` is no operator here", "the shell eats `!`; write `not`, or `!=`"),
        ("*", "a pattern has no place in an expression", "give the pattern alone: mbx*"),
        ("?", "a pattern has no place in an expression", "give the pattern alone: mbx0?"),
        ("$", "names are written without `$`", "write `name`, not `$name`"),
        (";", "`;` is no operator here", "write `and` or `or`"),
        ("\u{2018}", "this is a typographic quote", "write ' instead"),
        ("\u{2019}", "this is a typographic quote", "write ' instead"),
        ("\u{201C}", "this is a typographic quote", "write \" instead"),
        ("\u{201D}", "this is a typographic quote", "write \" instead"),
    ]
}
