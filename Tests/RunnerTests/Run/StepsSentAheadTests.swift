import Runbooks
import Testing

@testable import Runner

/// Steps that need no decision before they start go out with the one before them.
struct StepsSentAheadTests {
    private static let a = RunFixture.target("a")

    private static func key(_ step: String, _ number: Int = 1) -> AttemptKey {
        AttemptKey(target: a, part: .action(RunFixture.id(step)), number: number)
    }

    /// A run of steps `s0`, `s1` …, of which one is changed.
    private static func fixture(
        _ count: Int = 4, changing index: Int = 0, _ change: (inout Step) -> Void = { _ in }
    ) -> RunFixture {
        RunFixture(
            steps: (0..<count).map { number in
                RunFixture.step("s\(number)", .idempotent) { if number == index { change(&$0) } }
            })
    }

    /// The steps that a run's first attempt takes with it.
    private static func first(_ fixture: RunFixture) -> [String] {
        var machine = RunMachine(record: fixture.record)
        _ = machine.decide(.led, at: Timestamp(milliseconds: 0))
        let effects = machine.decide(
            .admission([a], deferred: [:]), at: Timestamp(milliseconds: 0)
        ).effects
        for effect in effects {
            guard case .perform(let request) = effect else { continue }
            return ([request] + request.followers).compactMap(\.key.part.step?.description)
        }
        return []
    }

    @Test func allGoOutAtOnceAndTheirIntentsAreRecordedBefore() {
        var machine = RunMachine(record: Self.fixture().record)
        _ = machine.decide(.led, at: Timestamp(milliseconds: 0))
        let decision = machine.decide(
            .admission([Self.a], deferred: [:]), at: Timestamp(milliseconds: 0))
        let intents = decision.events.compactMap { event -> AttemptKey? in
            if case .attemptStarted(let key) = event { key } else { nil }
        }
        #expect(intents == (0..<4).map { Self.key("s\($0)") })
        #expect(machine.targets[Self.a]?.inFlight == Self.key("s0"))
        #expect(machine.targets[Self.a]?.ahead == [Self.key("s1"), Self.key("s2"), Self.key("s3")])
        #expect(machine.targets[Self.a]?.touched.count == 4)
        var drive = HandDrive(Self.fixture())
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.machine.state == .succeeded)
        #expect(drive.started == ["a:s0", "a:s1", "a:s2", "a:s3"])
        #expect(drive.performed.allSatisfy { $0.key.number == 1 })
    }

    @Test func noMoreThanAFewAtOnce() {
        #expect(Self.first(Self.fixture(40)).count == RunMachine.mostAhead + 1)
        var drive = HandDrive(Self.fixture(40))
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.machine.state == .succeeded && drive.performed.count == 40)
    }

    /// What is decided, looked at, taken or given back between two steps keeps the second one here.
    @Test(arguments: [
        ("once", 2), ("irreversible", 2), ("unless", 2), ("verify", 2), ("outputs", 2),
        ("release", 2), ("when", 2), ("controller", 2), ("service", 2), ("safe stop", 3),
    ])
    func whatNeedsADecisionIsNotSentAhead(_ what: String, _ count: Int) throws {
        let output = try PlanFixture.output("top")
        let restart = Action.service(ServiceAction(name: .text("nginx"), state: .running))
        let fixture = Self.fixture(4, changing: 2) { step in
            switch what {
            case "once": step = RunFixture.step("s2", .once)
            case "irreversible": step = RunFixture.step("s2", .irreversible)
            case "unless": step.unless = RunFixture.call("guard")
            case "verify": step.verify = [AssertAction(script: RunFixture.call("check"))]
            case "outputs": step.outputs = [output]
            case "release":
                step.release = Release(
                    script: RunFixture.call("back"), after: RunFixture.id("s3"), ifStopped: .pay)
            case "when": step.when = .compare(.init(parts: ["calls"]), .equal, "yes")
            case "controller": step.place = .controller
            case "service": step.action = restart
            default: step.isSafeStop = true
            }
        }
        #expect(Self.first(fixture).count == count)
    }

    @Test func aReleaseThatIsOwedKeepsEveryStepHere() {
        let fixture = Self.fixture(4) { step in
            step.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("s2"), ifStopped: .pay)
        }
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.performed.map(\.followers.count) == [0, 0, 0, 0, 0])
        #expect(drive.started == ["a:s0", "a:s1", "a:s2", "a:back", "a:s3"])
    }

    @Test func nobodyIsPassedByWhoIsAskedBeforeEachStep() {
        var machine = RunMachine(record: Self.fixture().record)
        machine.asksBeforeSteps = true
        _ = machine.decide(.led, at: Timestamp(milliseconds: 0))
        _ = machine.decide(.admission([Self.a], deferred: [:]), at: Timestamp(milliseconds: 0))
        let effects = machine.decide(
            .allowed(Self.a, RunFixture.id("s0"), isLast: false), at: Timestamp(milliseconds: 1)
        ).effects
        guard case .perform(let request)? = effects.last else {
            Issue.record("nothing was started")
            return
        }
        #expect(request.followers.isEmpty)
    }

    @Test func afterAStepThatFailedNothingThatWasSentIsBegun() {
        let fixture = Self.fixture(4, changing: 1) {
            $0.retry = Retry(attempts: 1, pauseMilliseconds: 10)
        }
        var drive = HandDrive(fixture)
        drive.feed([.led]) { request in
            request.key.part == Self.key("s1").part ? .exit(1, stderr: "no") : .exit(0)
        }
        #expect(drive.machine.state == .failed)
        #expect(drive.outcomes() == ["s0=changed", "s1=failed"])
        #expect(drive.started == ["a:s0", "a:s1"])
        #expect(drive.machine.targets[Self.a]?.touched.map(\.description) == ["s0", "s1"])
        #expect(RunMachine(record: drive.machine.record, events: drive.events) == drive.machine)
    }

    @Test func aStepThatIsTriedAgainTakesTheOthersWithItAgain() {
        let fixture = Self.fixture(4, changing: 1) {
            $0.retry = Retry(attempts: 2, pauseMilliseconds: 10)
        }
        var drive = HandDrive(fixture)
        drive.feed([.led]) { $0.key == Self.key("s1") ? .exit(1) : .exit(0) }
        #expect(drive.machine.state == .succeeded)
        #expect(drive.started == ["a:s0", "a:s1", "a:s1", "a:s2", "a:s3"])
        #expect(drive.performed.map(\.key.number) == [1, 1, 2, 2, 2])
    }

    @Test func aStepThatMayFailIsPassedOver() {
        let fixture = Self.fixture(3, changing: 1) {
            $0.onFailed = .continue
            $0.retry = Retry(attempts: 1, pauseMilliseconds: 10)
        }
        var drive = HandDrive(fixture)
        drive.feed([.led]) { $0.key == Self.key("s1") ? .exit(1) : .exit(0) }
        #expect(drive.outcomes() == ["s0=changed", "s1=failed", "s2=changed"])
        #expect(drive.performed.last?.key == Self.key("s2", 2))
    }

    @Test func anAbortEndsTheOneUnderWayAndBeginsNoOther() {
        var drive = HandDrive(Self.fixture())
        drive.feed([.led]) { $0.key == Self.key("s1") ? nil : .exit(0) }
        let abort = PersonCommand(verb: .abort, actor: "ann")
        drive.feed([.command(abort, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.cancelled == [Self.a] && drive.recalled == [Self.a])
        #expect(!drive.isFinished)
        drive.feed([.attemptEnded(Self.key("s1"), .ended(.cancelled))]) { _ in .exit(0) }
        #expect(drive.machine.state == .aborted)
        #expect(drive.outcomes() == ["s0=changed", "s1=aborted"])
        #expect(drive.started == ["a:s0", "a:s1"])
    }

    @Test func aLeaderThatLeavesCallsThemBackAndTheNextOneBeginsThem() {
        var drive = HandDrive(Self.fixture())
        drive.feed([.led]) { $0.key == Self.key("s1") ? nil : .exit(0) }
        drive.feed([.leaving]) { _ in .exit(0) }
        #expect(drive.recalled == [Self.a] && !drive.isFinished)
        drive.feed([.attemptEnded(Self.key("s1"), .exit(0))]) { _ in .exit(0) }
        #expect(drive.isFinished && drive.machine.state == .running)
        #expect(drive.started == ["a:s0", "a:s1"])
        var next = drive
        next.machine = RunMachine(record: drive.machine.record, events: drive.events)
        next.performed = []
        next.feed([.led]) { _ in .exit(0) }
        #expect(next.machine.state == .succeeded)
        #expect(next.started == ["a:s2", "a:s3"])
        #expect(next.performed.map(\.key.number) == [2, 2])
    }

    @Test func aHaltTakesAllOfThemBack() {
        var drive = HandDrive(Self.fixture())
        drive.feed([.led]) { _ in nil }
        let keys = (0..<4).map { Self.key("s\($0)") }
        drive.feed([.halted(keys, reason: "later", pauses: true)]) { _ in nil }
        #expect(drive.machine.state == .paused && drive.isFinished)
        let target = drive.machine.targets[Self.a]
        #expect(target?.touched == [] && target?.ahead == [] && target?.inFlight == nil)
    }

    @Test func ofAllThatWereSentNobodyKnowsAfterACrashAndAllAreDoneAgain() {
        var drive = HandDrive(Self.fixture())
        drive.feed([.sessionOpened(Self.a, "pg 7"), .led]) { request in
            request.key == Self.key("s1") ? nil : .exit(0)
        }
        var next = drive
        next.machine = RunMachine(record: drive.machine.record, events: drive.events)
        #expect(next.machine == drive.machine)
        next.performed = []
        next.feed([.led]) { _ in .exit(0) }
        #expect(next.machine.state == .succeeded)
        #expect(
            next.performed.map(\.key) == [Self.key("s1", 2), Self.key("s2", 2), Self.key("s3", 2)])
        #expect(next.performed.map(\.previousSessions) == [["pg 7"], [], []])
    }

    /// The step under way only reads, and a later one that changes may have run: nobody knows.
    @Test func anAbortAfterACrashSaysThatLaterStepsMayHaveRun() {
        let fixture = Self.fixture(3) { $0 = RunFixture.step("s0", .read) }
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        let abort = PersonCommand(verb: .abort, actor: "ann")
        var next = drive
        next.machine = RunMachine(record: drive.machine.record, events: drive.events)
        next.feed([
            .halted([], reason: "it is to be aborted", pauses: false), .led,
            .command(abort, inboxID: 1),
        ]) { _ in .exit(0) }
        #expect(next.machine.state == .aborted)
        #expect(next.outcomes() == ["s0=unknown"])
        #expect(
            next.machine.targets[Self.a]?.reasons.values.first?.contains("steps after it") == true)
    }

    @Test func aPauseStopsAtASafeStopAsEver() {
        let fixture = Self.fixture(4, changing: 1) { $0.isSafeStop = true }
        var drive = HandDrive(fixture)
        drive.feed([.led]) { $0.key == Self.key("s0") ? nil : .exit(0) }
        let pause = PersonCommand(verb: .pause, actor: "ann")
        drive.feed([
            .command(pause, inboxID: 1), .attemptEnded(Self.key("s0"), .exit(0)),
        ]) { _ in .exit(0) }
        #expect(drive.machine.state == .paused)
        #expect(drive.started == ["a:s0", "a:s1"])
    }
}
