/// The tables of `handrail.yaml` and of inventories.
extension DocumentPart {
    static let configuration = DocumentPart(
        "handrail.yaml",
        [
            Key("handrail", .format, required: true),
            Key("id", .name(.runbookID), required: true),
            Key(
                "environments", .mapping(.label, of: .part(environmentRule), 1...32),
                required: true),
            Key("inventory", .oneOrList(of: .line, upTo: 100)),
            Key("protect", .list(of: .part(protectRule), upTo: 32)),
        ],
        notBuilt: [
            "calendars", "change_types", "policy", "timezone", "timezones", "branch", "max_age",
        ])

    static let protectRule = DocumentPart(
        "a rule of protect",
        [
            Key("per", .oneOrList(of: .name(.label), upTo: 4), required: true),
            Key(
                "max_unavailable", .either([.integer(1...10_000), .name(.share)]), required: true),
            Key("require_labels", .truth),
            Key("peers_ok", .text(limit: RunbookReading.longestProgram)),
        ])

    static let environmentRule = DocumentPart(
        "an environment",
        [
            Key("content", .word(of: PolicyLevel.self)),
            Key("change", .word(of: PolicyLevel.self)), Key("production", .truth),
        ])

    static let inventory = DocumentPart(
        "an inventory",
        [
            Key("handrail", .format, required: true),
            Key(
                "targets",
                .mapping(
                    .target, of: .either([.part(target), .empty]), 0...Inventory.greatestCount)),
            Key("groups", .mapping(.label, of: .part(group), 0...Inventory.greatestCount)),
        ])

    /// How many values a label can have.
    static let labelValues = 64

    private static let labels = Key(
        "labels", .mapping(.label, of: .oneOrList(of: .line, upTo: labelValues), 0...64))

    static let target = DocumentPart(
        "a target",
        [
            Key("address", .line(limit: 253)), Key("port", .integer(1...65_535)),
            Key("user", .account), Key("environment", .line),
            Key("aliases", .oneOrList(of: .name(.alias), upTo: 32)), labels,
        ])

    static let group = DocumentPart(
        "a group",
        [
            Key("members", .list(of: .line, upTo: Inventory.greatestCount)),
            Key("select", .expression), labels,
        ],
        atLeastOne: ["members", "select"])
}
