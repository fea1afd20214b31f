import Runbooks
import Testing

@testable import Runner

struct RunLoopTests {
    private static let lease = Lease(pid: 1, processStart: "1", bootID: "b", nonce: "n")

    /// Leads a fixture's run to its end over a journal in memory, with a clock that stands still
    /// and waits that yield.
    private struct Rig {
        let journal = MemoryJournal(isProvedDead: { _ in false })
        let store = MemoryStore()
        let trail = MemoryTrail()
        let record: RunRecord

        init(_ fixture: RunFixture) { record = fixture.record }

        func open() async throws {
            try await journal.open(
                record, lease: RunLoopTests.lease, leaseUntil: Timestamp(milliseconds: 1_000_000))
        }

        func loop(
            _ executor: any Executor, journal: (any Journal)? = nil,
            lease: Lease = RunLoopTests.lease
        ) -> RunLoop {
            RunLoop(
                executor: executor, journal: journal ?? self.journal, trail: trail, store: store,
                lease: lease,
                secrets: [:], now: { Timestamp(milliseconds: 5) },
                sleep: { _ in
                    try Task.checkCancellation()
                    for _ in 0..<20 { await Task.yield() }
                },
                observe: { _, _ in })
        }
    }

    @Test func leadsEveryTargetToItsEndAndRecordsIt() async throws {
        var fixture = RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two", .read)])
        fixture.targets = (0..<20).map { "t\($0)" }
        fixture.rollout.maxInFlight = 4
        let rig = Rig(fixture)
        try await rig.open()
        let executor = ScriptedExecutor { _ in AttemptReport(ending: .exited(0)) }
        let machine = try await rig.loop(executor).lead(RunMachine(record: rig.record))
        #expect(machine.state == .succeeded)
        #expect(await executor.requests.count == 40)
        #expect(await executor.mostBusy <= 4)
        #expect(await executor.misuse == [])
        #expect(await executor.isShutDown)
        let events = try await rig.journal.events(of: rig.record.id, after: 0)
        #expect(RunMachine(record: rig.record, events: events) == machine)
    }

    @Test func startsNothingWhoseIntentIsNotDurable() async throws {
        var fixture = RunFixture(steps: (0..<5).map { RunFixture.step("s\($0)") })
        fixture.targets = ["a", "b", "c"]
        let rig = Rig(fixture)
        for limit in 1...12 {
            let journal = FailingJournal(appends: limit)
            let executor = ScriptedExecutor { _ in AttemptReport(ending: .exited(0)) }
            let loop = rig.loop(executor, journal: journal)
            do {
                let machine = try await loop.lead(RunMachine(record: rig.record))
                #expect(machine.state == .succeeded)
            } catch let error as JournalError {
                #expect(error.code == .full)
            }
            let intents = await journal.intents
            for request in await executor.requests { #expect(intents.contains(request.key)) }
        }
    }

    @Test func takesAnAbortFromTheInbox() async throws {
        let rig = Rig(RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two")]))
        try await rig.open()
        let executor = ScriptedExecutor(holding: ["one"]) { _ in
            AttemptReport(ending: .exited(0))
        }
        try await rig.journal.post(
            PersonCommand(verb: .abort, actor: "bob"), to: rig.record.id,
            at: Timestamp(milliseconds: 1))
        let machine = try await rig.loop(executor).lead(RunMachine(record: rig.record))
        #expect(machine.state == .aborted)
        #expect(await executor.requests.count <= 1)
    }

    @Test func stopsAtOnceWhenItsLeaseIsLost() async throws {
        let rig = Rig(RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two")]))
        try await rig.open()
        let stranger = Lease(pid: 2, processStart: "2", bootID: "b", nonce: "m")
        let executor = ScriptedExecutor(holding: ["one"]) { _ in
            AttemptReport(ending: .exited(0))
        }
        await #expect(throws: JournalError.self) {
            _ = try await rig.loop(executor, lease: stranger).lead(RunMachine(record: rig.record))
        }
        #expect(await executor.requests.isEmpty)
    }

    @Test func goesOnFromTheJournalAfterALeaderWasCutOff() async throws {
        let rig = Rig(RunFixture(steps: [RunFixture.step("one", .once), RunFixture.step("two")]))
        try await rig.open()
        let first = ScriptedExecutor(holding: ["two"]) { _ in AttemptReport(ending: .exited(0)) }
        let loop = rig.loop(first)
        let leading = Task { try await loop.lead(RunMachine(record: rig.record)) }
        while await first.heldTargets.isEmpty { await Task.yield() }
        leading.cancel()
        _ = try? await leading.value
        let events = try await rig.journal.events(of: rig.record.id, after: 0)
        let again = ScriptedExecutor { _ in AttemptReport(ending: .exited(0)) }
        let machine = try await rig.loop(again).lead(
            RunMachine(record: rig.record, events: events))
        #expect(machine.state == .succeeded)
        #expect(await again.requests.map { HandDrive.text(of: $0.action) } == ["two"])
    }

    @Test func leavesWhenCancelledWhileItWaitsForAPerson() async throws {
        let manual = Step(
            id: RunFixture.id("plug"), title: "?", effect: .read,
            action: .manual(
                PersonAction(text: "Plug", choices: [], deadline: .seconds(60), perTarget: false)))
        let rig = Rig(RunFixture(steps: [manual]))
        try await rig.open()
        let loop = RunLoop(
            executor: ScriptedExecutor { _ in AttemptReport(ending: .exited(0)) },
            journal: rig.journal, trail: rig.trail, store: rig.store, lease: Self.lease,
            secrets: [:],
            now: { Timestamp(milliseconds: 5) },
            sleep: { _ in try await Task.sleep(for: .seconds(3600)) }, observe: { _, _ in })
        let leading = Task { try await loop.lead(RunMachine(record: rig.record)) }
        while try await rig.journal.events(of: rig.record.id, after: 0).count < 3 {
            await Task.yield()
        }
        leading.cancel()
        let machine = try await leading.value
        #expect(machine.state == .running)
        #expect(machine.questions.count == 1)
    }

    @Test func storesLongOutputAndKeepsItsEnd() async throws {
        let rig = Rig(RunFixture(steps: [RunFixture.step("one")]))
        try await rig.open()
        let long = Array(repeating: UInt8(ascii: "x"), count: 5000) + Array("the end".utf8)
        let executor = ScriptedExecutor { _ in
            AttemptReport(
                ending: .exited(0), stdout: CapturedOutput(bytes: long, totalBytes: long.count))
        }
        _ = try await rig.loop(executor).lead(RunMachine(record: rig.record))
        let events = try await rig.journal.events(of: rig.record.id, after: 0)
        let records = events.compactMap { event -> AttemptRecord? in
            if case .attemptEnded(_, let record) = event.event { record } else { nil }
        }
        let output = try #require(records.first?.stdout)
        #expect(output.text.hasSuffix("the end"))
        #expect(output.text.count == 1024)
        #expect(try await rig.store.get(#require(output.stored)) == long)
    }
}

/// A journal that is full after so many appends.
private actor FailingJournal: Journal {
    private var left: Int
    private(set) var intents: Set<AttemptKey> = []

    init(appends: Int) { left = appends }

    func append(
        _ events: [RunEvent], to run: RunID, at: Timestamp, lease: Lease
    ) throws(JournalError) -> Int {
        left -= 1
        guard left > 0 else { throw JournalError(.full, "no room") }
        for event in events {
            if case .attemptStarted(let key) = event { intents.insert(key) }
        }
        return 0
    }

    func open(_ run: RunRecord, lease: Lease, leaseUntil: Timestamp) throws(JournalError) {}
    func record(of run: RunID) throws(JournalError) -> RunRecord {
        throw JournalError(.notFound, "none")
    }
    func events(of run: RunID, after sequence: Int) throws(JournalError) -> [RecordedEvent] { [] }
    func takeOver(
        _ run: RunID, lease: Lease, now: Timestamp, until: Timestamp
    ) throws(JournalError) -> Bool { true }
    func admit(
        _ targets: [TargetName], to run: RunID, within groups: [ProtectedGroup], at: Timestamp,
        lease: Lease
    ) throws(JournalError) -> [TargetName: Deferral] { [:] }
    func dismiss(_ targets: [TargetName], of run: RunID, lease: Lease) throws(JournalError) {}
    func renew(_ lease: Lease, of run: RunID, until: Timestamp) throws(JournalError) {}
    func release(_ lease: Lease, of run: RunID) throws(JournalError) {}
    func post(_ command: PersonCommand, to run: RunID, at: Timestamp) throws(JournalError) {}
    func inbox(of run: RunID, after id: Int) throws(JournalError) -> [(id: Int, PersonCommand)] {
        []
    }
}
