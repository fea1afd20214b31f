import Runbooks
import Synchronization
import TestSupport
import Testing

@testable import Runner

/// No record, no action: what authorises an effect is in the trail before it starts.
struct SealedEffectsTests {
    private static let lease = Lease(pid: 1, processStart: "1", bootID: "b", nonce: "n")

    /// A journal whose every event can be found sealed or not, and what was done meanwhile.
    private struct Rig {
        let journal = MemoryJournal(isProvedDead: { _ in false })
        let record: RunRecord
        let ledger = Ledger()

        init(_ fixture: RunFixture) async throws {
            record = fixture.record
            try await journal.open(
                record, lease: SealedEffectsTests.lease,
                leaseUntil: Timestamp(milliseconds: 1_000_000))
        }

        func trail(
            _ body: @escaping @Sendable (Int) throws(JournalError) -> Void = { _ in }
        ) -> MemoryTrail {
            MemoryTrail { [journal, record, ledger] number throws(JournalError) in
                try body(number)
                let events = try await journal.events(of: record.id, after: 0)
                ledger.sealed.withLock { $0 = max($0, events.count) }
            }
        }

        func loop(
            _ executor: any Executor, _ trail: any Trail, _ limits: RunLoop.Limits = .init()
        ) -> RunLoop {
            RunLoop(
                executor: executor, journal: journal, trail: trail, store: MemoryStore(),
                lease: SealedEffectsTests.lease, secrets: [:], limits: limits,
                now: { Timestamp(milliseconds: 5) },
                sleep: { _ in
                    try Task.checkCancellation()
                    for _ in 0..<20 { await Task.yield() }
                },
                observe: { _, _ in })
        }

        /// An executor that notes, for each attempt, what was sealed when it started.
        func executor(_ ending: Ending = .exited(0)) -> ScriptedExecutor {
            ScriptedExecutor { [ledger] request in
                ledger.starts.withLock { $0.append((request.key, ledger.sealed.withLock { $0 })) }
                return AttemptReport(ending: ending)
            }
        }
    }

    private final class Ledger: Sendable {
        let sealed = Mutex(0)
        let starts = Mutex<[(AttemptKey, Int)]>([])
    }

    /// Over random plans: the first start, and everything after a person's act, waits; the end is
    /// sealed before the loop returns.
    @Test(arguments: 0..<40) func noEffectComesBeforeItsBarrier(_ seed: Int) async throws {
        var random = SeededNumbers(seed: UInt64(seed))
        var fixture = RunFixture(
            steps: (0..<Int.random(in: 1...4, using: &random)).map { RunFixture.step("s\($0)") })
        fixture.targets = (0..<Int.random(in: 1...9, using: &random)).map { "t\($0)" }
        fixture.rollout.maxInFlight = Int.random(in: 1...4, using: &random)
        let rig = try await Rig(fixture)
        if Bool.random(using: &random) {
            let verb: PersonCommand.Verb = Bool.random(using: &random) ? .abort : .pause
            try await rig.journal.post(
                PersonCommand(verb: verb, actor: "bob"), to: rig.record.id,
                at: Timestamp(milliseconds: 1))
        }
        let trail = rig.trail()
        let machine = try await rig.loop(rig.executor(), trail).lead(
            RunMachine(record: rig.record))
        let events = try await rig.journal.events(of: rig.record.id, after: 0).map(\.event)
        let barriers = events.indices.filter { events[$0].isBarrier }
        let first = events.firstIndex { if case .targetStarted = $0 { true } else { false } }
        for (key, sealed) in rig.ledger.starts.withLock({ $0 }) {
            let intent = try #require(events.firstIndex(of: .attemptStarted(key)))
            #expect(sealed > first ?? .max, "\(key) started before its run's start was sealed")
            for barrier in barriers where barrier < intent { #expect(sealed > barrier, "\(key)") }
        }
        #expect(rig.ledger.sealed.withLock { $0 } == events.count)
        #expect(machine.state.isTerminal || machine.state == .paused)
    }

    @Test func manyTargetsShareASeal() async throws {
        var fixture = RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two")])
        fixture.targets = (0..<200).map { "t\($0)" }
        fixture.rollout.maxInFlight = 200
        let rig = try await Rig(fixture)
        let trail = rig.trail()
        _ = try await rig.loop(rig.executor(), trail).lead(RunMachine(record: rig.record))
        #expect(await trail.seals < 100, "one for what there is, not one for each target")
    }

    @Test func aTrailThatCanNotBeWrittenStartsNothing() async throws {
        let rig = try await Rig(RunFixture(steps: [RunFixture.step("one")]))
        let executor = rig.executor()
        let loop = rig.loop(
            executor, rig.trail { _ throws(JournalError) in throw JournalError(.io, "broken") })
        let error = await #expect(throws: JournalError.self) {
            _ = try await loop.lead(RunMachine(record: rig.record))
        }
        #expect(error?.code == .io)
        #expect(await executor.requests.isEmpty)
    }

    @Test(arguments: [JournalError.Code.full, .locked, .unreachable])
    func aTrailWithoutRoomIsWaitedFor(_ code: JournalError.Code) async throws {
        let rig = try await Rig(RunFixture(steps: [RunFixture.step("one")]))
        let executor = rig.executor()
        let trail = rig.trail { number throws(JournalError) in
            if number <= 5 { throw JournalError(code, "no room") }
        }
        let machine = try await rig.loop(executor, trail).lead(RunMachine(record: rig.record))
        #expect(machine.state == .succeeded)
        #expect(rig.ledger.starts.withLock { $0 }.count == 1)
    }

    /// Where the trail must be elsewhere before a step starts, nothing else waits for that: not the
    /// run's end, not its abortion, and not what it owes.
    @Test func onlyStepsWaitForWhatIsRequiredElsewhere() async throws {
        let rig = try await Rig(RunFixture(steps: [RunFixture.step("one")]))
        let one = RunFixture.step("one")
        func effect(_ part: Part) -> RunEffect {
            .perform(
                AttemptRequest(
                    run: rig.record.id,
                    key: AttemptKey(target: RunFixture.target("a"), part: part, number: 1),
                    target: rig.record.plan.targets[0], place: one.place, action: one.action,
                    mode: .apply, timeout: .seconds(1)))
        }
        #expect(!effect(.release(one.id)).startsStep && !RunEffect.finish.startsStep)
        for part in [Part.action(one.id), .guarding(one.id), .symptom, .verify(0)] {
            #expect(effect(part).startsStep, "\(part)")
        }
        let trail = ElsewhereTrail(inner: rig.trail())
        _ = try await rig.loop(rig.executor(), trail).lead(RunMachine(record: rig.record))
        #expect(await trail.asked == 1, "before the first step, and not at the end")
        #expect(await trail.inner.seals > 1)
    }

    /// One whose copy elsewhere counts how often it is waited for.
    private actor ElsewhereTrail: Trail {
        let inner: MemoryTrail
        private(set) var asked = 0

        init(inner: MemoryTrail) { self.inner = inner }

        func seal() async throws(JournalError) { try await inner.seal() }

        func sealBeforeStart() async throws(JournalError) {
            asked += 1
            try await inner.seal()
        }
    }

    /// What must be elsewhere first has another record: the run is paused, nothing was begun, and
    /// once a person has looked it goes on at that very step.
    @Test(arguments: [JournalError.Code.diverged, .unreachable])
    func aStartThatMayNotBePausesTheRun(_ code: JournalError.Code) async throws {
        let rig = try await Rig(RunFixture(steps: [RunFixture.step("one", .once)]))
        let executor = rig.executor()
        var limits = RunLoop.Limits()
        limits.holdTries = 3
        let trail = HangingTrail(inner: rig.trail()) { () throws(JournalError) in
            throw JournalError(code, "the remote says no")
        }
        let paused = try await rig.loop(executor, trail, limits).lead(
            RunMachine(record: rig.record))
        #expect(paused.state == .paused && paused.stateReason == "the remote says no")
        #expect(await executor.requests.isEmpty)
        #expect(await trail.asked == (code == .diverged ? 1 : 4))
        #expect(await trail.inner.seals > 0)
        try await rig.journal.post(
            PersonCommand(verb: .resume, actor: "bob"), to: rig.record.id,
            at: Timestamp(milliseconds: 1))
        let events = try await rig.journal.events(of: rig.record.id, after: 0)
        let ended = try await rig.loop(executor, rig.trail()).lead(
            RunMachine(record: rig.record, events: events))
        #expect(ended.state == .succeeded)
        #expect(await executor.requests.map(\.key.number) == [2])
    }

    /// Nobody who ends a run, or its leader, waits for what hangs elsewhere.
    @Test(.timeLimit(.minutes(10)), arguments: [true, false])
    func whoEndsARunDoesNotWaitForWhatHangs(_ isAbort: Bool) async throws {
        let rig = try await Rig(RunFixture(steps: [RunFixture.step("one", .once)]))
        let executor = rig.executor()
        let box = Mutex<RunLoop?>(nil)
        let trail = HangingTrail(inner: rig.trail()) { () throws(JournalError) in
            box.withLock {
                $0?.tell(
                    isAbort
                        ? .command(PersonCommand(verb: .abort, actor: "bob"), inboxID: 0)
                        : .leaving)
            }
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                throw JournalError(.unreachable, "cut short")
            }
        }
        let loop = rig.loop(executor, trail)
        box.withLock { $0 = loop }
        let machine = try await loop.lead(RunMachine(record: rig.record))
        #expect(await executor.requests.isEmpty)
        #expect(machine.state == (isAbort ? .aborted : .running))
        let target = machine.targets[RunFixture.target("a")]
        #expect(target?.inFlight == nil && target?.touched == [])
        #expect(target?.outcomes[RunFixture.id("one")] == (isAbort ? .aborted : nil))
    }

    /// What an earlier leader may have begun is never called not begun: the target is asked, and
    /// begins nothing.
    @Test func whatMayHaveBeenBegunIsAskedForAndNotHeldBack() async throws {
        let rig = try await Rig(RunFixture(steps: [RunFixture.step("one", .once)]))
        var first = RunMachine(record: rig.record)
        let now = Timestamp(milliseconds: 5)
        let target = RunFixture.target("a")
        let intents =
            first.decide(.led, at: now).events
            + first.decide(.admission([target], deferred: [:]), at: now).events
        _ = try await rig.journal.append(
            intents, to: rig.record.id, at: now, lease: Self.lease)
        let events = try await rig.journal.events(of: rig.record.id, after: 0)
        let executor = rig.executor()
        let trail = HangingTrail(inner: rig.trail()) { () throws(JournalError) in
            throw JournalError(.diverged, "the remote says no")
        }
        let machine = try await rig.loop(executor, trail).lead(
            RunMachine(record: rig.record, events: events))
        let asked = await executor.requests.map(\.detachment)
        #expect(asked.map { $0?.isRecovery } == [true] && asked.map { $0?.mayStart } == [false])
        // Judged once the run goes on.
        let progress = machine.targets[target]
        #expect(progress?.position == .acted(.ended(.exited(0))) && progress?.inFlight == nil)
        #expect(machine.state == .paused)
    }

    /// Another leader has taken the run over while this one waited: what it recorded before is not
    /// started any more.
    @Test(.timeLimit(.minutes(10))) func whoLostItsLeaseWhileItSealedStartsNothing() async throws {
        let rig = try await Rig(RunFixture(steps: [RunFixture.step("one", .once)]))
        let executor = rig.executor()
        let (journal, id) = (rig.journal, rig.record.id)
        let trail = HangingTrail(inner: rig.trail()) { () throws(JournalError) in
            let late = Timestamp(milliseconds: 1_000_000)
            let other = Lease(pid: 2, processStart: "2", bootID: "b", nonce: "m")
            _ = try await journal.takeOver(id, lease: other, now: late, until: late)
            // Until this leader has tried to renew its lease: that waits 20 turns.
            for _ in 0..<200 { await Task.yield() }
        }
        let error = await #expect(throws: JournalError.self) {
            _ = try await rig.loop(executor, trail).lead(RunMachine(record: rig.record))
        }
        #expect(error?.code == .leaseLost)
        #expect(await executor.requests.isEmpty)
    }

    /// One whose copy elsewhere does something else than to be there.
    private actor HangingTrail: Trail {
        let inner: MemoryTrail
        private let body: @Sendable () async throws(JournalError) -> Void
        private(set) var asked = 0

        init(
            inner: MemoryTrail, _ body: @escaping @Sendable () async throws(JournalError) -> Void
        ) {
            (self.inner, self.body) = (inner, body)
        }

        func seal() async throws(JournalError) { try await inner.seal() }

        func sealBeforeStart() async throws(JournalError) {
            asked += 1
            try await inner.seal()
            try await body()
        }
    }

    /// A seal beside the loop that fails makes the next decision wait for the trail, or stop.
    @Test func aSealThatFailedBesideTheLoopStopsItsNextStart() async throws {
        let rig = try await Rig(
            RunFixture(steps: (0..<30).map { RunFixture.step("s\($0)", .once) }))
        let executor = rig.executor()
        let trail = rig.trail { number throws(JournalError) in
            if number > 1 { throw JournalError(.io, "broken") }
        }
        let loop = rig.loop(executor, trail)
        await #expect(throws: JournalError.self) {
            _ = try await loop.lead(RunMachine(record: rig.record))
        }
        #expect(await executor.requests.count < 30)
    }

    @Test func tooMuchThatIsNotSealedHoldsTheLoop() async throws {
        var fixture = RunFixture(steps: (0..<20).map { RunFixture.step("s\($0)") })
        fixture.targets = (0..<3).map { "t\($0)" }
        let rig = try await Rig(fixture)
        var limits = RunLoop.Limits()
        limits.sealBatch = .max
        limits.sealInterval = .seconds(3600)
        limits.mostUnsealed = 16
        let trail = rig.trail()
        let loop = RunLoop(
            executor: rig.executor(), journal: rig.journal, trail: trail, store: MemoryStore(),
            lease: Self.lease, secrets: [:], limits: limits, now: { Timestamp(milliseconds: 5) },
            sleep: { _ in try await Task.sleep(for: .seconds(3600)) }, observe: { _, _ in })
        _ = try await loop.lead(RunMachine(record: rig.record))
        let events = try await rig.journal.events(of: rig.record.id, after: 0)
        for (key, sealed) in rig.ledger.starts.withLock({ $0 }) {
            let intent = try #require(events.firstIndex { $0.event == .attemptStarted(key) })
            #expect(intent - sealed < 16 + 8)
        }
    }

    @Test func theBacklogSaysWhoSeals() {
        let backlog = SealBacklog()
        #expect(backlog.note(0, batch: 10, most: 100) == .nothing)
        #expect(backlog.note(1, batch: 10, most: 100) == .soon)
        #expect(backlog.note(1, batch: 10, most: 100) == .nothing, "one is on its way")
        #expect(backlog.note(9, batch: 10, most: 100) == .atOnce)
        #expect(backlog.note(80, batch: 10, most: 100) == .nothing)
        #expect(backlog.note(9, batch: 10, most: 100) == .wait)
        backlog.end(.atOnce, count: 95, failed: false)
        #expect(backlog.count == 5)
        backlog.end(.soon, count: 0, failed: true)
        #expect(backlog.note(1, batch: 10, most: 100) == .wait, "the last one failed")
    }
}
