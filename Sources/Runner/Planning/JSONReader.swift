/// Reads JSON (RFC 8259) from bytes that nobody vouches for.
///
/// Strict: UTF-8 without a byte order mark, no comments, no trailing commas, no key twice in one
/// object, no lone surrogates, no number outside a double's range; and limits on size and depth.
package struct JSONReader {
    /// The deepest nesting of arrays and objects that is read.
    package static let deepestNesting = 64

    private let bytes: [UInt8]
    private var index = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The document in the bytes.
    ///
    /// - Throws: `JSONError` with the place of the first problem.
    package static func read(_ bytes: [UInt8], largest: Int) throws(JSONError) -> JSONValue {
        guard bytes.count <= largest else {
            throw JSONError(offset: largest, message: "it has more than \(largest) bytes")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONError(offset: 0, message: "it is not UTF-8")
        }
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.problem("text after the document") }
        return value
    }

    private func problem(_ message: String) -> JSONError {
        JSONError(offset: index, message: message)
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.deepestNesting else { throw problem("it nests too deep") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): return try number()
        default: throw problem("a value was expected")
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard bytes[index...].starts(with: text.utf8) else {
            throw problem("a value was expected")
        }
        index += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        index += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw problem("a key was expected") }
            let start = index
            let key = try string()
            guard members[key] == nil else {
                throw JSONError(offset: start, message: "a key stands twice in one object")
            }
            skipSpace()
            guard take(":") else { throw problem("':' was expected") }
            members[key] = try value(depth: depth + 1)
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw problem("',' or '}' was expected") }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw problem("',' or ']' was expected") }
        }
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = current, isDigit(byte) { index += 1 }
        guard index > start else { throw problem("a digit was expected") }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        _ = take("-")
        let isZero = current == UInt8(ascii: "0")
        let firstDigit = index
        try digits()
        guard !isZero || index == firstDigit + 1 else { throw problem("a number starts with 0") }
        var isInteger = true
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let integer = Int64(text), text != "-0" { return .integer(integer) }
        guard let double = Double(text), double.isFinite else {
            throw JSONError(offset: start, message: "a number is out of range")
        }
        return .number(double)
    }

    private mutating func string() throws(JSONError) -> String {
        index += 1
        let start = index
        while let byte = current, byte >= 0x20, byte != UInt8(ascii: "\\") {
            index += 1
            if byte == UInt8(ascii: "\"") {
                return String(decoding: bytes[start..<index - 1], as: UTF8.self)
            }
        }
        var units = Array(bytes[start..<index])
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"): units += String(try escape()).utf8
            case 0..<0x20:
                index -= 1
                throw problem("a control character stands in a text")
            default: units.append(byte)
            }
        }
        throw problem("a text doesn't end")
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard let byte = current else { throw problem("a text doesn't end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try codePoint()
        default:
            index -= 1
            throw problem("an unknown escape")
        }
    }

    private mutating func codePoint() throws(JSONError) -> Unicode.Scalar {
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard UTF16.isLeadSurrogate(high), take("\\"), take("u") else {
            throw problem("a lone surrogate")
        }
        let low = try hexadecimal()
        guard UTF16.isTrailSurrogate(low) else { throw problem("a lone surrogate") }
        return UTF16.decode(UTF16.EncodedScalar([high, low]))
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt16 {
        let end = index + 4
        guard end <= bytes.count,
            bytes[index..<end].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: bytes[index..<end], as: UTF8.self), radix: 16)
        else { throw problem("four hexadecimal digits were expected") }
        index = end
        return unit
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
