import Runner

/// Days as the zone's people have them.
extension ZoneRules {
    /// When the day began that an instant lies in.
    package func startOfDay(at instant: Timestamp) -> Timestamp {
        let second = floorSecond(instant)
        let local = LocalTime(seconds: second + Int64(rule(at: second).offset))
        return start(ofDay: local.day)
    }

    /// When a day begins that is written `2026-12-01`; nil for what is no day.
    package func startOfDay(_ text: String) -> Timestamp? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
        }
        guard parts.map(\.utf8.count) == [4, 2, 2], numbers.count == 3, numbers[0] >= 1970,
            (1...12).contains(numbers[1]),
            (1...CalendarDate.days(in: numbers[1], of: numbers[0])).contains(numbers[2])
        else { return nil }
        return start(ofDay: CalendarDate.number(numbers[0], numbers[1], numbers[2]))
    }

    /// A day as people of the zone write it: `Sat 2026-11-28`.
    package func day(of instant: Timestamp) -> String { String(text(of: instant).prefix(14)) }

    /// The clock at an instant, with the zone's name for it: `20:00 CET`.
    package func clock(of instant: Timestamp) -> String {
        String(text(of: instant).dropFirst(15))
    }

    private func start(ofDay day: Int64) -> Timestamp {
        Timestamp(milliseconds: instant(of: LocalTime(day: day)) * 1000)
    }
}
