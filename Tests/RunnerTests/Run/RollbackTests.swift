import Runbooks
import Testing

@testable import Runner

/// `rollback`: a child run that undoes what others have changed, the last first.
struct RollbackTests {
    private static let file = RunFixture.step("file") {
        $0.action = .file(
            FileAction(path: .text("/etc/x"), content: .absent, mode: nil, owner: nil, group: nil))
    }

    private static func script(_ name: String, _ effect: Effect = .idempotent) -> Step {
        RunFixture.step(name, effect) { $0.undo = [.run(RunFixture.call("un\(name)"))] }
    }

    private static func done(
        _ steps: [Step], targets: [String] = ["a"],
        answer: (AttemptRequest) -> AttemptRecord? = { _ in .exit(0, changed: true) }
    ) -> HandDrive {
        var fixture = RunFixture(steps: steps)
        fixture.targets = targets
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: 9)
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: answer)
        return drive
    }

    private static func rollback(
        _ drives: HandDrive..., targets: [String]? = nil, keepsGoing: Bool = false
    ) throws -> HandDrive {
        let chain = RunChain(drives.map(\.machine))
        let names = targets?.map(RunFixture.target) ?? chain.undoable
        return HandDrive(
            .rollback, of: drives, try chain.rollback(names).get(), keepsGoing: keepsGoing)
    }

    private static let changedSince = AttemptRecord.exit(
        3,
        stderr: """
            before the run: absent
            as the run left it: file 1
            now: file 2
            /etc/x is not as the run left it: it was changed since. Nothing was undone.

            """)

    private static let run = "r-20260101-0000-abcd"

    @Test func undoesBackwardsWithTheLastTargetFirst() throws {
        let parent = Self.done(
            [Self.file, Self.script("two"), RunFixture.step("look", .read)], targets: ["a", "b"])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { _ in .exit(0, changed: true) }
        #expect(undo.started == ["b:untwo", "b:file", "a:untwo", "a:file"])
        #expect(undo.performed.map(\.mode) == [.undo, .restore, .undo, .restore])
        #expect(undo.performed.allSatisfy { $0.run.rawValue == Self.run })
        #expect(undo.outcomes() == ["two=changed", "file=changed"])
        #expect(undo.machine.state == .rolledBack)
        #expect(undo.isFold)
        #expect(
            undo.events.first?.event == .stateChanged(.rollingBack, reason: "started"))
    }

    @Test func whatCantBeUndoneIsListedAndNotClaimed() throws {
        let parent = Self.done([
            Self.script("one"), RunFixture.step("two"), RunFixture.step("three", .irreversible),
        ])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { _ in .exit(0) }
        #expect(undo.started == ["a:unone"])
        #expect(undo.outcomes() == ["three=skipped", "two=skipped", "one=changed"])
        let reasons = undo.machine.targets[RunFixture.target("a")]?.reasons
        #expect(reasons?[RunFixture.id("two")] == "not undone: no undo written")
        #expect(reasons?[RunFixture.id("three")] == "not undone: irreversible")
        #expect(undo.machine.state == .rolledBack)
    }

    @Test func whatFoundNothingToDoIsNotUndone() {
        let parent = Self.done([Self.file]) { _ in .exit(0, changed: false) }
        #expect(RunChain([parent.machine]).undoable.isEmpty)
        let result = RunChain([parent.machine]).rollback([RunFixture.target("a")])
        guard case .failure(let problem) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(problem.message == "the run changed nothing")
    }

    @Test func whatWasChangedSinceEndsTheRollbackWithAllThreeStates() throws {
        let parent = Self.done([Self.script("one"), Self.file], targets: ["a", "b", "c"])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) {
            $0.key.target.rawValue == "b" && HandDrive.text(of: $0.action) == "file"
                ? Self.changedSince : .exit(0, changed: true)
        }
        #expect(undo.started == ["c:file", "c:unone", "b:file"])
        #expect(undo.machine.state == .rollbackFailed)
        let refusal = undo.machine.targets[RunFixture.target("b")]?.refusals.values.first
        #expect(refusal?.before == "absent")
        #expect(refusal?.left == "file 1")
        #expect(refusal?.now == "file 2")
        #expect(undo.outcomes("b") == ["file=failed"])
        #expect(undo.machine.targets[RunFixture.target("a")]?.phase == .notStarted)
    }

    @Test func goesOnWithTheOtherTargetsWhenItMay() throws {
        let parent = Self.done([Self.script("one"), Self.file], targets: ["a", "b", "c"])
        var undo = try Self.rollback(parent, keepsGoing: true)
        undo.feed([.led]) {
            $0.key.target.rawValue == "b" && HandDrive.text(of: $0.action) == "file"
                ? Self.changedSince : .exit(0, changed: true)
        }
        #expect(undo.started == ["c:file", "c:unone", "b:file", "a:file", "a:unone"])
        #expect(undo.machine.state == .rollbackFailed)
    }

    @Test func aSecondRollbackUndoesWhatIsLeft() throws {
        let parent = Self.done([Self.script("one"), Self.script("two")], targets: ["a", "b"])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { HandDrive.text(of: $0.action) == "unone" ? .exit(5) : .exit(0) }
        #expect(undo.started == ["b:untwo", "b:unone"])
        #expect(undo.machine.state == .rollbackFailed)
        var again = try Self.rollback(parent, undo)
        again.feed([.led]) { _ in .exit(0) }
        #expect(again.started == ["b:unone", "a:untwo", "a:unone"])
        #expect(again.machine.state == .rolledBack)
        let chain = RunChain([parent.machine, undo.machine, again.machine])
        guard case .failure(let problem) = chain.rollback(chain.plan.targets.map(\.name)) else {
            Issue.record("it was rolled back twice")
            return
        }
        #expect(
            problem.message
                == "what the run changed was undone already, by r-20260101-0002-abcd")
    }

    @Test func whatRetriesChangedIsUndoneWithTheRun() throws {
        let steps = [Self.file, Self.script("two"), Self.script("three")]
        let parent = Self.done(steps) {
            HandDrive.text(of: $0.action) == "two" ? .exit(9) : .exit(0, changed: true)
        }
        let starts = try RunChain([parent.machine]).retry(
            [RunFixture.target("a")], from: RunFixture.id("file")
        ).get()
        var retry = HandDrive(.retry, of: [parent], starts)
        retry.feed([.led]) { _ in .exit(0, changed: true) }
        var undo = try Self.rollback(parent, retry)
        undo.feed([.led]) { _ in .exit(0, changed: true) }
        #expect(undo.started == ["a:unthree", "a:untwo", "a:file", "a:file"])
        #expect(
            undo.performed.map(\.run.rawValue) == [
                "r-20260101-0001-abcd", "r-20260101-0001-abcd", "r-20260101-0001-abcd", Self.run,
            ])
    }

    @Test func bracketsAreOpenedAgainAndPaidAfterTheLastUndoWithin() throws {
        let out = RunFixture.step("out", .once) {
            $0.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("two"), ifStopped: .pay)
        }
        let parent = Self.done([
            Self.script("zero"), out, Self.script("one"), Self.script("two"),
            Self.script("three"),
        ])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { _ in .exit(0) }
        #expect(
            undo.started == [
                "a:unthree", "a:out", "a:untwo", "a:unone", "a:back", "a:unzero",
            ])
        #expect(
            undo.outcomes() == [
                "three=changed", "two=changed", "one=changed", "out=satisfied", "zero=changed",
            ])
        #expect(undo.machine.state == .rolledBack)
        #expect(undo.isFold)
    }

    @Test(arguments: [(Release.IfStopped.pay, 0), (.keep, 1)])
    func aBracketInWhichUndoingFailsFollowsItsRule(
        _ rule: Release.IfStopped, _ owed: Int
    ) throws {
        let out = RunFixture.step("out") {
            $0.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("one"), ifStopped: rule)
        }
        let parent = Self.done([out, Self.script("one")])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { HandDrive.text(of: $0.action) == "unone" ? .exit(4) : .exit(0) }
        #expect(undo.started == ["a:out", "a:unone"] + (rule == .pay ? ["a:back"] : []))
        #expect(undo.machine.owed.count == owed)
        #expect(undo.machine.state == (rule == .pay ? .rollbackFailed : .needsPerson))
    }

    @Test func whatIsOwedIsPaidByTheRollback() throws {
        let out = RunFixture.step("out") {
            $0.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("two"), ifStopped: .keep)
        }
        let parent = Self.done([out, Self.script("one"), Self.script("two")]) {
            HandDrive.text(of: $0.action) == "two" ? .exit(9) : .exit(0)
        }
        #expect(parent.machine.state == .needsPerson)
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { _ in .exit(0) }
        // It is out already.
        #expect(undo.started == ["a:untwo", "a:unone", "a:back"])
        #expect(undo.machine.state == .rolledBack)
    }

    /// It looks first whenever it begins: rolling back once more is safe, and no person has to settle it.
    @Test func aLostRestoreAfterWhichNobodyAnswersIsUnreachable() throws {
        let parent = Self.done([Self.file])
        var undo = try Self.rollback(parent)
        undo.feed([.led, .sessionOpened(RunFixture.target("a"), "s1")]) { _ in nil }
        let first = undo.open.removeLast()
        undo.feed([.attemptEnded(first, .ended(.unknown("lost")))]) { _ in
            .ended(.unreachable("no answer"))
        }
        #expect(undo.machine.state == .rollbackFailed)
        #expect(undo.machine.targets[RunFixture.target("a")]?.outcome == .unreachable)
        #expect(undo.machine.unsettled.isEmpty)
    }

    @Test func aLostRestoreIsAskedAgainWithTheOldSessionNamed() throws {
        let parent = Self.done([Self.file])
        var undo = try Self.rollback(parent)
        undo.feed([.led, .sessionOpened(RunFixture.target("a"), "s1")]) { _ in nil }
        undo.isTakenOver()
        undo.feed([.led]) { _ in .exit(0, changed: true) }
        #expect(undo.started == ["a:file", "a:file"])
        #expect(undo.performed.last?.previousSessions == ["s1"])
        #expect(undo.machine.state == .rolledBack)
    }

    @Test(arguments: [
        (AttemptRecord.exit(1), Outcome.changed), (.exit(0), .unknown), (.exit(77), .unknown),
    ])
    func aLostScriptIsSettledByItsGuardAlone(_ answer: AttemptRecord, _ end: Outcome) throws {
        var step = Self.script("one")
        step.unless = RunFixture.call("guard")
        let parent = Self.done([step]) {
            HandDrive.text(of: $0.action) == "guard" ? .exit(1) : .exit(0)
        }
        var undo = try Self.rollback(parent)
        undo.feed([.led]) {
            HandDrive.text(of: $0.action) == "guard" ? answer : .ended(.unknown("lost"))
        }
        #expect(undo.started == ["a:unone", "a:guard"])
        #expect(undo.outcomes() == ["one=\(end.rawValue)"])
        #expect(undo.machine.state == (end == .changed ? .rolledBack : .needsPerson))
    }

    @Test func aLostScriptWithoutAGuardIsSettledByAPerson() throws {
        let parent = Self.done([Self.script("one"), Self.script("two")])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { _ in .ended(.unknown("lost")) }
        #expect(undo.started == ["a:untwo"])
        #expect(undo.machine.unsettled.map(\.step) == [RunFixture.id("two")])
        let command = PersonCommand(
            verb: .settle(
                RunFixture.target("a"), RunFixture.id("two"), isDone: true, why: "it is gone"),
            actor: "ann")
        undo.feed([.command(command, inboxID: 1)]) { _ in .exit(0) }
        #expect(undo.started == ["a:untwo", "a:unone"])
        #expect(undo.machine.state == .rolledBack)
        #expect(undo.isFold)
    }

    @Test func aNewLeaderGoesOnAtTheVeryUndoAction() throws {
        var step = Self.script("one")
        step.undo = ["x", "y", "z"].map { .run(RunFixture.call($0)) }
        let parent = Self.done([step, Self.script("two")])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { HandDrive.text(of: $0.action) == "y" ? nil : .exit(0) }
        undo.feed([.leaving, .attemptEnded(undo.open[0], .exit(0))]) { _ in .exit(0) }
        #expect(undo.started == ["a:untwo", "a:x", "a:y"])
        undo.isTakenOver()
        undo.feed([.led]) { _ in .exit(0) }
        #expect(undo.started == ["a:untwo", "a:x", "a:y", "a:z"])
        #expect(undo.machine.state == .rolledBack)
    }

    @Test func anAbortLetsTheUndoUnderWayEndAndStartsNoOther() throws {
        let parent = Self.done([Self.script("one"), Self.script("two")], targets: ["a", "b"])
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { _ in nil }
        undo.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)]) { _ in nil }
        #expect(undo.cancelled.isEmpty)
        undo.feed([.attemptEnded(undo.open[0], .exit(0))]) { _ in .exit(0) }
        #expect(undo.started == ["b:untwo"])
        #expect(undo.machine.state == .aborted)
        var again = try Self.rollback(parent, undo)
        again.feed([.led]) { _ in .exit(0) }
        #expect(again.machine.state == .rolledBack)
    }

    /// A step that failed may have changed nothing, and then nothing is remembered of it.
    @Test func whatFailedAndLeftNothingBehindNeedsNoUndo() throws {
        let parent = Self.done([Self.file]) { _ in .exit(1, changed: false) }
        var undo = try Self.rollback(parent)
        undo.feed([.led]) { _ in
            .exit(3, stderr: "Nothing is remembered here of step file of run r: …\n")
        }
        #expect(undo.outcomes() == ["file=satisfied"])
        #expect(undo.machine.state == .rolledBack)
    }

    @Test func aTargetOfWhichNobodyKnowsWhatRanIsNotUndone() {
        let parent = Self.done([Self.script("one", .once)], answer: { _ in nil })
        var drive = parent
        drive.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)]) { _ in nil }
        drive.feed([.attemptEnded(drive.open[0], .ended(.unknown("lost")))]) { _ in nil }
        #expect(drive.machine.state == .aborted)
        guard
            case .failure(let problem) = RunChain([drive.machine]).rollback([
                RunFixture.target("a")
            ])
        else {
            Issue.record("it was undone")
            return
        }
        #expect(problem.message.hasPrefix("nobody knows whether one ran on a"))
    }
}
