/// The tables of a baseline's items and exceptions.
extension DocumentPart {
    /// How old an audit may be.
    static let auditedEvery: ClosedRange<Duration> = .seconds(300) ... .seconds(31 * 86_400)

    /// What an item may look at.
    static let looks = ["expect", "file", "service", "package"]

    /// The comparisons that exclude every other one.
    static let exactComparisons = ["equals", "one_of", "matches"]

    /// All comparisons.
    static let comparisons =
        exactComparisons + ItemComparison.Bound.Limit.allCases.map(\.rawValue)

    static let item = DocumentPart(
        "an item",
        [
            Key("id", .name(.stepID), required: true),
            Key("title", .line),
            Key("severity", .word(of: ItemSeverity.self), required: true),
            Key("when", .expression),
            Key(
                "for_each",
                .either([.list(of: .value, 1...ItemList.limit, orOne: false), .reference])),
            Key(
                "expect",
                .either([.text(limit: RunbookReading.longestProgram), .part(expectation)])),
            Key("file", .part(file)), Key("service", .part(service)),
            Key("package", .part(package)),
            Key("fix", .part(fix)),
            Key("with", environment, beside: ["expect"]),
            Key("where", .word(of: Step.Place.self), beside: ["expect"]),
            Key("timeout", .time(.seconds(1)...longestHold)),
            Key("retry", .either([.integer(1...10), .part(retry)])),
            Key("help", .text),
        ],
        exactlyOne: looks)

    static let expectation = DocumentPart(
        "an expectation",
        script.table + [
            Key("equals", .value), Key("one_of", .list(of: .value, 1...100, orOne: false)),
            Key("matches", .line(limit: 512)),
            Key("below", .value), Key("above", .value), Key("at_least", .value),
            Key("at_most", .value),
        ],
        exactlyOne: script.exactlyOne)

    static let fix = DocumentPart(
        "a fix",
        [
            Key("runbook", .name(.runbookID), required: true),
            Key("set", .mapping(.parameter, of: .value, 0...64)),
        ])

    /// The greatest number of exceptions of one baseline.
    static let mostExceptions = 500

    static let exceptions = DocumentPart(
        "a file of exceptions",
        [
            Key("handrail", .format, required: true),
            Key(
                "exceptions", .list(of: .part(exception), 0...mostExceptions, orOne: false),
                required: true),
        ])

    static let exception = DocumentPart(
        "an exception",
        [
            Key("item", .line, required: true),
            Key("target", .oneOrList(of: .name(.target), upTo: 100), required: true),
            Key("until", .date, required: true),
            Key("why", .line, required: true), Key("who", .line, required: true),
        ])
}
