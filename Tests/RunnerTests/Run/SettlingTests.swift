import Runbooks
import Testing

@testable import Runner

/// `settle`: a run with an outcome that nobody knows stays open until a person says how it was.
struct SettlingTests {
    private static let target = RunFixture.target("a")

    private static func command(
        _ step: String = "fix", isDone: Bool, on target: String = "a"
    ) -> PersonCommand {
        PersonCommand(
            verb: .settle(
                RunFixture.target(target), RunFixture.id(step), isDone: isDone, why: "I looked"),
            actor: "ann")
    }

    /// A `once` step in a bracket, then another step; the first is lost on `a`.
    private static func lost(
        _ rule: Release.IfStopped = .pay, targets: [String] = ["a"], limit: Int = 1
    ) -> HandDrive {
        let out = RunFixture.step("out") {
            $0.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("fix"), ifStopped: rule)
        }
        var fixture = RunFixture(
            steps: [out, RunFixture.step("fix", .once), RunFixture.step("last")])
        fixture.targets = targets
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: limit)
        var drive = HandDrive(fixture)
        drive.feed([.led]) {
            $0.key.target == target && HandDrive.text(of: $0.action) == "fix"
                ? .ended(.unknown("lost")) : .exit(0)
        }
        return drive
    }

    /// Something of it may still run there: giving back beside it would be a lie.
    @Test(arguments: [false, true])
    func whatIsOwedBesideAnUnknownStepIsPaidOnceThatIsSettledAlsoAfterAnAbort(isDone: Bool) {
        var drive = Self.lost()
        drive.isFinished = false
        drive.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)]) { _ in
            .exit(0)
        }
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.machine.unsettled.map(\.step) == [RunFixture.id("fix")])
        let pay = PersonCommand(verb: .pay(Self.target), actor: "ann")
        #expect(drive.machine.objection(to: pay)?.contains("unknown") == true)
        drive.isFinished = false
        drive.feed([.command(Self.command(isDone: isDone), inboxID: 2)]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix", "a:back"])
        #expect(drive.machine.owed.isEmpty)
        #expect(drive.machine.state == .aborted)
        #expect(drive.isFold)
    }

    @Test func anUnknownOutcomeKeepsTheRunOpen() {
        let drive = Self.lost()
        #expect(drive.machine.state == .needsPerson)
        #expect(
            drive.machine.stateReason
                == "the outcome of fix on a is unknown; something is owed on a")
        #expect(drive.machine.unsettled.map(\.step) == [RunFixture.id("fix")])
        #expect(drive.isFinished)
        #expect(drive.started == ["a:out", "a:fix"])
    }

    @Test func whatWasDoneGoesOnWithTheNextStepAndPaysItsBracket() {
        var drive = Self.lost()
        drive.feed([.command(Self.command(isDone: true), inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix", "a:back", "a:last"])
        #expect(drive.outcomes() == ["out=changed", "fix=changed", "last=changed"])
        #expect(
            drive.machine.targets[Self.target]?.reasons[RunFixture.id("fix")]
                == "settled as done by ann: I looked")
        #expect(drive.machine.state == .succeeded)
        #expect(drive.machine.failures == 0)
    }

    @Test(arguments: [(Release.IfStopped.pay, RunState.failed), (.keep, .needsPerson)])
    func whatWasNotDoneHasFailedAndItsReleaseFollowsItsRule(
        _ rule: Release.IfStopped, _ state: RunState
    ) {
        var drive = Self.lost(rule)
        drive.feed([.command(Self.command(isDone: false), inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix"] + (rule == .pay ? ["a:back"] : []))
        #expect(drive.machine.targets[Self.target]?.outcome == .failed)
        #expect(
            drive.machine.targets[Self.target]?.endingReason
                == "settled as not done by ann: I looked")
        #expect(drive.machine.state == state)
        #expect(drive.machine.unsettled.isEmpty)
        #expect(drive.machine.owed.count == (rule == .pay ? 0 : 1))
    }

    /// `stop_at` counts a target by what it comes to.
    @Test func aTargetThatIsSettledAsDoneLetsTheOthersStart() {
        var drive = Self.lost(targets: ["a", "b"])
        #expect(drive.machine.isThresholdReached)
        #expect(drive.machine.state == .needsPerson)
        drive.feed([.command(Self.command(isDone: true), inboxID: 1)]) { _ in .exit(0) }
        #expect(!drive.machine.isThresholdReached)
        #expect(drive.outcomes("b") == ["out=changed", "fix=changed", "last=changed"])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func aTargetThatIsSettledWhileOthersGoOnJoinsThem() {
        var drive = Self.lost(targets: ["a", "b"], limit: 2)
        #expect(drive.outcomes("b") == ["out=changed", "fix=changed", "last=changed"])
        #expect(drive.machine.state == .needsPerson)
        drive.feed([.command(Self.command(isDone: false), inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.failures == 1)
    }

    @Test func nothingIsPaidBeforeItIsSettled() {
        var drive = Self.lost()
        let pay = PersonCommand(verb: .pay(Self.target), actor: "ann")
        #expect(
            drive.machine.objection(to: pay)
                == "how fix ended on a is unknown, and nothing is given back before that is settled"
        )
        drive.feed([.command(pay, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix"])
        #expect(drive.machine.state == .needsPerson)
    }

    @Test func anAbortClosesTheRunWithTheUnknownListed() {
        var fixture = RunFixture(steps: [RunFixture.step("fix", .once)])
        fixture.targets = ["a"]
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in .ended(.unknown("lost")) }
        #expect(drive.machine.state == .needsPerson)
        drive.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)]) { _ in nil }
        #expect(drive.machine.state == .aborted)
        #expect(drive.outcomes() == ["fix=unknown"])
        #expect(drive.machine.unsettled.isEmpty)
    }

    @Test func whatWasPassedOverKeepsNoRunOpen() {
        let first = RunFixture.step("fix", .once) { $0.onFailed = .continue }
        var drive = HandDrive(RunFixture(steps: [first, RunFixture.step("last")]))
        drive.feed([.led]) {
            HandDrive.text(of: $0.action) == "fix" ? .ended(.unknown("lost")) : .exit(0)
        }
        #expect(drive.machine.state == .succeeded)
    }

    /// It may run again by itself, so nobody has to look first.
    @Test func aStepThatMayRunAgainKeepsNoRunOpen() {
        var drive = HandDrive(RunFixture(steps: [RunFixture.step("fix")]))
        drive.feed([.led]) { _ in .ended(.unknown("lost")) }
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.targets[Self.target]?.outcome == .unknown)
    }

    @Test func onlyWhatIsUnknownCanBeSettled() {
        var drive = Self.lost()
        #expect(
            drive.machine.objection(to: Self.command("last", isDone: true))
                == "what is unknown on 'a' is how fix ended")
        drive.feed([.command(Self.command(isDone: true), inboxID: 1)]) {
            HandDrive.text(of: $0.action) == "last" ? nil : .exit(0)
        }
        #expect(
            drive.machine.objection(to: Self.command(isDone: true))
                == "nothing on 'a' waits to be settled")
        #expect(
            drive.machine.objection(to: Self.command(isDone: true, on: "z"))
                == "'z' is no target of this run")
    }

    @Test func theNextLeaderGoesOnAfterWhatWasSettled() {
        var drive = Self.lost()
        // Recorded by a process that starts nothing, as `settle` does where nobody leads.
        drive.feed([.leaving, .command(Self.command(isDone: true), inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix"])
        drive.machine = RunMachine(record: drive.machine.record, events: drive.events)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.started == ["a:out", "a:fix", "a:back", "a:last"])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func anItemThatIsSettledAsDoneLetsTheOthersFollow() {
        let step = RunFixture.step("fix", .once) { $0.forEach = .texts(["x", "y"]) }
        var drive = HandDrive(RunFixture(steps: [step, RunFixture.step("last")]))
        drive.feed([.led]) {
            $0.key.part.step?.rawValue == "fix[x]" ? .ended(.unknown("lost")) : .exit(0)
        }
        #expect(drive.outcomes() == ["fix[x]=unknown"])
        let item = StepID(RunFixture.id("fix"), item: "x", number: 1)
        let command = PersonCommand(
            verb: .settle(Self.target, item, isDone: true, why: "I looked"), actor: "ann")
        drive.feed([.command(command, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.outcomes() == ["fix[x]=changed", "fix[y]=changed", "last=changed"])
        #expect(drive.machine.targets[Self.target]?.outcomes[RunFixture.id("fix")] == .changed)
    }
}
