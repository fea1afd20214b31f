/// The tables of a trust folder's documents (docs/trust.md).
extension DocumentPart {
    static let person = DocumentPart(
        "a person",
        [
            Key("handrail", .format, required: true), Key("name", .line, required: true),
            Key("accounts", .oneOrList(of: .account, upTo: 16)),
            Key("git", .oneOrList(of: .line(limit: 254), upTo: 16)),
            Key("roles", .oneOrList(of: .either([.line, .part(grant)]), upTo: 64)),
            Key("keys", .list(of: .part(personKey), upTo: 64)), Key("retired", .line),
        ])

    static let grant = DocumentPart(
        "a role",
        [
            Key("role", .line, required: true),
            Key("environments", .oneOrList(of: .line, upTo: 32)),
            Key("runbooks", .oneOrList(of: .line, upTo: 100)),
            Key("targets", .oneOrList(of: .line(limit: 253), upTo: 1000)),
        ])

    static let personKey = DocumentPart(
        "a key",
        [
            Key("key", .line(limit: 4096), required: true), Key("from", .line),
            Key("until", .line),
        ])

    static let floors = DocumentPart(
        "environments.yaml",
        [
            Key("handrail", .format, required: true),
            Key("environments", .mapping(.label, of: .part(floor), 0...32), required: true),
            Key("timezone", .line(limit: 64)),
        ])

    static let floor = DocumentPart(
        "an environment of trust",
        [
            Key("targets", .oneOrList(of: .line(limit: 253), upTo: 1000)),
            Key("content", .word(of: PolicyLevel.self)),
            Key("change", .word(of: PolicyLevel.self)), Key("production", .truth),
            Key("act_signatures", .word(of: FloorEntry.ActSignatures.self)),
            Key("quorum", .integer(1...20)), after,
            Key("authors", .word(of: FloorEntry.Authors.self)),
            Key("change_types", .oneOrList(of: .name(.label), upTo: 64)),
            Key("windows", .oneOrList(of: .line, upTo: 16)),
            Key("freezes", .oneOrList(of: .line, upTo: 16)),
        ])
}
