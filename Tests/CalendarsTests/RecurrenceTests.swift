import Testing

@testable import Calendars

struct RecurrenceTests {
    private func starts(_ rule: String, _ start: String, count: Int) throws -> [String] {
        let value = try #require(DateTimeText(start))
        let moment = Moment(local: value.local, isDay: value.form == .day, zone: .utc)
        let parsed = try RecurrenceRule(rule, start: moment)
        var work = CalendarLimits.work
        let all = try Recurrence(rule: parsed, start: moment).starts(
            from: value.local, to: value.local.adding(12 * 366 * 86_400), work: &work)
        return all.prefix(count).map { local in
            let date = CalendarDate(ofDay: local.day)
            let time = local.ofDay == value.local.ofDay ? "" : " \(local.ofDay / 3600)h"
            return "\(date.year)-\(twoDigits(date.month))-\(twoDigits(date.day))\(time)"
        }
    }

    /// The examples of RFC 5545, 3.8.5.3, that are for days and longer.
    @Test(arguments: [
        ("FREQ=DAILY;COUNT=3", "19970902T090000", ["1997-09-02", "1997-09-03", "1997-09-04"]),
        (
            "FREQ=DAILY;INTERVAL=10;COUNT=3", "19970902T090000",
            ["1997-09-02", "1997-09-12", "1997-09-22"]
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "19970902T090000",
            ["1997-09-02", "1997-09-16", "1997-09-30"]
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805T090000",
            ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"]
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805T090000",
            ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"]
        ),
        (
            "FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "19970905T090000",
            ["1997-09-05", "1997-10-03", "1997-11-07"]
        ),
        (
            "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "19970907T090000",
            ["1997-09-07", "1997-09-28", "1997-11-02", "1997-11-30"]
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-3", "19970928T090000",
            ["1997-09-28", "1997-10-29", "1997-11-28", "1997-12-29"]
        ),
        (
            "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "19970930T090000",
            ["1997-09-30", "1997-10-01", "1997-10-31", "1997-11-01"]
        ),
        (
            "FREQ=MONTHLY;INTERVAL=18;COUNT=3;BYMONTHDAY=10,11", "19970910T090000",
            ["1997-09-10", "1997-09-11", "1999-03-10"]
        ),
        (
            "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "19970610T090000",
            ["1997-06-10", "1997-07-10", "1998-06-10", "1998-07-10"]
        ),
        (
            "FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", "19970101T090000",
            ["1997-01-01", "1997-04-10", "1997-07-19", "2000-01-01"]
        ),
        ("FREQ=YEARLY;BYDAY=20MO", "19970519T090000", ["1997-05-19", "1998-05-18", "1999-05-17"]),
        (
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512T090000",
            ["1997-05-12", "1998-05-11", "1999-05-17"]
        ),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "19970313T090000",
            ["1997-03-13", "1997-03-20", "1997-03-27", "1998-03-05"]
        ),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "19980213T090000",
            ["1998-02-13", "1998-03-13", "1998-11-13", "1999-08-13"]
        ),
        (
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "19970913T090000",
            ["1997-09-13", "1997-10-11", "1997-11-08"]
        ),
        (
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            "19961105T090000", ["1996-11-05", "2000-11-07", "2004-11-02"]
        ),
        (
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904T090000",
            ["1997-09-04", "1997-10-07", "1997-11-06"]
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "19970929T090000",
            ["1997-09-29", "1997-10-30", "1997-11-27"]
        ),
        (
            "FREQ=DAILY;BYHOUR=9,12;COUNT=3", "19970902T090000",
            ["1997-09-02", "1997-09-02 12h", "1997-09-03"]
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115T090000",
            ["2007-01-15", "2007-01-30", "2007-02-15", "2007-03-15", "2007-03-30"]
        ),
        ("FREQ=YEARLY", "20040229T090000", ["2004-02-29", "2008-02-29", "2012-02-29"]),
        ("FREQ=MONTHLY", "20260131T090000", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        (
            "FREQ=DAILY;BYMONTHDAY=-1", "20260131T090000",
            ["2026-01-31", "2026-02-28", "2026-03-31"]
        ),
        ("FREQ=YEARLY;BYYEARDAY=-1", "20241231T090000", ["2024-12-31", "2025-12-31"]),
    ])
    func rulesGiveTheStartsOfTheStandard(rule: String, start: String, wanted: [String]) throws {
        #expect(try starts(rule, start, count: wanted.count) == wanted)
    }

    @Test(arguments: [
        (
            "FREQ=HOURLY",
            "FREQ=HOURLY is refused: windows and freezes come again by the day at most."
        ),
        ("FREQ=NEVER", "FREQ='NEVER' is none of DAILY, WEEKLY, MONTHLY and YEARLY."),
        ("BYDAY=MO", "There is no FREQ."),
        ("FREQ=DAILY;COUNT=0", "COUNT has '0', which is no number from 1 to 100000."),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL has '-1', which is no number from 1 to 1000."),
        ("FREQ=DAILY;COUNT=2;UNTIL=20300101T000000Z", "COUNT and UNTIL exclude each other."),
        ("FREQ=DAILY;FREQ=DAILY", "'FREQ' stands twice."),
        ("FREQ=DAILY;BYDAY=1MO", "A number before a weekday doesn't go with FREQ=DAILY."),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY doesn't go with FREQ=WEEKLY."),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO is for FREQ=YEARLY only."),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY is for FREQ=YEARLY only."),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses from another BY… part."),
        (
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "BYMONTHDAY has '32', which is no number from 1 to 31, or from the end, -31 to -1."
        ),
        ("FREQ=DAILY;RSCALE=HEBREW", "'RSCALE' is no part of a rule here."),
        ("FREQ", "'FREQ' is no NAME=VALUE."),
        (
            "FREQ=DAILY;UNTIL=20260101",
            "UNTIL is a day, but the event starts at a time of one: programs disagree whether that day counts."
        ),
        (
            "FREQ=DAILY;UNTIL=19960101T000000Z",
            "UNTIL is before DTSTART, so there is no occurrence."
        ),
        ("FREQ=WEEKLY;BYDAY=XX", "'XX' is no weekday of BYDAY."),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR has '24', which is no number from 0 to 23."),
    ])
    func rulesThatCanNotBeMeantAreRefused(rule: String, message: String) throws {
        let error = try #require(throws: RuleProblem.self) {
            _ = try starts(rule, "19970902T090000", count: 1)
        }
        #expect(error.message == message)
    }

    @Test func aRuleWithoutAnyOccurrenceEndsAtTheHorizon() throws {
        let rules = [
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "FREQ=YEARLY;BYDAY=MO;BYSETPOS=60",
            "FREQ=YEARLY;INTERVAL=1000;BYWEEKNO=53;BYDAY=MO;BYMONTH=6",
        ]
        for rule in rules { #expect(try starts(rule, "20260101T220000", count: 5) == []) }
    }
}
