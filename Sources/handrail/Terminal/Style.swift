/// How a piece of text stands out.
enum Tone: Sendable, CaseIterable {
    case plain, good, warning, bad, strong, faint
    /// White on red: production, and what can't be taken back.
    case alarm
}

/// Paints text for a terminal, or leaves it alone.
struct Style: Sendable, Hashable {
    let isColored: Bool

    /// Never any escape.
    static let plain = Style(isColored: false)

    /// The text in its tone (ECMA-48, SGR); without colours, and for nothing, as it is.
    func paint(_ text: String, _ tone: Tone) -> String {
        guard isColored, !text.isEmpty else { return text }
        let code: String
        switch tone {
        case .plain: return text
        case .good: code = "32"
        case .warning: code = "33"
        case .bad: code = "1;31"
        case .strong: code = "1"
        case .faint: code = "2"
        case .alarm: code = "1;37;41"
        }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }
}

/// How many columns text takes on a terminal.
enum TextWidth {
    /// The columns of one line without escapes: combining marks take none, wide characters two.
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + columns($1) }
    }

    /// The text cut to a width, ending in `…` when something was left out.
    static func cut(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        guard width > 1 else { return width == 1 ? "…" : "" }
        var result = ""
        var used = 0
        for character in text {
            let next = of(String(character))
            guard used + next <= width - 1 else { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    /// The text with spaces up to a width.
    static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - of(text)))
    }

    /// Lines of words no wider than the width, each with the indent; a longer word is cut apart.
    static func wrapped(_ text: String, width: Int, indent: Int = 0) -> [String] {
        let room = max(8, width - indent)
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                var rest = String(word)
                if !line.isEmpty, of(line) + 1 + of(rest) > room {
                    lines.append(margin + line)
                    line = ""
                }
                while of(rest) > room {
                    lines.append(margin + String(rest.prefix(room)))
                    rest = String(rest.dropFirst(room))
                }
                line += line.isEmpty ? rest : " " + rest
            }
            lines.append(line.isEmpty ? "" : margin + line)
        }
        return lines
    }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        // The blocks that Unicode's UAX #11 calls wide, as far as runbooks meet them.
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
