import Runner
import Testing

@testable import Calendars

struct ZoneRulesTests {
    private let berlin = Samples.zone("Europe/Berlin")

    private func instant(_ local: String, in zone: ZoneRules) -> String {
        guard let value = DateTimeText(local) else { return "no time" }
        return Timestamp(milliseconds: zone.instant(of: value.local) * 1000).spokenText
    }

    @Test(arguments: [
        ("20260329T015959", "2026-03-29T00:59:59Z"),
        // Skipped: with the offset before the gap (RFC 5545, 3.3.5).
        ("20260329T020000", "2026-03-29T01:00:00Z"),
        ("20260329T023000", "2026-03-29T01:30:00Z"),
        ("20260329T030000", "2026-03-29T01:00:00Z"),
        // Twice: the first.
        ("20261025T015959", "2026-10-24T23:59:59Z"),
        ("20261025T020000", "2026-10-25T00:00:00Z"),
        ("20261025T025959", "2026-10-25T00:59:59Z"),
        ("20261025T030000", "2026-10-25T02:00:00Z"),
        // After the years that the zone file lists.
        ("21500701T120000", "2150-07-01T10:00:00Z"),
        ("21501201T120000", "2150-12-01T11:00:00Z"),
    ])
    func localTimesAreTheInstantsOfTheStandard(local: String, wanted: String) {
        #expect(instant(local, in: berlin) == wanted)
    }

    @Test func otherGapsThanAnHourAreKnown() {
        #expect(
            instant("20261004T021500", in: Samples.zone("Australia/Lord_Howe"))
                == "2026-10-03T15:45:00Z")
        // Samoa left out the whole of 30 December 2011.
        let apia = Samples.zone("Pacific/Apia")
        #expect(instant("20111230T120000", in: apia) == "2011-12-30T22:00:00Z")
        #expect(instant("20111231T000000", in: apia) == "2011-12-30T10:00:00Z")
    }

    @Test func everyInstantOfAYearComesBackFromItsLocalTime() {
        for name in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"] {
            let zone = Samples.zone(name)
            for second in stride(from: 1_767_225_600, to: 1_798_761_600, by: 900) as StrideTo<Int64>
            {
                let offset = Int64(zone.rule(at: second).offset)
                let back = zone.instant(of: LocalTime(seconds: second + offset))
                // The second of two equal clock times comes back as the first.
                let isSecond = Int64(zone.rule(at: back).offset) != offset
                #expect(back == second || (isSecond && back < second && second - back <= 3600))
            }
        }
    }

    @Test func instantsAreShownWithTheirZone() {
        #expect(
            berlin.text(of: Samples.instant("2026-11-28T19:00:00Z")) == "Sat 2026-11-28 20:00 CET")
        #expect(
            berlin.text(of: Samples.instant("2026-07-01T22:00:01Z"))
                == "Thu 2026-07-02 00:00:01 CEST")
        #expect(
            Samples.zone("Asia/Kathmandu").text(of: Samples.instant("2026-07-01T00:00:00Z"))
                == "Wed 2026-07-01 05:45 +05:45")
        #expect(
            ZoneRules.utc.text(of: Samples.instant("2026-07-01T00:00:00Z"))
                == "Wed 2026-07-01 00:00 UTC")
    }

    @Test(arguments: [
        "CET-1CEST,M3.5.0,M10.5.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "EST5",
        "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
        "IST-1GMT0,M10.5.0,M3.5.0/1", "AAA3BBB,J60/0,J300/25:30:01", "AAA3BBB,0/0,365/167",
    ])
    func rulesOfPosixAreRead(text: String) { #expect(YearlyZoneRule(text) != nil) }

    @Test(arguments: [
        "", "CET", "-1", "CE-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-168",
        "CET-1CEST,M3.5.0,M10.5.0,", "<CET-1", "CET-1CEST,M3.5.0/,M10.5.0", "CET-1:60",
        "CET-1CEST,366,1",
    ])
    func otherTextIsNoRule(text: String) { #expect(YearlyZoneRule(text) == nil) }

    @Test func filesThatAreCutAreNoZone() throws {
        let bytes = try #require(Samples.bytes("/usr/share/zoneinfo/Europe/Berlin"))
        #expect(ZoneRules(name: "a", file: bytes) != nil)
        for length in stride(from: 0, to: bytes.count, by: 1) {
            #expect(ZoneRules(name: "a", file: Array(bytes.prefix(length))) == nil)
        }
    }

    @Test(arguments: [
        "../Europe/Berlin", "/etc/passwd", "Europe//Berlin", "", ".", "Europe/", "a b",
    ])
    func namesLeadNowhereElse(name: String) { #expect(Samples.zones.zone(named: name) == nil) }

    @Test func foldersAreNoZones() { #expect(Samples.zones.zone(named: "Europe") == nil) }

    @Test func daysBeginWhereTheZonesClocksSayMidnight() throws {
        let berlin = try #require(ZoneFolder().zone(named: "Europe/Berlin"))
        let evening = try #require(Timestamp(trailText: "2026-11-26T23:30:00.000Z"))
        #expect(berlin.startOfDay(at: evening).trailText == "2026-11-26T23:00:00.000Z")
        #expect(berlin.startOfDay("2026-07-01")?.trailText == "2026-06-30T22:00:00.000Z")
        #expect(berlin.startOfDay("2026-02-29") == nil)
        #expect(berlin.startOfDay("2026-2-01") == nil)
        #expect(berlin.startOfDay("today") == nil)
        #expect(berlin.day(of: evening) == "Fri 2026-11-27")
        #expect(berlin.clock(of: evening) == "00:30 CET")
    }
}
