import Runbooks

/// Drives a run: decides, makes it durable, and only then acts.
///
/// What authorises an effect is in the trail before it starts: no record, no action.
///
/// One loop leads one run. It ends when the run has ended or waits for a person with nothing under
/// way, when the leader is asked to leave, or when the journal fails.
package struct RunLoop: Sendable {
    /// The limits of the loop, by name.
    package struct Limits: Sendable {
        /// Inputs that one commit may cover.
        package var batch = 256
        /// How often the inbox is read.
        package var inboxInterval: Duration = .milliseconds(250)
        /// How long a lease holds without being renewed.
        package var lease: Duration = .seconds(10)
        /// How often the lease is renewed.
        package var leaseInterval: Duration = .seconds(2)
        /// The most bytes of a stream that are kept in the journal itself.
        package var inlineBytes = 2048
        /// How long an event that nothing waits for may be in the journal alone.
        package var sealInterval: Duration = .milliseconds(250)
        /// Events that are sealed without waiting for that.
        package var sealBatch = 256
        /// Events that nobody has sealed, before nothing more is started.
        package var mostUnsealed = 4096
        /// How often a write is tried again that journal or trail had no room for.
        package var holdTries = 600
        /// How long it waits before each of them.
        package var holdInterval: Duration = .seconds(1)

        package init() {}
    }

    private let executor: any Executor
    private let journal: any Journal
    private let trail: any Trail
    private let store: any ContentStore
    private let lease: Lease
    private let secrets: [ParameterName: Secret]
    private let limits: Limits
    private let now: @Sendable () -> Timestamp
    private let sleep: @Sendable (Duration) async throws -> Void
    private let observe: @Sendable (RunMachine, [RunEvent]) -> Void
    private let holding: @Sendable (JournalError?) -> Void
    private let asking: (any StepAsking)?
    private let gates: any GateKeeper
    private let inputs = InputQueue()
    private let backlog = SealBacklog()
    private let visits = VisitCount()

    /// A loop over its ports.
    ///
    /// `sleep` waits, and throws `CancellationError` when its task is cancelled; `observe` is
    /// called on the loop after each durable commit, and must return soon. `holding` is told why
    /// nothing can be recorded for now, and nil once that is over. `asking` is asked before each
    /// step begins, before its intent is recorded; nobody is when it is nil. `gates` are asked before
    /// targets start of a run that they bind; without them they are closed.
    package init(
        executor: any Executor, journal: any Journal, trail: any Trail, store: any ContentStore,
        lease: Lease, secrets: [ParameterName: Secret], limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        observe: @escaping @Sendable (RunMachine, [RunEvent]) -> Void,
        holding: @escaping @Sendable (JournalError?) -> Void = { _ in },
        asking: (any StepAsking)? = nil, gates: (any GateKeeper)? = nil
    ) {
        self.executor = executor
        self.journal = journal
        self.trail = trail
        self.store = store
        self.lease = lease
        self.secrets = secrets
        self.limits = limits
        self.now = now
        self.sleep = sleep
        self.observe = observe
        self.holding = holding
        self.asking = asking
        self.gates = gates ?? ClosedGates("nobody was given them", now: now)
    }

    /// Adds an input from outside: a session that was opened, a person's signal, the end of the
    /// process.
    package func tell(_ input: RunInput) { inputs.put(input) }

    /// Leads a run until it finishes.
    ///
    /// The caller has opened the run or taken it over, and holds its lease. When the calling task
    /// is cancelled, attempts under way are left as they are, to be found again by the next leader.
    ///
    /// - Returns: the machine as it was last recorded.
    /// - Throws: `JournalError` when something could not be made durable: nothing was started
    ///   after that.
    package func lead(_ machine: RunMachine) async throws -> RunMachine {
        do {
            // In the first batch: a paused run that was told to go on must not end as paused, and
            // one that was told to end must start nothing before.
            let waiting = try await journal.inbox(
                of: machine.record.id, after: machine.inboxSeen)
            if waiting.contains(where: { $0.1.verb == .abort }) {
                inputs.put(.halted([], reason: "it is to be aborted", pauses: false))
            }
            inputs.put(.led)
            for (id, command) in waiting { inputs.put(.command(command, inboxID: id)) }
        } catch {
            await executor.shutDown()
            throw error
        }
        let result = await withDiscardingTaskGroup { group in
            let upkeep = Upkeep(journal: journal, lease: lease, limits: limits, now: now)
            group.addTask { await watchInbox(of: machine.record.id, after: machine.inboxSeen) }
            let failure = FailureBox()
            group.addTask {
                await upkeep.run(machine.record.id, sleep: sleep) { error in
                    await failure.set(error)
                    inputs.close()
                }
            }
            let result = await drive(machine, in: &group, failure: failure)
            inputs.close()
            group.cancelAll()
            return result
        }
        await executor.shutDown()
        return try result.get()
    }

    private func drive(
        _ first: RunMachine, in group: inout DiscardingTaskGroup, failure: FailureBox
    ) async -> Result<RunMachine, any Error> {
        var run = first
        run.asksBeforeSteps = asking != nil
        var rule = SealRule()
        while true {
            let batch = await inputs.batch(upTo: limits.batch)
            if let error = await failure.error { return .failure(error) }
            guard !batch.isEmpty, !Task.isCancelled else { return .success(run) }
            // Not copied: when its decision can't be recorded, the machine is dropped.
            var decision = RunDecision()
            // One instant for all: a replay, which knows when they were recorded, says the same.
            let instant = now()
            for input in batch {
                let part = run.decide(input, at: instant)
                decision.events += part.events
                // Only the last word counts: a later input may have set things going again.
                if !run.state.isTerminal { decision.effects.removeAll(where: \.isFinish) }
                decision.effects += part.effects
            }
            do {
                if !decision.events.isEmpty {
                    try await record(decision.events, of: run, at: instant)
                    observe(run, decision.events)
                }
                try await seal(decision, by: &rule, in: &group)
            } catch let error as JournalError
                where error.code == .unreachable || error.code == .diverged
            {
                holdBack(&decision, error)
            } catch {
                return .failure(error)
            }
            await askAgain(for: &decision, of: run)
            // Recording, sealing and asking may have taken longer than the lease.
            if let error = await failure.error { return .failure(error) }
            if start(decision.effects, in: &group) { return .success(run) }
            do {
                try await askForLocks(decision.effects, of: run.record)
            } catch {
                return .failure(error)
            }
        }
    }

    /// Makes events durable in the journal, as of the instant at which they were decided.
    private func record(
        _ events: [RunEvent], of run: RunMachine, at instant: Timestamp
    ) async throws {
        try await hold { () throws(JournalError) in
            _ = try await journal.append(events, to: run.record.id, at: instant, lease: lease)
        }
    }

    /// Sees to it that what was recorded gets into the trail: before anything else happens where
    /// the rule says so, else soon.
    private func seal(
        _ decision: RunDecision, by rule: inout SealRule, in group: inout DiscardingTaskGroup
    ) async throws {
        let mustWait = rule.waits(decision)
        let need = backlog.note(
            decision.events.count, batch: limits.sealBatch, most: limits.mostUnsealed)
        guard mustWait || need == .wait else {
            if need == .soon || need == .atOnce { group.addTask { await sealBeside(need) } }
            return
        }
        let count = backlog.count
        let starts = decision.effects.contains(where: \.startsStep)
        try await hold { () throws(JournalError) in
            if starts { try await sealBeforeStart() } else { try await trail.seal() }
        }
        backlog.end(need, count: count, failed: false)
    }

    /// Seals before a step starts; somebody who ends the run, or this process, doesn't wait for what
    /// must be elsewhere first.
    private func sealBeforeStart() async throws(JournalError) {
        let result = await withTaskGroup(of: Result<Void, JournalError>?.self) { group in
            group.addTask {
                do throws(JournalError) {
                    return .success(try await trail.sealBeforeStart())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await inputs.arrival(where: \.endsHolding)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            var result = first
            for await other in group { result = result ?? other }
            return result
        }
        try result?.get()
    }

    /// Takes the start of steps out of a decision that is recorded and sealed here, and lacks what
    /// had to be first: nothing of them was done, and nothing more is.
    private func holdBack(_ decision: inout RunDecision, _ error: JournalError) {
        var keys: [AttemptKey] = []
        decision.effects = decision.effects.compactMap { effect in
            guard case .perform(var request) = effect, effect.startsStep else { return effect }
            guard request.detachment?.isRecovery == true else {
                keys += [request.key] + request.followers.map(\.key)
                return nil
            }
            // An earlier leader may have begun it: what became of it is asked all the same.
            request.detachment?.mayStart = false
            return .perform(request)
        }
        let isEnding = inputs.contains(where: \.endsHolding)
        inputs.putFirst(.halted(keys, reason: error.message, pauses: !isEnding))
    }

    /// Asks the gates again for first steps whose answer has grown old while they were recorded and
    /// sealed, and takes them out where nothing lets them start any more.
    private func askAgain(for decision: inout RunDecision, of run: RunMachine) async {
        let late = Set(run.startsOnOldVerdict(decision.effects, at: now()))
        guard !late.isEmpty else { return }
        let answer = await gates.answer(run.gateQuestion)
        var next = run
        next.admission.gates = answer
        guard !next.isOpenByGates(at: now()) else { return inputs.putFirst(.gatesAnswered(answer)) }
        var keys: [AttemptKey] = []
        decision.effects.removeAll { effect in
            guard case .perform(let request) = effect, late.contains(request.key) else {
                return false
            }
            keys += [request.key] + request.followers.map(\.key)
            return true
        }
        inputs.putFirst(.keptBack(keys, answer))
    }

    /// Seals while the loop goes on; after a failure its next decision waits for the trail.
    private func sealBeside(_ need: SealBacklog.Need) async {
        do {
            if need == .soon { try await sleep(limits.sealInterval) }
            let count = backlog.count
            guard count > 0 else { return backlog.end(need, count: 0, failed: false) }
            try await trail.seal()
            backlog.end(need, count: count, failed: false)
        } catch is CancellationError {
            // The loop has ended, and sealed what there was.
            return
        } catch {
            backlog.end(need, count: 0, failed: true)
        }
    }

    /// Writes, and holds what was to be written while journal or trail has no room for it, or
    /// while what must have it too can't be reached.
    ///
    /// What targets have told is known to this process alone until it is recorded: giving up at
    /// once would turn it into unknown outcomes. Nothing is decided or started meanwhile. Only a
    /// refusal that kept nothing is tried again; after an input or output error the journal itself
    /// refuses (docs/journal.md).
    private func hold<Value>(
        _ write: () async throws(JournalError) -> Value
    ) async throws -> Value {
        var tries = 0
        while true {
            do {
                let value = try await write()
                if tries > 0 { holding(nil) }
                return value
            } catch {
                guard [.full, .locked, .unreachable].contains(error.code), tries < limits.holdTries,
                    !inputs.contains(where: \.endsHolding)
                else { throw error }
                if tries == 0 { holding(error) }
                tries += 1
                do {
                    try await sleep(limits.holdInterval)
                } catch is CancellationError {
                    throw error
                }
            }
        }
    }

    /// Starts effects.
    ///
    /// - Returns: whether the loop is done.
    private func start(_ effects: [RunEffect], in group: inout DiscardingTaskGroup) -> Bool {
        var isDone = false
        for effect in effects {
            switch effect {
            case .perform(var request):
                visits.note(request.target.name)
                request.secrets = secrets
                for index in request.followers.indices {
                    request.followers[index].secrets = secrets
                }
                let prepared = request
                group.addTask { await perform(prepared) }
            case .recall(let target): group.addTask { await executor.recall(target) }
            case .cancel(let target): group.addTask { await executor.cancel(target) }
            case .close(let target): group.addTask { await executor.close(target) }
            case .clean(let target):
                let visit = visits.count(of: target)
                group.addTask { await clean(target, after: visit) }
            case .timer(let timer, let delay):
                group.addTask {
                    do {
                        try await sleep(delay)
                        inputs.put(.timer(timer))
                    } catch {
                        // Cancelled: the loop has ended, and nobody waits for the timer.
                        return
                    }
                }
            case .ask(let target, let step):
                group.addTask { await ask(step, on: target) }
            case .withdraw(let target): asking?.withdraw(target)
            case .askPeer(let question): group.addTask { await ask(question) }
            case .askGates(let question):
                group.addTask { inputs.put(.gatesAnswered(await gates.answer(question))) }
            case .askHealth(let question): group.addTask { await ask(question) }
            case .admit, .dismiss: continue
            case .finish: isDone = true
            }
        }
        return isDone
    }

    /// Clears a target away once its outcomes are in the trail; until then they are there, too.
    ///
    /// Not where something was begun there meanwhile, such as a release that a person has paid:
    /// its end comes with a clearing away of its own.
    private func clean(_ target: TargetName, after visit: Int) async {
        do throws(JournalError) {
            try await trail.seal()
            guard visits.count(of: target) == visit else { return }
            await executor.clean(target)
        } catch {
            // It stays for a later run to clear away; that the trail fails is told by the loop.
        }
        guard visits.count(of: target) == visit else { return }
        await executor.close(target)
    }

    /// Takes and gives back locks, on the loop itself: what it decides next knows the answer.
    private func askForLocks(_ effects: [RunEffect], of run: RunRecord) async throws {
        for effect in effects {
            switch effect {
            case .admit(let names):
                let deferred = try await hold { () throws(JournalError) in
                    try await journal.admit(
                        names, to: run.id, within: run.plan.protection ?? [], at: now(),
                        lease: lease)
                }
                inputs.put(.admission(names, deferred: deferred))
            case .dismiss(let names):
                try await hold { () throws(JournalError) in
                    try await journal.dismiss(names, of: run.id, lease: lease)
                }
            default: continue
            }
        }
    }

    private func ask(_ step: StepID, on target: TargetName) async {
        switch await asking?.ask(step, on: target) {
        case .go: inputs.put(.allowed(target, step, isLast: false))
        case .goOnAlone: inputs.put(.allowed(target, step, isLast: true))
        case .abort(let command): inputs.put(.command(command, inboxID: 0))
        case .none: return
        }
    }

    /// Asks a member of a protected group; its session is for this alone.
    private func ask(_ question: PeerQuestion) async {
        let report = await executor.perform(question.request)
        await executor.close(question.request.target.name)
        inputs.put(.peerAnswered(PeerAnswer(question, report)))
    }

    /// Asks a health check on a target whose sequence has ended, or on the controller.
    private func ask(_ question: HealthQuestion) async {
        var request = question.request
        request.secrets = secrets
        let report = await executor.perform(request)
        await executor.close(request.target.name)
        inputs.put(.healthAnswered(HealthAnswer(question, report)))
    }

    private func perform(_ request: AttemptRequest) async {
        let recorder = AttemptRecorder(store: store, inlineBytes: limits.inlineBytes)
        await executor.perform(request) { key, report in
            do {
                inputs.put(.attemptEnded(key, try await recorder.record(report)))
            } catch {
                let record = AttemptRecorder.withoutOutput(
                    report, error, inlineBytes: limits.inlineBytes)
                inputs.put(.attemptEnded(key, record))
            }
        }
    }

    private func watchInbox(of run: RunID, after start: Int) async {
        var seen = start
        while !Task.isCancelled {
            do throws(JournalError) {
                for (id, command) in try await journal.inbox(of: run, after: seen) {
                    inputs.put(.command(command, inboxID: id))
                    seen = id
                }
            } catch {
                // Nothing is lost: the commands stay, and a journal that has failed stops the run
                // at its next append, with the cause.
            }
            do {
                try await sleep(limits.inboxInterval)
            } catch {
                return
            }
        }
    }
}

extension RunInput {
    /// Whether somebody wants this process to end, or the run to: nothing waits for room then.
    fileprivate var endsHolding: Bool {
        switch self {
        case .leaving: true
        case .command(let command, _): command.verb == .abort
        default: false
        }
    }
}

/// Keeps the lease of a run alive.
private struct Upkeep: Sendable {
    let journal: any Journal
    let lease: Lease
    let limits: RunLoop.Limits
    let now: @Sendable () -> Timestamp

    /// Renews until cancelled; tells the first failure, and ends.
    func run(
        _ run: RunID, sleep: @Sendable (Duration) async throws -> Void,
        onFailure: @Sendable (JournalError) async -> Void
    ) async {
        while !Task.isCancelled {
            do {
                try await sleep(limits.leaseInterval)
                try await journal.renew(lease, of: run, until: now().adding(limits.lease))
            } catch let error as JournalError {
                guard error.code == .leaseLost else { continue }
                await onFailure(error)
                return
            } catch {
                return
            }
        }
    }
}

/// The failure that ended a leader's upkeep.
private actor FailureBox {
    private(set) var error: JournalError?

    func set(_ error: JournalError) { self.error = error }
}
