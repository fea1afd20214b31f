import Runbooks
import Runner

/// The JSON form of a runbook, as `show` gives it.
struct RunbookDocument: Encodable, Sendable {
    /// A symptom, without the scripts.
    struct SymptomDocument: Encodable, Sendable {
        let alerts: [String]
        let when: String?
        let present: Bool
        let goneForMilliseconds: Int64

        private enum CodingKeys: String, CodingKey {
            case alerts, when, present
            case goneForMilliseconds = "gone_for_ms"
        }

        init(_ symptom: Symptom) {
            alerts = symptom.alerts
            when = symptom.when?.description
            present = symptom.present != nil
            goneForMilliseconds = symptom.goneFor.inMilliseconds
        }
    }

    /// Which targets it is for, and which of the inventory fit.
    struct Targets: Encodable, Sendable {
        let select: String?
        let pick: String
        let max: Int
        let fitting: [TargetName]
    }

    /// A fact, without its script.
    struct FactDocument: Encodable, Sendable {
        let name: ParameterName
        let choices: [String]

        init(_ fact: Fact) { (name, choices) = (fact.name, fact.choices) }
    }

    /// A step, in what people decide by.
    struct StepDocument: Encodable, Sendable {
        let id: StepID
        let title: String
        let action: String
        let effect: Effect
        let when: String?
        let forEach: ItemList?
        let hasGuard: Bool
        let hasUndo: Bool
        let onFailed: Step.OnFailed
        let help: String?
        let ifFails: String?

        private enum CodingKeys: String, CodingKey {
            case id, title, action, effect, when, help
            case forEach = "for_each"
            case hasGuard = "has_guard"
            case hasUndo = "has_undo"
            case onFailed = "on_failed"
            case ifFails = "if_fails"
        }

        init(_ step: Step) {
            id = step.id
            title = step.title
            action = step.action.keyword
            effect = step.effect
            when = step.when?.description
            forEach = step.forEach
            hasGuard = step.isGuarded
            hasUndo = PlannedUndo(undoing: step).map { $0.notUndone == nil } ?? false
            onFailed = step.onFailed
            help = step.help
            ifFails = step.ifFails
        }
    }

    var format = 1
    let library: String
    let id: RunbookID
    let title: String
    let kind: RunbookKind
    let owner: String
    let reviewBy: String?
    let runAs: String?
    let help: String?
    let article: String?
    let symptoms: [SymptomDocument]
    let targets: Targets
    let parameters: [ParameterDocument]
    /// What each target is asked before its first step; nil for nothing.
    let facts: [FactDocument]?
    let steps: [StepDocument]
    /// What is done once before, and after, the targets of each wave; nil where nothing is.
    let beforeWave: [StepDocument]?
    let afterWave: [StepDocument]?
    let checks: Int
    /// The newest run of this home, the newest that helped, and how many there are.
    let last: RunbookEntry.Past?
    let lastResolved: RunbookEntry.Past?
    let runs: Int
    let flags: [RaisedFlag]
    let repeatRule: RepeatRule?
    /// Why nothing is known of runs and flags; nil where it is.
    let noHistory: String?

    private enum CodingKeys: String, CodingKey {
        case format, library, id, title, kind, owner, help, article, symptoms, targets
        case parameters, facts, steps, checks, last, runs, flags
        case beforeWave = "before_wave"
        case afterWave = "after_wave"
        case repeatRule = "repeat"
        case lastResolved = "last_resolved"
        case reviewBy = "review_by"
        case runAs = "run_as"
        case noHistory = "no_history"
    }

    init(
        _ runbook: Runbook, entry: RunbookEntry, article: String?, library: String,
        inventory: Inventory, noHistory: String? = nil
    ) {
        self.library = library
        self.noHistory = noHistory
        id = runbook.id
        title = runbook.title
        kind = runbook.kind
        owner = runbook.owner
        reviewBy = runbook.reviewBy
        runAs = runbook.runAs
        help = runbook.help
        self.article = article
        symptoms = runbook.symptoms.map(SymptomDocument.init)
        targets = Targets(
            select: runbook.targets.select?.description, pick: runbook.targets.pick.rawValue,
            max: runbook.targets.max,
            fitting: inventory.targets.filter { target in
                runbook.targets.select.map { $0.holds(in: target.scope) } ?? true
            }.map(\.name))
        parameters = runbook.parameters.map(ParameterDocument.init)
        facts = runbook.facts.isEmpty ? nil : runbook.facts.map(FactDocument.init)
        steps = runbook.steps.map(StepDocument.init)
        let (before, after) = (runbook.beforeWave, runbook.afterWave)
        beforeWave = before.isEmpty ? nil : before.map(StepDocument.init)
        afterWave = after.isEmpty ? nil : after.map(StepDocument.init)
        checks = runbook.verify.count
        (last, lastResolved, runs) = (entry.last, entry.lastResolved, entry.runs)
        flags = entry.flags
        repeatRule = runbook.repeatRule
    }
}
