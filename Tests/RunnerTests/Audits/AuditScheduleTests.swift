import Runner
import Testing

/// When a target is to be audited again, and when it was not for too long.
struct AuditScheduleTests {
    private let schedule = AuditSchedule(every: .seconds(28_800))
    private func hours(_ hours: Double) -> Timestamp {
        Timestamp(milliseconds: Int64(hours * 3_600_000))
    }

    @Test func itIsDueOnceItsLastTryIsAsOldAsItMayBe() {
        #expect(schedule.state(tried: nil, at: hours(0)) == .dueNow)
        #expect(schedule.state(tried: hours(0), at: hours(7.99)) == .due(hours(8)))
        #expect(schedule.state(tried: hours(0), at: hours(8)) == .dueNow)
        #expect(schedule.state(tried: hours(0), at: hours(800)) == .dueNow)
        // A clock that was set back makes nothing due before its time.
        #expect(schedule.state(tried: hours(5), at: hours(1)) == .due(hours(13)))
    }

    @Test func aQuarterMoreIsLeftToItsTimer() {
        #expect(schedule.isOverdue(looked: nil, at: hours(0)))
        #expect(!schedule.isOverdue(looked: hours(0), at: hours(8.5)))
        #expect(!schedule.isOverdue(looked: hours(0), at: hours(10)))
        #expect(schedule.isOverdue(looked: hours(0), at: hours(10.01)))
    }
}
