/// The forms in which a secret's bytes turn up in output: as it is, and as programs encode it.
struct SecretForms {
    /// The shortest form of an encoded secret that is looked for, in bytes; a shorter one would
    /// hide what is no secret.
    static let shortest = 4

    /// Looked for byte by byte.
    private(set) var plain: Set<[UInt8]> = []
    /// What percent encoding decodes to; some programs write a space as '+'.
    private(set) var percent: Set<[UInt8]> = []
    /// Base64 and base32: looked for whatever line ends stand between.
    private(set) var wrapped: Set<[UInt8]> = []
    /// Hexadecimal digits in lower case: looked for in any case, whatever separates them.
    private(set) var digits: Set<[UInt8]> = []

    /// Every form of secrets, and of each line of those that have several; each once.
    init(of secrets: [String]) {
        for secret in secrets where !secret.isEmpty { add(secret) }
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { plain.isEmpty }

    private mutating func add(_ secret: String) {
        let bytes = Array(secret.utf8)
        encode(secret)
        if bytes.contains(where: Self.isLineEnd) {
            for line in bytes.split(whereSeparator: Self.isLineEnd)
            where line.count >= Self.shortest {
                encode(String(decoding: line, as: UTF8.self))
            }
        }
        plain.insert(bytes)
    }

    private mutating func encode(_ secret: String) {
        let bytes = Array(secret.utf8)
        let (little, big) = Self.wide(secret)
        var encoded: Set<[UInt8]> = [bytes, little, big]
        encoded.formUnion(Self.escapedAsJSON(bytes))
        encoded.formUnion(Self.quotedForShells(bytes))
        for apostrophe in ["&#39;", "&#x27;", "&apos;"] {
            encoded.insert(Self.escapedAsMarkup(bytes, apostrophe: apostrophe))
        }
        plain.formUnion(encoded.filter { $0.count >= Self.shortest })
        if bytes.count >= Self.shortest {
            percent.formUnion([bytes, bytes.map { $0 == 0x20 ? UInt8(ascii: "+") : $0 }])
        }
        for source in [bytes, little] where source.count >= Self.shortest {
            wrapped.formUnion(Self.base64(source).filter { $0.count >= Self.shortest })
            wrapped.formUnion(Self.base32(source).filter { $0.count > Self.shortest })
            digits.insert(Self.hex(source, "0123456789abcdef"))
        }
    }

    /// UTF-16 without a byte order mark, its lower byte first, and its higher byte first.
    private static func wide(_ secret: String) -> (little: [UInt8], big: [UInt8]) {
        let units = Array(secret.utf16)
        return (
            units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] },
            units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        )
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func hex(_ bytes: [UInt8], _ digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let base64Alphabets = [
        Array((letters + "+/").utf8), Array((letters + "-_").utf8),
    ]
    private static let base32Alphabets = [
        Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8),
        Array("abcdefghijklmnopqrstuvwxyz234567".utf8),
    ]

    private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
        base64Alphabets.flatMap { alphabet in
            inPlaces(bytes, bits: 6, group: 3) { base64Whole($0, alphabet) }
        }
    }

    private static func base32(_ bytes: [UInt8]) -> [[UInt8]] {
        base32Alphabets.flatMap { alphabet in
            inPlaces(bytes, bits: 5, group: 5) { base32Whole($0, alphabet) }
        }
    }

    /// What an encoding makes of the bytes when they stand alone (with and without a line feed),
    /// and the characters that they alone decide at each of the places in a longer text.
    private static func inPlaces(
        _ bytes: [UInt8], bits: Int, group: Int, _ encode: ([UInt8]) -> [UInt8]
    ) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        for whole in [encode(bytes), encode(bytes + [0x0A])] {
            let padding = whole.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            forms += [whole, Array(whole.dropLast(padding))]
        }
        for before in 0..<group {
            let characters = encode(Array(repeating: 0, count: before) + bytes)
            let first = (8 * before + bits - 1) / bits
            let end = 8 * (before + bytes.count) / bits
            if first < end { forms.append(Array(characters[first..<end])) }
        }
        return forms
    }

    /// RFC 4648, section 6.
    private static func base32Whole(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 5) {
            let group = bytes[start..<min(start + 5, bytes.count)]
            var bits = group.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            bits <<= UInt64(8 * (5 - group.count))
            let used = (8 * group.count + 4) / 5
            for place in 0..<8 {
                let index = Int(bits >> UInt64(35 - 5 * place)) & 31
                text.append(place < used ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return text
    }

    /// RFC 4648, sections 4 and 5.
    private static func base64Whole(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let index = Int(bits >> UInt32(18 - 6 * place)) & 63
                text.append(place <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return text
    }

    /// The inside of a JSON string, as the common writers make it.
    private static func escapedAsJSON(_ bytes: [UInt8]) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        for (escaped, isASCII) in [
            ("", false), ("/", false), ("<>&", false), ("", true), ("/", true),
        ] {
            for digits in ["0123456789abcdef", "0123456789ABCDEF"] {
                var form: [UInt8] = []
                for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
                    form += json(scalar, escaped: escaped, isASCII: isASCII, digits: digits)
                }
                forms.append(form)
            }
        }
        return forms
    }

    private static func json(
        _ scalar: Unicode.Scalar, escaped: String, isASCII: Bool, digits: String
    ) -> [UInt8] {
        switch scalar {
        case "\"": return Array("\\\"".utf8)
        case "\\": return Array("\\\\".utf8)
        case "\n": return Array("\\n".utf8)
        case "\r": return Array("\\r".utf8)
        case "\t": return Array("\\t".utf8)
        case "\u{08}": return Array("\\b".utf8)
        case "\u{0C}": return Array("\\f".utf8)
        case "/" where escaped == "/": return Array("\\/".utf8)
        default:
            let isEscaped =
                scalar.value < 0x20 || (isASCII && scalar.value > 0x7E)
                || escaped.unicodeScalars.contains(scalar)
            guard isEscaped else { return Array(String(scalar).utf8) }
            return UTF16.encode(scalar).map(Array.init)?.flatMap { unit in
                Array("\\u".utf8) + hex([UInt8(unit >> 8), UInt8(unit & 255)], digits)
            } ?? []
        }
    }

    private static func escapedAsMarkup(_ bytes: [UInt8], apostrophe: String) -> [UInt8] {
        mapped(bytes) { byte in
            switch byte {
            case UInt8(ascii: "&"): Array("&amp;".utf8)
            case UInt8(ascii: "<"): Array("&lt;".utf8)
            case UInt8(ascii: ">"): Array("&gt;".utf8)
            case UInt8(ascii: "\""): Array("&quot;".utf8)
            case UInt8(ascii: "'"): Array(apostrophe.utf8)
            default: nil
            }
        }
    }

    /// The inside of quoted words: single quotes (two ways to write the quote itself), double
    /// quotes, `$'…'` and repr, and words with a backslash before what is special.
    private static func quotedForShells(_ bytes: [UInt8]) -> [[UInt8]] {
        let quote = UInt8(ascii: "'")
        let backslash = UInt8(ascii: "\\")
        let inDouble = Set("\"$`\\".utf8)
        let bare = Set("_-./:=@%+,".utf8)
        let bareStrict = Set("_-./:@%+".utf8)
        let isPlain = { (byte: UInt8) in isAlphanumeric(byte) || byte >= 0x80 }
        return [
            mapped(bytes) { $0 == quote ? Array("'\\''".utf8) : nil },
            mapped(bytes) { $0 == quote ? Array("'\"'\"'".utf8) : nil },
            mapped(bytes) { inDouble.contains($0) ? [backslash, $0] : nil },
            mapped(bytes) { isPlain($0) || bare.contains($0) ? nil : [backslash, $0] },
            mapped(bytes) { isPlain($0) || bareStrict.contains($0) ? nil : [backslash, $0] },
            mapped(bytes) { isPlain($0) || $0 == 0x5F ? nil : [backslash, $0] },
            mapped(bytes, ansi),
            mapped(bytes) { $0 == quote ? nil : ansi($0) },
            mapped(bytes) { $0 < 0x80 ? ansi($0) : octal($0) },
            mapped(bytes) {
                $0 < 0x80 ? ansi($0) : [backslash, UInt8(ascii: "x")] + hexDigits($0)
            },
        ]
    }

    private static func hexDigits(_ byte: UInt8) -> [UInt8] { hex([byte], "0123456789abcdef") }

    private static func octal(_ byte: UInt8) -> [UInt8] {
        [UInt8(ascii: "\\"), 0x30 + (byte >> 6), 0x30 + (byte >> 3 & 7), 0x30 + (byte & 7)]
    }

    private static func ansi(_ byte: UInt8) -> [UInt8]? {
        switch byte {
        case 0x0A: Array("\\n".utf8)
        case 0x0D: Array("\\r".utf8)
        case 0x09: Array("\\t".utf8)
        case UInt8(ascii: "'"): Array("\\'".utf8)
        case UInt8(ascii: "\\"): Array("\\\\".utf8)
        default: nil
        }
    }

    private static func mapped(_ bytes: [UInt8], _ replace: (UInt8) -> [UInt8]?) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if let replacement = replace(byte) {
                result += replacement
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
