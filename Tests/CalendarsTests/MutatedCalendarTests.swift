import Calendars
import Foundation
import Runner
import TestSupport
import Testing

/// Calendars changed at random: nothing crashes, hangs, or gives an occurrence that isn't one.
///
/// 500 of them; with HANDRAIL_FULL=1, 30,000.
struct MutatedCalendarTests {
    private static let sample = """
        BEGIN:VCALENDAR
        VERSION:2.0
        BEGIN:VTIMEZONE
        TZID:Here
        BEGIN:STANDARD
        DTSTART:16011028T030000
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
        TZOFFSETFROM:+0200
        TZOFFSETTO:+0100
        END:STANDARD
        BEGIN:DAYLIGHT
        DTSTART:16010325T020000
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
        TZOFFSETFROM:+0100
        TZOFFSETTO:+0200
        TZNAME:X
        END:DAYLIGHT
        END:VTIMEZONE
        BEGIN:VEVENT
        UID:a
        SUMMARY:Saturday\\, late
        DTSTART;TZID=Here:20261107T200000
        DTEND;TZID=Here:20261107T220000
        RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20271205T190000Z;BYDAY=SA;WKST=SU
        EXDATE;TZID=Here:20261121T200000
        RDATE;VALUE=PERIOD:20261110T100000Z/PT1H,20261111T100000Z/20261111T113000Z
        END:VEVENT
        BEGIN:VEVENT
        UID:a
        RECURRENCE-ID;TZID=Here:20261205T200000
        DTSTART;TZID=Europe/Berlin:20261122T200000
        DURATION:P1DT2H3M4S
        STATUS:CONFIRMED
        END:VEVENT
        BEGIN:VEVENT
        UID:b
        DTSTART;VALUE=DATE:20260331
        RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=20
        END:VEVENT
        BEGIN:VEVENT
        UID:c
        DTSTART:20260101T100000Z
        DURATION:PT30M
        RRULE:FREQ=YEARLY;BYYEARDAY=1,-1;BYHOUR=10;BYMINUTE=0;BYSETPOS=1,-1
        END:VEVENT
        END:VCALENDAR

        """

    private static let pieces = [
        "0", "9", "-", "+", ";", ":", ",", "=", "\"", "\n", "\r\n", "\n ", "T", "Z", "P", "\\",
        "FREQ=", "DAILY", "YEARLY", "COUNT=", "99999999999999999999", "-1", "BYSETPOS=", "UNTIL=",
        "INTERVAL=1000", "20260229", "21991231T235959Z", "00000000", "BEGIN:VEVENT\n",
        "END:VEVENT\n", "TZID=", "PT", "P99999999D", "BYDAY=", "53MO", "\u{0}", "é", "VALUE=DATE",
    ]

    private func mutated(_ numbers: inout SeededNumbers) -> [UInt8] {
        var bytes = Array(Self.sample.utf8)
        for _ in 0..<Int.random(in: 1...2, using: &numbers) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            let end = min(bytes.count, place + Int.random(in: 0...12, using: &numbers))
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 3: bytes.removeLast(min(bytes.count - place, 40))
            default:
                let piece = Self.pieces.randomElement(using: &numbers) ?? ""
                bytes.replaceSubrange(place..<min(end, place + piece.utf8.count), with: piece.utf8)
            }
        }
        return bytes
    }

    @Test func changedCalendarsAreReadOrRefused() {
        let isFull = ProcessInfo.processInfo.environment["HANDRAIL_FULL"] != nil
        let horizon = Samples.interval("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")
        let berlin = Samples.zone("Europe/Berlin")
        var numbers = SeededNumbers(seed: 20_261_126)
        var (readCount, slowest) = (0, Duration.zero)
        for _ in 0..<(isFull ? 30_000 : 500) {
            let bytes = mutated(&numbers)
            let began = ContinuousClock.now
            let read = EventCalendar.read(
                bytes, file: "c.ics", floating: berlin, zones: Samples.zones)
            #expect((read.value == nil) == read.hasErrors)
            #expect(read.diagnostics.allSatisfy { $0.position != nil && !$0.message.isEmpty })
            if let spans = read.value?.spans(in: horizon).value {
                readCount += 1
                #expect(spans.allSatisfy { $0.interval.intersection(horizon) != nil })
            }
            slowest = max(slowest, ContinuousClock.now - began)
        }
        #expect(readCount > 20)
        #expect(slowest < .seconds(60))
    }
}
