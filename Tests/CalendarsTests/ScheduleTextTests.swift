import Calendars
import Runner
import Testing

struct ScheduleTextTests {
    private var entry: ScheduleEntry {
        ScheduleEntry(
            uid: "CHG-42@house",
            interval: Samples.interval("2026-11-28T19:00:00Z", "2026-11-29T03:30:00Z"),
            title: "Neue Treiber, Stufe 1; »Größe« \\ alles",
            description:
                "Line one\nline two, with a lot of words so that it is longer than one line of "
                + "the file may be: ä ö ü 漢字 漢字 漢字 漢字 漢字 漢字 漢字",
            categories: ["driver-update", "a,b"], status: .confirmed, sequence: 3,
            changed: Samples.instant("2026-11-26T12:00:00Z"))
    }

    @Test func theTextIsWhatTheStandardSays() {
        let text = ScheduleText(name: "Changes", entries: [entry]).text
        let lines = text.split(separator: "\r\n").map(String.init)
        #expect(
            Array(lines.prefix(14)) == [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Handrail//Schedule of changes//EN",
                "CALSCALE:GREGORIAN", "METHOD:PUBLISH", "X-WR-CALNAME:Changes", "BEGIN:VEVENT",
                "UID:CHG-42@house", "DTSTAMP:20261126T120000Z", "LAST-MODIFIED:20261126T120000Z",
                "SEQUENCE:3", "DTSTART:20261128T190000Z", "DTEND:20261129T033000Z",
                "SUMMARY:Neue Treiber\\, Stufe 1\\; »Größe« \\\\ alles",
            ])
        #expect(lines.allSatisfy { $0.utf8.count <= 75 })
        #expect(text.hasSuffix("END:VEVENT\r\nEND:VCALENDAR\r\n"))
        #expect(lines.contains("CATEGORIES:driver-update,a\\,b"))
    }

    @Test func itIsReadBackAsItWas() throws {
        let text = ScheduleText(name: "Changes", entries: [entry]).text
        let read = Samples.read(text)
        #expect(read.diagnostics == [])
        #expect(Samples.spans(read) == ["2026-11-28T19:00:00Z/2026-11-29T03:30:00Z"])
        let spans = try #require(
            read.value?.spans(
                in: Samples.interval("2026-11-28T00:00:00Z", "2026-12-01T00:00:00Z")
            ).value)
        #expect(spans.map(\.title) == [entry.title])
    }

    @Test func theOrderOfEntriesMakesNoDifference() {
        let other = ScheduleEntry(
            uid: "CHG-41@house", interval: entry.interval, title: "b", changed: entry.changed)
        #expect(
            ScheduleText(name: "a", entries: [entry, other]).text
                == ScheduleText(name: "a", entries: [other, entry]).text)
    }

    @Test func partsOfSecondsAreRoundedOutward() throws {
        let interval = try #require(
            Interval(
                Timestamp(milliseconds: 1_795_000_000_001),
                Timestamp(milliseconds: 1_795_000_000_002)))
        let entry = ScheduleEntry(
            uid: "a", interval: interval, title: "", changed: Timestamp(milliseconds: 0))
        let text = ScheduleText(name: "", entries: [entry]).text
        #expect(text.contains("DTSTART:20261118T110640Z\r\nDTEND:20261118T110641Z\r\n"))
    }
}
