import Runbooks
import Runner
import Testing

/// What trust demands of time, among the calendars of the house.
struct FloorCalendarTests {
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
        _ name: String, _ kind: CalendarRule.Kind, _ spans: (Int64, Int64)...
    ) -> NamedCalendar {
        NamedCalendar(
            name: name, kind: kind, spans: spans.map { CalendarSpan(span($0.0, $0.1), title: "") })
    }

    /// The library's wide window, and what trust demands.
    private static func house(_ trust: NamedCalendar...) -> ChangeCalendar {
        let own = ChangeCalendar(trust, horizon: span(0, 1000))
        return ChangeCalendar(
            [calendar("week", .windows, (10, 100))] + FloorCalendar.calendars(own),
            horizon: span(0, 1000))
    }

    private static let change = CalendarQuestion.change(type: "driver", windows: ["week"])

    @Test func nothingRunsOutsideTrustsWindowsWhateverTheLibrarySays() {
        let house = Self.house(Self.calendar("night", .windows, (20, 30), (90, 200)))
        #expect(
            house.openTimes(for: Self.change).intervals == [Self.span(20, 30), Self.span(90, 100)])
        guard
            case .closed(let closings, let opens) = house.opening(
                at: Self.hour(15), for: Self.change)
        else {
            Issue.record("it is open")
            return
        }
        #expect(
            closings == [
                .frozen(
                    CalendarPlace(
                        calendar: "trust: outside night", title: "", interval: Self.span(0, 20)))
            ])
        #expect(opens?.interval == Self.span(20, 30))
    }

    @Test func trustsFreezesAreAddedAndBindEmergenciesToo() {
        let house = Self.house(
            Self.calendar("night", .windows, (20, 60)), Self.calendar("year-end", .freeze, (40, 50))
        )
        #expect(
            house.openTimes(for: Self.change).intervals == [Self.span(20, 40), Self.span(50, 60)])
        // An emergency needs no window, trust's no more than its type's.
        #expect(
            house.openTimes(for: .emergency).intervals == [Self.span(0, 40), Self.span(50, 1000)])
        #expect(house.openTimes(for: .resolution).intervals == [Self.span(0, 1000)])
    }

    @Test func whereTrustSaysNothingOfWindowsTheLibrarysCount() {
        #expect(Self.house().openTimes(for: Self.change).intervals == [Self.span(10, 100)])
    }
}
