import Calendars
import Runbooks
import Testing

struct BadCalendarTests {
    private func findings(_ read: Checked<EventCalendar>) -> [String] {
        read.diagnostics.map { "\($0.position?.line ?? 0) \($0.severity) \($0.code)" }
    }

    /// One event's lines, of which the first is line 5 of the file, and what is found.
    @Test(arguments: [
        ("DURATION:PT1H", ["3 error missing-property"]),
        ("DTSTART:20260230T100000Z\nDURATION:PT1H", ["5 error bad-value"]),
        ("DTSTART:20260101T240000Z\nDURATION:PT1H", ["5 error bad-value"]),
        ("DTSTART:tomorrow\nDURATION:PT1H", ["5 error bad-value"]),
        ("DTSTART:19690101T100000Z\nDURATION:PT1H", ["5 error bad-value"]),
        ("DTSTART:20260101T100000Z", ["5 error no-length"]),
        ("DTSTART:20260101T100000Z\nDTEND:20260101T100000Z", ["6 error ends-before-start"]),
        ("DTSTART:20260101T220000Z\nDTEND:20260101T060000Z", ["6 error ends-before-start"]),
        ("DTSTART:20260101T100000Z\nDTEND;VALUE=DATE:20260102", ["6 error mixed-times"]),
        ("DTSTART:20260101T100000Z\nDURATION:PT0S", ["6 error bad-value"]),
        ("DTSTART:20260101T100000Z\nDURATION:-PT1H", ["6 error bad-value"]),
        ("DTSTART:20260101T100000Z\nDURATION:1H", ["6 error bad-value"]),
        ("DTSTART;VALUE=DATE:20260101\nDURATION:PT1H", ["6 error bad-value"]),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nDTEND:20260101T110000Z",
            ["7 error duplicate-property"]
        ),
        (
            "DTSTART:20260101T100000Z\nDTSTART:20260101T100000Z\nDURATION:PT1H",
            ["6 error duplicate-property"]
        ),
        ("DTSTART;TZID=Europe/Berlni:20260101T100000\nDURATION:PT1H", ["5 error unknown-zone"]),
        (
            "DTSTART;TZID=W. Europe Standard Time:20260101T100000\nDURATION:PT1H",
            ["5 error unknown-zone"]
        ),
        ("DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY", ["7 error bad-rule"]),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=MO",
            ["7 error start-not-in-rule"]
        ),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            ["7 error start-not-in-rule"]
        ),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY",
            ["8 error duplicate-property"]
        ),
        ("DTSTART:20260101T100000Z\nDURATION:PT1H\nEXRULE:FREQ=DAILY", ["7 error unsupported"]),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260102",
            ["8 error mixed-times"]
        ),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE:20260102T110000Z",
            ["8 warning unmatched-exception"]
        ),
        ("DTSTART:20260101T100000Z\nDURATION:PT1H\nRDATE:20261301T110000Z", ["7 error bad-value"]),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260101T100000Z",
            ["7 error unsupported"]
        ),
        ("DTSTART:20260101T100000Z\nno line at all", ["6 error bad-line"]),
        ("DTSTART;TZID=\"Europe/Berlin:20260101T100000", ["5 error bad-line"]),
        (
            "DTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nRRULE:FREQ=HOURLY\nDTEND:x",
            ["8 error duplicate-property", "9 error duplicate-property"]
        ),
    ])
    func eachMistakeHasItsLine(event: String, wanted: [String]) {
        let read = Samples.read(event: event)
        #expect(findings(read) == wanted)
        #expect((read.value == nil) == wanted.contains { $0.contains("error") })
        for finding in read.diagnostics where finding.code != "bad-value" {
            #expect(finding.hint != nil || finding.code == "bad-rule")
        }
    }

    @Test(arguments: [
        ("", ["1 error not-a-calendar"]), ("\n\n", ["1 error not-a-calendar"]),
        ("BEGIN:VCARD\nEND:VCARD", ["1 error not-a-calendar"]),
        ("hello", ["1 error bad-line"]),
        ("<html>\n</html>", ["1 error bad-line", "2 error bad-line"]),
        (" BEGIN:VCALENDAR", ["1 error bad-line"]),
        ("NAME:x\nBEGIN:VCALENDAR\nEND:VCALENDAR", ["1 error bad-nesting"]),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a", ["2 error bad-nesting"]),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", ["3 error bad-nesting"]),
        ("END:VCALENDAR", ["1 error bad-nesting"]),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR", ["1 warning empty-calendar"]),
        ("BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR", ["2 error unsupported"]),
        ("BEGIN:VCALENDAR\nCALSCALE:HEBREW\nEND:VCALENDAR", ["2 error unsupported"]),
        (
            "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nEND:VFREEBUSY\nEND:VCALENDAR",
            ["1 warning empty-calendar", "2 warning ignored-part"]
        ),
    ])
    func filesThatAreNoCalendarsSaySo(text: String, wanted: [String]) {
        #expect(findings(Samples.read(text)) == wanted)
    }

    @Test func bytesThatAreNoTextHaveTheirLine() {
        var bytes = Array("BEGIN:VCALENDAR\nX-A:".utf8)
        bytes += [0xFF, 0xFE]
        bytes += Array("\nEND:VCALENDAR\n".utf8)
        let read = EventCalendar.read(
            bytes, file: "c.ics", floating: .utc, zones: ListedZones([]))
        #expect(findings(read) == ["2 error not-utf8"])
    }

    @Test func theNearestZoneIsNamed() {
        let read = Samples.read(event: "DTSTART;TZID=Europe/Berlni:20260101T100000\nDURATION:PT1H")
        #expect(read.diagnostics.first?.hint == "Did you mean 'Europe/Berlin'?")
    }

    @Test func twoEventsOfOneNameAreRefused() {
        let event = "BEGIN:VEVENT\nUID:a\nDTSTART:20260101T100000Z\nDURATION:PT1H\nEND:VEVENT\n"
        let read = Samples.read("BEGIN:VCALENDAR\n\(event)\(event)END:VCALENDAR")
        #expect(findings(read) == ["7 error duplicate-event"])
    }

    @Test func aZoneThatSaysNothingIsRefusedWhereItIsNeeded() {
        func calendar(_ parts: String) -> String {
            "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Here\n\(parts)END:VTIMEZONE\nBEGIN:VEVENT\n"
                + "UID:a\nDTSTART;TZID=Here:20260101T100000\nDURATION:PT1H\nEND:VEVENT\n"
                + "END:VCALENDAR"
        }
        #expect(findings(Samples.read(calendar(""))) == ["2 error bad-zone"])
        let part = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\n"
        #expect(
            findings(Samples.read(calendar(part + "END:STANDARD\n"))) == ["4 error bad-zone"])
        #expect(
            findings(Samples.read(calendar(part + "TZOFFSETTO:+1\nEND:STANDARD\n")))
                == ["7 error bad-zone"])
        let daily = "TZOFFSETTO:+0100\nRRULE:FREQ=DAILY\nEND:STANDARD\n"
        #expect(findings(Samples.read(calendar(part + daily))) == ["8 error bad-zone"])
    }

    @Test func findingsAreLimited() {
        let bad = (0..<500).map { "BEGIN:VEVENT\nUID:\($0)\nEND:VEVENT\n" }.joined()
        let read = Samples.read("BEGIN:VCALENDAR\n\(bad)END:VCALENDAR")
        #expect(read.diagnostics.count == CalendarLimitsShown.findings)
    }
}

/// What the tests know of limits.
private enum CalendarLimitsShown {
    static let findings = 50
}
