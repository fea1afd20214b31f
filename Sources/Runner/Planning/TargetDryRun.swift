import Runbooks

/// The dry run of one target's sequence: the symptom, then each step, then the runbook's `verify`.
struct TargetDryRun: Sendable {
    let target: PlannedTarget
    /// Its sequence, every item of a `for_each` a step of its own.
    let steps: [Step]
    let subject: DryRunSubject
    var forecast: Forecast.OfTarget
    var outputs: [StepID: [String: String]] = [:]
    /// What is foreseen of the steps so far; those that can't be foreseen are missing.
    var outcomes: [StepID: Outcome] = [:]
    /// Steps whose outputs are known only in the run.
    var unknownOutputs: Set<StepID> = []
    var disturbance = Disturbance.none
    /// The first `stop` that may, or may not, end the sequence.
    var possibleStop: StepID?
    /// What every further step is, once the sequence has ended.
    var end: (label: ForecastLabel, note: String)?
    private var isSymptomDone = false
    private var asked: AttemptKey?
    /// Whether anything was asked of the target, so that it is known to be reachable.
    private var wasAsked = false
    /// Whether the step under way has a guard that said `needed`.
    private var isNeeded = false

    /// What is to be done about a step.
    enum Consideration {
        case settled(Forecast.Entry)
        case ask(Part, Action, Mode)
    }

    init(_ target: PlannedTarget, steps: [Step], _ subject: DryRunSubject) {
        self.target = target
        self.steps = steps
        self.subject = subject
        forecast = Forecast.OfTarget(target: target.name, symptom: .notAsked, entries: [])
    }

    private var plan: Plan { subject.plan }
    private var cursor: Int { forecast.entries.count }
    private var current: Step? { cursor < steps.count ? steps[cursor] : nil }

    /// Whether nothing is left to predict.
    var isOver: Bool { isForeseen && !needsContact }

    private var isForeseen: Bool {
        isSymptomDone && cursor == steps.count + plan.verify.count
    }

    /// Whether the run would reach a target of which nothing had to be asked: then it is greeted,
    /// so that a dead one is noticed before anything starts.
    private var needsContact: Bool {
        !wasAsked && subject.probing == .allowed
            && forecast.entries.contains { entry in
                let step = entry.step.flatMap(plan.step)
                return step?.isOnTarget != false
                    && (entry.label == .wouldRun || entry.label == .depends)
            }
    }

    /// Whether an answer has come and the next question has not been asked.
    var isWaitingToAsk: Bool { asked == nil && !isOver }

    /// Goes on until something must be asked of the target, or everything is predicted.
    mutating func advance() -> AttemptRequest? {
        while !isOver {
            if isForeseen { return contact() }
            switch considerNext() {
            case .settled(let entry):
                isNeeded = false
                forecast.entries.append(entry)
            case .ask(let part, let action, let mode):
                return request(part, action, mode)
            case nil: continue
            }
        }
        return nil
    }

    /// A script that does nothing: whether the target answers is all that is asked.
    private mutating func contact() -> AttemptRequest? {
        var greeting = request(
            .symptom, .assert(AssertAction(script: ScriptCall(program: .inline(":\n")))), .probe)
        greeting?.isGreeting = true
        return greeting
    }

    /// Nil when the symptom was settled without asking.
    private mutating func considerNext() -> Consideration? {
        if !isSymptomDone {
            guard let symptom = plan.symptom, subject.probing == .allowed else {
                isSymptomDone = true
                return nil
            }
            return .ask(.symptom, .assert(AssertAction(script: symptom.present)), .probe)
        }
        if let step = current { return consider(step, isNeeded: isNeeded) }
        return considerVerify(cursor - steps.count)
    }

    private mutating func request(_ part: Part, _ action: Action, _ mode: Mode) -> AttemptRequest? {
        let resolved: Action
        switch subject.resolver.resolved(action, target: target, outputs: outputs, answers: [:]) {
        case .failure(let missing):
            settle(part, Finding(.failed, note: missing.message))
            return advance()
        case .success(let action): resolved = action
        }
        let key = AttemptKey(target: target.name, part: part, number: 1)
        asked = key
        // The symptom is the target's, whatever the step is that comes first.
        let place = part.step == nil ? .target : current?.place ?? .target
        if place == .target, !resolved.isRequest { wasAsked = true }
        let wanted = subject.resolver.secrets(in: resolved)
        return AttemptRequest(
            run: subject.run, key: key, target: target, place: place,
            action: resolved, mode: mode, effect: .read,
            timeout: min(DryRun.limit, timeout(of: part)),
            wantsOutputs: mode == .apply && current?.writesOutputs == true,
            secrets: subject.secrets.filter { wanted.contains($0.key) }, isRehearsal: true)
    }

    /// How long the run itself would wait.
    func timeout(of part: Part) -> Duration {
        guard let id = part.step, let step = current, step.id == id else { return .seconds(60) }
        return step.timeout
    }

    /// Takes the answer to the question that is open.
    mutating func take(_ report: AttemptReport, for key: AttemptKey) {
        guard asked == key else { return }
        asked = nil
        let finding = Finding(report, allowed: timeout(of: key.part))
        if case .action = key.part, let step = current, let declared = step.factDeclaration {
            let answer = FactAnswer(declared, report)
            let values = answer.choice.map { [declared.name.rawValue: $0] } ?? [:]
            let found = Finding(answer, of: declared, report, allowed: timeout(of: key.part))
            return settle(key.part, found ?? finding, outputs: found == nil ? [:] : values)
        }
        if case .success(let values) = finding.outputs(of: current, report, for: key.part) {
            settle(key.part, finding, outputs: values)
        } else {
            settle(key.part, Finding(.failed, note: "its outputs can't be read as declared"))
        }
    }

    private mutating func settle(
        _ part: Part, _ finding: Finding, outputs: [String: String] = [:]
    ) {
        if finding.state == .unreachable {
            end = (.unreachable, finding.note ?? "the target can't be reached")
        }
        switch part {
        case .symptom where isSymptomDone:
            guard finding.state == .unreachable else { return }
            for index in forecast.entries.indices {
                forecast.entries[index].label = .unreachable
                forecast.entries[index].note = finding.note
            }
        case .symptom:
            isSymptomDone = true
            forecast.symptom = finding.symptom
            forecast.symptomNote = finding.symptom == .cantLook ? finding.note : nil
        case .guarding:
            guard let step = current else { return }
            if finding.state == .needed, step.isAskedAfterItsGuard {
                isNeeded = true
                return
            }
            isNeeded = false
            forecast.entries.append(conclude(step, finding, isGuard: true))
        case .action:
            guard let step = current else { return }
            isNeeded = false
            forecast.entries.append(
                conclude(step, finding, isGuard: false, outputs: outputs))
        case .verify(let index):
            forecast.entries.append(concludeVerify(index, finding))
        case .check, .release, .undo, .peer: return
        }
    }
}
