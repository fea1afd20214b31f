import Runner
import Testing

struct ClockWatchTests {
    private func watch(wall: Int64, boot: Int64, after step: (Int64, Int64)) -> Int64? {
        let start = Timestamp(milliseconds: wall)
        return ClockWatch(wall: start, sinceBoot: boot).step(
            wall: Timestamp(milliseconds: wall + step.0), sinceBoot: boot + step.1)
    }

    @Test func aClockThatRunsOnWasNotSet() {
        #expect(watch(wall: 1_795_000_000_000, boot: 5000, after: (86_400_000, 86_400_000)) == nil)
        #expect(watch(wall: 1_795_000_000_000, boot: 5000, after: (90_000, 60_000)) == nil)
        #expect(watch(wall: 1_795_000_000_000, boot: 5000, after: (60_000, 90_000)) == nil)
    }

    @Test func moreThanHalfAMinuteIsTold() {
        #expect(watch(wall: 1_795_000_000_000, boot: 5000, after: (90_001, 60_000)) == 30_001)
        #expect(watch(wall: 1_795_000_000_000, boot: 5000, after: (-3_600_000, 0)) == -3_600_000)
    }
}
