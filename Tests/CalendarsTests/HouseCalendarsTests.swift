import Calendars
import Runbooks
import Runner
import Testing

/// The calendars that a library's `handrail.yaml` names.
struct HouseCalendarsTests {
    private static let weekend = """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//tests
        BEGIN:VEVENT
        UID:a
        SUMMARY:Saturday night
        DTSTART:20261128T200000
        DTEND:20261129T060000
        RRULE:FREQ=WEEKLY;INTERVAL=2
        END:VEVENT
        END:VCALENDAR

        """

    private func read(
        _ weekend: String = weekend, timezone: String = "Europe/Berlin", own: String? = nil
    ) -> (Configuration, LibraryTree) {
        let tree = LibraryTree(
            source: "tests",
            entries: [
                "calendars/weekend.ics": LibraryTree.Entry(
                    kind: .file, bytes: Array(weekend.utf8))
            ])
        let position = SourcePosition(file: "handrail.yaml", line: 7, column: 3)
        let configuration = Configuration(
            libraryID: "lab", environments: [], timezone: timezone,
            calendars: [
                CalendarRule(
                    name: "weekend", file: "calendars/weekend.ics", kind: .windows,
                    timezone: own ?? timezone, position: position)
            ])
        return (configuration, tree)
    }

    private static func instant(_ text: String) throws -> Timestamp {
        try #require(Timestamp(trailText: text))
    }

    @Test func theirFloatingTimesAreThoseOfTheHouse() throws {
        let (configuration, tree) = read()
        let checked = HouseCalendars.read(configuration, in: tree, zones: ZoneFolder())
        #expect(checked.diagnostics == [])
        let house = try #require(checked.value)
        let start = try Self.instant("2026-11-26T12:00:00.000Z")
        let calendar = try #require(
            house.calendar(in: WindowGate.horizon(from: start)).value)
        let opening = calendar.opening(
            at: start, for: .change(type: "driver", windows: ["weekend"]))
        #expect(
            opening.sentences { house.zone.text(of: $0) } == [
                "outside every window of weekend",
                "opens Sat 2026-11-28 20:00 CET (window weekend 'Saturday night')",
            ])
    }

    @Test func aFileWithAnErrorLeavesNoneOfThem() {
        let (configuration, tree) = read(
            Self.weekend.replacing("DTEND:20261129T060000", with: "DTEND:20261128T060000"))
        let checked = HouseCalendars.read(configuration, in: tree, zones: ZoneFolder())
        #expect(checked.value == nil)
        #expect(checked.diagnostics.map(\.code) == ["ends-before-start"])
        #expect(checked.diagnostics.first?.position?.file == "calendars/weekend.ics")
    }

    @Test func aZoneThatTheMachineDoesntKnowIsNamedOnceWithTheNearestOne() {
        let (configuration, tree) = read(timezone: "Europe/Berlim")
        let checked = HouseCalendars.read(configuration, in: tree, zones: ZoneFolder())
        #expect(checked.value == nil)
        #expect(checked.diagnostics.map(\.code) == ["unknown-zone"])
        #expect(checked.diagnostics.map(\.hint) == ["Did you mean 'Europe/Berlin'?"])
        let (second, files) = read(own: "Mars/Phobos")
        let other = HouseCalendars.read(second, in: files, zones: ZoneFolder())
        #expect(other.diagnostics.map(\.position?.line) == [7])
    }
}
