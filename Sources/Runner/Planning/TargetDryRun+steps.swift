import Runbooks

/// What a dry run says about one step, before and after it has asked.
extension TargetDryRun {
    mutating func consider(_ step: Step, isNeeded: Bool) -> Consideration {
        if let end { return .settled(entry(step, end.label, end.note)) }
        if let when = step.when {
            switch foresight(of: when) {
            case .holds: break
            case .fails:
                outcomes.note(step.id, .skipped, in: steps)
                return .settled(entry(step, .skipped, "when \(when)"))
            case .open(let names):
                return .settled(leaveOpen(step, "when \(when)", names))
            }
        }
        if step.forEach != nil { return .settled(withoutItems(step)) }
        if step.id.isItem, step.audit == nil, outcomes[step.id.step]?.isGood == false {
            outcomes.note(step.id, .skipped, in: steps)
            return .settled(entry(step, .skipped, "an item before it fails"))
        }
        if step.audit != nil {
            // A look is the run itself: its results are recorded, and a plan's are not.
            outcomes.note(step.id, .ok, in: steps)
            return .settled(entry(step, .read, "it is looked at in the run"))
        }
        if let entry = personEntry(step) { return .settled(entry) }
        if let scope = step.scope {
            record(step, .depends, outputs: [:], isSimulated: false)
            return .settled(
                entry(step, .wouldRun, "it is done once for the \(scope.rawValue), in the run"))
        }
        let unknown = names(in: step).filter(isUnknown)
        if !unknown.isEmpty { return .settled(leaveOpen(step, nil, unknown)) }
        if !step.hasSomethingToAsk { return .settled(withoutAsking(step)) }
        if let why = forbidden(step) { return .settled(unprobed(step, why)) }
        if let unless = step.unless, !isNeeded {
            return .ask(.guarding(step.id), .assert(AssertAction(script: unless)), .probe)
        }
        return question(step)
    }

    /// The entry after an answer.
    mutating func conclude(
        _ step: Step, _ finding: Finding, isGuard: Bool, outputs: [String: String] = [:]
    ) -> Forecast.Entry {
        let reads = step.effect == .read && !isGuard
        var label: ForecastLabel
        var note = finding.note
        switch finding.state {
        case .satisfied: label = reads ? .read : .satisfied
        case .needed where reads && step.action.isWait:
            (label, note) = (.depends, "what it waits for does not hold yet")
        case .needed where reads: (label, note) = (.failed, note ?? "exit 1")
        case .needed: label = .wouldChange
        case .cantLook: label = .depends
        case .failed where reads && step.action.isWait: label = .depends
        case .failed: label = .failed
        case .unreachable: return entry(step, .unreachable, finding.note)
        }
        let isScript = isGuard || !step.isTypedWithDiff
        let disturber = isScript ? disturbance.beforeScript : disturbance.before(step.action)
        if let cause = cause(disturber) {
            let today = note.map { "\(label.rawValue) (\($0))" } ?? label.rawValue
            (label, note) = (.depends, "\(cause); today: \(today)")
        }
        if step.isFact, label == .read, let why = unpickable(after: step, outputs, note) {
            (label, note) = (.failed, why)
        }
        record(step, label, outputs: outputs, isSimulated: !isGuard && finding.state == .needed)
        var entry = entry(step, label, note)
        entry.diff = finding.diff
        entry.outputs = outputs
        if step.isFact, label == .read { entry.fact = outputs.values.first }
        return entry
    }

    mutating func considerVerify(_ index: Int) -> Consideration {
        let check = subject.plan.verify[index]
        func settled(_ label: ForecastLabel, _ note: String) -> Consideration {
            .settled(Forecast.Entry(step: nil, verify: index, label: label, note: note))
        }
        if let end { return settled(end.label, end.note) }
        if case .forbidden(let why) = subject.probing { return settled(.notProbed, why) }
        if let cause = cause(disturbance.beforeScript) { return settled(.depends, cause) }
        if check.script.references.contains(where: isUnknown) {
            return settled(.depends, "it uses an output that is known only in the run")
        }
        return .ask(.verify(index), .assert(AssertAction(script: check.script)), .probe)
    }

    mutating func concludeVerify(_ index: Int, _ finding: Finding) -> Forecast.Entry {
        let label: ForecastLabel =
            switch finding.state {
            case .satisfied: .read
            case .needed, .failed: .failed
            case .cantLook: .depends
            case .unreachable: .unreachable
            }
        let note = finding.state == .needed ? "it does not hold" : finding.note
        return Forecast.Entry(step: nil, verify: index, label: label, note: note)
    }

    /// A step's action, as a question that can't change anything.
    private func question(_ step: Step) -> Consideration {
        let part = Part.action(step.id)
        guard step.effect == .read else { return .ask(part, step.action, .probe) }
        switch step.action {
        case .wait(let wait):
            guard let until = wait.until else { return .ask(part, step.action, .probe) }
            return .ask(part, .assert(AssertAction(script: until)), .apply)
        case .assert(let check):
            return .ask(part, .assert(AssertAction(script: check.script)), .apply)
        case .run, .http: return .ask(part, step.action, .apply)
        case .file, .service, .package, .reboot, .collect, .manual, .ask, .stop:
            return .ask(part, step.action, .probe)
        }
    }

    /// The entry of a step that a person or the runbook itself decides; nil for the others.
    private mutating func personEntry(_ step: Step) -> Forecast.Entry? {
        switch step.action {
        case .ask(let request):
            unknownOutputs.insert(step.id)
            return entry(step, .manual, request.text)
        case .manual(let request):
            disturbance.add(step, isSimulated: false)
            outcomes.note(step.id, .ok, in: steps)
            return entry(step, .manual, request.text)
        case .stop(let stop):
            if let possibleStop {
                return entry(step, .depends, "'\(possibleStop)' may stop before")
            }
            end = (.skipped, "'\(step.id)' stops before")
            outcomes.note(step.id, .ok, in: steps)
            return entry(step, .stop, stop.say)
        case .run, .file, .service, .package, .reboot, .wait, .assert, .collect, .http: return nil
        }
    }

    /// The entry of a step that has nothing to go through on the target.
    private mutating func withoutItems(_ step: Step) -> Forecast.Entry {
        if let label = step.itemLabel, target.labels[label] == nil {
            record(step, .failed, outputs: [:], isSimulated: false)
            return entry(step, .failed, "\(target.name) has no label '\(label)'")
        }
        outcomes.note(step.id, .skipped, in: steps)
        return entry(step, .skipped, "its list is empty")
    }

    /// The entry of a step whose outcome is known without looking at the target.
    private mutating func withoutAsking(_ step: Step) -> Forecast.Entry {
        var label: ForecastLabel = step.effect == .read ? .read : .wouldRun
        var note: String?
        switch step.action {
        case .wait(let wait): note = "waits \(formatDuration(wait.upTo))"
        case .collect: note = "collected in the run"
        default: note = "it has no guard, so it runs in any case"
        }
        if let possibleStop {
            (label, note) = (.depends, "'\(possibleStop)' may stop before")
        }
        record(step, label, outputs: [:], isSimulated: false)
        return entry(step, label, note)
    }

    private mutating func unprobed(_ step: Step, _ why: String) -> Forecast.Entry {
        record(step, .notProbed, outputs: [:], isSimulated: false)
        return entry(step, .notProbed, why)
    }

    /// The entry of a step that turns on what is known only in the run.
    private mutating func leaveOpen(
        _ step: Step, _ condition: String?, _ names: [Expression.Name]
    ) -> Forecast.Entry {
        let list = names.map { "'\($0)'" }.joined(separator: ", ")
        if case .stop = step.action, possibleStop == nil { possibleStop = step.id }
        record(step, .depends, outputs: [:], isSimulated: false)
        let start = condition.map { "\($0): " } ?? "it uses "
        return entry(step, .depends, "\(start)\(list) is known only in the run")
    }

    /// Notes what later steps must know about this one.
    private mutating func record(
        _ step: Step, _ label: ForecastLabel, outputs: [String: String], isSimulated: Bool
    ) {
        self.outputs[step.id] = outputs
        let mayAct = step.effect != .read || step.action.isManual
        switch label {
        case .satisfied: outcomes.note(step.id, .satisfied, in: steps)
        case .read: outcomes.note(step.id, .ok, in: steps)
        case .skipped: outcomes.note(step.id, .skipped, in: steps)
        case .failed:
            outcomes.note(step.id, .failed, in: steps)
            if step.onFailed == .stop { end = (.skipped, "'\(step.id)' fails before") }
        case .wouldChange, .wouldRun:
            outcomes.note(step.id, .changed, in: steps)
            unknownOutputs.insert(step.id)
            disturbance.add(step, isSimulated: isSimulated)
        case .depends, .notProbed:
            unknownOutputs.insert(step.id)
            if mayAct { disturbance.add(step, isSimulated: false) }
        case .manual, .stop, .unreachable: break
        }
    }

    private func entry(
        _ step: Step, _ label: ForecastLabel, _ note: String?
    ) -> Forecast.Entry {
        let mayChange: Bool =
            switch label {
            case .wouldChange, .wouldRun: true
            case .depends, .notProbed: step.effect != .read || step.action.isManual
            case .manual: step.action.isManual
            case .satisfied, .read, .stop, .skipped, .failed, .unreachable: false
            }
        return Forecast.Entry(step: step.id, label: label, mayChange: mayChange, note: note)
    }

    private func cause(_ disturber: StepID?) -> String? {
        if let possibleStop { return "'\(possibleStop)' may stop before" }
        return disturber.map { "'\($0)' may change it first" }
    }

    private func forbidden(_ step: Step) -> String? {
        if case .forbidden(let why) = subject.probing { return why }
        return step.probe == .never ? "the runbook forbids it (probe: never)" : nil
    }

    private func foresight(of expression: Expression) -> Foresight {
        let scope = subject.resolver.scope(
            target: target, outputs: outputs, answers: [:], outcomes: outcomes)
        return Foresight.of(expression, in: scope, unknown: isUnknown)
    }

    /// The references that a question about the step, or its action, needs.
    private func names(in step: Step) -> [Expression.Name] {
        step.action.references + (step.unless?.references ?? [])
    }

    /// Whether a name's value is known only in the run.
    private func isUnknown(_ name: Expression.Name) -> Bool {
        guard let first = name.parts.first else { return false }
        if let fact = name.fact {
            return subject.resolver.facts[fact].map(unknownOutputs.contains) ?? false
        }
        if let rule = subject.resolver.rule(name) {
            guard case .open(let names) = subject.resolver.picked(rule, on: target, outputs)
            else { return false }
            return names.contains(where: isUnknown)
        }
        // What begins a wave is done in the run alone.
        if subject.plan.beforeWave?.contains(where: { $0.id.rawValue == first }) == true {
            return true
        }
        guard let step = subject.plan.steps.first(where: { $0.id.rawValue == first }) else {
            return false
        }
        return name.parts.count == 2
            ? unknownOutputs.contains(step.id) : outcomes[step.id] == nil
    }
}

extension Step {
    /// Whether a probe of its action computes what it would change.
    var isTypedWithDiff: Bool {
        switch action {
        case .file, .package: true
        case .service(let service): service.state == .running || service.state == .stopped
        case .run, .reboot, .wait, .assert, .collect, .http, .manual, .ask, .stop: false
        }
    }

    /// Whether anything of it runs on the target.
    var isOnTarget: Bool {
        guard place == .target else { return false }
        return !action.isRequest || unless != nil || !verify.isEmpty || release != nil
    }

    /// Whether its action is asked too, after its guard has said that it is needed.
    var isAskedAfterItsGuard: Bool { isTypedWithDiff || effect == .read }

    /// Whether a look at the target can tell more about it than its text does.
    var hasSomethingToAsk: Bool {
        if unless != nil || isTypedWithDiff { return true }
        switch action {
        case .run, .assert, .http: return effect == .read
        case .wait(let wait): return wait.until != nil
        case .file, .package, .service, .reboot, .collect, .manual, .ask, .stop: return false
        }
    }
}

extension Action {
    fileprivate var isWait: Bool { if case .wait = self { true } else { false } }
    fileprivate var isManual: Bool { if case .manual = self { true } else { false } }
}
