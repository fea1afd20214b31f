/// The tables of a runbook, but for its steps.
extension DocumentPart {
    /// The longest time that something must stay as it is.
    static let longestHold: Duration = .seconds(86_400)

    static let runbook = DocumentPart(
        "a runbook",
        [
            Key("handrail", .format, required: true),
            Key("id", .name(.runbookID), required: true),
            Key("title", .line, required: true),
            Key("kind", .word(of: RunbookKind.self), required: true),
            Key("owner", .line, required: true),
            Key("review_by", .date),
            Key("run_as", .account),
            Key("symptoms", .list(of: .part(symptom), upTo: 20)),
            Key("targets", .part(targets)),
            Key("parameters", .mapping(.parameter, of: anyParameter, 0...64)),
            Key("steps", .list(of: .part(step), 1...200, orOne: false)),
            Key("facts", .mapping(.parameter, of: .part(fact), 0...16)),
            Key(
                "values",
                .mapping(
                    .parameter, of: .list(of: .part(pick), 1...mostPicks, orOne: false), 0...64)),
            Key("before_wave", .list(of: .part(waveStep), 1...mostWaveSteps, orOne: false)),
            Key("after_wave", .list(of: .part(waveStep), 1...mostWaveSteps, orOne: false)),
            Key("items", .list(of: .part(item), 1...200, orOne: false)),
            Key("every", .time(auditedEvery), beside: ["items"]),
            Key("exceptions", .line, beside: ["items"]),
            Key("verify", .list(of: .part(check), upTo: 20)),
            Key("rollout", .part(rollout)),
            Key("on_failure", .part(onFailure)),
            Key("repeat", .part(repetition)),
            Key("change", .part(changeOfRunbook)),
            Key("uses", .list(of: .line, upTo: 64)),
            Key("help", .text),
        ],
        exactlyOne: ["steps", "items"],
        notBuilt: [
            "tests", "protect",
        ])

    static let fact = DocumentPart(
        "a fact",
        [
            Key("run", anyScript, required: true),
            Key("choices", .list(of: .line, 1...32, orOne: false), required: true),
            Key("with", environment), Key("timeout", .time(.seconds(1) ... .seconds(60))),
        ])

    /// How many texts a value may be one of.
    static let mostPicks = 32

    static let pick = DocumentPart(
        "a pick", [Key("when", .expression), Key("is", .value, required: true)])

    static let symptom = DocumentPart(
        "a symptom",
        [
            Key("alert", .oneOrList(of: .line, upTo: 50)),
            Key("when", .expression),
            Key("fill", .mapping(.fillable, of: .name(.alertPath), 0...65)),
            Key("present", anyScript),
            Key("with", environment, beside: ["present"]),
            Key("not_present", .word(of: Symptom.NotPresent.self), beside: ["present"]),
            Key("gone_for", .time(.zero...longestHold), beside: ["present"]),
        ],
        atLeastOne: ["alert", "present"])

    static let targets = DocumentPart(
        "targets",
        [
            Key("select", .expression), Key("pick", .word(of: TargetRule.Pick.self)),
            Key("max", .integer(1...10_000)),
        ])

    static let changeOfRunbook = DocumentPart(
        "the change of a runbook", [Key("type", .name(.label), required: true)])

    static let onFailure = DocumentPart(
        "on_failure", [Key("escalate", .line), Key("note", .text)])

    /// The time in which earlier runs count.
    static let repeatedWithin: ClosedRange<Duration> = .seconds(60) ... .seconds(90 * 86_400)

    static let repetition = DocumentPart(
        "repeat",
        [
            Key("at_most", .integer(1...1000), required: true),
            Key("within", .time(repeatedWithin), required: true),
            Key("per", .word(of: RepeatRule.Per.self)),
            Key("then", .word(of: RepeatRule.Then.self)),
        ])

    static let check = DocumentPart(
        "a check",
        [
            Key("assert", anyScript, required: true),
            Key("stays_ok_for", .time(.zero...longestHold)), Key("with", environment),
        ])

    /// The keys that constrain a value, for parameters and outputs alike.
    private static let limits = [
        Key("pattern", .line(limit: 512)), Key("min", .value), Key("max", .value),
        Key("min_length", .integer(0...65_536)), Key("max_length", .integer(0...65_536)),
        Key("choices", .list(of: .line, 1...100, orOne: false)),
    ]

    private static let otherParameters = Shape.oneOrList(of: .name(.parameter), upTo: 64)

    static let parameter = DocumentPart(
        "a parameter",
        [
            Key("type", .word(of: Parameter.Kind.self), required: true),
            Key("description", .line), Key("help", .text),
            Key("default", .either([.value, .list(of: .line, upTo: 1000)])),
            Key("optional", .truth),
        ] + limits + [
            Key("required_if", .expression, beside: ["optional"]),
            Key("excludes", otherParameters), Key("requires", otherParameters),
        ])

    /// A parameter, or its type alone.
    static let anyParameter = Shape.either([.word(of: Parameter.Kind.self), .part(parameter)])

    static let output = DocumentPart(
        "an output", [Key("type", outputKinds, required: true)] + limits)

    /// An output, or its type alone.
    static let anyOutput = Shape.either([outputKinds, .part(output)])

    /// Outputs are recorded, so none is a secret.
    private static let outputKinds = Shape.words(
        Parameter.Kind.allCases.filter { $0 != .secret }.map(\.rawValue))

    /// The mapping of a `with`.
    static let environment = Shape.mapping(.parameter, of: .value, 0...64)

    static let script = DocumentPart(
        "a script",
        [
            Key("script", .line), Key("sh", .text(limit: RunbookReading.longestProgram)),
            Key("args", .list(of: .value, upTo: 128)), Key("stdin", .value),
            Key("interpreter", .oneOrList(of: .line, upTo: 8)),
        ],
        exactlyOne: ["script", "sh"])

    /// A script, or its text alone.
    static let anyScript = Shape.either([
        .text(limit: RunbookReading.longestProgram), .part(script),
    ])
}
