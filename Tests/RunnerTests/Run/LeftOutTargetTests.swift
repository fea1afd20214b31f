import Runbooks
import Testing

@testable import Runner

/// Targets of a plan that a run doesn't start.
struct LeftOutTargetTests {
    private func left(_ name: String, _ outcome: Outcome? = nil) -> LeftOutTarget {
        LeftOutTarget(
            target: RunFixture.target(name), reason: "because", outcome: outcome)
    }

    private func drive(
        _ left: [LeftOutTarget], failures: Int = 1, atOnce: Int = 50, failing: String? = nil
    ) -> HandDrive {
        var drive = HandDrive(
            RunFixture(
                steps: [RunFixture.step("one")], targets: ["a", "b", "c"],
                rollout: Rollout(maxInFlight: atOnce, stopAtFailures: failures), leftOut: left))
        drive.feed([.led]) { request in
            request.key.target.rawValue == failing ? .exit(1, stderr: "no") : .exit(0)
        }
        return drive
    }

    @Test func whomAPersonLeftOutIsNeitherStartedNorCounted() {
        let run = drive([left("b")])
        #expect(run.started == ["a:one", "c:one"])
        #expect(run.machine.state == .succeeded)
        #expect(run.machine.targets[RunFixture.target("b")]?.phase == .notStarted)
        #expect(run.machine.failures == 0)
        #expect(run.machine.targetCount == 2)
    }

    @Test func whatIsWorseThanInThePlanCountsBeforeAnythingStarts() {
        let stopped = drive([left("c", .unreachable)])
        #expect(stopped.started.isEmpty)
        #expect(stopped.machine.isThresholdReached)
        #expect(stopped.machine.state == .failed)
        #expect(stopped.closed.isEmpty)
    }

    @Test func belowTheThresholdTheOthersRun() {
        let run = drive([left("c", .failed)], failures: 2, atOnce: 1)
        #expect(run.started == ["a:one", "b:one"])
        let last = run.machine.targets[RunFixture.target("c")]
        #expect(last?.outcome == .failed)
        #expect(last?.endingReason == "because")
        #expect(run.machine.state == .failed)
        // One that fails in the run makes it two.
        let reached = drive([left("c", .failed)], failures: 2, atOnce: 1, failing: "a")
        #expect(reached.started == ["a:one", "a:one"])
        #expect(reached.machine.isThresholdReached)
    }

    @Test func aRunOfWhichNothingIsLeftEnds() {
        let run = drive(
            [left("a", .failed), left("b"), left("c", .unreachable)], failures: 9)
        #expect(run.started.isEmpty)
        #expect(run.isFinished)
        #expect(run.machine.state == .failed)
    }

    @Test func theNextLeaderLeavesOutTheSame() {
        let first = drive([left("b"), left("c", .failed)], failures: 2)
        let again = RunMachine(record: first.machine.record, events: first.events)
        #expect(again == first.machine)
    }

    @Test func recordsOfOlderRunsHaveNoneLeftOut() throws {
        let record = RunFixture(steps: [RunFixture.step("one")]).record
        let text = String(decoding: try CanonicalJSON.bytes(of: record), as: UTF8.self)
        #expect(!text.contains("leftOut") && !text.contains("comparison"))
    }
}

/// How a target's sequence ends.
struct SequenceEndTests {
    private let check = AssertAction(script: RunFixture.call("holds"))

    @Test func theRunbooksVerifyComesLastAndCountsLikeAStep() {
        var run = HandDrive(
            RunFixture(
                steps: [RunFixture.step("one"), RunFixture.step("two", .read)], verify: [check],
                targets: ["a", "b"], rollout: Rollout(maxInFlight: 1, stopAtFailures: 1)))
        run.feed([.led]) { HandDrive.text(of: $0.action) == "holds" ? .exit(1) : .exit(0) }
        #expect(run.started == ["a:one", "a:two", "a:holds"])
        #expect(run.machine.targets[RunFixture.target("a")]?.outcome == .failed)
        #expect(run.machine.isThresholdReached)
        #expect(run.machine.resolution == .unresolved)
    }

    @Test func theRunbooksVerifyIsNotAskedAfterAFailure() {
        var run = HandDrive(
            RunFixture(steps: [RunFixture.step("one", .once)], verify: [check]))
        run.feed([.led]) { _ in .exit(1) }
        #expect(run.started == ["a:one"])
    }

    @Test(arguments: [
        (StopAction.Resolution.resolved, RunResolution.resolved),
        (.unresolved, .unresolved),
    ])
    func aStopEndsTheTargetAndSaysWhetherItHelped(
        decision: StopAction.Resolution, resolution: RunResolution
    ) {
        let stop = Step(
            id: RunFixture.id("end"), title: "end", effect: .read,
            action: .stop(StopAction(resolution: decision, escalate: nil, say: "so it is")))
        var run = HandDrive(
            RunFixture(
                steps: [RunFixture.step("one"), stop, RunFixture.step("two")], verify: [check]))
        run.feed([.led]) { _ in .exit(0) }
        #expect(run.started == ["a:one"])
        #expect(run.outcomes() == ["one=changed", "end=ok"])
        #expect(run.machine.state == .succeeded)
        #expect(run.machine.resolution == resolution)
    }
}
