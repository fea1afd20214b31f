import Calendars
import Runner
import Testing

struct EventCalendarTests {
    @Test func aWindowOverMidnightKeepsItsClockTimesOverTheChangeOfClocks() {
        let read = Samples.read(
            event: """
                DTSTART;TZID=Europe/Berlin:20260321T220000
                DTEND;TZID=Europe/Berlin:20260322T060000
                RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=3
                """)
        #expect(read.diagnostics == [])
        #expect(
            Samples.spans(read) == [
                "2026-03-21T21:00:00Z/2026-03-22T05:00:00Z",
                "2026-03-28T21:00:00Z/2026-03-29T04:00:00Z",
                "2026-04-04T20:00:00Z/2026-04-05T04:00:00Z",
            ])
    }

    @Test func aDurationPassesWhateverClocksShow() {
        let read = Samples.read(
            event: """
                DTSTART;TZID=Europe/Berlin:20260328T220000
                DURATION:PT8H
                """)
        #expect(Samples.spans(read) == ["2026-03-28T21:00:00Z/2026-03-29T05:00:00Z"])
        let days = Samples.read(
            event: "DTSTART;TZID=Europe/Berlin:20260328T220000\nDURATION:P1DT2H")
        #expect(Samples.spans(days) == ["2026-03-28T21:00:00Z/2026-03-29T22:00:00Z"])
    }

    @Test func daysAndFloatingTimesAreThoseOfTheCalendarsZone() {
        let day = Samples.read(event: "DTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330")
        #expect(Samples.spans(day) == ["2026-03-28T23:00:00Z/2026-03-29T22:00:00Z"])
        let one = Samples.read(event: "DTSTART;VALUE=DATE:20260701")
        #expect(Samples.spans(one) == ["2026-06-30T22:00:00Z/2026-07-01T22:00:00Z"])
        let time = Samples.read(event: "DTSTART:20260701T080000\nDTEND:20260701T090000")
        #expect(Samples.spans(time) == ["2026-07-01T06:00:00Z/2026-07-01T07:00:00Z"])
    }

    @Test func exceptionsExtrasAndChangesCount() {
        let read = Samples.read(
            """
            BEGIN:VCALENDAR
            BEGIN:VEVENT
            UID:a
            SUMMARY:Saturday\\, late
            DTSTART;TZID=Europe/Berlin:20261107T200000
            DTEND;TZID=Europe/Berlin:20261107T220000
            RRULE:FREQ=WEEKLY;UNTIL=20261205T190000Z
            EXDATE;TZID=Europe/Berlin:20261114T200000
            RDATE;VALUE=PERIOD:20261110T100000Z/PT1H,20261111T100000Z/20261111T113000Z
            RDATE;TZID=America/New_York:20261112T120000
            END:VEVENT
            BEGIN:VEVENT
            UID:a
            SUMMARY:Moved
            RECURRENCE-ID;TZID=Europe/Berlin:20261121T200000
            DTSTART;TZID=Europe/Berlin:20261122T200000
            DTEND;TZID=Europe/Berlin:20261122T210000
            END:VEVENT
            BEGIN:VEVENT
            UID:a
            RECURRENCE-ID:20261128T190000Z
            DTSTART;TZID=Europe/Berlin:20261128T200000
            DTEND;TZID=Europe/Berlin:20261128T210000
            STATUS:CANCELLED
            END:VEVENT
            END:VCALENDAR
            """)
        #expect(read.diagnostics == [])
        #expect(
            Samples.spans(read) == [
                "2026-11-07T19:00:00Z/2026-11-07T21:00:00Z",
                "2026-11-10T10:00:00Z/2026-11-10T11:00:00Z",
                "2026-11-11T10:00:00Z/2026-11-11T11:30:00Z",
                "2026-11-12T17:00:00Z/2026-11-12T19:00:00Z",
                "2026-11-22T19:00:00Z/2026-11-22T20:00:00Z",
                "2026-12-05T19:00:00Z/2026-12-05T21:00:00Z",
            ])
        let horizon = Samples.interval("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
        let titles = read.value?.spans(in: horizon).value?.map(\.title)
        #expect(titles?.first == "Saturday, late")
        #expect(titles?.last == "Moved")
    }

    @Test func cancelledEventsCoverNothing() {
        let read = Samples.read(
            event: "DTSTART:20260701T080000Z\nDURATION:PT1H\nSTATUS:CANCELLED")
        #expect(Samples.spans(read) == [])
        #expect(read.diagnostics.map(\.code) == ["empty-calendar"])
    }

    @Test func aNameOfTheZoneDatabaseWinsOverTheCalendarsOwnDescription() {
        let zone = """
            BEGIN:VTIMEZONE
            TZID:Europe/Berlin
            BEGIN:STANDARD
            DTSTART:19700101T000000
            TZOFFSETFROM:+0000
            TZOFFSETTO:+0000
            END:STANDARD
            END:VTIMEZONE
            """
        let event = """
            BEGIN:VEVENT
            UID:a
            DTSTART;TZID=Europe/Berlin:20260701T080000
            DURATION:PT1H
            END:VEVENT
            """
        let read = Samples.read("BEGIN:VCALENDAR\n\(zone)\n\(event)\nEND:VCALENDAR")
        #expect(Samples.spans(read) == ["2026-07-01T06:00:00Z/2026-07-01T07:00:00Z"])
        #expect(read.diagnostics.map(\.code) == ["zone-differs"])
        let other = "BEGIN:VCALENDAR\n\(zone)\n\(event)\nEND:VCALENDAR"
            .replacing("Europe/Berlin", with: "Our house")
        #expect(
            Samples.spans(Samples.read(other)) == ["2026-07-01T08:00:00Z/2026-07-01T09:00:00Z"])
    }

    @Test func outlooksZonesAreReadFromTheirDescription() {
        let read = Samples.read(
            """
            BEGIN:VCALENDAR
            PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
            METHOD:PUBLISH
            BEGIN:VTIMEZONE
            TZID:W. Europe Standard Time
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
            END:DAYLIGHT
            END:VTIMEZONE
            BEGIN:VEVENT
            CLASS:PUBLIC
            DTEND;TZID="W. Europe Standard Time":20260328T060000
            DTSTART;TZID="W. Europe Standard Time":20260327T220000
            RRULE:FREQ=DAILY;COUNT=3
            SUMMARY;LANGUAGE=de:Wartung
            UID:04000
            X-MICROSOFT-CDO-BUSYSTATUS:BUSY
            BEGIN:VALARM
            TRIGGER:-PT15M
            END:VALARM
            END:VEVENT
            END:VCALENDAR
            """)
        #expect(read.diagnostics == [])
        #expect(
            Samples.spans(read) == [
                "2026-03-27T21:00:00Z/2026-03-28T05:00:00Z",
                "2026-03-28T21:00:00Z/2026-03-29T04:00:00Z",
                "2026-03-29T20:00:00Z/2026-03-30T04:00:00Z",
            ])
    }

    @Test func whatReachesIntoTheHorizonIsWhole() {
        let read = Samples.read(event: "DTSTART:20200101T000000Z\nDTEND:20300101T000000Z")
        #expect(Samples.spans(read) == ["2020-01-01T00:00:00Z/2030-01-01T00:00:00Z"])
        let daily = Samples.read(
            event: "DTSTART:20200101T000000Z\nDURATION:P10D\nRRULE:FREQ=MONTHLY")
        #expect(
            Samples.spans(daily, "2026-01-05T00:00:00Z", "2026-02-01T00:00:00Z")
                == ["2026-01-01T00:00:00Z/2026-01-11T00:00:00Z"])
    }

    @Test func anEndIsNeverBeforeTheStartThatClocksSkip() {
        let read = Samples.read(
            event: "DTSTART;TZID=Europe/Berlin:20260329T023000\n"
                + "DTEND;TZID=Europe/Berlin:20260329T031500")
        #expect(Samples.spans(read) == ["2026-03-29T01:30:00Z/2026-03-29T02:15:00Z"])
    }

    @Test func theSameFileGivesTheSameAnswerInAnyHorizon() {
        let read = Samples.read(
            event: """
                DTSTART;TZID=America/New_York:20240110T230000
                DTEND;TZID=America/New_York:20240111T040000
                RRULE:FREQ=MONTHLY;BYDAY=2WE
                """)
        let whole = Samples.spans(read, "2025-01-01T00:00:00Z", "2029-01-01T00:00:00Z")
        var parts: [String] = []
        for month in 0..<48 {
            let (year, number) = (2025 + month / 12, month % 12 + 1)
            let (nextYear, next) = (2025 + (month + 1) / 12, (month + 1) % 12 + 1)
            func text(_ year: Int, _ month: Int) -> String {
                "\(year)-\(month < 10 ? "0" : "")\(month)-01T00:00:00Z"
            }
            parts += Samples.spans(read, text(year, number), text(nextYear, next))
        }
        #expect(whole.count == 48)
        #expect(parts == whole)
    }

    @Test func linesThatAreFoldedAndOfOtherSystemsAreRead() {
        let text =
            "\u{FEFF}BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Wartungs\r\n"
            + " fenster\r\nDTSTART;TZ\r\n\tID=Europe/Berlin:20260701\r\n T080000\r\nDURATION:PT1H\r\n"
            + "X-NOTE;X-A=\"a;b:c\",d;X-B=e:f:g\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n\r\n"
        let read = Samples.read(text)
        #expect(read.diagnostics == [])
        #expect(Samples.spans(read) == ["2026-07-01T06:00:00Z/2026-07-01T07:00:00Z"])
    }
}
