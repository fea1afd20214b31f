import Runbooks
import TestSupport
import Testing

@testable import Runner

/// When a run stops by itself, and how many targets can break before.
struct StopLimitsTests {
    private func limits(
        first: Amount? = nil, wave: Amount? = nil, failures: Int? = nil, inFlight: Int = 50,
        leaveOut: Amount? = nil, _ sizes: [Int]
    ) -> StopLimits {
        StopLimits(
            Rollout(
                maxInFlight: inFlight, stopAtFailures: failures, stopAtFirstWave: first,
                stopAtWave: wave, leaveOut: leaveOut),
            sizes: sizes)
    }

    @Test func sharesAreOfTheWaveAndRoundedUp() {
        let some = limits(first: .count(3), wave: .percent(20), [11, 10, 1])
        #expect(some.ofWaves == [3, 2, 1])
        #expect(some.ofRun == nil)
        #expect(limits(first: .percent(10), wave: .percent(50), [11, 10]).ofWaves == [2, 5])
        #expect(limits(first: .count(5), wave: .count(2), [11, 10]).ofWaves == [2, 2])
    }

    @Test func aWaveForWhichNothingIsSaidStopsAtAnyFailure() {
        #expect(limits(first: .count(3), [9, 9]).ofWaves == [3, 1])
        #expect(limits(first: .count(3), failures: 6, [9, 9]).ofWaves == [3, nil])
        #expect(StopLimits(Rollout(), sizes: [9]).ofRun == 1)
    }

    @Test func aThresholdIsReachedByItsVeryNumber() {
        let some = limits(first: .count(2), wave: .count(3), failures: 4, [9, 9])
        #expect(!some.isReached(inWave: 0, failures: 1, ofRun: 1))
        #expect(some.isReached(inWave: 0, failures: 2, ofRun: 2))
        #expect(!some.isReached(inWave: 1, failures: 2, ofRun: 3))
        #expect(some.isReached(inWave: 1, failures: 3, ofRun: 3))
        #expect(some.isReached(inWave: 1, failures: 2, ofRun: 4))
        #expect(some.isReached(inWave: 1, failures: 2, ofRun: 5))
    }

    @Test func whatIsLeftOutIsAShareOfAllRoundedDown() {
        #expect(limits(leaveOut: .percent(2), [100, 99]).leaveOut == 3)
        #expect(limits(leaveOut: .percent(2), [49]).leaveOut == 0)
        #expect(limits(leaveOut: .count(4), [1]).leaveOut == 4)
        #expect(limits([10]).leaveOut == 0)
    }

    @Test func theWorstCaseCountsThoseAtWorkWhenItStops() {
        #expect(limits(failures: 1, inFlight: 20, [200]).worstCase() == 20)
        #expect(limits(failures: 6, inFlight: 20, [200]).worstCase() == 25)
        #expect(limits(failures: 6, inFlight: 20, [12]).worstCase() == 12)
        #expect(
            limits(first: .count(1), wave: .percent(20), inFlight: 20, [1, 100]).worstCase() == 39)
        // The canary has to be well, so of the first two waves at most one breaks.
        #expect(limits(wave: .count(2), inFlight: 2, [1, 2, 9]).worstCase() == 4)
        #expect(limits(failures: 1, [50, 50]).worstCase(starting: [0, 3]) == 3)
    }

    /// A run over waves that fail as somebody wants them to: how many broke.
    private func broken(
        _ limits: StopLimits, inFlight: Int,
        fails: (_ wave: Int, _ ended: Int, _ failed: Int, _ atWork: Int) -> Bool
    ) -> Int {
        var total = 0
        for (wave, size) in limits.sizes.enumerated() {
            var (left, atWork, ended, failed) = (size, 0, 0, 0)
            while left > 0 || atWork > 0 {
                while left > 0, atWork < inFlight,
                    !limits.isReached(inWave: wave, failures: failed, ofRun: total)
                {
                    left -= 1
                    atWork += 1
                }
                guard atWork > 0 else { return total }
                if fails(wave, ended, failed, atWork) {
                    failed += 1
                    total += 1
                }
                atWork -= 1
                ended += 1
            }
            guard failed < size, !limits.isReached(inWave: wave, failures: failed, ofRun: total)
            else { return total }
        }
        return total
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func noSequenceOfFailuresBreaksMoreThanTheWorstCaseAndOneBreaksAsMany(_ seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func amount() -> Amount? {
            switch number(0...2) {
            case 0: nil
            case 1: .count(number(1...6))
            default: .percent(number(1...100))
            }
        }
        let sizes = (0..<number(1...6)).map { _ in number(1...25) }
        let inFlight = number(1...12)
        let some = limits(
            first: amount(), wave: amount(), failures: number(0...1) == 0 ? nil : number(1...12),
            inFlight: inFlight, sizes)
        let worst = some.worstCase()
        for _ in 0..<20 {
            let odds = number(0...10)
            let seen = broken(some, inFlight: inFlight) { _, _, _, _ in
                number(0...9) < odds
            }
            #expect(seen <= worst)
        }
        // Whoever wants the worst breaks as many as go unnoticed, and in one wave all that can be.
        var most = 0
        for last in sizes.indices {
            var total = 0
            let seen = broken(some, inFlight: inFlight) { wave, ended, failed, _ in
                let isNoticed =
                    some.isReached(inWave: wave, failures: failed + 1, ofRun: total + 1)
                    || failed + 1 == sizes[wave]
                guard wave >= last || !isNoticed else { return false }
                total += 1
                return true
            }
            most = max(most, seen)
        }
        #expect(most == worst)
    }
}

extension StopLimits {
    fileprivate func isReached(inWave index: Int, failures: Int, ofRun total: Int) -> Bool {
        reached(inWave: index, failures: failures, ofRun: total) != nil
    }
}
