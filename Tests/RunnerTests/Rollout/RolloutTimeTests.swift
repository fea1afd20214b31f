import Runbooks
import Testing

@testable import Runner

/// How long waves are expected to take, and what is reserved for undoing them.
struct RolloutTimeTests {
    private let rollout = Rollout(
        maxInFlight: 20, soak: Soak(milliseconds: 600), expectedMilliseconds: 1000)

    @Test func aWaveTakesAsManyRoundsAsFitInFlight() {
        #expect(rollout.expectedTime(ofTargets: 20) == 1000)
        #expect(rollout.expectedTime(ofTargets: 21) == 2000)
        #expect(rollout.expectedTime(ofTargets: 0) == 0)
    }

    @Test func theLongerOfWhatIsSaidAndWhatWasSeenCounts() {
        #expect(rollout.expectedTime(ofTargets: 1, seen: 1500) == 1500)
        #expect(rollout.expectedTime(ofTargets: 1, seen: 500) == 1000)
        #expect(Rollout().expectedTime(ofTargets: 1) == nil)
        #expect(Rollout().expectedTime(ofTargets: 1, seen: 5) == 5)
    }

    @Test func undoingIsReservedWhereAStopUndoes() {
        #expect(rollout.reservedTime(forWave: 20, changedBefore: 30) == 1600)
        var undoing = rollout
        undoing.onStop = .rollback
        #expect(undoing.reservedTime(forWave: 20, changedBefore: 30) == 4600)
        #expect(Rollout().reservedTime(forWave: 1, changedBefore: 0) == nil)
        var fixture = RunFixture(steps: [RunFixture.step("one")])
        fixture.targets = ["a", "b", "c"]
        fixture.waves = [["a"], ["b", "c"]]
        fixture.rollout = undoing
        #expect(fixture.record.plan.reservedForFirstWave == 2600)
        fixture.rollout = Rollout()
        #expect(fixture.record.plan.reservedForFirstWave == 0)
    }
}
