/// The tables of an `http` action.
extension DocumentPart {
    /// The methods, as they are written.
    static let httpMethods = HTTPAction.Method.allCases.map(\.rawValue)

    static let http = DocumentPart(
        "http",
        [
            Key("url", .value, required: true),
            Key("method", .words(httpMethods)),
            Key("path", .list(of: .value, 1...32, orOne: true)),
            Key("query", .mapping(.httpName, of: .value, 0...64)),
            Key("headers", .mapping(.httpName, of: .value, 0...64)),
            Key("bearer", .value, excludes: ["basic"]),
            Key("basic", .part(basic)),
            Key("body", .value, excludes: ["json"]),
            Key("json", .mapping(.httpName, of: .member, 0...mostMembers)),
            Key("expect", .list(of: .integer(100...599), 1...20, orOne: true)),
            Key("contains", .value),
            Key("take", .mapping(.parameter, of: .line, 0...32)),
            Key("ca_file", .line),
        ])

    static let basic = DocumentPart(
        "basic",
        [Key("user", .value, required: true), Key("password", .value, required: true)])

    /// How many members an object of JSON has at most, and elements a list.
    static let mostMembers = 64

    static let member = DocumentPart(
        "a member of json",
        [
            Key("number", .value), Key("boolean", .value),
            Key("object", .mapping(.httpName, of: .member, 0...mostMembers)),
        ],
        exactlyOne: ["number", "boolean", "object"])
}

extension NamePattern {
    /// Names of headers, of query parameters and of members of a JSON object.
    static let httpName = NamePattern(
        name: "http_name", expression: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$",
        words: "letters, digits and . _ -, starting with none of . and -, 128 at most")
}
