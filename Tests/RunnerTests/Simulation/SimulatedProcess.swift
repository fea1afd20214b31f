import Runbooks

@testable import Runner

/// One process that leads a run: opens it or takes it over, and runs the production loop.
///
/// It does what `Takeover` and `LeadRun` do around the loop. Killed, it does nothing more that
/// anybody outside could see: its calls are refused, and its tasks come to their end unheard.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class SimulatedProcess: @unchecked Sendable {
    let number: Int
    unowned let world: SimulatedWorld
    let run: SimulatedRun
    let executor: SeededExecutor
    let lease: Lease
    /// The fold of the journal right after this process's last append.
    var fold: RunMachine?
    /// How many events there were when it began to lead.
    private(set) var ledFrom = 0
    /// The number of its last event.
    var appendedUntil = 0
    var isJournalBroken = false
    /// Whether anything was done on a target for what it has recorded.
    var hasActed = false
    var isTrailBroken = false
    private(set) var isAlive = true
    /// Whether its last task has come to its end.
    private(set) var isOver = false
    private(set) var isStopped = false
    private(set) var leaseLostAt: Int64?
    private(set) var loop: RunLoop?
    private var task: Task<Void, Never>?
    private var recorded: Set<String> = []
    private var waiting: [String: Turnstile] = [:]
    /// Its own watch of the wall clock, and by how much that was set when it began.
    private let watch: ClockWatch
    private let firstOffset: Int64
    /// What the gates said last, and when it was stopped last.
    private(set) var verdicts: [SimulatedVerdict] = []
    private(set) var stoppedAt: Int64?
    /// Since when it leads a run that was aborted and has nothing at work; nil while it doesn't.
    private var heldSince: Int64?
    /// Longer than a record takes, and shorter than closed gates are waited for, in milliseconds.
    private static let longestHeld: Int64 = 20_000
    /// When it began.
    let began: Int64
    private var limits = RunLoop.Limits()

    init(_ number: Int, of run: SimulatedRun, in world: SimulatedWorld) {
        (self.number, self.run, self.world) = (number, run, world)
        executor = SeededExecutor(world.scheduler)
        lease = Lease(
            pid: Int32(number), processStart: "\(number)", bootID: "b", nonce: "n\(number)")
        began = world.scheduler.now
        firstOffset = world.clockOffset
        watch = ClockWatch(wall: world.time, sinceBoot: world.scheduler.now)
        limits.batch = world.scheduler.one(of: [1, 2, 16, 256]) ?? 256
        limits.inboxInterval = .milliseconds(world.number(500...4000))
        limits.leaseInterval = .milliseconds(world.number(1000...4000))
        limits.inlineBytes = 64
        limits.sealBatch = world.scheduler.one(of: [4, 256]) ?? 256
        limits.mostUnsealed = world.scheduler.one(of: [8, 4096]) ?? 4096
        limits.holdTries = world.number(2...30)
    }

    /// Begins its life.
    func start() {
        world.trace.note("p\(number) starts for \(run.record.id)")
        task = Task(executorPreference: executor) { [self] in
            do {
                try await lead()
            } catch {
                world.trace.note("p\(number) ends: \(error.brief)")
            }
            end()
        }
    }

    private func end() {
        isOver = true
        guard isAlive else { return }
        isAlive = false
        world.fleet.orphan(self)
    }

    private func lead() async throws {
        let journal = SimulatedJournal(process: self)
        let now = world.time
        if run.journal.isOpened {
            let isOurs = try await journal.takeOver(
                run.record.id, lease: lease, now: now, until: now.adding(limits.lease))
            guard isOurs else { return }
        } else {
            try await journal.open(
                run.record, lease: lease, leaseUntil: now.adding(limits.lease))
        }
        let record = try await journal.record(of: run.record.id)
        let events = try await journal.events(of: record.id, after: 0)
        let machine = RunMachine(record: record, events: events)
        run.truth.expect(machine == fold, .foldIsLive, "replaying gives another machine")
        world.trace.note("p\(number) leads from \(events.count)")
        ledFrom = events.count
        // The first thing that it does is to ask what became of these.
        hasActed = machine.runningTargets.contains { name in
            machine.targets[name]?.underWay.contains(where: machine.isDetached) == true
        }
        let loop = newLoop()
        self.loop = loop
        let last = try await loop.lead(machine)
        try lives()
        world.trace.note("p\(number) has led: \(last.state.rawValue)")
        run.truth.expect(last == fold, .foldIsLive, "the loop returns another machine")
        run.truth.expect(
            run.sealed >= appendedUntil, .sealedAtTheEnd,
            "p\(number) ends, and of \(appendedUntil) events \(run.sealed) are sealed")
        guard !last.state.isTerminal else {
            run.isLedToItsEnd = true
            if last.isToBeUndone { world.undo(run) }
            return
        }
        try await journal.release(lease, of: record.id)
    }

    private func newLoop() -> RunLoop {
        let scheduler = world.scheduler
        return RunLoop(
            executor: SimulatedExecutor(self), journal: SimulatedJournal(process: self),
            trail: SimulatedTrail(process: self), store: SimulatedStore(process: self),
            lease: lease, secrets: [:], limits: limits, now: { [world] in world.time },
            sleep: { duration in
                try Task.checkCancellation()
                await scheduler.pause(duration.inMilliseconds)
                try Task.checkCancellation()
            },
            observe: { [self] machine, events in observed(machine, events) },
            asking: world.weather.asks ? SimulatedPerson(self) : nil,
            gates: run.change == nil ? nil : SimulatedGates(process: self))
    }

    /// Whether a run that was aborted, and has nothing at work, goes to its end: nothing that it waits
    /// for is in its way.
    private func checkAborted(_ machine: RunMachine) {
        let isIdle = machine.state == .waiting || machine.state == .paused
        let isHeld =
            machine.isAbortRequested && isIdle && machine.runningCount == 0 && !machine.isLeaving
        if let since = heldSince {
            // What it decides next is recorded as soon as the journal takes it.
            let isRefused = world.weather.windows.contains {
                $0.until >= since && $0.from <= world.scheduler.now
            }
            run.truth.expect(
                world.scheduler.now - since < Self.longestHeld || isRefused, .undoIsFree,
                "it was aborted, nothing was at work, and it waited for "
                    + "\(world.scheduler.now - since) ms")
        }
        heldSince = isHeld ? heldSince ?? world.scheduler.now : nil
    }

    /// What the loop tells after each commit.
    private func observed(_ machine: RunMachine, _ events: [RunEvent]) {
        do throws(JournalError) {
            try passes(.observe, .before)
            if let fold, machine != fold {
                run.truth.broken(
                    .foldIsLive,
                    "the live machine is not the fold: \(machine.differences(from: fold))")
            }
            // Whom a person made go on again has a place beyond those.
            // What several of them wait for has one, too.
            let payers = machine.targets.count { name, target in
                target.isPayAsked || run.truth.settled[name] != nil
                    || name.sharedStep != nil && target.isRunning
            }
            run.truth.expect(
                machine.runningCount <= machine.plan.rollout.maxInFlight + payers,
                .notTooManyInFlight,
                "\(machine.runningCount) targets in flight")
            checkAborted(machine)
            for case .sessionOpened(_, let proof) in events {
                recorded.insert(proof)
                waiting.removeValue(forKey: proof)?.open()
            }
            try passes(.observe, .after)
        } catch {
            // Killed: nobody is told any more.
        }
    }

    /// Returns once the journal names a session, or the task is cancelled.
    func waitUntilRecorded(_ proof: String) async {
        guard !recorded.contains(proof) else { return }
        let gate = waiting[proof] ?? Turnstile()
        waiting[proof] = gate
        await gate.wait()
    }

    /// Whether the wall clock was set since it began; in truth, and as its watch says.
    var isClockSet: Bool { abs(world.clockOffset - firstOffset) > 30_000 }
    var isWatchAlarmed: Bool {
        watch.step(wall: world.time, sinceBoot: world.scheduler.now) != nil
    }

    func note(_ verdict: SimulatedVerdict) {
        verdicts = verdicts.suffix(7) + [verdict]
        if verdict.isOpen {
            world.verdictCounts.open += 1
        } else {
            world.verdictCounts.closed += 1
        }
    }

    func noteLostLease() { leaseLostAt = leaseLostAt ?? world.scheduler.now }

    // MARK: What befalls it

    /// Passes a labelled point, at which it may be killed.
    ///
    /// - Throws: when it is dead: what was to be done there is not done.
    func passes(_ point: CrashPoint, _ side: CrashPoint.Side) throws(JournalError) {
        try lives()
        if world.crashes(at: point, side) { kill() }
        try lives()
    }

    /// - Throws: when it is dead.
    func lives() throws(JournalError) {
        guard isAlive else { throw JournalError(.io, "the process was killed") }
    }

    /// Ends it at once: nothing of it is seen any more.
    func kill() {
        guard isAlive else { return }
        isAlive = false
        let isPowerLoss = world.happens(world.weather.powerLosses)
        world.trace.note("p\(number) is killed\(isPowerLoss ? ", its machine too" : "")")
        world.house.lose(self, isKept: !isPowerLoss && world.happens(500))
        world.fleet.orphan(self)
        for gate in waiting.values { gate.open() }
        if isStopped { goOn() }
        task?.cancel()
    }

    /// Stops it, as SIGSTOP does.
    func stop(for milliseconds: Int64) {
        guard isAlive, !isStopped else { return }
        world.trace.note("p\(number) is stopped for \(milliseconds)")
        isStopped = true
        stoppedAt = world.scheduler.now + milliseconds
        executor.hold()
        world.scheduler.after(milliseconds) { [self] in if isStopped { goOn() } }
    }

    private func goOn() {
        world.trace.note("p\(number) goes on")
        isStopped = false
        heldSince = nil
        // What was to be done at once is done at once after it goes on.
        if leaseLostAt != nil { leaseLostAt = world.scheduler.now }
        executor.goOn()
    }

    /// Asks it to end, or what Ctrl-C says.
    func signal() {
        guard isAlive, let loop else { return }
        switch world.number(0...3) {
        case 0:
            loop.tell(.command(PersonCommand(verb: .pause, actor: "ann"), inboxID: 0))
            world.trace.note("p\(number) Ctrl-C")
        case 1 where world.happens(300):
            loop.tell(.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 0))
            world.trace.note("p\(number) Ctrl-C twice")
        default:
            loop.tell(.leaving)
            world.trace.note("p\(number) SIGTERM")
        }
    }
}

/// The person at a leader's terminal, who is asked before each step.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class SimulatedPerson: StepAsking, @unchecked Sendable {
    private unowned let process: SimulatedProcess
    private var asked: [TargetName: Turnstile] = [:]

    init(_ process: SimulatedProcess) { self.process = process }

    func ask(_ step: StepID, on target: TargetName) async -> StepAnswer? {
        let world = process.world
        do throws(JournalError) {
            try process.passes(.ask, .before)
            let gate = Turnstile()
            asked[target] = gate
            var isWithdrawn = true
            world.scheduler.after(Int64(world.number(100...8000))) {
                isWithdrawn = false
                gate.open()
            }
            await gate.wait()
            try process.passes(.ask, .after)
            guard !isWithdrawn, !Task.isCancelled else { return nil }
        } catch {
            return nil
        }
        switch world.number(0...9) {
        case 0: return .goOnAlone
        case 1 where !world.isCalm: return .abort(PersonCommand(verb: .abort, actor: "ann"))
        default: return .go
        }
    }

    func withdraw(_ target: TargetName) {
        do throws(JournalError) {
            try process.passes(.withdraw, .before)
            asked.removeValue(forKey: target)?.open()
            try process.passes(.withdraw, .after)
        } catch {
            // Killed: nobody asks any more.
        }
    }
}

extension Error {
    /// The error in a few words.
    fileprivate var brief: String {
        (self as? JournalError).map { "\($0.code.rawValue): \($0.message)" } ?? "\(self)"
    }
}

extension RunMachine {
    /// Where two machines differ, for people.
    fileprivate func differences(from other: RunMachine) -> [String] {
        var found: [String] = []
        for (name, target) in targets.sorted(by: { $0.key < $1.key })
        where other.targets[name] != target {
            found.append("\(name): \(target) is not \(other.targets[name] as Any)")
        }
        if questions != other.questions { found.append("questions") }
        if state != other.state || stateReason != other.stateReason { found.append("state") }
        if runningCount != other.runningCount || startedCount != other.startedCount {
            found.append("counts")
        }
        return found
    }
}
