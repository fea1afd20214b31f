import Runbooks
import Runner

/// Something that a run waits for: what, until when, and what a person can type; also its JSON form.
struct AwaitedItem: Encodable, Sendable {
    /// What kind of thing it is.
    enum Kind: String, Encodable, Sendable, CaseIterable {
        /// A person's answer, or that they did something.
        case answer
        /// A person says how a step ended.
        case settle
        /// A person has something given back.
        case pay
        /// A person goes on with a run that is paused.
        case resume
        /// A person says that the next wave may start.
        case promotion
        /// Some process leads it on.
        case leader
        /// The gates let targets start.
        case gates
        /// A target's lock, which another run holds, or its protected group.
        case lock
        /// What the health checks say after a wave.
        case health
        /// Time after a wave.
        case soak
    }

    let kind: Kind
    /// One sentence, without a period.
    let what: String
    var step: StepID?
    var target: TargetName?
    /// When that comes, or is due; nil where nobody knows.
    var until: Timestamp?
    /// What a person can type: one for each answer; empty where nobody has to do anything.
    var commands: [String] = []

    /// All that a run waits for, what a person can do something about first; nothing once it is over.
    ///
    /// `isLed`: whether a living process leads it, nil where that wasn't looked up. `locks`: who holds
    /// its targets now.
    static func all(
        of run: RunMachine, isLed: Bool?, locks: [TargetLock]
    ) -> [AwaitedItem] {
        guard !run.state.isTerminal else { return [] }
        return answers(run) + settled(run) + paid(run) + acts(run, isLed) + gates(run)
            + deferred(run, locks) + between(run)
    }

    private static func answers(_ run: RunMachine) -> [AwaitedItem] {
        RunReport(run: run).openQuestions.compactMap { question in
            let view = QuestionView(run: run, question: question)
            guard let person = view.person, let state = run.questions[question] else { return nil }
            return AwaitedItem(
                kind: .answer, what: "\(question.step)\(view.place): \(person.text)",
                step: question.step, target: question.target, until: state.until,
                commands: view.commands)
        }
    }

    private static func settled(_ run: RunMachine) -> [AwaitedItem] {
        run.unsettled.map { found in
            AwaitedItem(
                kind: .settle,
                what: "how \(found.step) ended on \(found.target) is unknown: \(found.reason)",
                step: found.step, target: found.target,
                commands: SettleText.commands(run.record.id, found.target, found.step))
        }
    }

    private static func paid(_ run: RunMachine) -> [AwaitedItem] {
        OwedText.all(of: run).map { owed in
            AwaitedItem(
                kind: .pay, what: "\(owed.step) is owed on \(owed.target): \(owed.text)",
                step: owed.step, target: owed.target, commands: owed.command.map { [$0] } ?? [])
        }
    }

    /// What only a person's act, or another process, brings on.
    private static func acts(_ run: RunMachine, _ isLed: Bool?) -> [AwaitedItem] {
        let id = run.record.id
        if run.state == .paused {
            return [
                AwaitedItem(
                    kind: .resume, what: run.stateReason,
                    commands: ["handrail resume \(id)", "handrail abort \(id)"])
            ]
        }
        if run.awaitsPromotion {
            return [
                AwaitedItem(
                    kind: .promotion,
                    what: "\(run.waveName(run.wave.index)) is done, and a person says whether the "
                        + "next one may start",
                    commands: ["handrail promote \(id)"])
            ]
        }
        guard isLed == false, run.state != .needsPerson else { return [] }
        return [
            AwaitedItem(
                kind: .leader, what: "nobody leads it now",
                commands: ["handrail resume \(id)", "handrail abort \(id)"])
        ]
    }

    private static func gates(_ run: RunMachine) -> [AwaitedItem] {
        let closed = run.closedGates
        guard !closed.isEmpty else { return [] }
        return [
            AwaitedItem(
                kind: .gates, what: closed.joined(separator: "; "), until: run.gatesUntil)
        ]
    }

    /// Targets that wait, in the plan's order, with what is in the way now, or was at the last look.
    private static func deferred(_ run: RunMachine, _ locks: [TargetLock]) -> [AwaitedItem] {
        run.plan.targets.map(\.name).compactMap { name in
            guard let deferral = run.deferrals[name] else { return nil }
            let lock = locks.first { $0.target == name && $0.run != run.record.id }
            return AwaitedItem(
                kind: .lock, what: lock.map { Deferral.locked($0).text } ?? deferral.reason,
                target: name)
        }
    }

    /// What lies between two waves.
    private static func between(_ run: RunMachine) -> [AwaitedItem] {
        guard let standing = run.waveStanding else { return [] }
        let name = run.waveName(standing.index)
        switch standing.phase {
        case .soak:
            return [
                AwaitedItem(
                    kind: .soak, what: "\(name) has ended, and soaks", until: standing.until)
            ]
        case .health where run.state != .paused:
            return [AwaitedItem(kind: .health, what: "whether \(name) is well is being asked")]
        case .health, .due, .gates, .before, .running, .after, .ended, .promotion, .done:
            return []
        }
    }
}

/// Where a run is among its waves, as JSON.
struct WaveDocument: Encodable, Sendable {
    /// How far one wave has come.
    struct Counts: Encodable, Sendable {
        /// From 1.
        let number: Int
        let name: String
        let targets: Int
        let endedWell: Int
        let failed: Int
        let atWork: Int
        let notStarted: Int
        let leftOut: Int

        private enum CodingKeys: String, CodingKey {
            case number, name, targets, failed
            case endedWell = "ended_well"
            case atWork = "at_work"
            case notStarted = "not_started"
            case leftOut = "left_out"
        }

        init(_ index: Int, _ wave: WaveStanding.Wave) {
            (number, name, targets) = (index + 1, wave.name, wave.targets)
            (endedWell, failed, atWork) = (wave.endedWell, wave.failed, wave.atWork)
            (notStarted, leftOut) = (wave.notStarted, wave.leftOut)
        }
    }

    /// What the health checks said.
    struct Health: Encodable, Sendable {
        let verdict: HealthVerdict
        let reason: String
    }

    /// From 1.
    let number: Int
    /// How many waves there are.
    let of: Int
    let name: String
    let phase: WaveStanding.Phase
    let until: Timestamp?
    /// Why the run has stopped by itself; nil while it hasn't.
    let stopped: String?
    let health: Health?

    init(_ standing: WaveStanding) {
        (number, of) = (standing.index + 1, standing.waves.count)
        (name, phase, until) = (standing.current.name, standing.phase, standing.until)
        stopped = standing.stop
        health = standing.health.map { Health(verdict: $0.verdict, reason: $0.reason) }
    }
}
