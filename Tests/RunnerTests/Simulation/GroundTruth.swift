import Runbooks

@testable import Runner

/// What must hold whatever happens; the names stand in docs/simulation.md.
enum Invariant: String, CaseIterable {
    case intentFirst, sealedFirst, oneStart, onceOnly, noLivingCopy, oneOutcome, honest
    case abortStartsNothing, terminalIsSilent, foldIsLive, thresholdHolds, pauseHolds
    case notTooManyInFlight, retryIsBounded, owedIsPaid, everyRunEnds, leaseLossStops, portIsUsed
    case sealedAtTheEnd, outputIsStored, oneRunATarget, groupsAreKept
    case wavesFollow, wavesAreFramed
    case gatesAreOpen, gatesAreTrue, windowFits, undoIsFree, workFinishes, opensByItself
}

/// What of a run was really started on the targets, beside what the journal says of it.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class GroundTruth: @unchecked Sendable {
    /// What the journal says of an attempt.
    struct Record {
        let sequence: Int
        /// The last event of the commit that holds its intent.
        let batchEnd: Int
        /// The last event that must be sealed before it starts.
        let sealedUntil: Int
        /// Whether that must be elsewhere, too, where that is required.
        let waitsForRemote: Bool
        var ending: Ending?
        var endSequence = 0
    }

    /// One script that was really begun on a target.
    struct Start {
        let session: String
        let at: Int64
        /// What it tells once it has ended well.
        let outputs: [UInt8]
        var ending: Ending?
        var isLiving = true
    }

    private(set) var records: [AttemptKey: Record] = [:]
    private(set) var starts: [AttemptKey: Start] = [:]
    /// Steps whose effect is there on a target, by whatever brought it about.
    var done: [TargetName: Set<StepID>] = [:]
    private(set) var startCounts: [TargetName: [Part: Int]] = [:]
    /// When anything was recorded of a target, and which have ended.
    private(set) var lastNews: [TargetName: Int64] = [:]
    private(set) var endedTargets: Set<TargetName> = []
    /// Waves of which a target was started.
    var begunWaves: Set<Int> = []
    private(set) var living: [TargetName: Set<AttemptKey>] = [:]
    private(set) var endedSteps: [TargetName: Set<StepID>] = [:]
    /// Steps that a person has said of how they ended.
    private(set) var settled: [TargetName: Set<StepID>] = [:]
    /// Steps whose outputs are recorded.
    private var told: [TargetName: Set<StepID>] = [:]
    private var paidBy: [TargetName: Set<StepID>] = [:]
    private var handPaid: Set<TargetName> = []
    /// The last event of the last commit that had to be sealed before anything went on.
    private var barrier = 0
    private var isAborted = false
    private var isPaused = false
    private var waves: WaveTruth
    private var closedBatch: Int?
    private let findings: Findings
    let plan: Plan
    let isRollback: Bool
    private var sequences: [TargetName: [Step]] = [:]

    init(_ record: RunRecord, _ findings: Findings) {
        (plan, self.findings) = (record.plan, findings)
        isRollback = record.descent?.kind == .rollback
        waves = WaveTruth(record, findings)
        let machine = RunMachine(record: record)
        for target in plan.targets { sequences[target.name] = machine.sequence(of: target.name) }
    }

    func step(_ id: StepID) -> Step? { plan.step(id) }

    /// Notes that something doesn't hold.
    func broken(_ invariant: Invariant, _ text: String) { findings.broken(invariant, text) }

    /// Whether an attempt may change its target.
    func mayChange(_ key: AttemptKey) -> Bool {
        switch key.part {
        case .action(let id): step(id)?.effect != .read
        case .release, .undo: true
        case .symptom, .guarding, .check, .verify, .peer: false
        }
    }

    func expect(_ holds: Bool, _ invariant: Invariant, _ text: @autoclosure () -> String) {
        if !holds { broken(invariant, text()) }
    }

    // MARK: What is recorded

    /// Takes the events of a commit, whose last has this number.
    func recorded(
        _ events: [RunEvent], last: Int, at: Timestamp, by process: SimulatedProcess,
        stored: (Digest) -> Bool
    ) {
        // The first thing that a leader starts waits for all that is recorded by then.
        // To ask a member of a group, or for health, is an act, too, of which nothing is recorded.
        let asksMembers =
            plan.protection?.contains { $0.peersOK != nil } == true || plan.rollout.health != nil
        let isFirst =
            !process.hasActed && !asksMembers && events.contains(where: \.isIntent)
        process.hasActed = process.hasActed || events.contains(where: \.leadsToAnAct)
        let isBarrier = isFirst || events.contains(where: \.isBarrier)
        if isBarrier { barrier = last }
        for (index, event) in events.enumerated() {
            let sequence = last - events.count + 1 + index
            checkSilence(event, batch: last)
            if let target = event.target { lastNews[target] = process.world.scheduler.now }
            switch event {
            case .attemptStarted(let key): intent(key, sequence, last, waits: isBarrier)
            case .attemptEnded(let key, let record):
                outcome(key, record.ending, sequence)
                for output in [record.stdout, record.stderr] {
                    guard let digest = output.stored else { continue }
                    expect(stored(digest), .outputIsStored, "\(key) names an output nobody has")
                }
            case .stepEnded(let target, let id, let outcome, _): stepEnded(target, id, outcome)
            case .targetStarted(let target):
                let givesBack = target.waveList?.kind == .after
                expect(
                    !isAborted || givesBack, .abortStartsNothing,
                    "\(target) started after the abort")
                // Who is at work comes to what is done once, also in a pause.
                expect(
                    !isPaused || givesBack || target.sharedStep != nil, .pauseHolds,
                    "\(target) started in a pause")
                waves.started(target)
                checkGates(starting: target, at: at, by: process)
            case .commanded(let command, _): commanded(command)
            case .targetEnded(let target, let outcome):
                waves.ended(target, outcome)
                endedTargets.insert(target)
            case .wave(let event): waves.happened(event)
            case .paid(let target, let id): paid(target, id)
            case .notOwed(let target, let id):
                expect(
                    startCounts[target]?[.action(id)] == nil, .owedIsPaid,
                    "\(id) on \(target) is said to owe nothing, and had begun")
            case .closed:
                closedBatch = last
                waves.closed()
            case .reopened:
                expect(isRollback, .honest, "a run that undoes nothing has opened a bracket")
            case .outputsTaken(let target, let id, let values): outputsTaken(target, id, values)
            case .stateChanged, .sessionOpened, .verifyEnded, .symptomAsked, .owed,
                .leftOwed, .asked, .answered, .stopped, .thresholdReached, .refused, .deferred,
                .audited,
                .lockKept, .unlocked, .vouched, .gatesAnswered, .restored:
                break
            }
        }
    }

    private func checkSilence(_ event: RunEvent, batch: Int) {
        guard let closedBatch else { return }
        // What came with the last input of the commit that closed it is answered, not done.
        if case .refused = event, batch == closedBatch { return }
        broken(.terminalIsSilent, "after the end: \(event)")
    }

    private func intent(_ key: AttemptKey, _ sequence: Int, _ batchEnd: Int, waits: Bool) {
        expect(records[key] == nil, .oneStart, "the intent of \(key.short) is recorded twice")
        let givesBack = key.part.isRelease || key.target.waveList?.kind == .after
        expect(
            !isAborted || givesBack, .abortStartsNothing,
            "\(key.short) is to start after the abort")
        records[key] = Record(
            sequence: sequence, batchEnd: batchEnd, sealedUntil: barrier,
            waitsForRemote: waits && !givesBack)
        guard case .action(let id) = key.part, let step = step(id), !step.effect.isOnce else {
            return
        }
        let begun = startCounts[key.target]?[key.part] ?? 0
        expect(
            begun < step.retry.attempts + 3, .retryIsBounded,
            "\(key.short) is begun for the \(begun + 1)th time")
    }

    private func outcome(_ key: AttemptKey, _ ending: Ending, _ sequence: Int) {
        guard let record = records[key] else {
            return broken(.intentFirst, "\(key.short) has an outcome and no intent")
        }
        expect(record.ending == nil, .oneOutcome, "\(key.short) has a second outcome")
        records[key]?.ending = ending
        records[key]?.endSequence = sequence
        let start = starts[key]
        switch ending {
        case .exited, .timedOut:
            expect(start?.ending == ending, .honest, "\(key.short): \(ending), not \(start as Any)")
        case .cancelled:
            expect(start?.isLiving != true, .honest, "\(key.short) is cancelled and lives")
        case .unreachable, .notStarted, .heldBack:
            expect(start == nil, .honest, "\(key.short): \(ending), and it was begun")
        case .unknown: break
        }
    }

    /// The newest attempt of a step's action whose outcome is recorded.
    private func newest(_ target: TargetName, _ id: StepID) -> AttemptKey? {
        records.filter {
            $0.key.target == target && $0.key.part == .action(id) && $0.value.ending != nil
        }.keys.max { $0.number < $1.number }
    }

    /// Where a step was really done: once for several targets, or on the target itself.
    private func place(of id: StepID, _ target: TargetName) -> TargetName {
        guard target.isTarget, let scope = step(id)?.scope else { return target }
        let wave = plan.wavesOfTargets.firstIndex { $0.contains(target) }
        return SharedStep(id, wave: scope == .wave ? wave : nil).name
    }

    private func outputsTaken(_ target: TargetName, _ id: StepID, _ values: [String: String]) {
        let target = place(of: id, target)
        let said = newest(target, id).flatMap { starts[$0]?.outputs }
        let text = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        expect(
            said == Array(text.utf8), .honest, "\(id) on \(target) is said to have told \(values)")
        told[target, default: []].insert(id)
    }

    private func stepEnded(_ target: TargetName, _ id: StepID, _ outcome: Outcome) {
        expect(
            endedSteps[target, default: []].insert(id).inserted, .oneOutcome,
            "\(id) ended twice on \(target)")
        let own = target
        let target = place(of: id, own)
        if outcome.isGood, step(id)?.outputs.isEmpty == false, let key = newest(target, id),
            records[key]?.ending == .exited(0)
        {
            expect(
                told[target]?.contains(id) == true, .honest,
                "what \(id) told on \(target) is not recorded")
        }
        // How undoing a step went says nothing of whether it was done.
        guard !isRollback, let step = step(id), step.effect != .read, case .run = step.action
        else { return }
        switch outcome {
        case .satisfied, .changed, .ok:
            expect(
                done[target]?.contains(id) == true, .honest,
                "\(id) on \(target) is \(outcome.rawValue), and was not done")
        case .skipped:
            // Each target says by itself whether it comes to what others may have come to.
            expect(
                step.scope != nil || startCounts[target]?[.action(id)] == nil, .honest,
                "\(id) on \(target) is skipped, and was begun")
        case .failed, .timedOut, .unreachable, .aborted:
            let isSettled = settled[target]?.contains(id) == true
            let isOpen =
                !isSettled
                && records.contains {
                    $0.key.target == target && $0.key.part == .action(id)
                        && ($0.value.ending == nil || $0.value.ending?.isUnknown == true)
                        && step.effect.isOnce && starts[$0.key] != nil
                }
            expect(
                !isOpen || own != target && outcome == .aborted, .honest,
                "\(id) on \(target) is \(outcome.rawValue), and nobody knows how it ended")
        case .unknown: break
        }
    }

    private func commanded(_ command: PersonCommand) {
        switch command.verb {
        case .abort: isAborted = true
        case .pause: isPaused = true
        case .resume:
            isPaused = false
            waves.resumed()
        case .paidByHand(let target, _): handPaid.insert(target)
        case .pay(let target):
            waves.reopened(target)
            endedTargets.remove(target)
        case .settle(let target, let step, _, _):
            // It is under way again, and its target with it.
            endedSteps[target]?.remove(step)
            settled[target, default: []].insert(step)
            waves.reopened(target)
            endedTargets.remove(target)
        case .answer, .confirm, .note, .handOver, .promote: break
        }
    }

    private func paid(_ target: TargetName, _ id: StepID) {
        let isPaid = handPaid.contains(target) || paidBy[target]?.contains(id) == true
        expect(isPaid, .owedIsPaid, "\(id) on \(target) is called paid, and nobody paid it")
    }

    // MARK: What happens on the targets

    /// Takes the real start of an attempt in a session.
    func started(
        _ key: AttemptKey, session: String, sealed: Int, pushed: Int?, at now: Int64,
        outputs: [UInt8]
    ) {
        guard let record = records[key] else {
            return broken(.intentFirst, "\(key.short) starts without an intent on disk")
        }
        expect(starts[key] == nil, .oneStart, "\(key.short) starts a second time")
        let there = record.waitsForRemote ? min(sealed, pushed ?? sealed) : sealed
        expect(
            there >= record.sealedUntil, .sealedFirst,
            "\(key.short) starts before event \(record.sealedUntil) is sealed: \(there)")
        if let ending = record.ending, !ending.isUnknown {
            broken(.honest, "\(key.short) starts after its outcome: \(ending)")
        }
        for other in (living[key.target] ?? []).sorted(by: { $0.short < $1.short }) {
            broken(.noLivingCopy, "\(key.short) starts beside \(other.short)")
        }
        if case .action(let id) = key.part, step(id)?.effect.isOnce == true {
            expect(
                startCounts[key.target]?[key.part] == nil, .onceOnly,
                "\(key.short) of a step that runs once was begun before")
        }
        if case .action(let id) = key.part { paidBy[key.target]?.remove(id) }
        startCounts[key.target, default: [:]][key.part, default: 0] += 1
        starts[key] = Start(session: session, at: now, outputs: outputs)
        living[key.target, default: []].insert(key)
    }

    /// Takes the real end of an attempt; nil when it was killed and says nothing.
    func ended(_ key: AttemptKey, _ ending: Ending?) {
        starts[key]?.isLiving = false
        starts[key]?.ending = ending
        living[key.target]?.remove(key)
        guard ending == .exited(0) else { return }
        switch key.part {
        case .action(let id): done[key.target, default: []].insert(id)
        case .release(let id): paidBy[key.target, default: []].insert(id)
        case .undo(let id, _): done[key.target]?.remove(id)
        case .guarding, .check, .verify, .symptom, .peer: break
        }
    }

    /// Takes that what a target kept of detached attempts is removed.
    func cleaned(_ target: TargetName, sealed: Int) {
        for (key, record) in records where key.target == target && starts[key] != nil {
            expect(
                record.ending != nil && sealed >= record.endSequence, .sealedFirst,
                "\(target) is cleaned before the outcome of \(key.short) is sealed")
        }
    }

    // MARK: At the end

    /// What must hold of a run that has ended.
    func checkEnd(_ machine: RunMachine, sealed: Int, events: Int) {
        for (key, record) in records where record.ending == nil {
            broken(.oneOutcome, "\(key.short) has no outcome")
        }
        for name in machine.runningTargets {
            broken(.oneOutcome, "the run has ended, and \(name) has not")
        }
        expect(machine.owed.isEmpty, .owedIsPaid, "the run has ended, and \(machine.owed)")
        for target in plan.targets.map(\.name) {
            for step in sequences[target] ?? [] where step.release != nil {
                guard startCounts[target]?[.action(step.id)] != nil else { continue }
                expect(
                    handPaid.contains(target) || paidBy[target]?.contains(step.id) == true,
                    .owedIsPaid, "\(step.id) began on \(target), and was never given back")
            }
        }
        expect(sealed == events, .sealedAtTheEnd, "\(sealed) of \(events) events are sealed")
    }
}

extension RunEvent {
    /// Whether it is the intent of an attempt.
    var isIntent: Bool { if case .attemptStarted = self { true } else { false } }

    /// Whether something is done on a target for it: begun, ended, or closed.
    var leadsToAnAct: Bool {
        switch self {
        case .attemptStarted, .targetEnded: true
        case .commanded(let command, _): command.verb == .abort
        default: false
        }
    }
}

extension Ending {
    var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

extension AttemptKey {
    /// The key in a few letters.
    var short: String {
        switch part {
        case .symptom: "\(target)/symptom.\(number)"
        case .peer: "\(target)/peer.\(number)"
        case .guarding(let id): "\(target)/\(id)?.\(number)"
        case .action(let id): "\(target)/\(id).\(number)"
        case .check(let id, let index): "\(target)/\(id)/check\(index).\(number)"
        case .verify(let index): "\(target)/verify\(index).\(number)"
        case .release(let id): "\(target)/\(id)/release.\(number)"
        case .undo(let id, let index): "\(target)/\(id)/undo\(index).\(number)"
        }
    }
}
