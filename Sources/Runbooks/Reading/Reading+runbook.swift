extension RunbookReading {
    /// The whole document; nil where a required part could not be read.
    mutating func runbook(_ root: YamlNode) -> Runbook? {
        guard let fields = document.fields(root, .runbook) else { return nil }
        draft.start = root.start
        document.formatVersion(fields["handrail"])
        let id = document.name(
            document.line(fields, "id", "the id"), "the id of a runbook",
            at: fields["id"]?.start ?? root.start, as: RunbookID.self)
        let title = document.line(fields, "title", "the title")
        let kind = document.word(fields["kind"], "the kind", as: RunbookKind.self)
        let owner = document.line(fields, "owner", "the owner")
        let uses = uses(fields)
        draft.uses = uses
        let parameters = parameters(fields)
        let symptoms = symptoms(fields)
        let targets = targets(fields["targets"], kind: kind ?? .resolution)
        let facts = facts(fields)
        let values = valueRules(fields)
        let before = waveSteps(fields, .before)
        countBefore = draft.steps.count
        let steps = sequence(fields, kind: kind)
        let baseline = baseline(fields, kind: kind)
        if kind == .baseline { refuseForAudits(fields) }
        moment = draft.steps.count
        let verify = checks(fields, inheriting: [:])
        let after = waveSteps(fields, .after)
        let (rollout, waves) = rollout(fields["rollout"])
        let onFailure = onFailure(fields["on_failure"])
        let repeatRule = repeatRule(fields["repeat"])
        let changeType = changeType(fields["change"])
        let runAs = document.account(fields["run_as"], "run_as")
        let reviewBy = document.date(fields["review_by"], "review_by")
        let help = document.text(fields, "help", "help")
        guard let id, let title, let kind, let owner else { return nil }
        var runbook = Runbook(
            id: id, title: title, kind: kind, owner: owner, reviewBy: reviewBy, runAs: runAs,
            symptoms: symptoms, targets: targets, parameters: parameters, steps: steps,
            verify: verify, rollout: rollout, waves: waves, onFailure: onFailure,
            repeatRule: repeatRule, changeType: changeType, baseline: baseline, uses: uses,
            help: help, folder: files.folder)
        (runbook.beforeWave, runbook.afterWave) = (before, after)
        (runbook.facts, runbook.values) = (facts, values)
        return runbook
    }

    /// The known change type that it names; whether there is one, the library says.
    private mutating func changeType(_ node: YamlNode?) -> PlacedText? {
        guard let node, let fields = document.fields(node, .changeOfRunbook),
            let type = fields["type"], let text = document.line(fields, "type", "a change type"),
            let name = document.labelName(text, "a change type", at: type.start)
        else { return nil }
        return PlacedText(name, at: document.source.position(type.start))
    }

    private mutating func uses(_ fields: Fields) -> [String] {
        var found: [String] = []
        for element in document.elements(fields, "uses", "uses") ?? [] {
            guard let path = document.line(element, "a path of uses") else { continue }
            draft.files.append(.init(path: path, kind: .library, mark: element.start))
            if found.contains(path) {
                document.error(
                    "duplicate-id", "'\(Excerpt.line(path))' stands twice in uses.",
                    at: element.start)
            } else {
                found.append(path)
            }
        }
        return found
    }

    private mutating func targets(_ node: YamlNode?, kind: RunbookKind) -> TargetRule {
        let usual: TargetRule.Pick = kind == .resolution ? .one : .many
        guard let node, let fields = document.fields(node, .targets) else {
            return TargetRule(pick: usual)
        }
        let pick = document.word(fields["pick"], "pick", as: TargetRule.Pick.self) ?? usual
        let max = document.integer(fields, "max", "max") ?? 1
        if pick == .one, max > 1 {
            document.error(
                "conflicting-keys", "One run is for one target here, so 'max' can only be 1.",
                at: fields.mark(of: "max"), hint: "Remove 'max', or write `pick: many`.")
        }
        return TargetRule(
            select: selector(fields["select"], "select"), pick: pick, max: max)
    }

    private mutating func repeatRule(_ node: YamlNode?) -> RepeatRule? {
        guard let node, let fields = document.fields(node, .repetition) else { return nil }
        let atMost = document.integer(fields, "at_most", "at_most")
        let within = document.time(fields, "within", "within")
        let per = document.word(fields["per"], "per", as: RepeatRule.Per.self)
        let then = document.word(fields["then"], "then", as: RepeatRule.Then.self)
        guard let atMost, let within else { return nil }
        return RepeatRule(
            atMost: atMost, withinMilliseconds: within.inMilliseconds, per: per ?? .target,
            then: then ?? .escalate)
    }

    private mutating func onFailure(_ node: YamlNode?) -> OnFailure? {
        guard let node, let fields = document.fields(node, .onFailure) else { return nil }
        return OnFailure(
            escalate: document.line(fields, "escalate", "escalate"),
            note: document.text(fields, "note", "the note"))
    }
}

extension DocumentReading {
    /// Checks the value of `handrail`.
    mutating func formatVersion(_ node: YamlNode?) {
        guard let node, let text = scalar(node, "handrail"), text != "1" else { return }
        error(
            "bad-value", "The format '\(Excerpt.line(text))' is not known; this program reads 1.",
            at: node.start, excerpt: text, hint: "Write `handrail: 1`.")
    }
}
