/// The forms in which a secret's bytes turn up in output: as it is, and as programs encode it.
enum SecretForms {
    /// The shortest form of an encoded secret that is looked for, in bytes; a shorter one would
    /// hide what is no secret.
    static let shortest = 4

    /// Every form of a secret, and of each line of one that has several; each once.
    static func all(of secret: String) -> Set<[UInt8]> {
        let bytes = Array(secret.utf8)
        guard !bytes.isEmpty else { return [] }
        var forms = encoded(bytes)
        if bytes.contains(where: isLineEnd) {
            for line in bytes.split(whereSeparator: isLineEnd) where line.count >= shortest {
                forms.formUnion(encoded(Array(line)))
            }
        }
        forms = forms.filter { $0.count >= shortest }
        forms.insert(bytes)
        return forms
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func encoded(_ bytes: [UInt8]) -> Set<[UInt8]> {
        var forms: Set<[UInt8]> = [bytes, hex(bytes, "0123456789abcdef")]
        forms.insert(hex(bytes, "0123456789ABCDEF"))
        for alphabet in [base64Alphabet, base64URLAlphabet] {
            forms.formUnion(base64(bytes, alphabet))
        }
        forms.formUnion(percentEncoded(bytes))
        forms.formUnion(escapedAsJSON(bytes))
        forms.formUnion(quotedForShells(bytes))
        forms.insert(escapedAsMarkup(bytes, apostrophe: "&#39;"))
        forms.insert(escapedAsMarkup(bytes, apostrophe: "&#x27;"))
        forms.insert(escapedAsMarkup(bytes, apostrophe: "&apos;"))
        return forms
    }

    private static func hex(_ bytes: [UInt8], _ digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let base64Alphabet = Array((letters + "+/").utf8)
    private static let base64URLAlphabet = Array((letters + "-_").utf8)

    /// What base64 makes of the bytes when they stand alone (with and without a line feed), and
    /// the characters that they alone decide at each of the three places in a longer text.
    private static func base64(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [[UInt8]] {
        var forms = [base64Whole(bytes, alphabet), base64Whole(bytes + [0x0A], alphabet)]
        for before in 0..<3 {
            let characters = base64Whole(Array(repeating: 0, count: before) + bytes, alphabet)
            let first = (8 * before + 5) / 6
            let end = 8 * (before + bytes.count) / 6
            if first < end { forms.append(Array(characters[first..<end])) }
        }
        return forms
    }

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

    /// Percent encoding as RFC 3986 has it and as common libraries do, with both cases of digits.
    private static func percentEncoded(_ bytes: [UInt8]) -> [[UInt8]] {
        let unreserved = "-._~"
        let kept = [
            unreserved, unreserved + "/", unreserved + "!'()*", "-._*", "-._~!*'();:@&=+$,/?#[]",
        ]
        var forms: [[UInt8]] = []
        for safe in kept {
            for digits in ["0123456789ABCDEF", "0123456789abcdef"] {
                for space in ["%20", "+"] {
                    forms.append(
                        mapped(bytes) { byte in
                            if byte == 0x20 { return Array(space.utf8) }
                            if isAlphanumeric(byte) || safe.utf8.contains(byte) { return nil }
                            return [UInt8(ascii: "%")] + hex([byte], digits)
                        })
                }
            }
        }
        return forms
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
