/// A piece of Swift source, as far as these rules need to know.
struct Token: Sendable, Equatable {
    /// What kind of piece it is.
    enum Kind: Sendable, Equatable {
        /// A name, a keyword or a number; a name in backticks keeps them.
        case word
        /// One character that is none of the others.
        case symbol
        /// A string literal: its text between the quotes, without what is interpolated.
        case string
        /// `//` or `/* */`, without the marks.
        case comment
        /// `///`, without the marks.
        case documentation
    }

    let kind: Kind
    let text: String
    /// From 1.
    let line: Int
}

/// Cuts Swift source into tokens: strings, raw and multiline ones, interpolations and nested
/// comments are understood, so that a rule never takes text for code.
struct SwiftText {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var tokens: [Token] = []

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// The tokens of a source text, comments included, in order.
    static func tokens(of text: String) -> [Token] {
        var reader = SwiftText(text)
        reader.readCode(untilParenthesis: false)
        return reader.tokens
    }

    private mutating func readCode(untilParenthesis isInterpolation: Bool) {
        var depth = 0
        while let byte = peek() {
            if starts(with: "//") {
                readLineComment()
            } else if starts(with: "/*") {
                readBlockComment()
            } else if let pounds = stringStart() {
                readString(pounds: pounds)
            } else if Self.isWord(byte) || byte == UInt8(ascii: "`") {
                readWord()
            } else if byte <= UInt8(ascii: " ") {
                advance()
            } else {
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    depth -= 1
                    if isInterpolation && depth < 0 { return advance() }
                }
                add(.symbol, [byte], line)
                advance()
            }
        }
    }

    private mutating func readWord() {
        let start = index
        if peek() == UInt8(ascii: "`") { advance() }
        while let byte = peek(), Self.isWord(byte) { advance() }
        if bytes[start] == UInt8(ascii: "`"), peek() == UInt8(ascii: "`") { advance() }
        add(.word, bytes[start..<index], line)
    }

    private mutating func readLineComment() {
        let start = index
        while let byte = peek(), byte != UInt8(ascii: "\n") { advance() }
        let text = bytes[start..<index]
        let isDocumentation = text.starts(with: Array("///".utf8))
        add(
            isDocumentation ? .documentation : .comment, text.dropFirst(isDocumentation ? 3 : 2),
            line)
    }

    private mutating func readBlockComment() {
        let (start, first) = (index, line)
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                advance(2)
            } else if starts(with: "*/") {
                depth -= 1
                advance(2)
            } else {
                advance()
            }
        } while depth > 0 && peek() != nil
        add(.comment, bytes[start..<index].dropFirst(2), first)
    }

    /// The number of `#` before the quote, when a string starts here.
    private func stringStart() -> Int? {
        var end = index
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - index : nil
    }

    private mutating func readString(pounds: Int) {
        let first = line
        advance(pounds)
        let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        advance(quote.utf8.count)
        let marks = String(repeating: "#", count: pounds)
        let (end, escape) = (quote + marks, "\\" + marks)
        let place = tokens.count
        var text: [UInt8] = []
        while let byte = peek(), !starts(with: end) {
            if starts(with: escape + "(") {
                advance(escape.utf8.count + 1)
                readCode(untilParenthesis: true)
            } else if starts(with: escape) {
                advance(escape.utf8.count)
                if let escaped = peek() { text.append(escaped) }
                advance()
            } else {
                text.append(byte)
                advance()
            }
        }
        advance(end.utf8.count)
        tokens.insert(
            Token(kind: .string, text: String(decoding: text, as: UTF8.self), line: first),
            at: place)
    }

    private mutating func add(_ kind: Token.Kind, _ text: some Sequence<UInt8>, _ line: Int) {
        tokens.append(
            Token(kind: kind, text: String(decoding: Array(text), as: UTF8.self), line: line))
    }

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private func starts(with text: String) -> Bool {
        bytes[index...].starts(with: text.utf8)
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
