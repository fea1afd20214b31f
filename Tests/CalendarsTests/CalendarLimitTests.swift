import Calendars
import Runbooks
import Testing

struct CalendarLimitTests {
    private let clock = ContinuousClock()

    private func calendar(_ events: [String]) -> String {
        "BEGIN:VCALENDAR\n"
            + events.enumerated().map {
                "BEGIN:VEVENT\nUID:\($0.offset)\n\($0.element)\nEND:VEVENT\n"
            }.joined() + "END:VCALENDAR\n"
    }

    @Test func rulesWithoutAnEndAreExpandedToTheHorizonOnly() {
        let read = Samples.read(
            event: "DTSTART:19700101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")
        #expect(Samples.spans(read).count == 730)
    }

    @Test func moreOccurrencesThanTheLimitAreAnError() {
        let read = Samples.read(
            event: "DTSTART:20260101T000000Z\nDURATION:PT1M\nRRULE:FREQ=DAILY;BYMINUTE="
                + (0..<60).map(String.init).joined(separator: ",") + ";BYHOUR="
                + (0..<24).map(String.init).joined(separator: ","))
        #expect(read.diagnostics == [])
        let spans = read.value?.spans(
            in: Samples.interval("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"))
        #expect(spans?.value == nil)
        #expect(spans?.diagnostics.map(\.code) == ["too-many"])
        #expect(spans?.diagnostics.first?.position?.line == 3)
    }

    /// Rules that never match and reach back furthest cost the most: they end, with an answer or
    /// with an error, and soon.
    @Test func theWorstRulesEndSoon() {
        let rules = [
            "RRULE:FREQ=DAILY;COUNT=100000;BYMONTH=1;BYMONTHDAY=1",
            "RRULE:FREQ=YEARLY;COUNT=100000;BYDAY=TH;BYMONTHDAY=1;BYMONTH=1",
            "RRULE:FREQ=MONTHLY;COUNT=100000;BYDAY=TH;BYSETPOS=1;INTERVAL=12",
            "RRULE:FREQ=YEARLY;BYYEARDAY=1,2,3,4,5,6,7,8,9;BYDAY=TH",
        ]
        let events = (0..<3000).map { index in
            "DTSTART:19700101T000000Z\nDURATION:PT1H\n\(rules[index % rules.count])"
        }
        let began = clock.now
        let read = Samples.read(calendar(events))
        #expect(read.diagnostics.filter { $0.severity == .error } == [])
        let spans = read.value?.spans(
            in: Samples.interval("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"))
        #expect(spans?.diagnostics.map(\.code) == ["too-many"])
        // Wide: an unoptimised build beside other tests. It takes seconds, never minutes.
        #expect(clock.now - began < .seconds(240))
    }

    @Test func limitsOfSizeAreErrorsWithALine() {
        let long = Samples.read("BEGIN:VCALENDAR\nX-A:" + String(repeating: "a", count: 70_000))
        #expect(long.diagnostics.map(\.code) == ["bad-nesting"])
        let folded = Samples.read(
            "BEGIN:VCALENDAR\nX-A:a\n"
                + String(repeating: " " + String(repeating: "a", count: 70) + "\n", count: 1000))
        #expect(folded.diagnostics.map(\.code) == ["too-large"])
        #expect(folded.diagnostics.first?.position?.line == 2)
        let many = Samples.read(String(repeating: "A:\n", count: 100_001))
        #expect(many.diagnostics.map(\.code) == ["too-large"])
        let large = Samples.read(String(repeating: "A", count: 4 << 20) + "A")
        #expect(large.diagnostics.map(\.code) == ["too-large"])
        let deep = Samples.read(String(repeating: "BEGIN:A\n", count: 9))
        #expect(deep.diagnostics.map(\.code) == ["bad-nesting"])
        let dates = Samples.read(
            event: "DTSTART:20260101T000000Z\nDURATION:PT1M\nRDATE:"
                + Array(repeating: "20260101T000000Z", count: 5001).joined(separator: ","))
        #expect(dates.diagnostics.map(\.code).contains("too-many") || dates.value == nil)
    }
}
