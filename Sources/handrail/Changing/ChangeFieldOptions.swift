import ArgumentParser

/// What a person says of a change: `open` and `submit` take it.
struct ChangeFieldOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("In a few words; else the runbook's title.", valueName: "text"))
    var title: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Why it is needed.", valueName: "text"))
    var why: String?

    @Option(
        help: ArgumentHelp("Its type, of the known change types.", valueName: "type"),
        completion: .custom(Completions.changeTypes))
    var type: String?

    @Option(
        help: ArgumentHelp(
            "automatic, minor or major, where it is more than its type says.",
            valueName: "severity"))
    var severity: String?

    @Option(
        help: ArgumentHelp("emergency, high, normal or low.", valueName: "urgency"))
    var urgency: String?

    @Option(help: ArgumentHelp("Who is to carry it out.", valueName: "person"))
    var implementer: String?

    @Option(
        help: ArgumentHelp(
            "When it is wanted, such as 2026-11-28T20:00:00+01:00; with --end.",
            valueName: "time"))
    var start: String?

    @Option(help: ArgumentHelp("Until when; with --start.", valueName: "time"))
    var end: String?

    @Option(help: ArgumentHelp("How long it takes, such as 2h.", valueName: "time"))
    var expected: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What it does to the service; 'none' is an answer.", valueName: "text"))
    var impactService: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What it does to capacity.", valueName: "text"))
    var impactCapacity: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What it does to security.", valueName: "text"))
    var impactSecurity: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What it does to recovery.", valueName: "text"))
    var impactRecovery: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How to go back, where the plan can't undo every step.", valueName: "text"))
    var rollback: String?

    @Option(help: ArgumentHelp("The ticket that it belongs to.", valueName: "ticket"))
    var ticket: String?
}

extension ChangeFieldOptions {
    /// Nobody said anything.
    static var none: ChangeFieldOptions {
        var options = ChangeFieldOptions()
        (options.title, options.why, options.type, options.severity) = (nil, nil, nil, nil)
        (options.urgency, options.implementer, options.start) = (nil, nil, nil)
        (options.end, options.expected, options.impactService) = (nil, nil, nil)
        (options.impactCapacity, options.impactSecurity, options.impactRecovery) = (nil, nil, nil)
        (options.rollback, options.ticket) = (nil, nil)
        return options
    }
}
