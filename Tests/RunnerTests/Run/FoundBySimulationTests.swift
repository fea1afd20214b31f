import Runbooks
import Testing

@testable import Runner

/// What the simulation (docs/simulation.md) found in the machine, each as small as it gets.
struct FoundBySimulationTests {
    private static func command(_ verb: PersonCommand.Verb, _ id: Int) -> RunInput {
        .command(PersonCommand(verb: verb, actor: "ann"), inboxID: id)
    }

    private static func release(after: String, _ ifStopped: Release.IfStopped = .pay) -> Release {
        Release(
            script: RunFixture.call("back"), after: RunFixture.id(after), ifStopped: ifStopped)
    }

    /// A guard or `verify` that can't be asked says nothing about an attempt that was lost.
    @Test(
        arguments: [Ending.unreachable("gone"), .timedOut, .notStarted("no room")], [true, false])
    func whoCantBeAskedLeavesALostOnceStepUnknown(_ ending: Ending, _ hasGuard: Bool) {
        let step = RunFixture.step("one", .once) {
            if hasGuard {
                $0.unless = RunFixture.call("look")
            } else {
                $0.verify = [AssertAction(script: RunFixture.call("look"))]
            }
        }
        var drive = HandDrive(RunFixture(steps: [step]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "look" ? .exit(1) : nil }
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.led]) {
            HandDrive.text(of: $0.action) == "look" ? .ended(ending) : .ended(.unknown("lost"))
        }
        #expect(drive.outcomes() == ["one=unknown"])
        #expect(drive.started.filter { $0 == "a:one" }.count == 1)
    }

    /// Its next leader knew nothing of why targets were left out, and waited for ever.
    @Test(arguments: [true, false])
    func whoPaysForARunThatLeftTargetsOutHasThemAskedForAgain(_ hasRoom: Bool) {
        let take = RunFixture.step("take") { $0.release = Self.release(after: "work", .keep) }
        var fixture = RunFixture(steps: [take, RunFixture.step("work")])
        fixture.targets = ["a", "b"]
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: 3)
        let (a, b) = (RunFixture.target("a"), RunFixture.target("b"))
        let group = ProtectedGroup(
            marks: [ProtectedGroup.Mark(label: "g", value: "1")], maxUnavailable: 1,
            members: [a, b])
        let standing = Standing(target: a, outcome: .failed, run: fixture.record.id)
        var drive = HandDrive(fixture)
        drive.refusals = [
            GroupRefusal(target: b, group: group, unavailable: [.ended(standing)])
        ]
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "work" ? .exit(1) : .exit(0) }
        #expect(drive.machine.state == .needsPerson && drive.isFinished)
        drive.isTakenOver()
        if hasRoom { drive.refusals = [] }
        drive.feed([.led, Self.command(.pay(a), 1)]) { _ in .exit(0) }
        #expect(drive.machine.state == .failed && drive.isFinished)
        #expect(drive.started.contains("a:back"))
        #expect(drive.started.contains("b:work") == hasRoom)
        #expect(drive.isFold)
    }

    @Test func aTargetHeldByAPauseIsNotOverWhenTheThresholdIsReached() {
        let take = RunFixture.step("take") {
            $0.release = Self.release(after: "work")
            $0.isSafeStop = true
        }
        var fixture = RunFixture(steps: [take, RunFixture.step("work")])
        fixture.targets = ["a", "b"]
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        drive.feed([Self.command(.pause, 1)]) { _ in nil }
        let (held, failing) = (drive.open[0], drive.open[1])
        drive.feed([.attemptEnded(held, .exit(0))]) { _ in nil }
        drive.feed(
            [.attemptEnded(failing, .exit(1))],
            answer: { HandDrive.text(of: $0.action) == "back" ? .exit(0) : .exit(1) })
        #expect(drive.machine.isThresholdReached)
        #expect(drive.machine.state == .paused)
        drive.feed([Self.command(.resume, 2)]) { _ in .exit(0) }
        #expect(drive.outcomes() == ["take=changed", "work=changed"])
        #expect(drive.started.filter { $0 == "a:back" }.count == 1)
        #expect(drive.machine.state == .failed)
    }

    /// Two releases are owed; one of them was left to a person, who has it tried again meanwhile.
    @Test func payingWhatWasLeftForgetsNothingElseThatIsOwed() {
        let first = RunFixture.step("first") { $0.release = Self.release(after: "first") }
        let second = RunFixture.step("second") {
            $0.release = Release(script: RunFixture.call("second back"), after: $0.id)
        }
        var drive = HandDrive(RunFixture(steps: [first, second]))
        drive.feed([.led]) {
            switch HandDrive.text(of: $0.action) {
            case "back": .exit(1)
            case "second back": nil
            default: .exit(0)
            }
        }
        #expect(drive.machine.owed.map(\.step) == [first.id])
        drive.feed([Self.command(.pay(RunFixture.target("a")), 1)]) { _ in nil }
        #expect(drive.machine.targets[RunFixture.target("a")]?.owed == [first.id, second.id])
        // What was begun for one step does not pay for the other.
        drive.feed(drive.open.map { .attemptEnded($0, .exit(0)) }) { _ in .exit(0) }
        let paid = drive.events.compactMap { event -> StepID? in
            if case .paid(_, let step) = event.event { step } else { nil }
        }
        #expect(paid == [second.id, first.id])
        #expect(drive.started.suffix(2) == ["a:second back", "a:back"])
        #expect(drive.machine.state == .succeeded)
    }

    /// A person has something given back while steps that were sent ahead are under way.
    @Test func nothingIsGivenBackBesideWhatWasSentAhead() {
        let take = RunFixture.step("take") { $0.release = Self.release(after: "take") }
        let steps = [take, RunFixture.step("one"), RunFixture.step("two")]
        var drive = HandDrive(RunFixture(steps: steps))
        drive.feed([.led]) {
            switch HandDrive.text(of: $0.action) {
            case "take": .exit(0)
            case "back": .exit(1)
            default: nil
            }
        }
        #expect(drive.open.count == 1 && drive.machine.owed.count == 1)
        drive.feed([Self.command(.pay(RunFixture.target("a")), 1)]) { _ in nil }
        drive.feed(drive.open.map { .attemptEnded($0, .exit(0)) }) { _ in nil }
        #expect(drive.started.suffix(2) == ["a:one", "a:two"])
        drive.feed([.attemptEnded(drive.open[1], .exit(0))]) { _ in .exit(0) }
        #expect(drive.started.last == "a:back")
        #expect(drive.machine.state == .succeeded)
    }

    /// A release that waits to be tried again is under way: an abort doesn't close the run over it.
    @Test func aReleaseThatIsTriedAgainKeepsARunOpen() {
        let take = RunFixture.step("take") {
            $0.release = Self.release(after: "take")
            $0.isSafeStop = true
        }
        let record = RunFixture(steps: [take, RunFixture.step("work")]).record
        var machine = RunMachine(record: record)
        let now = Timestamp(milliseconds: 0)
        let target = RunFixture.target("a")
        func key(_ part: Part) -> AttemptKey { AttemptKey(target: target, part: part, number: 1) }
        _ = machine.decide(.led, at: now)
        _ = machine.decide(.admission([target], deferred: [:]), at: now)
        _ = machine.decide(Self.command(.pause, 1), at: now)
        _ = machine.decide(.attemptEnded(key(.action(take.id)), .exit(0)), at: now)
        let failed = machine.decide(.attemptEnded(key(.release(take.id)), .exit(1)), at: now)
        #expect(!failed.isEnd)
        let aborted = machine.decide(Self.command(.abort, 2), at: now)
        #expect(!aborted.isEnd && machine.state == .running)
        #expect(machine.targets[target]?.owed == [take.id])
    }

    @Test func whoResumesAHaltedRunHasItTriedAgain() {
        var fixture = RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two", .once)])
        fixture.targets = ["a", "b"]
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        let (first, second) = (drive.open[0], drive.open[1])
        drive.feed([.halted([first], reason: "the remote is gone", pauses: true)]) { _ in nil }
        #expect(!drive.isFinished && drive.machine.isPauseRequested)
        drive.feed([Self.command(.resume, 1)]) { _ in .exit(0) }
        #expect(drive.outcomes("a") == ["one=changed", "two=changed"])
        drive.feed([.attemptEnded(second, .exit(0))]) { _ in .exit(0) }
        #expect(drive.machine.state == .succeeded)
    }

    /// The abort for which a paused run is taken over may come in a later batch than the others.
    @Test func aPausedRunThatIsToBeAbortedWaitsForIt() {
        let step = RunFixture.step("one") { $0.isSafeStop = true }
        var drive = HandDrive(RunFixture(steps: [step, RunFixture.step("two")]))
        drive.feed([.led]) { _ in nil }
        drive.feed([Self.command(.pause, 1)]) { _ in nil }
        drive.feed([.attemptEnded(drive.open[0], .exit(0))]) { _ in nil }
        #expect(drive.machine.state == .paused)
        var next = HandDrive(RunFixture(steps: [step, RunFixture.step("two")]))
        next.machine = RunMachine(record: drive.machine.record, events: drive.events)
        next.feed([.halted([], reason: "it is to be aborted", pauses: false), .led]) { _ in nil }
        #expect(!next.isFinished)
        next.feed([Self.command(.resume, 2), Self.command(.abort, 3)]) { _ in nil }
        #expect(next.machine.state == .aborted)
        #expect(next.started == [])
    }

    /// What was sent ahead and lost may have run, also where its turn never comes again.
    @Test func anItemThatWasSentAheadAndLostIsNotCalledSkipped() {
        let step = RunFixture.step("one") {
            $0.forEach = .texts(["x", "y"])
            $0.retry = Retry(attempts: 1, pauseMilliseconds: 0)
            $0.onFailed = .continue
        }
        var drive = HandDrive(RunFixture(steps: [step]))
        drive.feed([.led]) { _ in nil }
        #expect(drive.performed.first?.followers.count == 1)
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.led]) { _ in nil }
        #expect(drive.outcomes() == ["one[x]=unknown", "one[y]=unknown"])
    }
}
