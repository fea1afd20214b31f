import Calendars
import Foundation
import Runbooks
import Runner

/// What the tests of calendars have in common.
enum Samples {
    /// The machine's zones.
    static let zones = ZoneFolder()

    /// The rules of a zone that every machine has.
    static func zone(_ name: String) -> ZoneRules {
        guard let rules = zones.zone(named: name) else {
            preconditionFailure("this machine has no zone \(name): install 'tzdata'")
        }
        return rules
    }

    /// A calendar with the lines of one event, read with Berlin as the zone of what names none.
    static func read(event lines: String) -> Checked<EventCalendar> {
        read(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:one\n\(lines)\nEND:VEVENT\n"
                + "END:VCALENDAR\n")
    }

    /// A whole calendar, read with Berlin as the zone of what names none.
    static func read(_ text: String) -> Checked<EventCalendar> {
        EventCalendar.read(
            Array(text.utf8), file: "c.ics", floating: zone("Europe/Berlin"), zones: zones)
    }

    /// An instant by its text in UTC, such as `2026-11-28T19:00:00Z`.
    static func instant(_ text: String) -> Timestamp {
        guard let instant = Timestamp(trailText: text.dropLast() + ".000Z") else {
            preconditionFailure("'\(text)' is no instant")
        }
        return instant
    }

    /// From one instant to another.
    static func interval(_ start: String, _ end: String) -> Interval {
        guard let interval = Interval(instant(start), instant(end)) else {
            preconditionFailure("'\(start)' isn't before '\(end)'")
        }
        return interval
    }

    /// The occurrences within a year or two, as `start/end` in UTC.
    static func spans(
        _ read: Checked<EventCalendar>, _ start: String = "2026-01-01T00:00:00Z",
        _ end: String = "2028-01-01T00:00:00Z"
    ) -> [String] {
        guard let spans = read.value?.spans(in: interval(start, end)).value else {
            return read.diagnostics.map { "\($0.code): \($0.message)" }
        }
        return spans.map { "\($0.interval.start.spokenText)/\($0.interval.end.spokenText)" }
    }
}

extension Samples {
    /// A file's bytes; nil where it can't be read.
    static func bytes(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }
}
