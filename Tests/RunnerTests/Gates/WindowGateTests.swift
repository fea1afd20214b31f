import Runbooks
import Runner
import TestSupport
import Testing

/// Gate 6, with hours from the epoch for instants.
struct WindowGateTests {
    private static func hour(_ number: Int64) -> Timestamp {
        Timestamp(milliseconds: number * 3_600_000)
    }

    private static func span(_ start: Int64, _ end: Int64) -> Interval {
        guard let interval = Interval(hour(start), hour(end)) else {
            preconditionFailure("a span of the tests is empty")
        }
        return interval
    }

    private static func calendar(
        _ name: String, _ kind: CalendarRule.Kind, except: Set<String> = [],
        binds: Bool = false, _ spans: (Int64, Int64)...
    ) -> NamedCalendar {
        NamedCalendar(
            name: name, kind: kind, except: except, bindsResolutions: binds,
            spans: spans.map { CalendarSpan(span($0.0, $0.1), title: "") })
    }

    private static let driver = CalendarQuestion.change(type: "driver", windows: ["weekend"])
    private static let weekend = calendar("weekend", .windows, (20, 30), (50, 60))

    private func answer(
        at now: Int64, _ calendars: [NamedCalendar] = [weekend],
        dates: [(Int64, Int64)]? = [(0, 100)], _ question: CalendarQuestion = driver,
        needs: Int64 = 0
    ) -> WindowGate.Answer {
        WindowGate(
            WindowQuestion(
                dates: dates?.map { Self.span($0.0, $0.1) }, calendars: question,
                neededMilliseconds: needs * 60_000),
            in: .known(ChangeCalendar(calendars, horizon: Self.span(0, 1000)))
        ) { "\($0.milliseconds / 3_600_000) h" }
        .answer(at: Self.hour(now))
    }

    @Test func withoutDatesItIsClosed() {
        #expect(
            answer(at: 25, dates: []).verdict
                == .refused(["it has no planned start and end, so it is never inside them"]))
    }

    @Test func insideAWindowAndItsDatesItIsOpenUntilTheFirstOfThemEnds() {
        #expect(
            answer(at: 25)
                == WindowGate.Answer(
                    verdict: .open(rule: "open (window weekend) until 30 h"), next: Self.hour(30)))
        #expect(
            answer(at: 25, dates: [(24, 28)])
                == WindowGate.Answer(
                    verdict: .open(rule: "within its dates, until 28 h"), next: Self.hour(28)))
    }

    @Test func allReasonsAreNamedAndWhenItOpens() {
        let frozen = Self.calendar("quarter", .freeze, (5, 52))
        #expect(
            answer(at: 10, [Self.weekend, frozen], dates: [(40, 70)])
                == WindowGate.Answer(
                    verdict: .waiting(
                        for: "it is planned for 40 h to 70 h; in the freeze quarter until 52 h; "
                            + "outside every window of weekend; opens 52 h", until: Self.hour(52)),
                    next: Self.hour(52)))
    }

    @Test func whereNothingOpensAnyMoreItIsRefused() {
        let found = answer(at: 31, dates: [(20, 40)])
        #expect(
            found
                == WindowGate.Answer(
                    verdict: .refused([
                        "outside every window of weekend",
                        "nothing opens any more within its dates: give it others",
                    ]), next: nil))
    }

    @Test func aWindowThatIsTooShortForItAndItsUndoingIsNotOpen() {
        #expect(
            answer(at: 29, needs: 61).verdict
                == .waiting(
                    for: "what is to start takes 1 h 1 min, with what is reserved for undoing, and "
                        + "it closes 30 h; "
                        + "opens 50 h", until: Self.hour(50)))
        #expect(answer(at: 29, needs: 60).next == Self.hour(30))
        guard case .refused = answer(at: 29, needs: 601).verdict else {
            Issue.record("no window is as long as that")
            return
        }
    }

    @Test func whatNobodyKnowsTheLengthOfIsNeverStarted() {
        func verdict(at now: Int64, dates: [(Int64, Int64)]) -> Verdict {
            WindowGate(
                WindowQuestion(
                    dates: dates.map { Self.span($0.0, $0.1) }, calendars: Self.driver,
                    neededMilliseconds: nil),
                in: .known(ChangeCalendar([Self.weekend], horizon: Self.span(0, 1000)))
            ) { "\($0.milliseconds / 3_600_000) h" }
            .answer(at: Self.hour(now)).verdict
        }
        #expect(verdict(at: 25, dates: [(0, 100)]) == .refused([WindowGate.unknownTime]))
        #expect(
            verdict(at: 10, dates: [(0, 100)])
                == .refused(["outside every window of weekend", WindowGate.unknownTime]),
            "all reasons at once")
        #expect(WindowGate.unknownTime.contains("expected"))
    }

    @Test func anEmergencyNeedsNoWindowAndAFreezeThatExceptsIt() {
        let strict = Self.calendar("quarter", .freeze, (0, 15))
        let lenient = Self.calendar("quarter", .freeze, except: ["emergency"], (0, 15))
        #expect(answer(at: 10, dates: [(8, 32)], .emergency).next == Self.hour(32))
        #expect(answer(at: 10, [strict], dates: [(8, 32)], .emergency).next == Self.hour(15))
        #expect(answer(at: 10, [lenient], dates: [(8, 32)], .emergency).next == Self.hour(32))
        #expect(
            answer(at: 10, [lenient, Self.weekend], dates: [(8, 32)]).next == Self.hour(20))
    }

    @Test func aResolutionIsStoppedByFreezesThatBindItAndByNothingElse() {
        let binding = Self.calendar("quarter", .freeze, binds: true, (5, 15))
        let other = Self.calendar("quarter", .freeze, (5, 15))
        guard case .open = answer(at: 10, [other], dates: nil, .resolution).verdict else {
            Issue.record("the freeze binds changes alone")
            return
        }
        #expect(
            answer(at: 10, [binding], dates: nil, .resolution).verdict
                == .waiting(
                    for: "in the freeze quarter until 15 h; opens 15 h", until: Self.hour(15)))
    }

    @Test func calendarsThatCantBeReadCloseIt() {
        let gate = WindowGate(
            WindowQuestion(dates: [Self.span(0, 9)], calendars: Self.driver),
            in: .unreadable(["calendars/w.ics:3: no"])
        ) { _ in "" }
        #expect(
            gate.answer(at: Self.hour(1)).verdict
                == .refused(["the calendars can't be read: calendars/w.ics:3: no"]))
    }

    /// At every instant: open exactly where dates, windows and freezes allow it, for long enough;
    /// and what it says about the next change is so.
    @Test(arguments: 1...40) func itIsOpenExactlyWhereEachOfThemIs(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        func spans(_ count: Int) -> [(Int64, Int64)] {
            (0..<count).map { _ in
                let start = Int64.random(in: 0..<100, using: &numbers)
                return (start, start + Int64.random(in: 1...25, using: &numbers))
            }
        }
        let (windows, freezes, dates) = (spans(4), spans(2), spans(2))
        let needs = Int64.random(in: 0...10, using: &numbers)
        func named(_ name: String, _ kind: CalendarRule.Kind, _ spans: [(Int64, Int64)])
            -> NamedCalendar
        {
            NamedCalendar(
                name: name, kind: kind,
                spans: spans.map { CalendarSpan(Self.span($0.0, $0.1), title: "") })
        }
        func isIn(_ hour: Int64, _ spans: [(Int64, Int64)]) -> Bool {
            spans.contains { $0.0 <= hour && hour < $0.1 }
        }
        func isFree(_ hour: Int64) -> Bool {
            isIn(hour, windows) && isIn(hour, dates) && !isIn(hour, freezes)
        }
        let calendars = [named("weekend", .windows, windows), named("f", .freeze, freezes)]
        for hour in Int64(0)..<130 {
            let found = answer(
                at: hour, calendars, dates: dates, needs: needs * 60)
            let mayStart = (hour..<(hour + max(1, needs))).allSatisfy(isFree)
            if case .open = found.verdict {
                #expect(mayStart, "open at \(hour)")
            } else {
                #expect(!mayStart, "closed at \(hour): \(found.verdict)")
            }
            if case .waiting(_, let until) = found.verdict {
                let opens = until.milliseconds / 3_600_000
                #expect(opens > hour)
                #expect((opens..<(opens + max(1, needs))).allSatisfy(isFree))
            }
        }
    }
}
