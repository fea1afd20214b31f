/// The tables of steps and their actions.
extension DocumentPart {
    /// The actions that a step may have, with what describes them.
    private static let actionKeys = [
        Key("run", anyScript), Key("file", .part(file)), Key("service", .part(service)),
        Key("package", .part(package)), Key("reboot", .part(reboot)),
        Key("wait", .either([.time(.milliseconds(1)...longestHold), .part(wait)])),
        Key("assert", anyScript), Key("collect", .part(collect)), Key("http", .part(http)),
        Key("manual", .either([.text, .part(manual)])), Key("ask", .part(ask)),
        Key("stop", .part(stop)),
    ]

    static let actions = actionKeys.map(\.name)

    static let actionsNotBuilt = ["runbook", "plugin"]

    private static let writing = ["run", "file", "service", "package", "reboot", "http"]
    private static let working = writing + ["wait", "assert", "collect"]
    /// The one thing a restart can't be is tried again by itself, or be given values.
    private static let given = writing.filter { $0 != "reboot" }

    static let step = DocumentPart(
        "a step",
        [
            Key("id", .name(.stepID), required: true),
            Key("title", .line),
            Key("effect", .word(of: Effect.self)),
            Key("when", .expression),
            Key("unless", anyScript, beside: writing),
            Key("verify", .list(of: .part(check), upTo: 20), beside: writing),
            Key("undo", .oneOrList(of: .part(undo), upTo: 20), beside: writing),
            Key("release", .part(release), beside: writing),
            Key("timeout", .time(.seconds(1)...longestHold), beside: working),
            Key(
                "retry", .either([.integer(1...10), .part(retry)]),
                beside: given + ["assert", "collect"]),
            Key("outputs", .mapping(.parameter, of: anyOutput, 0...32), beside: ["run", "http"]),
            Key("with", environment, beside: working.filter { $0 != "collect" }),
            Key("where", .word(of: Step.Place.self), beside: ["run", "wait", "assert"]),
            Key(
                "on_failed", .word(of: Step.OnFailed.self), beside: working + ["manual", "ask"]),
            Key("if_fails", .text, beside: working + ["manual", "ask"]),
            Key(
                "for_each",
                .either([.list(of: .value, 1...ItemList.limit, orOne: false), .reference]),
                beside: given + ["wait", "assert"], excludes: ["release", "outputs"]),
            Key("help", .text),
            Key("probe", .word(of: Step.Probe.self)),
            Key("safe_stop", .truth),
            Key("expects", .word(of: Step.Expected.self), beside: ["run"]),
            Key("detach", .truth, beside: ["run", "file", "service", "package"]),
            Key("stays_ok_for", .time(.zero...longestHold), beside: ["assert"]),
            Key("per", .word(of: StepScope.self), beside: waveActions),
        ] + actionKeys,
        exactlyOne: actions,
        notBuilt: actionsNotBuilt)

    /// How many steps a wave's list has at most.
    static let mostWaveSteps = 50

    /// What can be done once for several targets: nothing of it is about one of them.
    private static let waveActions = ["run", "wait", "assert", "http"]

    /// What can be done before or after a wave: that, and what a person is asked.
    private static let listActions = waveActions + ["manual", "ask"]

    /// The keys of a step that mean something before or after a wave.
    private static let waveKeys: [Key] = step.table.compactMap { key in
        let names = [
            "id", "title", "effect", "when", "unless", "verify", "timeout", "retry", "outputs",
            "with", "on_failed", "if_fails", "for_each", "help", "stays_ok_for",
        ]
        if key.name == "where" {
            return Key(
                "where", .words([Step.Place.controller.rawValue]),
                beside: ["run", "wait", "assert"])
        }
        guard names.contains(key.name) else { return nil }
        return Key(
            key.name, key.shape, required: key.isRequired,
            beside: key.beside.filter(listActions.contains),
            excludes: key.excludes.filter { $0 != "release" })
    }

    static let waveStep = DocumentPart(
        "a step of a wave",
        waveKeys + actionKeys.filter { waveActions.contains($0.name) } + [
            Key("manual", .either([.text, .part(waveManual)])), Key("ask", .part(waveAsk)),
        ],
        exactlyOne: listActions)

    static let undo = DocumentPart(
        "an undo", actionKeys.filter { writing.contains($0.name) }, exactlyOne: writing,
        notBuilt: actionsNotBuilt)

    static let release = DocumentPart(
        "a release",
        [
            Key("run", anyScript, required: true), Key("after", .name(.stepID), required: true),
            Key("if_stopped", .word(of: Release.IfStopped.self)),
        ])

    static let retry = DocumentPart(
        "retry",
        [
            Key("attempts", .integer(1...10), required: true),
            Key("pause", .time(.zero...(.seconds(3600)))),
        ])

    static let file = DocumentPart(
        "file",
        [
            Key("path", .value, required: true), Key("content", .line), Key("template", .line),
            Key("values", environment, beside: ["template"]),
            Key("absent", .onlyTrue, excludes: ["mode", "owner", "group", "check"]),
            Key("mode", .octal), Key("owner", .account), Key("group", .account),
            Key("check", anyScript),
        ],
        exactlyOne: ["content", "template", "absent"])

    static let service = DocumentPart(
        "service",
        [
            Key("name", .value, required: true),
            Key("state", .word(of: ServiceAction.State.self), required: true),
        ])

    static let package = DocumentPart(
        "package",
        [
            Key("name", .value, required: true), Key("version", .value),
            Key("absent", .onlyTrue, excludes: ["version"]),
        ])

    static let reboot = DocumentPart(
        "reboot", [Key("up_to", .time(.seconds(10)...(.seconds(3600))))])

    static let wait = DocumentPart(
        "wait",
        [
            Key("until", anyScript, required: true),
            Key("every", .time(.seconds(1)...(.seconds(3600)))),
            Key("up_to", .time(.seconds(1)...longestHold)),
        ])

    static let collect = DocumentPart(
        "collect",
        [
            Key("commands", .list(of: .line(limit: RunbookReading.longestCommand), upTo: 32)),
            Key("files", .list(of: .line(limit: RunbookReading.longestCommand), upTo: 32)),
            Key("limit", .size(1...(1 << 30))),
        ],
        atLeastOne: ["commands", "files"])

    private static let deadline = Key(
        "deadline", .time(.seconds(1)...(.seconds(30 * 86_400))))

    private static let per = Key("per", .word(of: PersonScope.self))

    private static let manualKeys = [Key("do", .text, required: true), deadline]

    private static let askKeys = [
        Key("question", .text, required: true),
        Key("choices", .list(of: .part(choice), 2...20, orOne: false), required: true),
        deadline,
    ]

    static let manual = DocumentPart("manual", manualKeys + [per])

    static let ask = DocumentPart("ask", askKeys + [per])

    /// Before and after a wave it is asked once for that wave, and there is no choice.
    static let waveManual = DocumentPart("manual of a wave", manualKeys)

    static let waveAsk = DocumentPart("ask of a wave", askKeys)

    static let choice = DocumentPart(
        "a choice",
        [Key("id", .name(.stepID), required: true), Key("label", .line, required: true)])

    static let stop = DocumentPart(
        "stop",
        [
            Key("as", .word(of: StopAction.Resolution.self), required: true),
            Key("escalate", .line), Key("say", .text, required: true),
        ])
}

/// For what a step is done once.
enum StepScope: String, CaseIterable { case target, wave, run }

/// How often a person is asked: once for the run, for each wave, or for every target.
enum PersonScope: String, CaseIterable { case run, wave, target }
