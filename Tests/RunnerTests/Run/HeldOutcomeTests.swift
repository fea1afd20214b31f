import Runbooks
import Synchronization
import Testing

@testable import Runner

/// A journal without room: what targets have told is held, and nothing starts meanwhile.
struct HeldOutcomeTests {
    private static let lease = Lease(pid: 1, processStart: "1", bootID: "b", nonce: "n")

    /// What a loop did over a journal that refuses some of its appends.
    private struct Rig {
        let journal: CrampedJournal
        let executor = ScriptedExecutor { _ in AttemptReport(ending: .exited(0)) }
        let record = RunFixture(steps: [
            RunFixture.step("one", .once), RunFixture.step("two", .once),
        ]).record

        func loop(_ limits: RunLoop.Limits = .init()) -> RunLoop {
            RunLoop(
                executor: executor, journal: journal, trail: MemoryTrail(), store: MemoryStore(),
                lease: HeldOutcomeTests.lease, secrets: [:], limits: limits,
                now: { Timestamp(milliseconds: 5) },
                sleep: { _ in
                    try Task.checkCancellation()
                    for _ in 0..<20 { await Task.yield() }
                },
                observe: { _, _ in })
        }
    }

    @Test(arguments: [JournalError.Code.full, .locked])
    func aKnownOutcomeIsRecordedOnceThereIsRoom(_ code: JournalError.Code) async throws {
        let rig = Rig(journal: CrampedJournal(refusing: 5, with: code))
        let machine = try await rig.loop().lead(RunMachine(record: rig.record))
        #expect(machine.state == .succeeded)
        #expect(machine.targets[RunFixture.target("a")]?.outcomes.count == 2)
        #expect(
            await rig.executor.requests.map { HandDrive.text(of: $0.action) } == ["one", "two"])
        #expect(await rig.journal.refused == 5)
        let ends = await rig.journal.kept.compactMap { event -> Ending? in
            if case .attemptEnded(_, let record) = event { record.ending } else { nil }
        }
        #expect(ends == [.exited(0), .exited(0)])
    }

    /// Replaying must say the same as the loop, which has decided by its clock before it waited.
    @Test func whatIsHeldIsRecordedAsOfWhenItWasDecided() async throws {
        let rig = Rig(journal: CrampedJournal(refusing: 5, with: .full))
        let clock = Mutex<Int64>(0)
        let loop = RunLoop(
            executor: rig.executor, journal: rig.journal, trail: MemoryTrail(),
            store: MemoryStore(), lease: Self.lease, secrets: [:],
            now: { Timestamp(milliseconds: clock.withLock { $0 }) },
            sleep: { duration in
                try Task.checkCancellation()
                if duration == RunLoop.Limits().holdInterval { clock.withLock { $0 += 1000 } }
                for _ in 0..<20 { await Task.yield() }
            },
            observe: { _, _ in })
        _ = try await loop.lead(RunMachine(record: rig.record))
        #expect(clock.withLock { $0 } == 5000)
        let instants = await rig.journal.instants.map(\.milliseconds)
        #expect(instants.prefix(2) == [0, 0] && instants.last == 5000)
    }

    @Test func nothingStartsWhileItIsHeldAndTheLoopGivesUpInTheEnd() async throws {
        let rig = Rig(journal: CrampedJournal(refusing: .max, with: .full))
        var limits = RunLoop.Limits()
        limits.holdTries = 7
        let loop = rig.loop(limits)
        let error = await #expect(throws: JournalError.self) {
            _ = try await loop.lead(RunMachine(record: rig.record))
        }
        #expect(error?.code == .full)
        #expect(await rig.journal.refused == 8)
        #expect(await rig.executor.requests.count == 1)
    }

    @Test(arguments: [JournalError.Code.io, .corrupt, .leaseLost])
    func whatLeavesTheJournalInDoubtIsNotTriedAgain(_ code: JournalError.Code) async throws {
        let rig = Rig(journal: CrampedJournal(refusing: .max, with: code))
        let error = await #expect(throws: JournalError.self) {
            _ = try await rig.loop().lead(RunMachine(record: rig.record))
        }
        #expect(error?.code == code)
        #expect(await rig.journal.refused == 1)
    }

    @Test func aLeaderThatIsAskedToEndDoesNotWaitForRoom() async throws {
        let rig = Rig(journal: CrampedJournal(refusing: .max, with: .full))
        var limits = RunLoop.Limits()
        limits.holdTries = .max
        let box = Mutex<RunLoop?>(nil)
        let loop = RunLoop(
            executor: rig.executor, journal: rig.journal, trail: MemoryTrail(),
            store: MemoryStore(), lease: Self.lease,
            secrets: [:], limits: limits, now: { Timestamp(milliseconds: 5) },
            sleep: { _ in
                try Task.checkCancellation()
                await Task.yield()
            },
            observe: { _, _ in },
            holding: { refusal in
                if refusal != nil { box.withLock { $0 }?.tell(.leaving) }
            })
        box.withLock { $0 = loop }
        await #expect(throws: JournalError.self) {
            _ = try await loop.lead(RunMachine(record: rig.record))
        }
        #expect(await rig.journal.refused <= 2)
    }
}

/// Refuses so many appends from the first one on that ends an attempt.
private actor CrampedJournal: Journal {
    private var left: Int
    private let code: JournalError.Code
    private(set) var refused = 0
    private(set) var kept: [RunEvent] = []
    private(set) var instants: [Timestamp] = []

    init(refusing count: Int, with code: JournalError.Code) {
        left = count
        self.code = code
    }

    func append(
        _ events: [RunEvent], to run: RunID, at: Timestamp, lease: Lease
    ) throws(JournalError) -> Int {
        let endsOne = events.contains { if case .attemptEnded = $0 { true } else { false } }
        if endsOne || refused > 0, left > 0 {
            left -= 1
            refused += 1
            throw JournalError(code, "no room")
        }
        kept += events
        instants.append(at)
        return kept.count
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
