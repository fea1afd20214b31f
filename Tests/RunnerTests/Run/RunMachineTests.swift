import Runbooks
import Testing

@testable import Runner

struct RunMachineTests {
    private static func step(
        _ name: String, _ effect: Effect = .idempotent, _ change: (inout Step) -> Void = { _ in }
    ) -> Step { RunFixture.step(name, effect, change) }

    private static func release(_ after: String, _ ifStopped: Release.IfStopped = .pay) -> Release {
        Release(script: RunFixture.call("back"), after: RunFixture.id(after), ifStopped: ifStopped)
    }

    @Test func runsEveryStepInOrderAndSucceeds() {
        var drive = HandDrive(RunFixture(steps: [Self.step("one"), Self.step("two", .read)]))
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.started == ["a:one", "a:two"])
        #expect(drive.outcomes() == ["one=changed", "two=ok"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.machine.resolution == .unclear)
        #expect(drive.isFinished)
    }

    @Test func skipsTheActionWhenItsGuardIsSatisfied() {
        let step = Self.step("one") { $0.unless = RunFixture.call("guard") }
        var drive = HandDrive(RunFixture(steps: [step]))
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.started == ["a:guard"])
        #expect(drive.outcomes() == ["one=satisfied"])
    }

    @Test(arguments: [
        (AttemptRecord.exit(1), ["a:guard", "a:one"], "one=changed"),
        (.exit(1, stderr: "boom"), ["a:guard"], "one=failed"),
        (.exit(77), ["a:guard"], "one=failed"),
        (.exit(2), ["a:guard"], "one=failed"),
        (.ended(.timedOut), ["a:guard", "a:guard"], "one=timedOut"),
    ])
    func readsAGuardsAnswer(_ answer: AttemptRecord, _ started: [String], _ outcome: String) {
        let step = Self.step("one") { $0.unless = RunFixture.call("guard") }
        var drive = HandDrive(RunFixture(steps: [step]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "guard" ? answer : .exit(0) }
        #expect(drive.started == started)
        #expect(drive.outcomes() == [outcome])
    }

    @Test func triesAnIdempotentStepTwiceAndAOnceStepOnce() {
        var twice = HandDrive(RunFixture(steps: [Self.step("one")]))
        twice.feed([.led]) { _ in .exit(3, stderr: "no room\n") }
        #expect(twice.started == ["a:one", "a:one"])
        #expect(twice.machine.targets[RunFixture.target("a")]?.endingReason == "exit 3 \"no room\"")
        var once = HandDrive(RunFixture(steps: [Self.step("one", .once)]))
        once.feed([.led]) { _ in .exit(3) }
        #expect(once.started == ["a:one"])
        #expect(once.machine.state == .failed)
        #expect(once.machine.resolution == .unresolved)
    }

    @Test func goesOnAfterAFailureThatMayBeIgnored() {
        let first = Self.step("one", .once) { $0.onFailed = .continue }
        var drive = HandDrive(RunFixture(steps: [first, Self.step("two")]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "one" ? .exit(1) : .exit(0) }
        #expect(drive.outcomes() == ["one=failed", "two=changed"])
        #expect(drive.machine.state == .succeeded)
    }

    /// `satisfied` would say that nothing had to be done, and `ok` that nothing was.
    @Test(arguments: [
        (Effect.once, AttemptRecord.exit(1), Outcome.changed),
        (.idempotent, .ended(.timedOut), .changed),
        (.once, .ended(.notStarted("no such program")), .ok), (.read, .exit(1), .ok),
    ])
    func aTargetWithAStepThatWasPassedOverIsNeverCalledSatisfied(
        _ effect: Effect, _ record: AttemptRecord, _ outcome: Outcome
    ) {
        let first = Self.step("one", effect) { $0.onFailed = .continue }
        var drive = HandDrive(RunFixture(steps: [first, Self.step("two")]))
        drive.feed([.led]) {
            HandDrive.text(of: $0.action) == "one" ? record : .exit(0, changed: false)
        }
        #expect(drive.outcomes().last == "two=satisfied")
        #expect(drive.machine.targets[RunFixture.target("a")]?.outcome == outcome)
    }

    @Test func paysAReleaseOnceItsBracketHasClosed() {
        let first = Self.step("out") { $0.release = Self.release("fix") }
        var drive = HandDrive(RunFixture(steps: [first, Self.step("fix"), Self.step("last")]))
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix", "a:back", "a:last"])
        #expect(drive.machine.owed.isEmpty)
    }

    @Test func paysAReleaseWhenTheTargetStopsInItsBracket() {
        let first = Self.step("out") { $0.release = Self.release("fix") }
        var drive = HandDrive(
            RunFixture(steps: [first, Self.step("fix", .once), Self.step("last")]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "fix" ? .exit(9) : .exit(0) }
        #expect(drive.started == ["a:out", "a:fix", "a:back"])
        #expect(drive.machine.state == .failed)
    }

    @Test func keepsAReleaseForAPersonAndPaysItOnRequest() {
        let first = Self.step("out") { $0.release = Self.release("fix", .keep) }
        var drive = HandDrive(RunFixture(steps: [first, Self.step("fix", .once)]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "fix" ? .exit(9) : .exit(0) }
        #expect(drive.started == ["a:out", "a:fix"])
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.machine.owed.map(\.step) == [RunFixture.id("out")])
        drive.isFinished = false
        let pay = PersonCommand(verb: .pay(RunFixture.target("a")), actor: "ann")
        drive.feed([.command(pay, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix", "a:back"])
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.failures == 1)
        #expect(drive.isFinished)
    }

    @Test(arguments: [
        (Ending.unreachable("no route"), RunState.failed, ["a:out", "a:out"]),
        (.notStarted("disk full"), .failed, ["a:out", "a:out"]),
        (.timedOut, .failed, ["a:out", "a:out", "a:back"]),
    ])
    func owesNothingForAStepThatWasNeverStarted(
        _ ending: Ending, _ state: RunState, _ started: [String]
    ) {
        let first = Self.step("out") { $0.release = Self.release("fix") }
        var drive = HandDrive(RunFixture(steps: [first, Self.step("fix")]))
        drive.feed([.led]) {
            HandDrive.text(of: $0.action) == "out" ? .ended(ending) : .exit(0)
        }
        #expect(drive.started == started)
        #expect(drive.machine.state == state)
        #expect(drive.machine.owed.isEmpty)
    }

    @Test func listsAReleaseThatFailsAsOwed() {
        let first = Self.step("out") { $0.release = Self.release("out") }
        var drive = HandDrive(RunFixture(steps: [first]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "back" ? .exit(4) : .exit(0) }
        #expect(drive.started == ["a:out", "a:back", "a:back"])
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.machine.owed.first?.reason == "giving it back failed: exit 4")
    }

    @Test(arguments: [(1, RunState.succeeded), (4, .succeeded), (9, .needsPerson)])
    func aReleaseThatWasLostWithItsLeadersIsTriedAgain(_ lost: Int, _ state: RunState) {
        let first = Self.step("out") { $0.release = Self.release("out") }
        var drive = HandDrive(RunFixture(steps: [first]))
        var left = lost
        drive.feed([.led]) {
            guard HandDrive.text(of: $0.action) == "back", left > 0 else { return .exit(0) }
            left -= 1
            return .ended(.unknown("lost"))
        }
        let tries = min(lost + 1, 5)
        #expect(drive.started == ["a:out"] + Array(repeating: "a:back", count: tries))
        #expect(drive.machine.state == state)
        drive.isFinished = false
        let pay = PersonCommand(verb: .pay(RunFixture.target("a")), actor: "ann")
        drive.feed([.command(pay, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.machine.owed.isEmpty)
    }

    /// A look changes nothing, and nothing of its step has begun.
    @Test(arguments: [(9, RunState.succeeded), (40, .failed)])
    func aGuardThatWasLostWithItsLeadersIsAskedAgain(_ lost: Int, _ state: RunState) {
        let first = Self.step("one", .once) { $0.unless = RunFixture.call("look") }
        var drive = HandDrive(RunFixture(steps: [first]))
        var left = lost
        drive.feed([.led]) {
            guard HandDrive.text(of: $0.action) == "look" else { return .exit(0) }
            guard left > 0 else { return .exit(1) }
            left -= 1
            return .ended(.unknown("lost"))
        }
        #expect(drive.machine.state == state)
        let isDone = state == .succeeded
        #expect(drive.started.filter { $0 == "a:one" }.count == (isDone ? 1 : 0))
        #expect(drive.outcomes() == [isDone ? "one=changed" : "one=failed"])
    }

    @Test func stopsStartingTargetsAtTheThreshold() {
        var fixture = RunFixture(steps: [Self.step("one", .once)])
        fixture.targets = ["a", "b", "c", "d", "e"]
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: 2)
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in .exit(1) }
        #expect(drive.started == ["a:one", "b:one"])
        #expect(drive.machine.isThresholdReached)
        #expect(drive.machine.state == .failed)
    }

    @Test func keepsNoMoreTargetsInFlightThanAllowed() {
        var fixture = RunFixture(steps: [Self.step("one", .read)])
        fixture.targets = (0..<9).map { "t\($0)" }
        fixture.rollout = Rollout(maxInFlight: 3, stopAtFailures: 1)
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        #expect(drive.machine.runningCount == 3)
        drive.feed(drive.open.map { .attemptEnded($0, .exit(0)) }) { _ in .exit(0) }
        #expect(drive.machine.state == .succeeded)
        #expect(drive.performed.count == 9)
    }

    @Test func anAbortEndsTheStepAndPaysWhatIsOwed() {
        let first = Self.step("out") { $0.release = Self.release("fix") }
        var drive = HandDrive(RunFixture(steps: [first, Self.step("fix")]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "fix" ? nil : .exit(0) }
        let abort = PersonCommand(verb: .abort, actor: "ann")
        drive.feed([.command(abort, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.cancelled == [RunFixture.target("a")])
        drive.feed(drive.open.map { .attemptEnded($0, .ended(.cancelled)) }) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix", "a:back"])
        #expect(drive.outcomes() == ["out=changed", "fix=aborted"])
        #expect(drive.machine.state == .aborted)
    }

    @Test func asksOnceForAllTargetsAndTakesTheAnswer() {
        let ask = Step(
            id: RunFixture.id("calls"), title: "?", effect: .read,
            action: .ask(
                PersonAction(
                    text: "Still?",
                    choices: [.init(id: "yes", label: "Y"), .init(id: "no", label: "N")],
                    deadline: .seconds(60), perTarget: false)))
        let stop = Step(
            id: RunFixture.id("bad"), title: "stop", effect: .read,
            action: .stop(StopAction(resolution: .unresolved, escalate: nil, say: "no")))
        var onlyIf = stop
        onlyIf.when = .compare(.init(parts: ["calls"]), .equal, "yes")
        var fixture = RunFixture(steps: [ask, onlyIf, Self.step("never")])
        fixture.targets = ["a", "b"]
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.deadlines.count == 1)
        let wrong = PersonCommand(
            verb: .answer(RunFixture.id("calls"), choice: "maybe", target: nil), actor: "ann")
        #expect(drive.machine.objection(to: wrong) == "'maybe' is none of its choices: yes, no")
        let right = PersonCommand(
            verb: .answer(RunFixture.id("calls"), choice: "yes", target: nil), actor: "ann")
        drive.feed([.command(right, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.started == [])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.machine.resolution == .unresolved)
    }

    @Test func needsAPersonWhenAnAnswerIsLateAndGoesOnWithIt() {
        let manual = Step(
            id: RunFixture.id("plug"), title: "?", effect: .read,
            action: .manual(
                PersonAction(text: "Plug", choices: [], deadline: .seconds(60), perTarget: false)))
        var drive = HandDrive(RunFixture(steps: [manual, Self.step("one")]))
        drive.feed([.led]) { _ in .exit(0) }
        drive.now = Timestamp(milliseconds: 61_000)
        drive.feed(drive.deadlines.map { .timer($0) }) { _ in .exit(0) }
        #expect(drive.machine.state == .needsPerson)
        let done = PersonCommand(
            verb: .confirm(RunFixture.id("plug"), note: "done", target: nil), actor: "ann")
        drive.feed([.command(done, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.machine.state == .succeeded)
    }

    @Test func aQuestionThatNobodyWaitsForIsClosedByAnAbort() {
        let manual = Step(
            id: RunFixture.id("plug"), title: "?", effect: .read,
            action: .manual(
                PersonAction(text: "Plug", choices: [], deadline: .seconds(60), perTarget: false)))
        let first = Self.step("out") { $0.release = Self.release("fix", .keep) }
        var drive = HandDrive(RunFixture(steps: [first, manual, Self.step("fix")]))
        drive.feed([.led]) { _ in .exit(0) }
        let question = Question(step: RunFixture.id("plug"), target: nil)
        #expect(drive.machine.isOpen(question))
        let abort = PersonCommand(verb: .abort, actor: "ann")
        drive.feed([.command(abort, inboxID: 1)]) { _ in .exit(0) }
        #expect(!drive.machine.isOpen(question))
        let done = PersonCommand(
            verb: .confirm(RunFixture.id("plug"), note: "done", target: nil), actor: "ann")
        #expect(
            drive.machine.objection(to: done) == "no target waits for that answer any more")
        let reason = drive.machine.stateReason
        drive.now = Timestamp(milliseconds: 61_000)
        drive.feed(drive.deadlines.map { .timer($0) }) { _ in .exit(0) }
        #expect(drive.machine.stateReason == reason)
    }

    @Test func aSymptomThatIsGoneProvesThatTheRunHelped() {
        var fixture = RunFixture(steps: [Self.step("fix")])
        fixture.symptom = PlannedSymptom(
            present: RunFixture.call("slow"), notPresent: .ask, goneForMilliseconds: 12_000)
        var drive = HandDrive(fixture)
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "slow" ? .exit(1) : .exit(0) }
        #expect(drive.machine.resolution == .resolved)
        #expect(drive.now.milliseconds == 12_000)
        var still = HandDrive(fixture)
        still.feed([.led]) { _ in .exit(0) }
        #expect(still.machine.state == .succeeded)
        #expect(still.machine.resolution == .unresolved)
    }

    /// What a target says that can't tell any more what became of an attempt.
    private static func lostForGood(_ request: AttemptRequest) -> AttemptRecord? {
        request.detachment?.isRecovery == true ? .ended(.unknown("no trace of it")) : nil
    }

    @Test func aLostAttemptOfAOnceStepIsUnknownAndNeverStartedAgain() {
        var drive = HandDrive(RunFixture(steps: [Self.step("one", .once), Self.step("two")]))
        drive.feed([.led]) { _ in nil }
        var next = drive
        next.machine = RunMachine(record: drive.machine.record, events: drive.events)
        next.feed([.led]) { Self.lostForGood($0) ?? .exit(0) }
        #expect(next.started == ["a:one"])
        #expect(next.outcomes() == ["one=unknown"])
        #expect(next.machine.state == .needsPerson)
    }

    @Test(arguments: [(Int32(0), "one=changed"), (1, "one=unknown"), (77, "one=unknown")])
    func aPositiveGuardSettlesALostAttempt(_ status: Int32, _ outcome: String) {
        let step = Self.step("one", .once) { $0.unless = RunFixture.call("guard") }
        var drive = HandDrive(RunFixture(steps: [step]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "guard" ? .exit(1) : nil }
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.led]) { Self.lostForGood($0) ?? .exit(status) }
        #expect(drive.started == ["a:guard", "a:one", "a:guard"])
        #expect(drive.outcomes() == [outcome])
    }

    @Test func aLostAttemptOfAnIdempotentStepRunsAgainWithTheOldSessionNamed() {
        var drive = HandDrive(RunFixture(steps: [Self.step("one")]))
        drive.feed([.led]) { _ in nil }
        drive.feed([.sessionOpened(RunFixture.target("a"), "pg 7")]) { _ in nil }
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.started == ["a:one", "a:one"])
        #expect(drive.performed.map(\.key.number) == [1, 2])
        #expect(drive.performed.last?.previousSessions == ["pg 7"])
        #expect(drive.machine.state == .succeeded)
    }

    private static let guarded: [(status: Int32, started: [String])] = [
        (0, ["guard", "one", "guard"]), (1, ["guard", "one", "guard", "one"]),
    ]

    @Test(arguments: guarded)
    func aLostAttemptIsNotRepeatedWhereItsGuardIsSatisfied(_ status: Int32, _ started: [String]) {
        let step = Self.step("one") { $0.unless = RunFixture.call("guard") }
        var drive = HandDrive(RunFixture(steps: [step]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "guard" ? .exit(1) : nil }
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "guard" ? .exit(status) : .exit(0) }
        #expect(drive.started == started.map { "a:\($0)" })
        #expect(drive.outcomes() == ["one=changed"])
    }

    @Test func anAbortLeavesALostAttemptUnknownAndWhatItHeldOwed() {
        let take = Self.step("take") {
            $0.release = Self.release("work")
        }
        var drive = HandDrive(RunFixture(steps: [take, Self.step("work", .once)]))
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "work" ? nil : .exit(0) }
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1), .led]) {
            Self.lostForGood($0) ?? .exit(0)
        }
        #expect(drive.outcomes() == ["take=changed", "work=unknown"])
        #expect(drive.started == ["a:take", "a:work"])
        #expect(drive.machine.owed.map(\.step.rawValue) == ["take"])
    }

    @Test func aSecondLeaderThatIsLostHidesNoEarlierSession() {
        var drive = HandDrive(RunFixture(steps: [Self.step("one"), Self.step("two")]))
        for proof in ["pg 7", "pg 8"] {
            drive.feed([.led]) { _ in nil }
            drive.feed([.sessionOpened(RunFixture.target("a"), proof)]) { _ in nil }
            drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        }
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.started == ["a:one", "a:one", "a:one", "a:two"])
        #expect(
            drive.performed.map(\.previousSessions) == [[], ["pg 7"], ["pg 7", "pg 8"], []])
    }

    @Test func pausesAtASafeStopAndResumes() {
        let first = Self.step("one") { $0.isSafeStop = true }
        var fixture = RunFixture(steps: [first, Self.step("two")])
        fixture.targets = ["a", "b"]
        fixture.rollout.maxInFlight = 1
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        drive.feed([.command(PersonCommand(verb: .pause, actor: "ann"), inboxID: 1)]) { _ in nil }
        drive.feed(drive.open.map { .attemptEnded($0, .exit(0)) }) { _ in nil }
        #expect(drive.machine.state == .paused)
        #expect(drive.isFinished)
        drive.feed([.command(PersonCommand(verb: .resume, actor: "ann"), inboxID: 2)]) { _ in
            .exit(0)
        }
        #expect(drive.started == ["a:one", "a:two", "b:one", "b:two"])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func checksOutputsAgainstTheirDeclaration() throws {
        let name = try #require(ParameterName(rawValue: "count"))
        let step = Self.step("one", .read) {
            $0.outputs = [OutputDeclaration(name: name, kind: .integer)]
        }
        var good = HandDrive(RunFixture(steps: [step]))
        good.feed([.led]) { _ in .exit(0, outputs: ["count": "7"]) }
        #expect(good.machine.targets[RunFixture.target("a")]?.outputs == [step.id: ["count": "7"]])
        for bad in [["count": "many"], [:], ["count": "7", "more": "1"]] {
            var drive = HandDrive(RunFixture(steps: [step]))
            drive.feed([.led]) { _ in .exit(0, outputs: bad) }
            #expect(drive.outcomes() == ["one=failed"], "\(bad)")
        }
    }

    @Test func aTerminalRunRefusesCommandsAndStartsNothing() {
        var drive = HandDrive(RunFixture(steps: [Self.step("one")]))
        drive.feed([.led]) { _ in .exit(0) }
        let count = drive.performed.count
        drive.feed(
            [
                .command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1), .led,
                .timer(.retry(RunFixture.target("a"))),
            ]
        ) { _ in .exit(0) }
        #expect(drive.performed.count == count)
        #expect(
            drive.events.last?.event == .refused(inboxID: 1, reason: "abort: the run has ended"))
    }

    @Test func leavingStartsNothingMoreAndLosesNothing() {
        var fixture = RunFixture(steps: [Self.step("one"), Self.step("two")])
        fixture.targets = ["a", "b"]
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        drive.feed([.leaving] + drive.open.map { .attemptEnded($0, .exit(0)) }) { _ in nil }
        #expect(drive.started == ["a:one", "b:one"])
        #expect(drive.isFinished)
        #expect(drive.machine.state == .running)
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.started == ["a:one", "b:one", "a:two", "b:two"])
        #expect(drive.machine.state == .succeeded)
    }
}
