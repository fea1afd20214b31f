import Runner

/// An entry of a schedule that other programs read.
package struct ScheduleEntry: Sendable, Hashable {
    /// Whether the entry's time is agreed.
    package enum Status: String, Sendable, CaseIterable {
        case tentative = "TENTATIVE"
        case confirmed = "CONFIRMED"
        case cancelled = "CANCELLED"
    }

    /// A name that stays the same whatever else of it changes, such as `CHG-42@library`.
    package let uid: String
    /// When it is.
    package let interval: Interval
    /// One line.
    package let title: String
    /// Any text; empty for none.
    package let description: String
    /// Words to filter by, such as the change's type.
    package let categories: [String]
    /// Whether its time is agreed.
    package let status: Status
    /// How often it was changed: calendar programs take the entry with the greater number.
    package let sequence: Int
    /// When it was last changed.
    package let changed: Timestamp

    package init(
        uid: String, interval: Interval, title: String, description: String = "",
        categories: [String] = [], status: Status = .confirmed, sequence: Int = 0,
        changed: Timestamp
    ) {
        self.uid = uid
        self.interval = interval
        self.title = title
        self.description = description
        self.categories = categories
        self.status = status
        self.sequence = sequence
        self.changed = changed
    }
}

/// A schedule as iCalendar text (RFC 5545).
///
/// The same entries give the same bytes. Times are in UTC, which needs no VTIMEZONE and means the
/// same everywhere; seconds that an interval has parts of are rounded outward, so that it is never
/// shown shorter than it is.
package struct ScheduleText: Sendable {
    /// The text, in lines of 75 bytes at most with CR LF at their ends.
    package let text: String

    package init(name: String, entries: [ScheduleEntry]) {
        var lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Handrail//Schedule of changes//EN",
            "CALSCALE:GREGORIAN", "METHOD:PUBLISH", "X-WR-CALNAME:" + Self.escaped(name),
        ]
        for entry in entries.sorted(by: Self.isBefore) {
            lines.append("BEGIN:VEVENT")
            lines.append("UID:" + Self.escaped(entry.uid))
            lines.append("DTSTAMP:" + Self.time(floorSecond(entry.changed)))
            lines.append("LAST-MODIFIED:" + Self.time(floorSecond(entry.changed)))
            lines.append("SEQUENCE:\(max(0, entry.sequence))")
            lines.append("DTSTART:" + Self.time(floorSecond(entry.interval.start)))
            let roundedUp = Timestamp(milliseconds: entry.interval.end.milliseconds + 999)
            lines.append("DTEND:" + Self.time(floorSecond(roundedUp)))
            lines.append("SUMMARY:" + Self.escaped(entry.title))
            if !entry.description.isEmpty {
                lines.append("DESCRIPTION:" + Self.escaped(entry.description))
            }
            if !entry.categories.isEmpty {
                lines.append(
                    "CATEGORIES:" + entry.categories.map(Self.escaped).joined(separator: ","))
            }
            lines.append("STATUS:" + entry.status.rawValue)
            lines.append("TRANSP:OPAQUE")
            lines.append("END:VEVENT")
        }
        lines.append("END:VCALENDAR")
        text = lines.map { Self.folded($0) + "\r\n" }.joined()
    }

    private static func isBefore(_ left: ScheduleEntry, _ right: ScheduleEntry) -> Bool {
        (left.interval.start, left.uid) < (right.interval.start, right.uid)
    }

    private static func time(_ second: Int64) -> String {
        let text = Timestamp(milliseconds: second * 1000).spokenText
        return text.filter { $0 != "-" && $0 != ":" }
    }

    /// RFC 5545, 3.3.11; control characters, which it forbids, become spaces.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ";", ",":
                escaped += "\\"
                escaped.unicodeScalars.append(scalar)
            case "\n": escaped += "\\n"
            case "\r": continue
            case "\t": escaped += " "
            case _ where scalar.properties.generalCategory == .control: escaped += " "
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// RFC 5545, 3.1: 75 bytes a line, without cutting a character.
    private static func folded(_ line: String) -> String {
        guard line.utf8.count > 75 else { return line }
        var text = ""
        var length = 0
        for character in line.unicodeScalars {
            let size = String(character).utf8.count
            if length + size > 75 {
                text += "\r\n "
                length = 1
            }
            text.unicodeScalars.append(character)
            length += size
        }
        return text
    }
}
