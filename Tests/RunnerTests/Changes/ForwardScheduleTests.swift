import Runbooks
import TestSupport
import Testing

@testable import Runner

/// What is planned when, and what collides.
struct ForwardScheduleTests {
    private static func span(_ first: Int, _ last: Int) throws -> Interval {
        let start = Timestamp(milliseconds: 0)
        return try #require(
            Interval(start.adding(.seconds(3600 * first)), start.adding(.seconds(3600 * last))))
    }

    private static func plan(
        _ targets: [String], groups: [ProtectedGroup]? = nil, environment: String = "lab"
    ) throws -> Plan {
        var fixture = RunFixture(steps: [RunFixture.step("one")])
        fixture.targets = targets
        fixture.protection = groups
        var plan = fixture.record.plan
        plan.environment = EnvironmentRule(
            name: environment, content: .off, change: .required, isProduction: false)
        return plan
    }

    private static func change(
        _ number: Int, _ plan: Plan, dates: [Interval], wanted: Interval? = nil,
        state: ChangeState = .scheduled
    ) throws -> (change: Change, plan: Plan) {
        let request = ChangeRequest(
            title: "T\(number)", wanted: wanted, plan: ChangePlan(plan, digest: .sha256(of: [1])))
        let events: [ChangeEvent] =
            [.opened(request)] + (dates.isEmpty ? [] : [.scheduled(dates)])
            + [.moved(state, reason: "a test")]
        let recorded = events.enumerated().map {
            RecordedChangeEvent(
                sequence: $0 + 1, at: Timestamp(milliseconds: 0), actor: "ann", event: $1)
        }
        let id = try #require(ChangeID(number: number))
        return (try #require(Change(id, events: recorded)), plan)
    }

    private static func text(_ schedule: ForwardSchedule) -> [String] {
        schedule.entries.map { entry in
            "\(entry.change.id)\(entry.isAgreed ? "" : "?")"
                + entry.conflicts.map { conflict in
                    " x \(conflict.other) \(conflict.targets.map(\.rawValue)) \(conflict.groups)"
                }.joined()
        }
    }

    @Test func whatHasATimeIsInItAndWhatHasEndedIsNot() throws {
        let plan = try Self.plan(["a"])
        let schedule = ForwardSchedule(
            [
                try Self.change(1, plan, dates: [Self.span(30, 40), Self.span(0, 2)]),
                try Self.change(2, plan, dates: [], wanted: Self.span(5, 6), state: .assessed),
                try Self.change(3, plan, dates: [], state: .draft),
                try Self.change(4, plan, dates: [Self.span(7, 8)], state: .closed),
                try Self.change(5, plan, dates: [Self.span(100, 101)]),
            ], within: try Self.span(0, 50))
        #expect(Self.text(schedule) == ["CHG-1", "CHG-2?", "CHG-1"])
        #expect(
            schedule.entries.map(\.interval.start.milliseconds) == [0, 18_000_000, 108_000_000])
    }

    @Test func changesOnTheSameTargetsAtOneTimeCollide() throws {
        let schedule = ForwardSchedule(
            [
                try Self.change(1, Self.plan(["a", "b"]), dates: [Self.span(0, 5)]),
                try Self.change(2, Self.plan(["b", "c"]), dates: [Self.span(4, 9)]),
                try Self.change(3, Self.plan(["d"]), dates: [Self.span(0, 9)]),
            ], within: try Self.span(0, 50))
        #expect(
            Self.text(schedule) == [
                #"CHG-1 x CHG-2 ["b"] []"#, "CHG-3", #"CHG-2 x CHG-1 ["b"] []"#,
            ])
        #expect(schedule.entries.first?.conflicts.first?.interval == (try Self.span(4, 5)))
    }

    @Test func changesOnOneProtectedGroupCollideWithoutASharedTarget() throws {
        let group = ProtectedGroup(
            marks: [ProtectedGroup.Mark(label: "cluster", value: "one")], maxUnavailable: 1,
            members: [RunFixture.target("a"), RunFixture.target("b")])
        let schedule = ForwardSchedule(
            [
                try Self.change(1, Self.plan(["a"], groups: [group]), dates: [Self.span(0, 5)]),
                try Self.change(2, Self.plan(["b"], groups: [group]), dates: [Self.span(1, 2)]),
            ], within: try Self.span(0, 50))
        #expect(
            Self.text(schedule) == [
                #"CHG-1 x CHG-2 [] ["cluster = one"]"#, #"CHG-2 x CHG-1 [] ["cluster = one"]"#,
            ])
    }

    @Test func whatOnlyTouchesInTimeDoesNotCollide() throws {
        let schedule = ForwardSchedule(
            [
                try Self.change(1, Self.plan(["a"]), dates: [Self.span(0, 5)]),
                try Self.change(2, Self.plan(["a"]), dates: [Self.span(5, 9)]),
                try Self.change(
                    3, Self.plan(["a"], environment: "production"), dates: [Self.span(0, 9)]),
            ], within: try Self.span(0, 50))
        #expect(Self.text(schedule) == ["CHG-1", "CHG-3", "CHG-2"])
    }
}
