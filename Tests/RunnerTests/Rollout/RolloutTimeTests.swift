import Runbooks
import TestSupport
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
        #expect(fixture.record.plan.reservedForFirstWave(seen: nil) == 2600)
        #expect(fixture.record.plan.reservedForFirstWave(seen: 1500) == 3600)
        fixture.rollout = Rollout()
        #expect(fixture.record.plan.reservedForFirstWave(seen: nil) == nil)
        #expect(undoing.reservedTime(ofWhole: 5000) == 10_600)
        #expect(rollout.reservedTime(ofWhole: 5000) == 5600)
    }

    /// For any rollout: never less than each round at the slower of both, more targets never take
    /// less, and nothing is known exactly where neither is.
    @Test(arguments: 1...60) func theEstimateIsWhatThePageSays(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        func maybe() -> Int64? {
            Bool.random(using: &numbers) ? Int64.random(in: 1...90_000, using: &numbers) : nil
        }
        var rollout = Rollout(maxInFlight: Int.random(in: 1...60, using: &numbers))
        rollout.expectedMilliseconds = maybe()
        let (seen, soak) = (maybe(), maybe())
        rollout.soak = soak.map { Soak(milliseconds: $0) }
        rollout.onStop = [nil, .pause, .abort, .rollback].randomElement(using: &numbers) ?? nil
        let count = Int.random(in: 1...200, using: &numbers)
        let before = Int.random(in: 0...200, using: &numbers)
        let found = rollout.reservedTime(forWave: count, changedBefore: before, seen: seen)
        guard let one = [rollout.expectedMilliseconds, seen].compactMap({ $0 }).max() else {
            #expect(found == nil)
            return
        }
        // One after the other, by hand: a round begins where the last one is full.
        func time(_ targets: Int) -> Int64 {
            var (left, sum): (Int, Int64) = (targets, 0)
            while left > 0 { (left, sum) = (left - rollout.maxInFlight, sum + one) }
            return sum
        }
        let undo = rollout.onStop == .rollback ? time(before + count) : 0
        #expect(found == time(count) + undo + (soak ?? 0))
        let more = rollout.reservedTime(forWave: count + 1, changedBefore: before, seen: seen)
        #expect((more ?? 0) >= (found ?? .max))
    }

    @Test func nineInTenTookNoLonger() {
        #expect(SeenTimes([]).ninth == nil)
        #expect(SeenTimes([7]).ninth == 7)
        #expect(SeenTimes((1...10).reversed()).ninth == 9)
        #expect(SeenTimes(Array(1...11)).ninth == 10)
        #expect(SeenTimes(Array(1...100)).ninth == 90)
    }

    @Test(arguments: 1...40) func theNinthIsTheLeastThatNineInTenDontPass(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        let times = (0..<Int.random(in: 1...50, using: &numbers)).map { _ in
            Int64.random(in: 0...30, using: &numbers)
        }
        func reaches(_ limit: Int64) -> Bool {
            times.count { $0 <= limit } * 10 >= times.count * 9
        }
        guard let ninth = SeenTimes(times).ninth else {
            Issue.record("there are times")
            return
        }
        #expect(reaches(ninth) && !reaches(ninth - 1) && times.contains(ninth))
    }
}
