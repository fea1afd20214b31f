extension RunbookReading {
    /// The list of steps.
    mutating func steps(_ fields: Fields) -> [Step] {
        guard let node = fields["steps"],
            let nodes = document.elements(fields, "steps", "steps")
        else { return [] }
        if nodes.isEmpty {
            document.error("bad-value", "'steps' is empty: nothing would be done.", at: node.start)
        }
        for element in nodes { step(element, .step) }
        return draft.steps.filter { $0.list == nil }.compactMap(\.step)
    }

    /// The steps of `before_wave` or `after_wave`.
    mutating func waveSteps(_ fields: Fields, _ list: WaveList.Kind) -> [Step] {
        let key = list.rawValue
        guard let node = fields[key], let nodes = document.elements(fields, key, key) else {
            return []
        }
        if nodes.isEmpty {
            document.error(
                "bad-value", "'\(key)' is empty: nothing would be done.", at: node.start,
                hint: "Name its steps, or remove it.")
        }
        for element in nodes {
            let known = draft.mentions.count
            step(element, .waveStep, of: list)
            for index in known..<draft.mentions.count { draft.mentions[index].list = list }
        }
        return draft.steps.filter { $0.list == list }.compactMap(\.step)
    }

    private mutating func step(
        _ node: YamlNode, _ part: DocumentPart, of list: WaveList.Kind? = nil
    ) {
        var found = RunbookDraft.StepDraft(
            mark: node.start, list: list, effectMark: node.start, retryMark: node.start)
        let index = draft.steps.count
        moment = index
        draft.steps.append(found)
        guard let fields = document.fields(node, part) else { return }
        found.id = document.name(
            document.line(fields, "id", "the id"), "the id of a step",
            at: fields["id"]?.start ?? node.start, as: StepID.self)
        found.keyword = keyword(fields)
        found.effectMark = fields.mark(of: "effect")
        found.retryMark = fields.mark(of: "retry")
        found.effect = document.word(fields["effect"], "effect", as: Effect.self)
        found.writingKeys = ["undo", "release", "detach", "expects"].filter(fields.has).map {
            ($0, fields.mark(of: $0))
        }
        if let keyword = found.keyword { refuseMisplaced(fields, keyword) }
        (isInItems, isInList) = (fields.has("for_each"), list != nil)
        defer { (isInItems, isInList) = (false, false) }
        found.items = items(fields)
        let condition = condition(fields["when"], "when")
        let scope = list == nil ? scope(fields) : nil
        let known = draft.mentions.count
        defer {
            for index in known..<draft.mentions.count { draft.mentions[index].scope = scope }
        }
        let environment = environment(fields)
        let guardScript = script(fields["unless"], "unless", inheriting: environment)
        found.action = found.keyword.flatMap { keyword in
            action(keyword, in: fields, environment)
        }
        if case .ask(let action)? = found.action { found.choices = action.choices.map(\.id) }
        outputs(fields, into: &found)
        // What follows the action may use its outputs.
        draft.steps[index] = found
        moment = index + 1
        var step = built(found, fields)
        step?.when = condition
        if let scope {
            step?.scope = scope
            step?.place = .controller
        }
        step?.unless = guardScript
        // Read in any case, so that all problems are told.
        let verify = checks(fields, inheriting: environment)
        let undo = list == nil ? undo(fields, environment) : nil
        let release = list == nil ? release(fields["release"], environment) : nil
        found.releaseAfter = release.map {
            ($0.after, fields["release"]?.start ?? fields.mark)
        }
        step?.verify = verify
        step?.undo = undo
        step?.release = release
        found.step = step
        draft.steps[index] = found
    }

    private mutating func keyword(_ fields: Fields) -> String? {
        let actions = fields.part.exactlyOne
        let found = actions.filter(fields.has)
        if found.count > 1 {
            document.error(
                "conflicting-keys",
                "A step does one thing, and this one has: \(found.joined(separator: ", ")).",
                at: fields.mark(of: found[1]), hint: "Make a step of each.")
        }
        if found.isEmpty, !fields.hasUnbuilt {
            document.error(
                "missing-key", "The step does nothing: it has no action.", at: fields.mark,
                hint: "Add one of: \(actions.joined(separator: ", ")).")
        }
        return found.first
    }

    private mutating func refuseMisplaced(_ fields: Fields, _ keyword: String) {
        for key in fields.part.table where fields.has(key.name) {
            let actions = key.beside
            guard !actions.isEmpty, !actions.contains(keyword) else { continue }
            document.error(
                "misplaced-key", "'\(key.name)' means nothing beside '\(keyword)'.",
                at: fields.mark(of: key.name),
                hint: "It goes with: \(actions.joined(separator: ", ")).")
        }
    }

    /// The step without the parts that may use its own outputs.
    private mutating func built(
        _ found: RunbookDraft.StepDraft, _ fields: Fields
    ) -> Step? {
        let title = document.line(fields, "title", "the title")
        let timeout = document.time(fields, "timeout", "timeout")
        let retry = self.retry(fields)
        let place = place(fields, found.list)
        let onFailed = document.word(fields["on_failed"], "on_failed", as: Step.OnFailed.self)
        let ifFails = document.text(fields, "if_fails", "if_fails")
        let help = document.text(fields, "help", "help")
        let ofTarget = found.list == nil ? ofTarget(fields) : nil
        guard let id = found.id, let action = found.action,
            let effect = found.effect ?? EffectRule.usual(for: action)
        else { return nil }
        var step = Step(
            id: id, title: title ?? Self.title(from: id), effect: effect, action: action,
            position: document.source.position(found.mark))
        step.outputs = found.outputs.map(\.declaration)
        step.timeout = timeout ?? Self.timeout(for: action)
        step.retry = retry ?? step.retry
        step.place = place
        step.onFailed = onFailed ?? .stop
        step.ifFails = ifFails
        step.help = help
        step.probe = ofTarget?.probe ?? .auto
        step.isSafeStop = ofTarget?.isSafeStop ?? false
        step.isDetached = ofTarget?.isDetached ?? false
        step.expectsReboot = ofTarget?.expected == .reboot
        step.forEach = found.items?.list
        return step
    }

    /// For what a step is done once: then it is about no one target, and runs on the controller.
    private mutating func scope(_ fields: Fields) -> Step.Scope? {
        guard let word = document.word(fields["per"], "per", as: StepScope.self),
            let scope = Step.Scope(rawValue: word.rawValue)
        else { return nil }
        let mark = fields.mark(of: "per")
        for key in ["for_each", "release", "undo", "safe_stop"] where fields.has(key) {
            document.error(
                "conflicting-keys",
                "'\(key)' is about each target, and the step is done once for a \(scope.rawValue).",
                at: fields.mark(of: key), hint: "Remove it, or `per`.")
        }
        if fields["where"]?.text != "controller", !fields.has("http") {
            document.error(
                "missing-key",
                "A step that is done once for a \(scope.rawValue) is about no one target, so it runs "
                    + "on the controller.",
                at: mark, hint: "Add `where: controller`.")
        }
        return scope
    }

    /// Where a step runs; what is done once for a wave runs on the controller.
    private mutating func place(_ fields: Fields, _ list: WaveList.Kind?) -> Step.Place {
        guard list == nil else {
            if let node = fields["where"], document.scalar(node, "where") != "controller" {
                document.error(
                    "bad-value",
                    "What is done once for a wave is about no one target, so it runs on the "
                        + "controller.",
                    at: node.start, hint: "Remove `where`, or make it one of `steps`.")
            }
            return .controller
        }
        return document.word(fields["where"], "where", as: Step.Place.self) ?? .target
    }

    /// The keys of a step that are about its target's sequence.
    private mutating func ofTarget(
        _ fields: Fields
    ) -> (probe: Step.Probe?, isSafeStop: Bool?, isDetached: Bool?, expected: Step.Expected?) {
        (
            document.word(fields["probe"], "probe", as: Step.Probe.self),
            document.truth(fields["safe_stop"], "safe_stop"),
            document.truth(fields["detach"], "detach"),
            document.word(fields["expects"], "expects", as: Step.Expected.self)
        )
    }

    /// A step's title where none is written: its id, as words.
    static func title(from id: StepID) -> String {
        let words = id.rawValue.replacing("-", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    private static func timeout(for action: Action) -> Duration {
        let usual: Duration = .seconds(60)
        return switch action {
        case .wait(let wait): usual + wait.upTo
        case .reboot(let reboot): reboot.upTo
        case .assert(let check): usual + check.staysOKFor
        default: usual
        }
    }

    mutating func retry(_ step: Fields) -> Retry? {
        guard let node = step["retry"] else { return nil }
        if case .scalar = node.content {
            return document.integer(step, "retry", "retry").map {
                Retry(attempts: $0, pauseMilliseconds: 1000)
            }
        }
        guard let fields = document.fields(node, .retry) else { return nil }
        let pause = document.time(fields, "pause", "pause")
        return document.integer(fields, "attempts", "attempts").map {
            Retry(attempts: $0, pauseMilliseconds: pause.map { Int($0.inMilliseconds) } ?? 1000)
        }
    }

    private mutating func outputs(
        _ fields: Fields, into found: inout RunbookDraft.StepDraft
    ) {
        guard let pairs = document.entries(fields, "outputs", "outputs") else { return }
        for pair in pairs {
            found.brokenOutputs.insert(pair.key)
            document.refuseEmpty(pair)
            let name = document.name(
                pair.key, "an output", at: pair.keyMark, as: ParameterName.self)
            guard let name, !pair.value.isEmpty, let (kind, constraints) = output(pair.value)
            else { continue }
            found.brokenOutputs.remove(pair.key)
            let declaration = OutputDeclaration(name: name, kind: kind, constraints: constraints)
            found.outputs.append((declaration, pair.keyMark))
        }
    }

    private mutating func output(
        _ node: YamlNode
    ) -> (Parameter.Kind, Parameter.Constraints)? {
        var typeNode: YamlNode? = node
        var limits = Parameter.Constraints()
        if case .mapping = node.content {
            guard let fields = document.fields(node, .output) else { return nil }
            typeNode = fields["type"]
            limits = constraints(
                fields, typeNode?.text.flatMap(Parameter.Kind.init(rawValue:)))
        }
        guard let kind = document.word(typeNode, "the type", as: Parameter.Kind.self) else {
            return nil
        }
        if kind == .choice, limits.choices.isEmpty, node.text != nil {
            document.error(
                "missing-key", "A choice needs 'choices'.", at: node.start,
                hint: "Write `{ type: choice, choices: [a, b] }`.")
        }
        guard kind != .secret else {
            document.error(
                "bad-value", "An output can't be a secret: outputs are recorded.",
                at: node.start, hint: "Leave the secret on the target, in a file of its own.")
            return nil
        }
        return (kind, limits)
    }

    private mutating func undo(
        _ step: Fields, _ environment: [String: Argument]
    ) -> [Action]? {
        guard step["undo"] != nil else { return nil }
        let nodes = document.elements(step, "undo", "undo") ?? []
        return nodes.compactMap { element in
            guard let fields = document.fields(element, .undo) else { return nil }
            let found = fields.part.keys.filter(fields.has)
            guard let keyword = found.first, found.count == 1 else {
                if found.isEmpty, fields.hasUnbuilt { return nil }
                document.error(
                    found.isEmpty ? "missing-key" : "conflicting-keys",
                    "An element of undo has one action.", at: fields.mark,
                    hint: "One of: \(fields.part.keys.joined(separator: ", ")).")
                return nil
            }
            return action(keyword, in: fields, environment, isUndo: true)
        }
    }

    private mutating func release(
        _ node: YamlNode?, _ environment: [String: Argument]
    ) -> Release? {
        guard let node, let fields = document.fields(node, .release) else { return nil }
        let call = script(fields["run"], "run", inheriting: environment)
        let after = document.name(
            document.line(fields, "after", "after"), "'after'",
            at: fields["after"]?.start ?? fields.mark, as: StepID.self)
        let ifStopped = document.word(
            fields["if_stopped"], "if_stopped", as: Release.IfStopped.self)
        guard let call, let after else { return nil }
        return Release(script: call, after: after, ifStopped: ifStopped ?? .pay)
    }
}
