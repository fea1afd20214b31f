/// The tables of a rollout.
extension DocumentPart {
    /// How many entries `waves` has at most, in either form.
    static let mostWaveEntries = 64

    /// How long a run may stand still after a wave.
    static let soaking: ClosedRange<Duration> = .seconds(1) ... .seconds(7 * 86_400)

    /// A number of targets, or a share of them.
    private static let amount = Shape.either([.integer(1...10_000), .name(.share)])

    static let rollout = DocumentPart(
        "rollout",
        [
            Key(
                "waves",
                .either([
                    .list(of: .part(wave), 1...mostWaveEntries, orOne: false),
                    .list(
                        of: .either([amount, .words(["rest"])]), 1...mostWaveEntries,
                        orOne: false),
                ])),
            Key("max_in_flight", .integer(1...1000)), Key("stop_at", .part(stopAt)),
            Key("reach", .part(reach)), Key("soak", .part(soak)),
            Key("health", .list(of: .part(healthCheck), upTo: 16)),
            Key("promote", .word(of: Rollout.Promote.self), beside: ["waves"]),
            Key("on_stop", .word(of: Rollout.OnStop.self)),
            Key("expected", .time(.seconds(1)...longestHold)), Key("keep_going", .truth),
        ])

    static let wave = DocumentPart(
        "a wave",
        [
            Key("name", .name(.stepID), required: true), Key("select", .expression),
            Key("size", amount),
        ])

    static let stopAt = DocumentPart(
        "stop_at",
        [
            Key("first_wave", amount), Key("wave", amount), Key("failures", .integer(1...10_000)),
        ],
        atLeastOne: ["first_wave", "wave", "failures"])

    static let reach = DocumentPart(
        "reach",
        [Key("leave_out", .either([.integer(0...10_000), .name(.share)]), required: true)])

    static let soak = DocumentPart(
        "soak", [Key("time", .time(soaking), required: true), Key("watch", .name(.repeated))])

    private static let scripts = ["script", "sh"]

    static let healthCheck = DocumentPart(
        "a health check",
        [
            Key("where", .word(of: Step.Place.self)),
            Key("nagios", .list(of: .value, 1...128, orOne: false)),
            Key("script", .line), Key("sh", .text(limit: RunbookReading.longestProgram)),
            Key("args", .list(of: .value, upTo: 128), beside: scripts),
            Key("stdin", .value, beside: scripts),
            Key("interpreter", .oneOrList(of: .line, upTo: 8), beside: scripts),
            Key("with", environment),
        ],
        exactlyOne: ["nagios"] + scripts)
}

extension NamePattern {
    /// How often something is done: `every 1m`.
    static let repeated = NamePattern(
        name: "repeated", expression: "^every ([0-9]+(ms|s|m|h|d))+$",
        words: "every, and a length of time: every 1m")
}
