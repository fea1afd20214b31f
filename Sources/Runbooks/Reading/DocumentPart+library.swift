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
            Key("timezone", .line(limit: 64)),
            Key("calendars", .mapping(.label, of: .part(calendar), 1...32)),
            Key("change_types", .mapping(.label, of: .part(changeType), 1...64)),
        ],
        notBuilt: ["policy", "timezones", "branch", "max_age"])

    static let calendar = DocumentPart(
        "a calendar",
        [
            Key("file", .line, required: true),
            Key("kind", .word(of: CalendarRule.Kind.self), required: true),
            Key("except", .list(of: .name(.label), upTo: 64)),
            Key("binds", .list(of: .word(of: CalendarRule.Bound.self), upTo: 2)),
            Key("timezone", .line(limit: 64)),
        ])

    /// How long after a change its review can be due.
    static let reviewTime: ClosedRange<Duration> = .seconds(3600) ... .seconds(90 * 86_400)

    static let changeType = DocumentPart(
        "a change type",
        [
            Key("title", .line), Key("category", .line),
            Key("severity", .word(of: ChangeSeverity.self)),
            Key("windows", .oneOrList(of: .name(.label), upTo: 32)),
            Key("approvers", .oneOrList(of: .name(.label), upTo: 32)),
            Key("quorum", .integer(1...10)),
            Key("review_within", .time(reviewTime)),
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
            Key("change", .word(of: PolicyLevel.self)), Key("production", .truth), after,
        ])

    /// How old a success in the environment before can be.
    static let successAge: ClosedRange<Duration> = .seconds(3600) ... .seconds(3650 * 86_400)

    /// What an environment comes after.
    static let after = Key("after", .either([.name(.label), .part(environmentBefore)]))

    static let environmentBefore = DocumentPart(
        "an environment before",
        [
            Key("environment", .name(.label), required: true),
            Key("one_of_each", .name(.label)), Key("targets", .integer(1...10_000)),
            Key("within", .time(successAge)), Key("policy", .word(of: PolicyLevel.self)),
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
            Key("spool", .line(limit: 200)),
        ])

    static let group = DocumentPart(
        "a group",
        [
            Key("members", .list(of: .line, upTo: Inventory.greatestCount)),
            Key("select", .expression), labels,
        ],
        atLeastOne: ["members", "select"])
}
