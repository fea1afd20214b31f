import Runbooks
import Testing

@testable import Runner

/// Targets that other runs hold: asked for, waited for, and given back.
struct AdmissionTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }

    private func fixture(
        _ targets: [String], _ effect: Effect = .once,
        _ change: (inout Step) -> Void = { _ in }
    ) -> RunFixture {
        var fixture = RunFixture(steps: [RunFixture.step("one", effect, change)])
        fixture.targets = targets
        return fixture
    }

    private func command(_ verb: PersonCommand.Verb) -> RunInput {
        .command(PersonCommand(verb: verb, actor: "ann"), inboxID: 0)
    }

    private func states(_ drive: HandDrive) -> [RunState] {
        drive.events.compactMap { recorded in
            if case .stateChanged(let state, _) = recorded.event { state } else { nil }
        }
    }

    @Test func nothingStartsOnATargetBeforeItsLockIsTaken() throws {
        var machine = RunMachine(record: fixture(["a", "b"]).record)
        let asked = machine.decide(.led, at: Timestamp(milliseconds: 0))
        #expect(asked.events == [.stateChanged(.running, reason: "started")])
        let (a, b) = (RunFixture.target("a"), RunFixture.target("b"))
        let names = asked.effects.compactMap { effect -> [TargetName]? in
            if case .admit(let names) = effect { names } else { nil }
        }
        #expect(names == [[a, b]])
        let lock = LockSamples.lock(b)
        let next = machine.decide(
            .admission([a, b], deferred: [b: .locked(lock)]), at: Timestamp(milliseconds: 1))
        #expect(next.events.first == .targetStarted(a))
        #expect(!next.events.contains(.targetStarted(b)))
        #expect(machine.deferrals.keys.sorted() == [b])
    }

    @Test func whoOnlyReadsTakesNoLock() {
        var drive = HandDrive(fixture(["a"], .read))
        drive.locks = [LockSamples.lock(RunFixture.target("a"))]
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .succeeded)
        #expect(drive.machine.targetsAtWork == [])
    }

    @Test func theOthersGoOnAndTheRunWaitsAndSaysForWhom() {
        var drive = HandDrive(fixture(["a", "b", "c"]))
        let b = RunFixture.target("b")
        drive.locks = [LockSamples.lock(b)]
        drive.feed([.led], answer: Self.good)
        #expect(drive.started == ["a:one", "c:one"])
        #expect(drive.machine.state == .waiting)
        #expect(
            drive.machine.stateReason
                == "b is locked by run r-other (other.book) of bob since 1970-01-01T00:00:00Z, at "
                + "step drain; it is free once that run has ended there; 'handrail watch r-other' "
                + "follows it")
        #expect(!drive.isFinished)
        // Asked again, and nothing has changed: nothing is recorded.
        let count = drive.events.count
        drive.feed([.timer(.admission)], answer: Self.good)
        #expect(drive.events.count == count)
        #expect(drive.waits == 2)
        drive.locks = []
        drive.feed([.timer(.admission)], answer: Self.good)
        #expect(drive.started == ["a:one", "c:one", "b:one"])
        #expect(drive.machine.state == .succeeded)
        #expect(states(drive) == [.running, .waiting, .running])
        #expect(RunMachine(record: drive.machine.record, events: drive.events) == drive.machine)
    }

    /// A group of a and b of which one may be away.
    private func refusal(of name: String, _ why: Unavailability) -> GroupRefusal {
        GroupRefusal(
            target: RunFixture.target(name),
            group: ProtectedGroup(
                marks: [ProtectedGroup.Mark(label: "cluster", value: "c")], maxUnavailable: 1,
                members: ["a", "b"].map(RunFixture.target)), unavailable: [why])
    }

    @Test func aRunDoesNotWaitForItsOwnFailures() {
        var fixture = fixture(["a", "b"])
        fixture.rollout = Rollout(maxInFlight: 2, stopAtFailures: 3)
        var drive = HandDrive(fixture)
        let (a, run) = (RunFixture.target("a"), fixture.record.id)
        drive.refusals = [
            refusal(of: "b", .ended(Standing(target: a, outcome: .failed, run: run)))
        ]
        drive.feed([.led]) { _ in .exit(1) }
        #expect(drive.started == ["a:one"])
        #expect(drive.machine.state == .failed)
        #expect(drive.isFinished)
        let reasons = drive.events.compactMap { recorded in
            if case .deferred(_, _, let reason) = recorded.event { reason } else { nil }
        }
        #expect(
            reasons.last
                == "b is not started: of the 2 targets with cluster = c at most 1 may be "
                + "unavailable, and this run ended badly on a; mend that first, then run it for b")
        #expect(drive.isFold)
        // Another run's failure may be mended by another run: that is waited for.
        var other = HandDrive(fixture)
        let earlier = LockSamples.lock(a).run
        other.refusals = [
            refusal(of: "b", .ended(Standing(target: a, outcome: .failed, run: earlier)))
        ]
        other.feed([.led]) { _ in .exit(1) }
        #expect(other.machine.state == .waiting)
    }

    @Test func whoComesAfterAMemberOfTheSameRunIsToldSo() {
        var fixture = fixture(["a", "b"])
        fixture.protection = []
        var drive = HandDrive(fixture)
        let a = RunFixture.target("a")
        let lock = TargetLock(
            target: a, run: fixture.record.id, runbook: LockSamples.lock(a).runbook, actor: "ann",
            since: Timestamp(milliseconds: 0), step: nil, kept: nil, isLed: true)
        drive.refusals = [refusal(of: "b", .held(lock))]
        drive.feed([.led]) { _ in nil }
        #expect(
            drive.machine.deferrals[RunFixture.target("b")]?.reason
                == "b comes after a, on which this run is at work: of the 2 targets with "
                + "cluster = c at most 1 may be unavailable")
        drive.refusals = []
        drive.feed(drive.open.map { .attemptEnded($0, .exit(0)) }, answer: Self.good)
        #expect(drive.machine.state == .succeeded)
    }

    @Test func aReasonIsRecordedAgainWhenAPersonWouldDoSomethingElse() {
        var drive = HandDrive(fixture(["a"]))
        let a = RunFixture.target("a")
        for (lock, word) in [
            (LockSamples.lock(a), "'handrail watch r-other' follows it"),
            (LockSamples.lock(a, isLed: false), "'handrail abort r-other' ends it"),
            (LockSamples.lock(a, isLed: false, kept: "x is owed there"), "keeps it: x is owed"),
            (LockSamples.lock(a, run: "r-third"), "run r-third"),
        ] {
            drive.locks = [lock]
            drive.feed(drive.waits == 0 ? [.led] : [.timer(.admission)], answer: Self.good)
            #expect(drive.machine.state == .waiting)
            #expect(drive.machine.stateReason.contains(word), "\(drive.machine.stateReason)")
        }
        #expect(drive.events.count { if case .deferred = $0.event { true } else { false } } == 4)
    }

    @Test func aRunThatWaitsCanBePausedGoOnAndBeAborted() {
        var drive = HandDrive(fixture(["a"]))
        drive.locks = [LockSamples.lock(RunFixture.target("a"))]
        drive.feed([.led, command(.pause)], answer: Self.good)
        #expect(drive.machine.state == .paused)
        #expect(drive.isFinished)
        // The timer of before is late: a paused run asks for nothing.
        drive.feed([.timer(.admission)], answer: Self.good)
        #expect(drive.waits == 1)
        drive.feed([command(.resume)], answer: Self.good)
        #expect(drive.machine.state == .waiting)
        drive.feed([command(.abort)], answer: Self.good)
        #expect(drive.machine.state == .aborted)
        #expect(drive.started == [])
    }

    @Test func whatIsAdmittedAndNotNeededAnyMoreIsGivenBack() {
        var machine = RunMachine(record: fixture(["a"]).record)
        let a = RunFixture.target("a")
        let now = Timestamp(milliseconds: 0)
        _ = machine.decide(.led, at: now)
        _ = machine.decide(command(.pause), at: now)
        let late = machine.decide(.admission([a], deferred: [:]), at: now)
        let given = late.effects.compactMap { effect -> [TargetName]? in
            if case .dismiss(let names) = effect { names } else { nil }
        }
        #expect(given == [[a]])
        #expect(machine.startedCount == 0)
        let again = machine.decide(command(.resume), at: now)
        #expect(again.effects.contains { if case .admit([a]) = $0 { true } else { false } })
    }

    @Test func aNewLeaderAsksAgain() {
        var drive = HandDrive(fixture(["a", "b"]))
        drive.locks = [LockSamples.lock(RunFixture.target("b"))]
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .waiting)
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        let count = drive.events.count
        drive.feed([.led], answer: Self.good)
        #expect(drive.events.count == count)
        drive.locks = []
        drive.feed([.timer(.admission)], answer: Self.good)
        #expect(drive.machine.state == .succeeded)
    }

    @Test func noMoreTargetsAreAskedForThanMayBeInFlight() {
        var fixture = fixture((1...9).map { "t\($0)" })
        fixture.rollout = Rollout(maxInFlight: 2, stopAtFailures: 1)
        var machine = RunMachine(record: fixture.record)
        var mostAsked = 0
        var queue: [RunInput] = [.led]
        while !queue.isEmpty {
            let decision = machine.decide(queue.removeFirst(), at: Timestamp(milliseconds: 0))
            #expect(machine.runningCount <= 2)
            for effect in decision.effects {
                if case .admit(let names) = effect {
                    mostAsked = max(mostAsked, names.count)
                    queue.append(.admission(names, deferred: [:]))
                }
                if case .perform(let request) = effect {
                    queue.append(.attemptEnded(request.key, .exit(0)))
                }
            }
        }
        #expect(mostAsked == 2)
        #expect(machine.state == .succeeded)
    }

    /// Of a cluster one after the other: the second doesn't wait for the next look.
    @Test func whoWaitsForOneOfTheSameRunIsAskedForAtItsEnd() throws {
        let (a, b) = (RunFixture.target("a"), RunFixture.target("b"))
        let group = ProtectedGroup(
            marks: [ProtectedGroup.Mark(label: "cluster", value: "c")], maxUnavailable: 1,
            members: [a, b])
        var fixture = fixture(["a", "b"])
        fixture.protection = [group]
        var machine = RunMachine(record: fixture.record)
        let now = Timestamp(milliseconds: 0)
        _ = machine.decide(.led, at: now)
        let refusal = GroupRefusal(
            target: b, group: group, unavailable: [.held(LockSamples.lock(a))])
        _ = machine.decide(.admission([a, b], deferred: [b: .protected(refusal)]), at: now)
        #expect(machine.deferrals[b]?.reason.hasPrefix("b is kept available: of the 2") == true)
        let key = try #require(machine.targets[a]?.inFlight)
        let ended = machine.decide(.attemptEnded(key, .exit(0)), at: now)
        #expect(machine.targets[a]?.outcome == .changed)
        #expect(ended.effects.contains { if case .admit([b]) = $0 { true } else { false } })
        _ = machine.decide(.admission([b], deferred: [:]), at: now)
        #expect(machine.targets[b]?.isRunning == true)
    }

    @Test func whatIsOwedKeepsTheLockUntilItIsPaid() {
        var fixture = fixture(["a"], .idempotent) { step in
            step.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("two"), ifStopped: .keep)
        }
        fixture.steps.append(RunFixture.step("two", .once))
        var drive = HandDrive(fixture)
        drive.feed([.led]) { request in
            HandDrive.text(of: request.action) == "two" ? .exit(1) : .exit(0)
        }
        let a = RunFixture.target("a")
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.machine.keptLocks == [a: "one is owed there"])
        #expect(drive.events.contains { $0.event == .lockKept(a, reason: "one is owed there") })
        // Given back again without success: kept anew, in the same commit as its end.
        drive.feed([command(.pay(a))]) { _ in .exit(1) }
        #expect(drive.machine.keptLocks == [a: "one is owed there"])
        let changes = LockChanges(drive.events.suffix(3).map(\.event))
        #expect(changes.byTarget[a] == .kept(a, "one is owed there"))
        drive.feed([command(.paidByHand(a, note: "by hand"))], answer: Self.good)
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.keptLocks == [:])
        #expect(LockChanges(drive.events.map(\.event)).isOver)
    }

    @Test func whatNobodyKnowsKeepsTheLockWhileTheRunGoesOn() {
        var fixture = fixture(["a", "b"], .once)
        fixture.rollout = Rollout(maxInFlight: 2, stopAtFailures: 5)
        var drive = HandDrive(fixture)
        let (a, b) = (RunFixture.target("a"), RunFixture.target("b"))
        drive.feed([.led]) { request in
            request.key.target == a ? .ended(.unknown("lost")) : nil
        }
        #expect(drive.machine.keptLocks == [a: "how one ended there is unknown"])
        #expect(drive.machine.targetsAtWork == [b])
    }
}
