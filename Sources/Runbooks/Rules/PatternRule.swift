/// A pattern is a regular expression over the whole value, and says nothing else.
enum PatternRule {
    /// Checks one pattern.
    static func check(_ pattern: String, at mark: YamlMark, in document: inout DocumentReading) {
        do {
            _ = try TextPattern(pattern)
        } catch {
            document.error(
                "bad-pattern", "The pattern can't be read: \(error.message).", at: mark,
                excerpt: pattern, hint: "docs/parameters.md says what a pattern can do.")
            return
        }
        let starts = pattern.hasPrefix("^") || pattern.hasPrefix("\\A")
        let ends = hasFinalAnchor(pattern)
        guard starts || ends else { return }
        if starts != ends || hasTopLevelAlternative(pattern) {
            document.error(
                "unanchored-pattern",
                "A pattern is matched against the whole value; these anchors promise something "
                    + "else.",
                at: mark, excerpt: pattern,
                hint: "Remove ^ and $, and write what the whole value looks like.")
        } else {
            document.warning(
                "unanchored-pattern",
                "A pattern always matches the whole value: ^ and $ say "
                    + "nothing more.",
                at: mark, excerpt: pattern, hint: "Remove ^ and $.")
        }
    }

    private static func hasFinalAnchor(_ pattern: String) -> Bool {
        if pattern.hasSuffix("\\z") || pattern.hasSuffix("\\Z") { return true }
        guard pattern.hasSuffix("$") else { return false }
        let slashes = pattern.dropLast().reversed().prefix { $0 == "\\" }.count
        return slashes.isMultiple(of: 2)
    }

    /// Whether a `|` stands outside all groups and character classes.
    private static func hasTopLevelAlternative(_ pattern: String) -> Bool {
        var depth = 0
        var isInClass = false
        var isEscaped = false
        for character in pattern {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch character {
            case "\\": isEscaped = true
            case "[": isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass: depth += 1
            case ")" where !isInClass: depth -= 1
            case "|" where !isInClass && depth == 0: return true
            default: break
            }
        }
        return false
    }
}
