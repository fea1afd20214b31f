/// Text that is safe on a terminal, whatever the bytes are.
///
/// What comes from targets is hostile. Control characters, invalid UTF-8 and everything invisible
/// or able to reorder a line is written as an escape: `\x1b`, `\r`, `\u{202e}`. Tabs stay; line
/// feeds (and CR LF as one) stay when asked for, else they are written `\n`. The form is for
/// people: it can't be turned back, since a backslash stays a backslash.
package func printable(_ bytes: some Sequence<UInt8>, keepNewlines: Bool) -> String {
    let bytes = Array(bytes)
    if bytes.allSatisfy({ isPlain($0) || (keepNewlines && $0 == lineFeed) }) {
        return String(decoding: bytes, as: UTF8.self)
    }
    var text = ""
    text.reserveCapacity(bytes.count + bytes.count / 4)
    var index = 0
    var iterator = bytes.makeIterator()
    var parser = Unicode.UTF8.ForwardParser()
    while true {
        switch parser.parseScalar(from: &iterator) {
        case .emptyInput:
            return text
        case .error(let length):
            for byte in bytes[index..<(index + length)] { text += escaped(byte) }
            index += length
        case .valid(let encoded):
            let scalar = Unicode.UTF8.decode(encoded)
            index += encoded.count
            let endsLine = index < bytes.count && bytes[index] == lineFeed
            append(scalar, to: &text, keepNewlines: keepNewlines, beforeLineFeed: endsLine)
        }
    }
}

/// A text for one line of a message: printable, in quotes, cut after `limit` characters.
package func printableExcerpt(_ text: String, limit: Int = 60) -> String {
    let scalars = text.unicodeScalars
    let cut = String(String.UnicodeScalarView(scalars.prefix(limit)))
    let isCut = scalars.dropFirst(limit).first != nil
    return "'\(printable(cut.utf8, keepNewlines: false))\(isCut ? "…" : "")'"
}

/// Whether a character is invisible, a control, or able to reorder the text around it.
///
/// True for the general categories Cc, Cf, Cn, Co, Cs, Zl and Zp and for the default ignorable
/// code points (Unicode 15, chapters 4.5 and 5.21), except the variation selectors that emoji use.
package func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
    if (0xFE00...0xFE0F).contains(scalar.value) { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .unassigned, .privateUse, .surrogate, .lineSeparator,
        .paragraphSeparator:
        return true
    default:
        return scalar.properties.isDefaultIgnorableCodePoint
    }
}

private let lineFeed = UInt8(ascii: "\n")
private let tab = UInt8(ascii: "\t")

private func isPlain(_ byte: UInt8) -> Bool { (0x20...0x7E).contains(byte) || byte == tab }

private func append(
    _ scalar: Unicode.Scalar, to text: inout String, keepNewlines: Bool, beforeLineFeed: Bool
) {
    switch scalar {
    case "\t": text.unicodeScalars.append(scalar)
    case "\n": text += keepNewlines ? "\n" : "\\n"
    case "\r": text += keepNewlines && beforeLineFeed ? "" : "\\r"
    case _ where !isUnprintable(scalar): text.unicodeScalars.append(scalar)
    case _ where scalar.isASCII: text += escaped(UInt8(scalar.value))
    default: text += "\\u{\(String(scalar.value, radix: 16))}"
    }
}

private func escaped(_ byte: UInt8) -> String {
    "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
}
