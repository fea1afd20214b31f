/// A baseline: its items, how often it is audited, and what has no meaning in one.
extension RunbookReading {
    /// The steps of a runbook, or the items of a baseline.
    mutating func sequence(_ fields: Fields, kind: RunbookKind?) -> [Step] {
        let isBaseline = kind == .baseline
        refuseOfOtherKinds(fields, kind)
        let (key, other) = isBaseline ? ("items", "steps") : ("steps", "items")
        if !fields.has(key), !fields.has(other), !document.hasGap(from: draft.start, to: .last) {
            document.error(
                "missing-key", "'\(key)' is missing in a runbook.", at: fields.mark,
                hint: "Add `\(key): …` here.")
        }
        // What stands at the wrong key is read all the same, so that its problems are told too.
        if fields.has("items") { return auditItems(fields) }
        return steps(fields)
    }

    /// What a baseline says beside its items; nil for other kinds.
    mutating func baseline(_ fields: Fields, kind: RunbookKind?) -> BaselineRule? {
        let every = document.time(fields, "every", "every")
        let path = exceptionsPath(fields)
        guard kind == .baseline else { return nil }
        return BaselineRule(every: every, exceptionsPath: path)
    }

    /// What does something, or is about something that is done.
    private static let notInBaselines = [
        "steps", "verify", "symptoms", "repeat", "on_failure", "change", "before_wave",
        "after_wave", "facts",
    ]

    private mutating func refuseOfOtherKinds(_ fields: Fields, _ kind: RunbookKind?) {
        guard let kind else { return }
        if kind == .baseline {
            for key in Self.notInBaselines
            where fields.has(key) {
                document.error(
                    "misplaced-key", "'\(key)' means nothing in a baseline: it only looks.",
                    at: fields.mark(of: key),
                    hint: key == "steps" ? "What is looked at are its `items`." : "Remove it.")
            }
            return
        }
        for key in ["items", "every", "exceptions"] where fields.has(key) {
            document.error(
                "misplaced-key", "'\(key)' means nothing in a \(kind.rawValue).",
                at: fields.mark(of: key),
                hint: "It is for `kind: baseline`; what is done are `steps`.")
        }
    }

    /// Refuses what an audit has no use for in its rollout, targets and parameters.
    mutating func refuseForAudits(_ fields: Fields) {
        if let node = fields["rollout"], case .mapping(let pairs) = node.content {
            for pair in pairs
            where DocumentPart.rollout.has(pair.key) && pair.key != "max_in_flight" {
                document.error(
                    "misplaced-key",
                    "'\(pair.key)' means nothing in a baseline: all targets are looked at.",
                    at: pair.keyMark, hint: "Only `max_in_flight` has a meaning there.")
            }
        }
        if let node = fields["targets"], case .mapping(let pairs) = node.content {
            for pair in pairs where ["pick", "max"].contains(pair.key) {
                document.error(
                    "misplaced-key",
                    "'\(pair.key)' means nothing in a baseline: it is for every target that it "
                        + "selects.",
                    at: pair.keyMark, hint: "Remove it.")
            }
        }
        for found in draft.parameters {
            guard let parameter = found.parameter, parameter.defaultValue == nil,
                !parameter.isOptional
            else { continue }
            document.error(
                "missing-key",
                "'\(found.name)' has no default, and a timer can't be asked for it.",
                at: found.mark, excerpt: found.name.rawValue,
                hint: "Give it a `default`, or `optional: true`.")
        }
    }

    private mutating func exceptionsPath(_ fields: Fields) -> String? {
        guard let node = fields["exceptions"],
            let path = document.line(fields, "exceptions", "exceptions")
        else { return nil }
        let isPlain =
            RunbookPath.isSendable(path) && !path.contains("/") && path.hasSuffix(".yaml")
            && path != "runbook.yaml"
        guard isPlain else {
            document.error(
                "bad-path", "'\(Excerpt.line(path))' is no file of exceptions.", at: node.start,
                excerpt: path, hint: "It lies beside runbook.yaml, such as exceptions.yaml.")
            return nil
        }
        draft.files.append(.init(path: path, kind: .exceptions, mark: node.start))
        return path
    }
}

/// Items: one look each.
extension RunbookReading {
    private mutating func auditItems(_ fields: Fields) -> [Step] {
        guard let node = fields["items"],
            let nodes = document.elements(fields, "items", "items")
        else { return [] }
        if nodes.isEmpty {
            document.error("bad-value", "'items' is empty: nothing would be seen.", at: node.start)
        }
        var lines: [StepID: Int] = [:]
        return nodes.compactMap { node in
            // An item knows nothing of the others: no name of one means anything in another.
            moment = 0
            guard let step = auditItem(node) else { return nil }
            if let line = lines[step.id] {
                document.error(
                    "duplicate-id", "'\(step.id)' names another item already, on line \(line).",
                    at: node.start, excerpt: step.id.rawValue)
            }
            lines[step.id] = node.start.line
            return step
        }
    }

    private mutating func auditItem(_ node: YamlNode) -> Step? {
        var found = RunbookDraft.StepDraft(
            mark: node.start, effectMark: node.start, retryMark: node.start)
        let index = draft.steps.count
        draft.steps.append(found)
        guard let fields = document.fields(node, .item) else { return nil }
        let id = document.name(
            document.line(fields, "id", "the id"), "the id of an item",
            at: fields["id"]?.start ?? fields.mark, as: StepID.self)
        let keyword = look(fields)
        found.keyword = keyword
        if let keyword { refuseBeside(fields, keyword) }
        isInItems = fields.has("for_each")
        defer { isInItems = false }
        found.items = items(fields)
        let condition = condition(fields["when"], "when")
        let environment = environment(fields)
        let (action, comparison) = lookAction(keyword, fields, environment)
        found.action = action
        let severity = document.word(fields["severity"], "severity", as: ItemSeverity.self)
        let fix = fix(fields["fix"])
        let title = document.line(fields, "title", "the title")
        let timeout = document.time(fields, "timeout", "timeout")
        let retry = self.retry(fields)
        let place = document.word(fields["where"], "where", as: Step.Place.self)
        let help = document.text(fields, "help", "help")
        draft.steps[index] = found
        guard let id, let action, let severity else { return nil }
        var step = Step(
            id: id, title: title ?? Self.title(from: id), effect: .read, action: action,
            position: document.source.position(found.mark))
        step.when = condition
        step.timeout = timeout ?? step.timeout
        step.retry = retry ?? step.retry
        step.place = place ?? .target
        step.help = help
        step.onFailed = .continue
        step.forEach = found.items?.list
        step.audit = ItemAudit(severity: severity, expected: comparison, fix: fix)
        return step
    }

    private mutating func look(_ fields: Fields) -> String? {
        let found = fields.part.exactlyOne.filter(fields.has)
        guard found.count != 1 else { return found.first }
        let words = fields.part.exactlyOne.joined(separator: ", ")
        document.error(
            found.isEmpty ? "missing-key" : "conflicting-keys",
            found.isEmpty
                ? "The item looks at nothing."
                : "An item is one look, and this one has: \(found.joined(separator: ", ")).",
            at: found.dropFirst().first.map(fields.mark(of:)) ?? fields.mark,
            hint: found.isEmpty ? "Add one of: \(words)." : "Make an item of each.")
        return found.first
    }

    private mutating func refuseBeside(_ fields: Fields, _ keyword: String) {
        for key in fields.part.table
        where fields.has(key.name) && !key.beside.isEmpty && !key.beside.contains(keyword) {
            document.error(
                "misplaced-key", "'\(key.name)' means nothing beside '\(keyword)'.",
                at: fields.mark(of: key.name),
                hint: "It goes with: \(key.beside.joined(separator: ", ")).")
        }
    }

    private mutating func lookAction(
        _ keyword: String?, _ fields: Fields, _ environment: [String: Argument]
    ) -> (Action?, ItemComparison?) {
        guard let keyword, let node = fields[keyword] else { return (nil, nil) }
        guard keyword == "expect" else {
            let action = action(keyword, in: fields, environment)
            return (action.flatMap { compared($0, at: node) }, nil)
        }
        guard case .mapping = node.content else {
            let call = script(node, "expect", inheriting: environment)
            return (call.map { .assert(AssertAction(script: $0)) }, nil)
        }
        guard let parts = document.fields(node, .expectation) else { return (nil, nil) }
        let call = script(parts, "expect", inheriting: environment)
        return (call.map { .assert(AssertAction(script: $0)) }, comparison(parts))
    }

    /// A typed action that can be compared; nil, with a diagnostic, for one that is an act.
    private mutating func compared(_ action: Action, at node: YamlNode) -> Action? {
        switch action {
        case .service(let service) where ![.running, .stopped].contains(service.state):
            document.error(
                "bad-value",
                "Nobody can see whether a service was \(service.state.rawValue): that is an act.",
                at: node.start, hint: "An item's service is running or stopped.")
            return nil
        case .file(let file) where file.check != nil:
            document.error(
                "misplaced-key",
                "'check' is asked before a file is put in place, and none is here.",
                at: node.start, hint: "Remove it.")
            return nil
        default: return action
        }
    }

    private mutating func comparison(_ fields: Fields) -> ItemComparison? {
        let found = DocumentPart.comparisons.filter(fields.has)
        let exact = found.filter(DocumentPart.exactComparisons.contains)
        let clash: String? =
            if let first = exact.first {
                found.first { $0 != first }
            } else if found.contains("below"), found.contains("at_most") {
                "at_most"
            } else if found.contains("above"), found.contains("at_least") {
                "at_least"
            } else {
                nil
            }
        if let clash {
            let others = found.filter { $0 != clash }.joined(separator: "' and '")
            document.error(
                "conflicting-keys", "'\(clash)' and '\(others)' exclude each other.",
                at: fields.mark(of: clash), hint: "Keep one; two ends make a range.")
        }
        let values = Dictionary(
            uniqueKeysWithValues: ItemComparison.Bound.Limit.allCases.map {
                ($0, bound(fields[$0.rawValue], $0.rawValue))
            })
        let equals = value(fields["equals"], "equals", site: .argument)
        let list = (document.elements(fields, "one_of", "one_of") ?? [])
            .compactMap { value($0, "an element of one_of", site: .argument) }
        let pattern = document.line(fields, "matches", "matches")
        if let pattern, let node = fields["matches"] {
            PatternRule.check(pattern, at: node.start, in: &document)
        }
        if let equals { return .equals(equals) }
        if !list.isEmpty { return .oneOf(list) }
        if let pattern { return .matches(pattern) }
        let bounds = ItemComparison.Bound.Limit.allCases.compactMap { limit in
            values[limit].flatMap { $0 }.map { ItemComparison.Bound(limit, $0) }
        }
        return bounds.isEmpty ? nil : .range(bounds)
    }

    /// One end of a range: a number or a version, or a reference to one.
    private mutating func bound(_ node: YamlNode?, _ what: String) -> Argument? {
        guard let node, let found = value(node, what, site: .argument) else { return nil }
        if case .text(let text) = found, !ItemComparison.canOrder(text) {
            document.error(
                "bad-value", "'\(what)' must be a number or a version.", at: node.start,
                excerpt: text, hint: "Such as 100, 0.5 or 1.10.3.")
            return nil
        }
        return found
    }

    private mutating func fix(_ node: YamlNode?) -> ItemFix? {
        guard let node, let fields = document.fields(node, .fix) else { return nil }
        let id = document.name(
            document.line(fields, "runbook", "the runbook"), "the runbook of a fix",
            at: fields["runbook"]?.start ?? fields.mark, as: RunbookID.self)
        let set = values(fields, "set", site: .argument).map { ($0.name, $0.value) }
        guard let id else { return nil }
        return ItemFix(
            runbook: id, set: Dictionary(set) { first, _ in first },
            position: document.source.position(fields["runbook"]?.start ?? fields.mark))
    }
}

extension YamlMark {
    /// Behind every place of a document.
    fileprivate static let last = YamlMark(line: .max, column: 1)
}
