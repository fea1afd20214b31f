import Runbooks

@testable import Runner

/// What all processes have of one run in the journal.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class JournalModel: @unchecked Sendable {
    let record: RunRecord
    private(set) var isOpened = false
    private(set) var events: [RecordedEvent] = []
    private(set) var fold: RunMachine
    private(set) var held: HeldLease?
    private(set) var inbox: [(id: Int, command: PersonCommand)] = []
    private var summary = SummaryFold()
    private var lastInboxID = 0
    /// What its events say of the locks of its targets, and what its leader took beside.
    private(set) var locks: [TargetName: LockChange] = [:]
    var admitted: Set<TargetName> = []
    private let truth: GroundTruth
    private let house: HouseModel

    init(_ record: RunRecord, _ truth: GroundTruth, _ house: HouseModel) {
        (self.record, self.truth, self.house) = (record, truth, house)
        fold = RunMachine(record: record)
    }

    // MARK: What a commit does, at one instant

    fileprivate func open(_ lease: Lease, until: Timestamp) throws(JournalError) {
        guard !isOpened else { throw .taken(record.id, number: record.number) }
        isOpened = true
        held = HeldLease(lease: lease, until: until)
    }

    fileprivate func append(
        _ new: [RunEvent], at: Timestamp, _ lease: Lease, _ process: SimulatedProcess
    ) throws(JournalError) -> Int {
        guard held?.lease == lease else { throw .leaseLost(record.id) }
        guard summary.closed == nil else { throw .closed(record.id, summary.state) }
        for event in new {
            let recorded = RecordedEvent(sequence: events.count + 1, at: at, event: event)
            events.append(recorded)
            summary.fold(recorded)
            house.check(event, of: record, takesLocks: fold.takesLocks)
            fold.apply(event, at: at)
        }
        for case .targetEnded(let target, _) in new {
            guard let outcome = summary.outcomes[target] else { continue }
            house.noteEnd(target, outcome, self)
        }
        for case .vouched(let target, let run, _) in new { house.noteVouched(target, run) }
        if fold.takesLocks {
            let changes = LockChanges(new).byTarget
            locks.merge(changes) { $1 }
            admitted.subtract(changes.keys)
        }
        inbox.removeAll { summary.doneCommands[$0.id] != nil }
        process.fold = fold
        process.appendedUntil = events.count
        process.world.trace.note(
            "p\(process.number) append \(events.count) of \(new.count) to \(record.id)")
        for event in new { process.world.trace.note(event.short) }
        truth.recorded(new, last: events.count, at: at, by: process) {
            process.world.store[$0] != nil
        }
        return events.count
    }

    fileprivate func takeOver(
        _ lease: Lease, _ now: Timestamp, until: Timestamp, isProvedDead: (Lease) -> Bool
    ) throws(JournalError) -> Bool {
        guard summary.closed == nil else { throw .closed(record.id, summary.state) }
        if let held, !held.canBeTaken(by: lease, now: now, isProvedDead: isProvedDead) {
            return false
        }
        held = HeldLease(lease: lease, until: until)
        admitted = []
        return true
    }

    fileprivate func renew(_ lease: Lease, until: Timestamp) throws(JournalError) {
        guard held?.lease == lease else { throw .leaseLost(record.id) }
        held = HeldLease(lease: lease, until: until)
    }

    fileprivate func release(_ lease: Lease) throws(JournalError) {
        guard let held else { return }
        guard held.lease == lease else { throw .leaseLost(record.id) }
        self.held = nil
        admitted = []
    }

    /// Refuses who doesn't hold the lease.
    func check(_ lease: Lease) throws(JournalError) {
        guard held?.lease == lease else { throw .leaseLost(record.id) }
    }

    /// Puts a person's command into the inbox, from another process.
    func post(_ verb: PersonCommand.Verb) {
        guard !summary.state.isTerminal, inbox.count < JournalLimit.waitingCommands else { return }
        lastInboxID += 1
        inbox.append((lastInboxID, PersonCommand(verb: verb, actor: "ann")))
    }
}

/// One process's connection to the journal: slow, refused, and cut by crashes.
struct SimulatedJournal: Journal {
    let process: SimulatedProcess

    private var world: SimulatedWorld { process.world }
    private var model: JournalModel { process.run.journal }
    private var house: HouseModel { world.house }

    func open(
        _ run: RunRecord, lease: Lease, leaseUntil: Timestamp
    ) async throws(JournalError) {
        let model = model
        try await write(.open) { () throws(JournalError) in
            try model.open(lease, until: leaseUntil)
        }
    }

    func append(
        _ events: [RunEvent], to run: RunID, at: Timestamp, lease: Lease
    ) async throws(JournalError) -> Int {
        let (model, process) = (model, process)
        return try await write(.append) { () throws(JournalError) in
            try model.append(events, at: at, lease, process)
        }
    }

    func record(of run: RunID) async throws(JournalError) -> RunRecord {
        try process.passes(.record, .before)
        try process.passes(.record, .after)
        guard model.isOpened else { throw .noRun(run) }
        return model.record
    }

    func events(of run: RunID, after sequence: Int) async throws(JournalError) -> [RecordedEvent] {
        try process.passes(.events, .before)
        process.fold = model.fold
        let events = Array(model.events.dropFirst(sequence))
        try process.passes(.events, .after)
        return events
    }

    func takeOver(
        _ run: RunID, lease: Lease, now: Timestamp, until: Timestamp
    ) async throws(JournalError) -> Bool {
        let (model, world) = (model, world)
        return try await write(.takeOver) { () throws(JournalError) in
            try model.takeOver(lease, now, until: until, isProvedDead: world.isProvedDead)
        }
    }

    func renew(_ lease: Lease, of run: RunID, until: Timestamp) async throws(JournalError) {
        let model = model
        try await write(.renew) { () throws(JournalError) in
            try model.renew(lease, until: until)
        }
    }

    func admit(
        _ targets: [TargetName], to run: RunID, within groups: [ProtectedGroup], at: Timestamp,
        lease: Lease
    ) async throws(JournalError) -> [TargetName: Deferral] {
        let (model, world) = (model, world)
        return try await write(.admit) { () throws(JournalError) in
            try model.check(lease)
            return world.house.admit(
                targets, to: model, within: groups, isProvedDead: world.isProvedDead)
        }
    }

    func dismiss(
        _ targets: [TargetName], of run: RunID, lease: Lease
    ) async throws(JournalError) {
        let model = model
        try await write(.dismiss) { () throws(JournalError) in
            try model.check(lease)
            model.admitted.subtract(targets)
        }
    }

    func release(_ lease: Lease, of run: RunID) async throws(JournalError) {
        let model = model
        try await write(.release) { () throws(JournalError) in try model.release(lease) }
    }

    func post(_ command: PersonCommand, to run: RunID, at: Timestamp) throws(JournalError) {
        model.post(command.verb)
    }

    func inbox(
        of run: RunID, after id: Int
    ) async throws(JournalError) -> [(id: Int, PersonCommand)] {
        try process.passes(.inbox, .before)
        let waiting = model.inbox.filter { $0.id > id }.map { (id: $0.id, $0.command) }
        try process.passes(.inbox, .after)
        return waiting
    }

    /// One transaction: lock, write, sync; on disk, all or none, when it returns.
    private func write<Value: Sendable>(
        _ point: CrashPoint, _ commit: @escaping () throws(JournalError) -> Value
    ) async throws(JournalError) -> Value {
        try process.passes(point, .before)
        try await lock()
        if process.isJournalBroken { try refuse(.io, "this connection writes no more") }
        if world.refuses(.journalFull) { try refuse(.full, "no room") }
        if world.refuses(.journalLocked) { try refuse(.locked, "somebody else writes") }
        house.staged = { _ = try? commit() }
        if world.isCalm == false, world.happens(world.weather.slowWrites) {
            await world.scheduler.pauseToTheEnd(Int64(world.number(1...4000)))
        }
        try process.passes(point, .amid)
        let isBroken = !world.isCalm && world.happens(world.weather.ioErrors)
        if isBroken {
            process.isJournalBroken = true
            house.lose(process, isKept: world.happens(500))
            throw JournalError(.io, "the sync failed")
        }
        house.staged = nil
        defer { if house.writer === process { house.unlock() } }
        let value: Value
        do throws(JournalError) {
            value = try commit()
        } catch {
            if error.code == .leaseLost { process.noteLostLease() }
            throw error
        }
        try process.passes(point, .after)
        if point == .append, !world.isCalm, world.happens(world.weather.stalls) {
            process.stop(for: Int64(world.number(12_000...40_000)))
        }
        return value
    }

    private func refuse(_ code: JournalError.Code, _ why: String) throws(JournalError) {
        house.unlock()
        throw JournalError(code, why)
    }

    /// Waits for the lock, 10 s at most.
    private func lock() async throws(JournalError) {
        let since = world.scheduler.now
        while house.writer != nil {
            guard world.scheduler.now - since < 10_000 else {
                throw JournalError(.locked, "another process writes")
            }
            let gate = Turnstile()
            house.waiting.append(gate)
            world.scheduler.after(10_000) { gate.open() }
            // Not cut short when the task is cancelled: the write was handed over.
            await gate.waitToTheEnd()
            try process.lives()
        }
        house.writer = process
    }
}

/// A process's way into the trail.
struct SimulatedTrail: Trail {
    let process: SimulatedProcess

    private var world: SimulatedWorld { process.world }

    func seal() async throws(JournalError) {
        try process.passes(.seal, .before)
        if process.isTrailBroken { throw JournalError(.io, "this writer writes no more") }
        if world.refuses(.trailFull) { throw JournalError(.full, "no room for the trail") }
        if world.refuses(.trailIO) {
            process.isTrailBroken = true
            throw JournalError(.io, "the trail can't be written")
        }
        let counts = world.runs.map(\.journal.events.count)
        if !world.isCalm, world.happens(world.weather.slowWrites) {
            await world.scheduler.pauseToTheEnd(Int64(world.number(1...4000)))
        }
        try process.passes(.seal, .amid)
        for (run, count) in zip(world.runs, counts) { run.sealed = max(run.sealed, count) }
        try process.passes(.seal, .after)
    }

    func sealBeforeStart() async throws(JournalError) {
        try process.passes(.sealBeforeStart, .before)
        try await seal()
        guard world.weather.needsRemote else { return }
        if world.refuses(.remote) {
            await world.scheduler.pause(Int64(world.number(0...3000)))
            try process.passes(.sealBeforeStart, .amid)
            throw JournalError(.unreachable, "the remote can't be reached")
        }
        if world.refuses(.diverged) { throw JournalError(.diverged, "the remote has another") }
        if Task.isCancelled { throw JournalError(.unreachable, "nobody waited for it") }
        for run in world.runs { run.pushed = max(run.pushed, run.sealed) }
        try process.passes(.sealBeforeStart, .after)
    }
}

/// A process's way into the store of outputs.
struct SimulatedStore: ContentStore {
    let process: SimulatedProcess

    func put(_ bytes: [UInt8]) async throws(JournalError) -> Digest {
        try process.passes(.store, .before)
        if process.world.refuses(.store) { throw JournalError(.full, "no room for outputs") }
        let digest = Digest.sha256(of: bytes)
        try process.passes(.store, .amid)
        process.world.store[digest] = bytes
        try process.passes(.store, .after)
        return digest
    }

    func put(_ output: CapturedOutput) async throws(JournalError) -> Digest {
        try await put(try output.bytes)
    }

    func get(_ digest: Digest) async throws(JournalError) -> [UInt8] {
        guard let bytes = process.world.store[digest] else {
            throw JournalError(.notFound, "no such content")
        }
        return bytes
    }
}
