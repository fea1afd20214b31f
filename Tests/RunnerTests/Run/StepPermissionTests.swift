import Runbooks
import Synchronization
import Testing

@testable import Runner

/// Steps that begin once a person has allowed them.
struct StepPermissionTests {
    private static let steps = [
        RunFixture.step("one", .once) { $0.unless = RunFixture.call("guard") },
        RunFixture.step("two", .once),
    ]
    private static let target = RunFixture.target("a")

    private func drive(_ steps: [Step] = Self.steps) -> HandDrive {
        var drive = HandDrive(RunFixture(steps: steps))
        drive.machine.asksBeforeSteps = true
        drive.feed([.led], answer: Self.answer)
        return drive
    }

    private static func answer(_ request: AttemptRequest) -> AttemptRecord? {
        HandDrive.text(of: request.action) == "guard" ? .exit(1) : .exit(0)
    }

    private func allow(_ step: String, isLast: Bool = false) -> RunInput {
        .allowed(Self.target, RunFixture.id(step), isLast: isLast)
    }

    @Test func nothingOfAStepIsRecordedBeforeItIsAllowed() {
        var drive = drive()
        #expect(drive.asked == ["a:one"])
        #expect(drive.started == [])
        let isIntent = { (event: RecordedEvent) in
            if case .attemptStarted = event.event { true } else { false }
        }
        #expect(!drive.events.contains(where: isIntent))
        drive.feed([allow("one")], answer: Self.answer)
        #expect(drive.asked == ["a:one", "a:two"])
        #expect(drive.started == ["a:guard", "a:one"])
        drive.feed([allow("two")], answer: Self.answer)
        #expect(drive.outcomes() == ["one=changed", "two=changed"])
        #expect(drive.isFinished)
    }

    @Test func theNextLeaderStartsWhatWasAskedForAndNotAllowed() {
        let first = drive()
        var next = HandDrive(RunFixture(steps: Self.steps))
        next.machine = RunMachine(record: first.machine.record, events: first.events)
        next.feed([.led], answer: Self.answer)
        #expect(next.outcomes() == ["one=changed", "two=changed"])
    }

    @Test func whoWantsToBeAskedNoMoreIsNot() {
        var drive = drive()
        drive.feed([allow("one", isLast: true)], answer: Self.answer)
        #expect(drive.asked == ["a:one"])
        #expect(drive.isFinished)
    }

    @Test func aStepIsAskedForOnceWhateverElseArrives() {
        var drive = drive()
        let note = PersonCommand(verb: .note("seen"), actor: "ann")
        drive.feed([.command(note, inboxID: 1), .timer(.retry(Self.target))], answer: Self.answer)
        #expect(drive.asked == ["a:one"])
        #expect(drive.started == [])
    }

    @Test func anAbortTakesTheQuestionBackAndNothingWasStarted() {
        var drive = drive()
        drive.feed(
            [.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)], answer: Self.answer)
        #expect(drive.asked == ["a:one", "a: withdrawn"])
        #expect(drive.outcomes() == ["one=aborted"])
        #expect(drive.started == [])
        #expect(drive.isFinished)
        drive.feed([allow("one")], answer: Self.answer)
        #expect(drive.started == [])
    }

    @Test func aLeaderThatLeavesWhileItAsksEndsAtOnce() {
        var drive = drive()
        drive.feed([.leaving], answer: Self.answer)
        #expect(drive.isFinished)
        #expect(drive.outcomes() == [])
    }

    @Test func whatGivesBackIsNeverAskedFor() {
        let step = RunFixture.step("one", .once) {
            $0.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("two"), ifStopped: .pay)
        }
        var drive = drive([step, RunFixture.step("two", .once)])
        drive.feed([allow("one")], answer: Self.answer)
        let abort = PersonCommand(verb: .abort, actor: "ann")
        drive.feed([.command(abort, inboxID: 1)], answer: Self.answer)
        #expect(drive.started == ["a:one", "a:back"])
        #expect(drive.asked == ["a:one", "a:two", "a: withdrawn"])
    }
}
