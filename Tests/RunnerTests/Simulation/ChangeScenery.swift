import Runbooks
import TestSupport

@testable import Runner

/// What a simulated change begins with: its calendars for the gates, and the same for the truth.
struct ChangeScenery {
    let calendars: [NamedCalendar]
    var truth: GateTruth
    let hasTrust: Bool

    /// Follows from the seed; most of it lies before `calm`, and something opens soon after it.
    init(_ record: RunRecord, in world: SimulatedWorld) {
        let start = world.time.milliseconds
        let calm = start + world.weather.calm
        let zone = GateTruth.Zone(
            turn: start + Int64(world.number(0...Int(world.weather.calm))),
            shift: world.happens(500) ? Int64(world.number(-60...60)) * 1000 : 0)
        // Many windows that close soon: between an answer and what is done on it, too. Or all is
        // open by the clock, so that whatever else closes it is seen alone.
        let isNarrow = record.plan.rollout.expectedMilliseconds.map { $0 <= 3000 } ?? false
        let isWide = !isNarrow && world.happens(330)
        func span(_ lengths: ClosedRange<Int> = 1000...120_000) -> GateTruth.Span {
            let begin = start + Int64(world.number(-30_000...Int(world.weather.calm)))
            return GateTruth.Span(start: begin, end: begin + Int64(world.number(lengths)))
        }
        let late = calm + Int64(world.number(0...60_000))
        var windows = (0..<world.number(isNarrow ? 4...12 : 0...3)).map { _ in
            span(isNarrow ? 200...8000 : 1000...120_000)
        }
        if isWide || !isNarrow && world.happens(400) {
            windows.append(.init(start: start - 60_000, end: calm))
        }
        windows.append(.init(start: late + zone.shift, end: late + zone.shift + 10_800_000))
        let isChange = record.change != nil
        let hasFreezes = !isChange || !isWide && world.happens(300)
        let freezes = hasFreezes ? (0..<world.number(1...2)).map { _ in span() } : []
        let others = world.happens(300) ? [span()] : []
        calendars = Self.calendars(
            windows, zone, freezes: freezes, others: others, isChange: isChange)
        hasTrust = world.happens(500)
        truth = GateTruth(
            isChange: isChange, starter: record.actor, zone: zone, windows: windows,
            freezes: freezes)
        truth.issued = start - 3_600_000
        truth.quorum = world.number(1...2)
        truth.board = ["bea", "cy", "dan", "eve", "ann"]
        truth.partial = [SimulatedChange.requester, SimulatedChange.implementer, "lea"]
        truth.undoes = record.plan.rollout.onStop == .rollback
        truth.soak = record.plan.rollout.soak?.milliseconds ?? 0
        truth.expected =
            isWide || world.happens(850) ? Int64(world.number(1...(isNarrow ? 3000 : 40_000))) : nil
        truth.isEmergency = world.happens(120)
        if truth.isEmergency {
            truth.dates = [.init(start: truth.issued, end: truth.issued + 86_400_000)]
        } else {
            truth.dates = (0..<world.number(0...2)).map { _ in span() }
            if isWide || world.happens(500) {
                truth.dates.append(.init(start: start - 60_000, end: start + 1_200_000))
            }
        }
    }

    /// The calendars of the house, with the times that rules of a zone come to.
    private static func calendars(
        _ windows: [GateTruth.Span], _ zone: GateTruth.Zone, freezes: [GateTruth.Span],
        others: [GateTruth.Span], isChange: Bool
    ) -> [NamedCalendar] {
        func spans(_ times: [GateTruth.Span]) -> [CalendarSpan] {
            times.compactMap { time in
                Interval(
                    Timestamp(milliseconds: time.start), Timestamp(milliseconds: time.end)
                ).map { CalendarSpan($0, title: "") }
            }
        }
        let expanded = windows.flatMap { window in
            [
                GateTruth.Span(start: window.start, end: min(window.end, zone.turn)),
                GateTruth.Span(
                    start: max(window.start - zone.shift, zone.turn),
                    end: window.end - zone.shift),
            ]
        }
        let half = expanded.count / 2
        return [
            NamedCalendar(
                name: "nights", kind: .windows, spans: spans(Array(expanded.prefix(half)))),
            NamedCalendar(
                name: "weekend", kind: .windows, spans: spans(Array(expanded.dropFirst(half)))),
            // Windows of another type say nothing.
            NamedCalendar(name: "other", kind: .windows, spans: spans(others)),
            NamedCalendar(
                name: "year-end", kind: .freeze, bindsResolutions: !isChange,
                spans: spans(freezes)),
            // One that doesn't bind it.
            NamedCalendar(
                name: "storms", kind: .freeze,
                except: isChange ? ["normal", ChangeType.emergency] : [],
                spans: spans(others)),
        ]
    }
}

extension RandomPlan {
    /// Has gates bind a plan that changes anything, with time to keep and steps to undo.
    static func bind(_ fixture: inout RunFixture, _ random: inout SeededNumbers) {
        func chance(_ odds: Int) -> Bool { Int.random(in: 0..<odds, using: &random) == 0 }
        for index in fixture.steps.indices where !chance(3) {
            let step = fixture.steps[index]
            guard step.effect != .read, step.effect != .irreversible, step.scope == nil else {
                continue
            }
            fixture.steps[index].undo = [.run(RunFixture.call("undo\(index)"))]
        }
        if chance(3) { fixture.rollout.onStop = .rollback }
        guard !chance(5), fixture.steps.contains(where: { $0.effect != .read }) else { return }
        let isSmall =
            fixture.targets.count <= 3
            && !(fixture.steps + (fixture.beforeWave ?? []) + (fixture.afterWave ?? []))
                .contains { $0.effect == .irreversible }
        let isResolution = isSmall && chance(3)
        fixture.kind = isResolution ? .resolution : .change
        fixture.change = isResolution ? nil : ChangeSamples.id(40 + fixture.number)
        fixture.environment = EnvironmentRule(
            name: "production", content: .off, change: .required, isProduction: true)
        // So quick that it fits into a window of seconds.
        let isQuick = chance(4)
        fixture.gating = Gating(
            waits: Bool.random(using: &random),
            seenMilliseconds: !isQuick && chance(3)
                ? Int64.random(in: 1...12_000, using: &random) : nil)
        fixture.ring = "in"
        fixture.expires = ChangeSamples.time(35 * 86_400)
        if isQuick || !chance(3) {
            let most: Int64 = isQuick ? 3000 : 12_000
            fixture.rollout.expectedMilliseconds = Int64.random(in: 1...most, using: &random)
        }
    }
}
