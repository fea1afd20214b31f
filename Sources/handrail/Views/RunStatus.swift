import Runbooks
import Runner

/// A run as `status` and the inbox show it.
struct RunStatus: Sendable {
    /// How far a target has come.
    struct OfTarget: Sendable {
        let target: TargetName
        let progress: TargetProgress
        /// The part under way; nil when none is.
        let underWay: String?
        /// Steps that have ended, in the plan's order.
        let steps: [(step: StepID, outcome: Outcome)]
    }

    /// A question that waits for a person, with what to type.
    struct Awaited: Sendable {
        let question: Question
        let person: PersonAction
        let until: Timestamp
        let isLate: Bool
        let command: String
    }

    let summary: RunSummary
    let machine: RunMachine
    let now: Timestamp
    /// What was handed over of it, the newest first.
    let escalations: [Escalation]
    /// Runs that go on from it.
    let children: [RunID]

    /// Locks on its targets: its own, and those that it waits for.
    let locks: [TargetLock]

    init(
        _ folded: FoldedRun, now: Timestamp, escalations: [Escalation] = [],
        locks: [TargetLock] = [], children: [RunID] = []
    ) {
        self.children = children
        summary = folded.summary
        machine = folded.machine
        self.now = now
        self.escalations = escalations
        self.locks = locks
    }

    /// What recap, status and JSON share.
    var report: RunReport { RunReport(run: machine) }

    /// Whether a person has to do something before it can go on.
    var isWaiting: Bool {
        !awaited.isEmpty || !machine.owed.isEmpty || !machine.unsettled.isEmpty || !summary.isLed
            || machine.state == .waiting
    }

    /// The locks that it holds.
    var held: [TargetLock] { locks.filter { $0.run == summary.id } }

    /// Targets that wait, in the plan's order, with what is in the way now, or was at the last look.
    var deferred: [(target: TargetName, reason: String)] {
        machine.plan.targets.map(\.name).compactMap { name in
            guard let deferral = machine.deferrals[name] else { return nil }
            let lock = locks.first { $0.target == name && $0.run != summary.id }
            return (name, lock.map { Deferral.locked($0).text } ?? deferral.reason)
        }
    }

    /// The targets in the plan's order.
    var targets: [OfTarget] {
        machine.plan.targets.map(\.name).compactMap { name in
            guard let progress = machine.targets[name] else { return nil }
            let steps = machine.sequence(of: name).compactMap { step in
                progress.outcomes[step.id].map { (step.id, $0) }
            }
            return OfTarget(
                target: name, progress: progress, underWay: report.underWay(on: name),
                steps: steps)
        }
    }

    /// The open questions, in the plan's order.
    var awaited: [Awaited] {
        report.openQuestions.compactMap { question in
            let step = machine.plan.steps.first { $0.id == question.step }
            guard let step, let person = step.action.person,
                let state = machine.questions[question]
            else { return nil }
            return Awaited(
                question: question, person: person, until: state.until,
                isLate: state.until <= now, command: command(for: question, person))
        }
    }

    private func command(for question: Question, _ person: PersonAction) -> String {
        let place = question.target.map { " --on \($0)" } ?? ""
        let subject = "\(machine.record.id) \(question.step)"
        guard !person.choices.isEmpty else {
            return "handrail confirm \(subject)\(place) --note …"
        }
        let choices = person.choices.map(\.id).joined(separator: "|")
        return "handrail answer \(subject) \(choices)\(place)"
    }
}
