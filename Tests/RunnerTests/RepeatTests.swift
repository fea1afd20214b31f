import Runbooks
import Runner
import Testing

/// Which past runs count against a runbook's `repeat`.
struct RepeatTests {
    private static func past(
        _ run: String, _ outcome: Outcome?, isOpen: Bool = false, on target: String = "web1"
    ) throws -> RepeatCount.PastRun {
        RepeatCount.PastRun(
            run: try #require(RunID(rawValue: run)), actor: "ann",
            opened: Timestamp(milliseconds: 1), target: try #require(TargetName(rawValue: target)),
            outcome: outcome, isOpen: isOpen)
    }

    private static func plan(_ rule: RepeatRule?) -> Plan {
        var plan = RunFixture(steps: [RunFixture.step("fix")], targets: ["web1"]).record.plan
        plan.repeatRule = rule
        return plan
    }

    @Test(arguments: [
        (Outcome.changed, false, true), (.failed, false, true), (.timedOut, false, true),
        (.aborted, false, true), (.unknown, false, true), (.satisfied, false, false),
        (.ok, false, false), (.unreachable, false, false), (.skipped, false, false),
        (nil, true, true), (nil, false, false),
    ])
    func onlyWhereTheFixWasTriedItCounts(
        _ outcome: Outcome?, _ isOpen: Bool, _ counts: Bool
    ) throws {
        let plan = Self.plan(RepeatRule(atMost: 1, withinMilliseconds: 60_000))
        let found = RepeatCount.of(
            plan, leftOut: [], past: [try Self.past("r-1", outcome, isOpen: isOpen)])
        #expect(found.map(\.isUsedUp) == [counts])
        #expect((JournalError.repeated(plan, found) != nil) == counts)
    }

    @Test func withoutARuleNothingIsCounted() throws {
        let plan = Self.plan(nil)
        #expect(RepeatCount.of(plan, leftOut: [], past: [try Self.past("r-1", .changed)]) == [])
    }

    @Test func theRefusalNamesTheRunsOfAllTargets() throws {
        var plan = RunFixture(steps: [RunFixture.step("fix")], targets: ["web1", "web2"])
            .record.plan
        plan.repeatRule = RepeatRule(atMost: 1, withinMilliseconds: 60_000)
        let found = RepeatCount.of(
            plan, leftOut: [],
            past: [
                try Self.past("r-1", .changed), try Self.past("r-1", .changed, on: "web2"),
                try Self.past("r-2", .failed, on: "web2"),
            ])
        let refusal = try #require(JournalError.repeated(plan, found))
        #expect(
            refusal.message.contains(
                "was run as often as it may be, 1 times within 1m, on web1, web2"))
        #expect(refusal.message.contains("r-2 on web2 by ann, r-1 on web1, web2 by ann."))
        #expect(refusal.hint?.contains("handrail escalate r-2") == true)
    }

    @Test func aRunOverSeveralTargetsIsOneOfTheRunbook() throws {
        let plan = Self.plan(
            RepeatRule(atMost: 2, withinMilliseconds: 60_000, per: .runbook))
        let past = [
            try Self.past("r-1", .changed), try Self.past("r-1", .changed, on: "web2"),
        ]
        let found = RepeatCount.of(plan, leftOut: [], past: past)
        #expect(found.map(\.runs.count) == [1])
        #expect(found.map(\.words) == ["1 of 2 times within 1m"])
    }
}
