/// The schemas of single values.
///
/// YAML gives text that looks like a number or a truth value another type; the format doesn't
/// (docs/format.md, "Types come from this page"), so a schema accepts both forms.
extension SchemaDefinitions {
    static func scalar(_ shape: Shape) -> [String: SchemaTree] {
        switch shape {
        case .format: ["enum": .list([.integer(1), .text("1")])]
        case .truth:
            ["enum": .list([.truth(true), .truth(false), .text("true"), .text("false")])]
        case .onlyTrue: ["enum": .list([.truth(true), .text("true")])]
        case .empty: ["type": .text("null")]
        case .words(let words): ["enum": .texts(words)]
        case .line: anyText("^[^\\n\\r]*\\S[^\\n\\r]*\\n*$", "one line of text")
        case .text, .expression: anyText("\\S", "text")
        case .value: anyText("^[^\\u0000]*$", "text, or a reference $name")
        case .reference:
            pattern(
                "^\\$[a-z][a-z0-9_-]*(\\.[a-z][a-z0-9_-]*)?$", says: "a reference $name")
        case .date: pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", says: "a day, YYYY-MM-DD")
        case .octal: number("^[0-7]{3,4}$", "three or four octal digits")
        case .account: pattern("^[a-z_][a-z0-9_-]{0,31}$", says: "an account's name")
        case .integer(let range): integer(range)
        case .time(let range):
            pattern(
                "^([0-9]+(ms|s|m|h|d))+$",
                says: "a length of time, such as 40s, 5m or 2h: "
                    + "\(formatDuration(range.lowerBound)) to \(formatDuration(range.upperBound))")
        case .size(let range):
            pattern(
                "^[0-9]+(B|kB|KB|KiB|MB|MiB|GB|GiB|TB|TiB)$",
                says: "a size, such as 20MiB: "
                    + "\(formatSize(range.lowerBound)) to \(formatSize(range.upperBound))")
        case .name, .list, .mapping, .part, .either, .member:
            preconditionFailure("\(shape) is no single value")
        }
    }

    /// Text with a form that no other type of YAML has.
    static func pattern(_ expression: String, says words: String) -> [String: SchemaTree] {
        [
            "type": .text("string"), "pattern": .text(expression), "description": .text(words),
        ]
    }

    private static func anyText(_ expression: String, _ words: String) -> [String: SchemaTree] {
        [
            "type": .types("string", "number", "boolean"), "pattern": .text(expression),
            "description": .text(words),
        ]
    }

    private static func number(_ expression: String, _ words: String) -> [String: SchemaTree] {
        [
            "type": .types("integer", "string"), "pattern": .text(expression),
            "description": .text(words),
        ]
    }

    private static func integer(_ range: ClosedRange<Int>) -> [String: SchemaTree] {
        var members = number(
            "^-?[0-9]+$", "a whole number: \(range.lowerBound) to \(range.upperBound)")
        members["minimum"] = .integer(range.lowerBound)
        members["maximum"] = .integer(range.upperBound)
        return members
    }
}
