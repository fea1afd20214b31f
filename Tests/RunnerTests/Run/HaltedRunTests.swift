import Runbooks
import Testing

@testable import Runner

/// A leader that may start nothing more: intents that were recorded are taken back, and count for
/// nothing.
struct HaltedRunTests {
    private static let a = RunFixture.target("a")

    /// A machine whose first step's intent is recorded, and not begun.
    private static func begun(
        _ effect: Effect = .once, _ change: (inout Step) -> Void = { _ in }
    ) -> (HandDrive, AttemptKey) {
        var drive = HandDrive(RunFixture(steps: [RunFixture.step("one", effect, change)]))
        drive.feed([.led]) { _ in nil }
        return (drive, AttemptKey(target: a, part: .action(RunFixture.id("one")), number: 1))
    }

    @Test func isPausedWithTheReasonAndTheStepWasNotBegun() {
        var (drive, key) = Self.begun { step in
            step.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("one"), ifStopped: .pay)
        }
        drive.feed([.halted([key], reason: "it is elsewhere", pauses: true)]) { _ in nil }
        #expect(drive.machine.state == .paused && drive.isFinished)
        #expect(drive.machine.stateReason == "it is elsewhere")
        let target = drive.machine.targets[Self.a]
        #expect(target?.touched == [] && target?.owed == [] && target?.inFlight == nil)
        #expect(drive.machine.isPauseRequested && drive.started == ["a:one"])
    }

    @Test(arguments: [Effect.once, .irreversible, .idempotent, .read])
    func theNextLeaderRunsItOnceAndAllItsAttemptsAreLeft(_ effect: Effect) {
        let (drive, key) = Self.begun(effect)
        var halted = drive
        halted.feed([.halted([key], reason: "later", pauses: true)]) { _ in nil }
        var next = halted
        next.machine = RunMachine(record: halted.machine.record, events: halted.events)
        #expect(next.machine == halted.machine)
        next.performed = []
        // A paused run starts nothing by itself, wherever its targets stand.
        next.feed([.led]) { _ in .exit(0) }
        #expect(next.performed.isEmpty && next.machine.state == .paused)
        let resume = PersonCommand(verb: .resume, actor: "ann")
        var tries = 0
        next.feed([.command(resume, inboxID: 1)]) { _ in
            tries += 1
            return .exit(effect.isOnce || tries > 1 ? 0 : 1)
        }
        #expect(next.performed.map(\.key.number) == (effect.isOnce ? [2] : [2, 3]))
        #expect(next.machine.state == .succeeded)
    }

    @Test func anAbortAfterItEndsTheRunAsAborted() {
        var (drive, key) = Self.begun()
        let abort = PersonCommand(verb: .abort, actor: "ann")
        drive.feed([
            .halted([key], reason: "it can't be reached", pauses: false),
            .command(abort, inboxID: 1),
        ]) { _ in .exit(0) }
        #expect(drive.machine.state == .aborted)
        #expect(drive.outcomes() == ["one=aborted"], "not unknown: nothing was begun")
        #expect(!drive.machine.isPauseRequested)
    }

    @Test func aLeaderThatLeavesLeavesNothingUnderWay() {
        var (drive, key) = Self.begun()
        drive.feed([.halted([key], reason: "later", pauses: false), .leaving]) { _ in .exit(0) }
        #expect(drive.isFinished && drive.machine.state == .running)
        #expect(drive.machine.targets[Self.a]?.inFlight == nil)
        #expect(drive.machine.targets[Self.a]?.touched == [])
    }

    /// What is under way elsewhere ends, and is judged by the next leader.
    @Test func otherTargetsEndWhatIsUnderWay() {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once), RunFixture.step("two")])
        fixture.targets = ["a", "b"]
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        let keys = drive.open
        drive.feed([.halted([keys[0]], reason: "later", pauses: true)]) { _ in nil }
        #expect(drive.machine.state == .running && !drive.isFinished)
        drive.feed([.attemptEnded(keys[1], .exit(0))]) { _ in nil }
        #expect(drive.machine.state == .paused && drive.isFinished)
        #expect(drive.started == ["a:one", "b:one"])
    }

    /// A step that was seen to end before the abort was taken has its own outcome: what it changed
    /// is listed, and can be undone.
    @Test(arguments: [true, false]) func whatHadEndedBeforeTheAbortIsNotCalledAborted(
        _ hasVerify: Bool
    ) {
        var fixture = RunFixture(steps: [
            RunFixture.step("one", .once) { step in
                if hasVerify { step.verify = [AssertAction(script: RunFixture.call("check"))] }
            }, RunFixture.step("two", .once),
        ])
        fixture.targets = ["a"]
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        let abort = PersonCommand(verb: .abort, actor: "ann")
        let key = drive.open[0]
        drive.feed([.command(abort, inboxID: 1), .attemptEnded(key, .exit(0))]) { _ in nil }
        #expect(
            drive.outcomes()
                == (hasVerify ? ["one=aborted"] : ["one=changed", "two=aborted"]))
        let reason = drive.machine.targets[Self.a]?.reasons[RunFixture.id("one")]
        #expect((reason?.contains("it was done, and not checked") == true) == hasVerify)
        #expect(drive.machine.state == .aborted && drive.started == ["a:one"])
    }

    /// A run whose leader went away between two steps, and that is to be aborted, starts nothing.
    @Test func whoTakesARunToAbortItStartsNothing() async throws {
        let fixture = RunFixture(steps: [
            RunFixture.step("one", .once), RunFixture.step("two", .once),
        ])
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        let key = drive.open[0]
        drive.feed([.leaving, .attemptEnded(key, .exit(0))]) { _ in nil }
        let journal = MemoryJournal(isProvedDead: { _ in true })
        let lease = Lease(pid: 1, processStart: "1", bootID: "b", nonce: "n")
        try await journal.open(
            drive.machine.record, lease: lease, leaseUntil: Timestamp(milliseconds: 1_000_000))
        _ = try await journal.append(
            drive.events.map(\.event), to: drive.machine.record.id, at: Timestamp(milliseconds: 1),
            lease: lease)
        try await journal.post(
            PersonCommand(verb: .abort, actor: "ann"), to: drive.machine.record.id,
            at: Timestamp(milliseconds: 2))
        let executor = ScriptedExecutor { _ in AttemptReport(ending: .exited(0)) }
        let loop = RunLoop(
            executor: executor, journal: journal, trail: MemoryTrail(), store: MemoryStore(),
            lease: lease, secrets: [:], now: { Timestamp(milliseconds: 5) },
            sleep: { _ in
                try Task.checkCancellation()
                for _ in 0..<20 { await Task.yield() }
            }, observe: { _, _ in })
        let machine = try await loop.lead(
            RunMachine(record: drive.machine.record, events: drive.events))
        #expect(machine.state == .aborted)
        #expect(await executor.requests.isEmpty)
    }
}
