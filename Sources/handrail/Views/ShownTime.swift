import Runbooks
import Runner

/// How instants are shown: in the person's zone, with how long ago they were beside them.
struct ShownTime: Sendable {
    let now: Timestamp
    let zoneOffset: @Sendable (Timestamp) -> Int

    init(now: Timestamp, zoneOffset: @escaping @Sendable (Timestamp) -> Int) {
        self.now = now
        self.zoneOffset = zoneOffset
    }

    init(_ world: World) { self.init(now: world.now(), zoneOffset: world.zoneOffset) }

    /// RFC 3339 with the zone.
    func full(_ time: Timestamp) -> String { TimeText.full(time, offset: zoneOffset(time)) }

    /// `2026-11-23T07:14:05+01:00 (4 min ago)`.
    func both(_ time: Timestamp) -> String { "\(full(time)) (\(ago(time)))" }

    /// `02:14` in the person's zone.
    func clock(_ time: Timestamp) -> String { String(full(time).dropFirst(11).prefix(5)) }

    /// `02:14:07` in the person's zone.
    func second(_ time: Timestamp) -> String { String(full(time).dropFirst(11).prefix(8)) }

    /// `today` or `yesterday` in the person's zone, else the date.
    func day(_ time: Timestamp) -> String {
        let date = full(time).prefix(10)
        if date == full(now).prefix(10) { return "today" }
        let isYesterday = date == full(now.adding(.seconds(-86_400))).prefix(10)
        return isYesterday ? "yesterday" : String(date)
    }

    /// `4 min ago`; for instants to come, `in 4 min`.
    func ago(_ time: Timestamp) -> String {
        guard time > now else { return TimeText.ago(time, now: now) }
        return "in \(TimeText.length(time.since(now)))"
    }
}

/// Text from documents, people and targets on its way to a terminal.
enum SafeText {
    /// One printable line.
    static func line(_ text: String) -> String { printable(text.utf8, keepNewlines: false) }

    /// Printable lines.
    static func lines(_ text: String) -> [String] {
        printable(text.utf8, keepNewlines: true).split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .map(String.init)
    }
}

/// What people wrote, where it is one of many things on the screen.
enum ShortText {
    /// The most characters that are shown.
    static let longest = 160

    /// One printable line, cut with `…`.
    static func of(_ text: String) -> String {
        let line = SafeText.line(text)
        return line.count > longest ? line.prefix(longest) + "…" : line
    }
}
