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
        /// What must hold in the end, as far as it was looked at, in order.
        let verified: [Outcome]
    }

    /// A question that waits for a person, with what to type.
    struct Awaited: Sendable {
        let question: Question
        let person: PersonAction
        /// Where it is asked, such as ` on web1`; empty where it is asked once for the run.
        let place: String
        let until: Timestamp
        let isLate: Bool
        /// One for each answer.
        let commands: [String]
    }

    let summary: RunSummary
    let machine: RunMachine
    /// What was recorded of it, in order.
    let events: [RecordedEvent]
    /// The run with those that it goes on from and those that go on from it.
    let chain: RunChain
    let now: Timestamp
    /// What was handed over of it, the newest first.
    let escalations: [Escalation]
    /// Runs that go on from it.
    let children: [RunID]

    /// Locks on its targets: its own, and those that it waits for.
    let locks: [TargetLock]

    init(
        _ folded: FoldedRun, now: Timestamp, escalations: [Escalation] = [],
        locks: [TargetLock] = [], children: [RunID] = [], chain: RunChain? = nil
    ) {
        self.children = children
        self.chain = chain ?? RunChain([folded.machine])
        events = folded.events
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

    /// All that it waits for.
    private var items: [AwaitedItem] {
        AwaitedItem.all(of: machine, isLed: summary.isLed, locks: locks)
    }

    /// Targets that wait, in the plan's order, with what is in the way now, or was at the last look.
    var deferred: [AwaitedItem] { items.filter { $0.kind == .lock } }

    /// What it waits for beside what a person is asked, settles, pays or resumes: each of that has
    /// a place of its own.
    var waits: [AwaitedItem] {
        items.filter { [.promotion, .gates, .lock, .health, .soak].contains($0.kind) }
    }

    /// The targets in the plan's order.
    var targets: [OfTarget] {
        var verified: [TargetName: [Int: Outcome]] = [:]
        for recorded in events {
            guard case .verifyEnded(let name, let index, let outcome, _) = recorded.event else {
                continue
            }
            verified[name, default: [:]][index] = outcome
        }
        return machine.plan.targets.map(\.name).compactMap { of($0, verified: verified[$0] ?? [:]) }
    }

    /// What was done once before and after waves, in that order.
    var lists: [OfTarget] { machine.lists.compactMap { of($0, verified: [:]) } }

    private func of(_ name: TargetName, verified: [Int: Outcome]) -> OfTarget? {
        machine.targets[name].map { progress in
            let steps = machine.sequence(of: name).compactMap { step in
                progress.outcomes[step.id].map { (step.id, $0) }
            }
            return OfTarget(
                target: name, progress: progress, underWay: report.underWay(on: name),
                steps: steps,
                verified: verified.sorted { $0.key < $1.key }.map(\.value))
        }
    }

    /// The open questions, in the plan's order.
    var awaited: [Awaited] {
        report.openQuestions.compactMap { question in
            let view = QuestionView(run: machine, question: question)
            guard let person = view.person, let state = machine.questions[question] else {
                return nil
            }
            return Awaited(
                question: question, person: person, place: view.place, until: state.until,
                isLate: state.until <= now, commands: view.commands)
        }
    }

    /// What people told the run, but for their notes, the oldest first.
    var acts: [PackDocument.Act] {
        PackGathering.acts(in: events).filter { $0.act != "note" }
    }

    /// The state's word, with what a person asked for and has not come about yet.
    var word: String {
        guard !summary.state.isTerminal else { return summary.state.word }
        if machine.isAbortRequested { return summary.state.word + ", aborting" }
        guard machine.isPauseRequested, summary.state != .paused else { return summary.state.word }
        return summary.state.word + ", pausing"
    }

    /// Who asked for what has not come about yet, and when; nil when nobody did.
    var asked: (at: Timestamp, actor: String)? {
        guard word != summary.state.word else { return nil }
        return events.last {
            guard case .commanded(let command, _) = $0.event else { return false }
            return command.verb == (machine.isAbortRequested ? .abort : .pause)
        }.flatMap { recorded in
            guard case .commanded(let command, _) = recorded.event else { return nil }
            return (recorded.at, command.actor)
        }
    }

    /// Whether it should be at work and no living process leads it.
    var isLeft: Bool {
        !summary.isLed && [.pending, .waiting, .running, .rollingBack].contains(summary.state)
    }
}
