import Calendars
import Runbooks
import Runner
import Testing

@testable import handrail

/// The calendars of a library and of trust, as gate 6 asks them together.
struct AskedCalendarsTests {
    /// 2026-11-28T12:00:00Z, a Saturday.
    private static let noon = Timestamp(milliseconds: 1_795_867_200_000)

    private static func file(_ start: String, _ end: String) -> [UInt8] {
        Array(
            ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
                + "DTSTAMP:20260101T000000Z\r\nDTSTART:\(start)\r\nDTEND:\(end)\r\n"
                + "END:VEVENT\r\nEND:VCALENDAR\r\n").utf8)
    }

    private static func library(_ calendars: [CalendarRule], _ file: [UInt8]) -> Library {
        Library(
            configuration: Configuration(
                libraryID: "lab", environments: [], timezone: "UTC", calendars: calendars),
            inventory: Inventory(targets: []), runbooks: [],
            tree: LibraryTree(
                source: "tests", entries: ["calendars/week.ics": .init(kind: .file, bytes: file)]))
    }

    private static let week = CalendarRule(
        name: "week", file: "calendars/week.ics", kind: .windows, timezone: "UTC",
        position: SourcePosition(file: "handrail.yaml", line: 1, column: 1))

    private static func floor(_ files: [String: [UInt8]]) -> AskedFloor {
        AskedFloor(
            floor: EnvironmentFloor(name: "production", windows: files.keys.sorted()),
            files: TrustCalendars(timezone: "UTC", files: files))
    }

    private static let question = CalendarQuestion.change(type: "driver", windows: ["week"])

    private static func state(
        _ floor: AskedFloor?, calendars: [CalendarRule] = [week],
        file: [UInt8] = file("20261128T000000Z", "20261129T000000Z")
    ) -> CalendarState {
        AskedCalendars(
            of: library(calendars, file), around: noon, zones: ZoneFolder(), floor: floor
        ).state
    }

    @Test func trustsWindowNarrowsTheLibrarys() {
        let narrow = Self.floor([
            "calendars/night.ics": Self.file("20261128T200000Z", "20261128T220000Z")
        ])
        guard case .known(let calendar) = Self.state(narrow) else {
            Issue.record("it isn't known")
            return
        }
        let open = calendar.openTimes(for: Self.question).intervals
        #expect(open.map(\.start) == [Self.noon.adding(.seconds(8 * 3600))])
        #expect(open.map(\.end) == [Self.noon.adding(.seconds(10 * 3600))])
        guard case .known(let wide) = Self.state(nil) else {
            Issue.record("it isn't known")
            return
        }
        #expect(wide.opening(at: Self.noon, for: Self.question).nextTransition != nil)
        #expect(wide.openTimes(for: Self.question).interval(at: Self.noon) != nil)
    }

    @Test func aFileThatCantBeReadClosesWhatAsks() {
        let broken = Self.floor(["calendars/night.ics": Array("BEGIN:VCALENDAR\r\n".utf8)])
        guard case .unreadable(let why) = Self.state(broken) else {
            Issue.record("it can be read")
            return
        }
        #expect(why.first?.hasPrefix("trust's calendars/night.ics:") == true, "\(why)")
        // The library's problems are told beside them.
        guard case .unreadable(let both) = Self.state(broken, file: []) else {
            Issue.record("it can be read")
            return
        }
        #expect(both.count > why.count)
    }

    @Test func withoutAnyThereIsNone() {
        #expect(Self.state(nil, calendars: []) == CalendarState.none)
        let narrow = Self.floor([
            "calendars/night.ics": Self.file("20261128T200000Z", "20261128T220000Z")
        ])
        guard case .known(let calendar) = Self.state(narrow, calendars: []) else {
            Issue.record("it isn't known")
            return
        }
        #expect(calendar.openTimes(for: Self.question).intervals == [])
    }
}
