extension Value {
    /// The encoding in which the value reaches scripts (docs/parameters.md, "Encodings").
    ///
    /// A secret's text is the fixed word `[secret]`; what it is travels on its own path.
    package var text: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): Self.shortest(number)
        case .boolean(let truth): truth ? "true" : "false"
        case .duration(let milliseconds): Self.seconds(milliseconds)
        case .size(let bytes): String(bytes)
        case .list(let elements): elements.joined(separator: "\n")
        case .secret: "[secret]"
        }
    }

    /// The value as an expression sees it: the elements of a list, or the one text.
    package var elements: [String] {
        if case .list(let elements) = self { elements } else { [text] }
    }

    /// The value as people write and read it: `1h30m` and `20MiB`, a list with commas.
    package var shown: String {
        switch self {
        case .duration(let milliseconds): formatDuration(.milliseconds(milliseconds))
        case .size(let bytes): formatSize(bytes)
        case .list(let elements):
            printable(elements.joined(separator: ", ").utf8, keepNewlines: false)
        default: printable(text.utf8, keepNewlines: false)
        }
    }

    /// The shortest digits that read back as the number; without a point where it is whole.
    private static func shortest(_ number: Double) -> String {
        if number == 0 { return "0" }
        guard number.magnitude < 1e15, number == number.rounded() else {
            return number.description
        }
        return String(Int(number))
    }

    private static func seconds(_ milliseconds: Int) -> String {
        let (whole, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        let sign = milliseconds < 0 ? "-" : ""
        guard rest != 0 else { return "\(sign)\(whole)" }
        var digits = String(String(rest + 1000).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(sign)\(whole).\(digits)"
    }
}
