import Runbooks
import Testing

@testable import Runner

/// The gates are asked before targets start, and nothing starts on an old answer.
struct GateAskingTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }

    private static func open(at now: Timestamp) -> GateAnswer {
        GateAnswer(
            asked: now, isOpen: true, lines: ["6 window: open (until 9 h)"], reason: "",
            next: now.adding(.seconds(600)))
    }

    private static func closed(at now: Timestamp, opens: Duration? = .seconds(7200)) -> GateAnswer {
        GateAnswer(
            asked: now, isOpen: false, lines: ["6 window: waiting: opens 9 h"],
            reason: "6 window: waiting: opens 9 h", next: opens.map { now.adding($0) })
    }

    private func drive(
        waits: Bool = false, targets: [String] = ["a", "b", "c"], inFlight: Int = 1,
        gates: (@Sendable (Timestamp) -> GateAnswer)?
    ) -> HandDrive {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once)])
        fixture.targets = targets
        fixture.rollout = Rollout(maxInFlight: inFlight, stopAtFailures: 1)
        fixture.gating = Gating(waits: waits)
        var drive = HandDrive(fixture)
        drive.gates = gates
        return drive
    }

    private func verdicts(_ drive: HandDrive) -> [Bool] {
        drive.events.compactMap {
            if case .gatesAnswered(let isOpen, _, _) = $0.event { isOpen } else { nil }
        }
    }

    @Test func theyAreAskedOnceForWhatStartsWithinFiveSeconds() {
        var drive = drive(gates: Self.open)
        drive.feed([.led], answer: Self.good)
        #expect(drive.gatesAsked.count == 1)
        #expect(verdicts(drive) == [true])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func theyAreAskedAgainForWhatStartsLaterAndAVerdictIsRecordedWhenItChanges() {
        var drive = drive(gates: nil)
        drive.feed([.led], answer: Self.good)
        #expect(drive.gatesAsked.count == 1)
        #expect(drive.started == [])
        // The first step of a takes longer than a verdict is good for.
        drive.feed([.gatesAnswered(Self.open(at: drive.now))]) { _ in nil }
        #expect(drive.started == ["a:one"])
        drive.now = drive.now.adding(.milliseconds(5001))
        drive.gates = Self.open
        let key = drive.open.removeFirst()
        drive.feed([.attemptEnded(key, .exit(0))], answer: Self.good)
        #expect(drive.gatesAsked.count == 2)
        #expect(verdicts(drive) == [true])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func anAnswerOfMoreThanFiveSecondsAgoStartsNothing() {
        var drive = drive(gates: nil)
        drive.feed([.led], answer: Self.good)
        let old = drive.now
        drive.now = old.adding(.milliseconds(5001))
        drive.feed([.gatesAnswered(Self.open(at: old))], answer: Self.good)
        #expect(drive.started == [])
        #expect(drive.gatesAsked.count == 2)
        // Nor does one of a time that the clock, set back, has not reached yet.
        let ahead = drive.now.adding(.seconds(1))
        drive.feed([.gatesAnswered(Self.open(at: ahead))], answer: Self.good)
        #expect(drive.started == [])
        #expect(drive.gatesAsked.count == 3)
    }

    @Test func anAnswerThatGrowsOldWhileLocksAreTakenStartsNothingEither() {
        var drive = drive(targets: ["a"], gates: nil)
        drive.feed([.led], answer: Self.good)
        let decision = drive.machine.decide(
            .gatesAnswered(Self.open(at: drive.now)), at: drive.now)
        for event in decision.events {
            drive.events.append(
                RecordedEvent(sequence: drive.events.count + 1, at: drive.now, event: event))
        }
        #expect(decision.effects.contains { if case .admit = $0 { true } else { false } })
        drive.now = drive.now.adding(.milliseconds(5001))
        let name = RunFixture.target("a")
        drive.feed([.admission([name], deferred: [:])], answer: Self.good)
        #expect(drive.started == [])
        #expect(drive.dismissed == [name])
        drive.gates = Self.open
        drive.feed([.gatesAnswered(Self.open(at: drive.now))], answer: Self.good)
        #expect(drive.started == ["a:one"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func whenTheyCloseWhatIsUnderWayEndsAndTheRunIsPaused() {
        var drive = drive(gates: Self.open)
        drive.feed([.led]) { _ in nil }
        #expect(drive.started == ["a:one"])
        drive.now = drive.now.adding(.seconds(60))
        drive.gates = { Self.closed(at: $0) }
        let key = drive.open.removeFirst()
        drive.feed([.attemptEnded(key, .exit(0))], answer: Self.good)
        #expect(drive.started == ["a:one"])
        #expect(drive.machine.state == .paused)
        #expect(drive.machine.stateReason == "6 window: waiting: opens 9 h")
        #expect(drive.isFinished)
        #expect(verdicts(drive) == [true, false])
        #expect(drive.isFold)
    }

    @Test func aPausedRunGoesOnInTheNextWindow() {
        var drive = drive(gates: { Self.closed(at: $0) })
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .paused)
        drive.isTakenOver()
        drive.gates = Self.open
        let resume = PersonCommand(verb: .resume, actor: "ann")
        drive.feed([.led, .command(resume, inboxID: 1)], answer: Self.good)
        #expect(drive.started == ["a:one", "b:one", "c:one"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func oneThatWaitsGoesOnByItselfWhenTheyOpen() {
        var drive = drive(waits: true, gates: { Self.closed(at: $0) })
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .waiting)
        #expect(!drive.isFinished)
        // Asked every half minute, or when it is known to open if that is sooner.
        #expect(drive.gateWaits == [.seconds(30)])
        drive.now = drive.now.adding(.seconds(30))
        drive.gates = { Self.closed(at: $0, opens: .seconds(12)) }
        drive.feed([.timer(.gates)], answer: Self.good)
        #expect(drive.gateWaits == [.seconds(30), .seconds(12)])
        #expect(verdicts(drive) == [false])
        drive.now = drive.now.adding(.seconds(12))
        drive.gates = Self.open
        drive.feed([.timer(.gates)], answer: Self.good)
        #expect(drive.machine.state == .succeeded)
        #expect(verdicts(drive) == [false, true])
        #expect(drive.isFold)
    }

    @Test func aRunThatWaitsForThemCanBeAborted() {
        var drive = drive(waits: true, gates: { Self.closed(at: $0) })
        drive.feed([.led], answer: Self.good)
        drive.feed(
            [.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)], answer: Self.good)
        #expect(drive.machine.state == .aborted)
        #expect(drive.started == [])
    }

    @Test func whatCantBeAskedIsClosed() async {
        let gates = ClosedGates("the desk is gone") { Timestamp(milliseconds: 7) }
        let answer = await gates.answer(
            GateQuestion(run: RunFixture(steps: []).record.id, neededMilliseconds: 0))
        #expect(!answer.isOpen)
        #expect(answer.reason == "the gates can't be asked: the desk is gone")
    }

    @Test func aRunThatTheyDontBindAsksNobody() {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once)])
        fixture.targets = ["a", "b"]
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: Self.good)
        #expect(drive.gatesAsked.isEmpty)
        #expect(drive.machine.state == .succeeded)
    }

    @Test func eachWaveAsksThemAnewHoweverSoonItFollows() {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once)])
        fixture.targets = ["a", "b", "c"]
        fixture.gating = Gating(waits: false)
        fixture.waves = [["a"], ["b", "c"]]
        var drive = HandDrive(fixture)
        drive.gates = Self.open
        drive.feed([.led], answer: Self.good)
        #expect(drive.gatesAsked.count == 2)
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func undoingAsksNobody() throws {
        var fixture = RunFixture(
            steps: [RunFixture.step("one") { $0.undo = [.run(RunFixture.call("unone"))] }])
        fixture.gating = Gating(waits: false)
        var parent = HandDrive(fixture)
        parent.gates = Self.open
        parent.feed([.led]) { _ in .exit(0, changed: true) }
        #expect(parent.machine.state == .succeeded)
        let chain = RunChain([parent.machine])
        var drive = HandDrive(
            .rollback, of: [parent], try chain.rollback(chain.undoable).get(),
            gating: Gating(waits: false))
        drive.gates = { Self.closed(at: $0) }
        drive.feed([.led]) { _ in .exit(0, changed: true) }
        #expect(drive.gatesAsked.isEmpty)
        #expect(drive.machine.state == .rolledBack)
    }

    @Test func anAnswerThatNamesItsEndStartsNothingFromThenOn() {
        var drive = drive(targets: ["a"], gates: nil)
        drive.feed([.led], answer: Self.good)
        let asked = drive.now
        drive.now = asked.adding(.milliseconds(2000))
        let ending = GateAnswer(
            asked: asked, isOpen: true, lines: ["6 window: open (until 9 h)"], reason: "",
            next: drive.now)
        drive.feed([.gatesAnswered(ending)], answer: Self.good)
        #expect(drive.started == [])
        #expect(drive.gatesAsked.count == 2)
    }

    /// A target that couldn't be reached was started inside the window, and is tried again after it.
    @Test(arguments: [true, false])
    func theFirstStepIsTriedAgainOnlyWhereTheyAreOpen(_ waits: Bool) {
        var drive = drive(waits: waits, targets: ["a"], gates: Self.open)
        drive.machine = RunMachine(record: retrying(drive.machine.record))
        drive.feed([.led]) { _ in nil }
        #expect(drive.started == ["a:one"])
        drive.now = drive.now.adding(.seconds(60))
        drive.gates = { Self.closed(at: $0) }
        drive.feed([.attemptEnded(drive.open.removeFirst(), .ended(.unreachable("gone")))]) { _ in
            nil
        }
        #expect(drive.started == ["a:one"])
        #expect(drive.machine.state == (waits ? .waiting : .paused))
        #expect(drive.isFold)
        drive.gates = Self.open
        drive.now = drive.now.adding(.seconds(60))
        if waits {
            drive.feed([.timer(.gates)], answer: Self.good)
        } else {
            drive.isTakenOver()
            let resume = PersonCommand(verb: .resume, actor: "ann")
            drive.feed([.led, .command(resume, inboxID: 1)], answer: Self.good)
        }
        #expect(drive.started == ["a:one", "a:one"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    private func retrying(_ record: RunRecord) -> RunRecord {
        var fixture = RunFixture(
            steps: [
                RunFixture.step("one") { $0.retry = Retry(attempts: 3, pauseMilliseconds: 1000) }
            ])
        fixture.gating = record.gating
        return fixture.record
    }

    /// Recording and sealing took longer than an answer is good for: nothing of it was begun.
    @Test func whatTheyClosedMeanwhileIsNotBegun() {
        var drive = drive(waits: true, targets: ["a"], gates: Self.open)
        drive.feed([.led]) { _ in nil }
        let key = drive.open.removeFirst()
        let later = drive.now.adding(.milliseconds(5001))
        #expect(
            drive.machine.startsOnOldVerdict([.perform(drive.performed[0])], at: drive.now) == [])
        #expect(
            drive.machine.startsOnOldVerdict([.perform(drive.performed[0])], at: later) == [key])
        drive.now = later
        drive.gates = Self.open
        drive.feed([.keptBack([key], Self.closed(at: later))]) { _ in nil }
        #expect(drive.started == ["a:one"])
        #expect(drive.machine.state == .waiting)
        drive.now = later.adding(.seconds(30))
        drive.feed([.timer(.gates)], answer: Self.good)
        // It runs once, and had not begun: it begins now.
        #expect(drive.started == ["a:one", "a:one"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func whatWaitsForThemAtItsStartIsNotBegunOnceTheRunHasStopped() {
        var drive = drive(waits: true, targets: ["a", "b", "c"], inFlight: 2, gates: Self.open)
        drive.feed([.led]) { _ in nil }
        #expect(drive.started == ["a:one", "b:one"])
        drive.feed([.keptBack([drive.open.removeLast()], Self.closed(at: drive.now))]) { _ in nil }
        drive.feed([.attemptEnded(drive.open.removeFirst(), .exit(1))]) { _ in nil }
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.targets[RunFixture.target("b")]?.outcome == .aborted)
        #expect(drive.machine.targets[RunFixture.target("c")]?.outcome == nil)
        #expect(drive.isFold)
    }

    @Test func whatWaitsForThemAtItsStartCanBeAbortedAndPaused() {
        for verb in [PersonCommand.Verb.abort, .pause] {
            var drive = drive(waits: true, targets: ["a"], gates: Self.open)
            drive.feed([.led]) { _ in nil }
            let key = drive.open.removeFirst()
            drive.feed([.keptBack([key], Self.closed(at: drive.now))]) { _ in nil }
            let command = PersonCommand(verb: verb, actor: "ann")
            drive.feed([.command(command, inboxID: 1)], answer: Self.good)
            #expect(drive.machine.state == (verb == .abort ? .aborted : .paused))
            #expect(drive.isFinished)
            #expect(drive.isFold)
        }
    }
}
