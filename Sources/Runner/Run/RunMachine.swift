import Runbooks

/// A run as the fold of its events, and the decisions about what happens next.
///
/// `decide` changes the machine through `apply` alone, so replaying the recorded events gives the
/// same machine. It is synchronous, reads no clock and touches nothing.
///
/// ```swift
/// var machine = RunMachine(record: record)
/// let decision = machine.decide(.led, at: now)   // record decision.events, then start its effects
/// ```
package struct RunMachine: Sendable, Equatable {
    /// The run's unchanging facts.
    package let record: RunRecord
    /// Where the run is in its life.
    package internal(set) var state: RunState = .pending
    /// Why it is in this state, in a few words for people; empty before the first change.
    package internal(set) var stateReason = ""
    /// Whether the run helped; nil until it is closed.
    package internal(set) var resolution: RunResolution?
    /// How far each of the plan's targets has come.
    package internal(set) var targets: [TargetName: TargetProgress]
    /// Every question asked so far, answered or not.
    package internal(set) var questions: [Question: QuestionState] = [:]
    /// What was begun once for several targets, in that order; its progress is among `targets`.
    package internal(set) var lists: [TargetName] = []
    /// How many targets have ended in a way that counts against `stop_at`.
    package internal(set) var failures = 0
    /// How far the run has come among its waves.
    package internal(set) var wave: WaveProgress
    /// Whether the run has stopped by itself, so that no further target starts.
    package internal(set) var isThresholdReached = false
    /// Whether a person asked the run to end; for good.
    package internal(set) var isAbortRequested = false
    /// Whether a person asked for a pause and hasn't resumed since.
    package internal(set) var isPauseRequested = false
    /// Whether another run goes on from this one, so that nothing more of it starts; for good.
    package internal(set) var isHandedOver = false
    /// Whether the home was restored while the run was open: what changes anything may have been
    /// started since, so nothing of it is; for good.
    package internal(set) var isRestored = false
    /// The newest command taken from the inbox.
    package internal(set) var inboxSeen = 0
    /// What people noted about the run, oldest first.
    package internal(set) var notes: [String] = []
    /// How many targets hold a place in flight, and how many have been started.
    package internal(set) var runningCount = 0
    /// How many targets were started: the first ones, in the order of their start.
    package internal(set) var startedCount = 0
    /// Why targets wait that could be started; each until its start.
    package internal(set) var deferrals: [TargetName: DeferredTarget] = [:]
    /// Why the locks of targets that have ended are kept, in a few words.
    package internal(set) var keptLocks: [TargetName: String] = [:]
    /// Whether the gates let targets start, by the last verdict recorded; nil before the first.
    package internal(set) var areGatesOpen: Bool?
    /// What they said, by the last verdict recorded.
    package internal(set) var gateLines: [String] = []
    /// When they may open by themselves, as was known with that verdict; nil where it wasn't.
    package internal(set) var gatesUntil: Timestamp?
    /// Whether it takes locks: something of it may change a target.
    package let takesLocks: Bool
    /// Targets that the run doesn't start, by name.
    package let leftOut: [TargetName: LeftOutTarget]
    /// The targets in the order of their start: those that count as failed without being started
    /// come first, so that a threshold is reached before anything starts.
    let order: [TargetName]
    /// The targets of each wave that the run is about, in that order; a wave may have none.
    let waves: [[TargetName]]
    let waveOf: [TargetName: Int]
    let limits: StopLimits
    let resolver: ValueResolver
    /// What each target has undone, the last step first; nil unless this run is a rollback.
    let undoings: [TargetName: [Step]]?
    private let sequences: PlanSequences
    private let places: [TargetName: Int]
    /// Not recorded: what this leader has asked for to start targets.
    var admission = Admission()
    /// Not recorded: what this leader looks at between two waves.
    var watch = WaveWatch()
    /// Not recorded: this leader starts nothing more.
    var isLeaving = false
    /// Not recorded: why this leader starts nothing more, but to abort and to give back.
    var haltReason: String?
    /// Not recorded: whether nobody can make this leader go on, since the run is to be aborted.
    var isHaltedForGood = false
    /// Not recorded: what the person allowed whom this leader asks before each step; nil when it
    /// asks nobody.
    var permissions: StepPermissions?

    /// Where a question stands.
    package struct QuestionState: Sendable, Hashable {
        /// When waiting ends and the run needs a person.
        package var until: Timestamp
        /// The id of the answer, or `done` for a confirmation; nil while it is open.
        package var choice: String?
        /// What the person added; nil when nothing.
        package var note: String?
    }

    package init(record: RunRecord) {
        self.record = record
        takesLocks = !record.plan.isReadOnly
        targets = Dictionary(
            uniqueKeysWithValues: record.plan.targets.map { ($0.name, TargetProgress()) })
        places = Dictionary(
            uniqueKeysWithValues: record.plan.targets.enumerated().map { ($1.name, $0) })
        let absent = Dictionary(
            (record.leftOut ?? []).map { ($0.target, $0) }, uniquingKeysWith: { first, _ in first })
        leftOut = absent
        limits = StopLimits(record.plan)
        waves = Self.waves(of: record, absent)
        let isRollback = record.descent?.kind == .rollback
        order = (isRollback ? waves.reversed() : waves).flatMap { $0 }
        waveOf = Dictionary(
            waves.enumerated().flatMap { index, names in names.map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
        wave = WaveProgress(
            count: waves.count,
            phase: record.plan.waves == nil || isRollback && !record.plan.hasWaveLists
                ? .running : .due)
        resolver = ValueResolver(record.plan)
        sequences = PlanSequences(record.plan)
        undoings = record.descent.flatMap { Self.undoings(of: $0, record.plan) }
        for start in record.descent?.starts ?? [] { begin(at: start) }
        takeOver(record.descent?.shared ?? [])
    }

    /// The machine after its recorded events.
    package init(record: RunRecord, events: [RecordedEvent]) {
        self.init(record: record)
        for event in events { apply(event.event, at: event.at) }
    }

    /// Everything the run does, and where.
    package var plan: Plan { record.plan }

    /// Whether both machines are at the same point of the same run.
    package static func == (left: RunMachine, right: RunMachine) -> Bool {
        left.record.id == right.record.id && left.targets == right.targets
            && left.questions == right.questions && left.state == right.state
            && left.stateReason == right.stateReason && left.resolution == right.resolution
            && left.failures == right.failures && left.inboxSeen == right.inboxSeen
            && left.isThresholdReached == right.isThresholdReached && left.wave == right.wave
            && left.isAbortRequested == right.isAbortRequested
            && left.isPauseRequested == right.isPauseRequested && left.notes == right.notes
            && left.isRestored == right.isRestored && left.isHandedOver == right.isHandedOver
            && left.runningCount == right.runningCount && left.startedCount == right.startedCount
            && left.deferrals == right.deferrals && left.keptLocks == right.keptLocks
            && left.areGatesOpen == right.areGatesOpen && left.gateLines == right.gateLines
            && left.gatesUntil == right.gatesUntil
    }

    /// How many targets the run is about: those that nobody left out.
    package var targetCount: Int { order.count }

    /// Targets that hold a place in flight, and what is done once for a wave.
    package var runningTargets: [TargetName] {
        (plan.targets.map(\.name) + lists).filter { targets[$0]?.isRunning == true }
    }

    /// How targets ended, of those that have.
    package var targetOutcomes: [Outcome] { order.compactMap { targets[$0]?.outcome } }

    /// Whether a target still has something to give back, which its runbook says how to.
    package var owesAnything: Bool { targets.values.contains { !$0.owed.isEmpty } }

    /// Everything that is owed and waits for a person, in the plan's order.
    package var owed: [(target: TargetName, step: StepID, reason: String)] {
        plan.targets.flatMap { planned in
            (targets[planned.name]?.leftOwed ?? [:]).sorted { $0.key < $1.key }
                .map { (planned.name, $0.key, $0.value) }
        }
    }

    /// What an input means, given all that is recorded.
    ///
    /// - Returns: the events to make durable, and the effects to start after that.
    package mutating func decide(_ input: RunInput, at now: Timestamp) -> RunDecision {
        var turn = Turn(now: now)
        guard !state.isTerminal else {
            if case .command(let command, let id) = input {
                emit(
                    .refused(inboxID: id, reason: "\(command.verb.word): the run has ended"), &turn)
            }
            return turn.decision
        }
        switch input {
        case .led: takeLead(&turn)
        case .sessionOpened(let target, let identity):
            emit(.sessionOpened(target, identity), &turn)
        case .attemptEnded(let key, let attempt):
            guard targets[key.target]?.isUnderWay(key) == true else { break }
            emit(.attemptEnded(key, attempt), &turn)
            advance(key.target, &turn)
        case .timer(let timer): fire(timer, &turn)
        case .admission(let names, let deferred): take(names, deferred, &turn)
        case .peerAnswered(let answer): take(answer, &turn)
        case .gatesAnswered(let answer): take(answer, &turn)
        case .healthAnswered(let answer): take(answer, &turn)
        case .command(let command, let id): obey(command, inboxID: id, &turn)
        case .leaving:
            isLeaving = true
            recall(&turn)
        case .halted(let keys, let reason, let pauses): halt(keys, reason, pauses, &turn)
        case .keptBack(let keys, let answer): keepBack(keys, answer, &turn)
        case .allowed(let target, let step, let isLast):
            let isAwaited = permissions?.asked[target] == step
            permissions?.allow(step, isLast: isLast)
            if isAwaited { advance(target, &turn) }
        }
        wakeSharers(&turn)
        goOverWaves(&turn)
        dropThoseKept(&turn)
        pauseWhenStopped(&turn)
        withdrawQuestions(&turn)
        conclude(&turn)
        noteLocks(&turn)
        return turn.decision
    }

    /// Records an event in the decision, and applies it.
    mutating func emit(_ event: RunEvent, _ turn: inout Turn) {
        apply(event, at: turn.now)
        turn.decision.events.append(event)
    }

    private mutating func takeLead(_ turn: inout Turn) {
        if state == .pending { emit(.stateChanged(activeState, reason: "started"), &turn) }
        goOnAfterRestore(&turn)
        for (question, asked) in questions.sorted(by: { $0.key < $1.key })
        where isOpen(question) {
            let left = max(0, asked.until.since(turn.now))
            turn.decision.effects.append(
                .timer(.deadline(question), after: .milliseconds(left)))
        }
        for name in runningTargets {
            for key in targets[name]?.underWay ?? [] {
                if recover(key, &turn) { continue }
                let lost = Ending.unknown("the process that led the run ended before it was told")
                emit(.attemptEnded(key, .ended(lost)), &turn)
            }
            advance(name, &turn)
        }
    }

    private mutating func fire(_ timer: RunTimer, _ turn: inout Turn) {
        switch timer {
        case .retry(let target):
            guard let progress = targets[target], progress.isRunning, !progress.hasUnderWay else {
                return
            }
            advance(target, &turn, isRetryDue: true)
        case .admission:
            admission.isTimerSet = false
            askAgain()
        case .gates: askGatesAgain(&turn)
        case .wave:
            watch.isTimerSet = false
            watch.isDue = true
        case .deadline(let question):
            guard isOpen(question), state == activeState else { return }
            emit(
                .stateChanged(
                    .needsPerson, reason: "step \(question.step) has waited for an answer too long"),
                &turn)
        }
    }

    /// Ends the run, or hands it to a person, when nothing is under way any more.
    private mutating func conclude(_ turn: inout Turn) {
        askForUnknownShared(&turn)
        if isLeaving, !hasAttached {
            turn.decision.effects.append(.finish)
            return
        }
        if let haltReason, !isAbortRequested { return concludeHalted(haltReason, &turn) }
        let held =
            isPauseRequested ? targets.count { isHeld($0.key, $0.value) } : countKeptByGates
        guard runningCount == held else { return }
        if held == 0, waitsForLists(&turn) { return }
        // One that is held has not ended, whatever keeps others from being started.
        let isAnyLeft =
            held > 0
            || !isHandedOver
                && (isBetweenWaves
                    || startedCount < order.count
                        && (mayStillStart || isRestored) && !isAllHopeless)
        if isAnyLeft, !isAbortRequested, !isBetweenWaves, !awaitsPromotion, isKeptByGates(&turn) {
            return
        }
        if isAnyLeft && !isAbortRequested {
            if isPauseRequested, state != .paused {
                emit(.stateChanged(.paused, reason: pauseReason), &turn)
            }
            if isPauseRequested {
                turn.decision.effects.append(.finish)
            } else if awaitsPromotion {
                waitForPromotion(&turn)
            } else {
                askForThoseLeft(&turn)
                noteWaiting(&turn)
            }
            return
        }
        guard !owesAfterList else { return }
        leaveWhatWasNotReached(&turn)
        if let reason = needOfPerson {
            if state != .needsPerson || stateReason != reason {
                emit(.stateChanged(.needsPerson, reason: reason), &turn)
            }
            turn.decision.effects.append(.finish)
            return
        }
        noteLocks(&turn)
        emit(.closed(finalState, finalResolution), &turn)
        turn.decision.effects.append(.finish)
    }

    /// The steps that a target goes through, every item of a `for_each` one of its own.
    ///
    /// Of a rollback: those that are undone there, the last first.
    package func sequence(of name: TargetName) -> [Step] {
        if places[name] == nil {
            if let list = name.waveList { return plan.sequence(of: list.kind) }
            if let shared = name.sharedStep { return sequence(of: shared) }
        }
        return undoings.map { $0[name] ?? [] } ?? places[name].map { sequences[$0] } ?? []
    }

    /// The steps of any target, in the plan's order.
    package var allSteps: [Step] { sequences.allSteps }

    /// The plan's record of a target.
    func planned(_ name: TargetName) -> PlannedTarget? {
        places[name].map { plan.targets[$0] } ?? name.waveList.flatMap(planned)
            ?? name.sharedStep.flatMap(planned)
    }

    /// Whether a paused target stands at a `safe_stop`, or wherever it was held back.
    func isHeld(_ name: TargetName, _ target: TargetProgress) -> Bool {
        guard isPauseRequested, !isAbortRequested, target.isRunning, !target.hasUnderWay,
            target.ending == nil, dueRelease(of: target, name) == nil
        else { return false }
        if state == .paused || admission.keptAtStart.contains(name) { return true }
        guard !isRollback, target.position == .fresh, target.cursor > 0 else { return false }
        let steps = sequence(of: name)
        return target.cursor < steps.count && steps[target.cursor - 1].isSafeStop
    }

    private var finalState: RunState {
        if isAbortRequested { return .aborted }
        if isRollback { return isAllUndone && areListsGood ? .rolledBack : .rollbackFailed }
        let isGood =
            wave.stop == nil && areListsGood
            && wanted.allSatisfy { $0.outcome?.isGood == true || $0.isLeftOut }
        return isGood ? .succeeded : .failed
    }

    /// The targets that nobody left out.
    private var wanted: some Sequence<TargetProgress> { order.lazy.compactMap { targets[$0] } }

    private var finalResolution: RunResolution {
        if isRollback { return .unclear }
        if plan.isAudit { return isAbortRequested ? .unclear : auditResolution }
        let all = wanted
        if all.contains(where: { $0.stop == .unresolved || $0.symptomAnswer == .present }) {
            return .unresolved
        }
        if isAbortRequested { return .unclear }
        if all.contains(where: { $0.outcome?.isGood != true && !$0.isLeftOut }) {
            return .unresolved
        }
        if all.contains(where: { $0.symptomAnswer == .unclear }) { return .unclear }
        let isProved = all.allSatisfy {
            $0.stop == .resolved || $0.symptomAnswer == .gone || !plan.verify.isEmpty
        }
        return isProved ? .resolved : .unclear
    }
}

/// One call of `decide`: its instant, and what it has decided so far.
struct Turn {
    let now: Timestamp
    var decision = RunDecision()
}
