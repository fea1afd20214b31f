import Runner

/// The rules of a time zone: how far its clocks were ahead of UTC, and when that changed.
package struct ZoneRules: Sendable, Hashable {
    /// A change of the clocks.
    struct Transition: Sendable, Hashable {
        /// The second since 1970 in UTC from which `offset` holds.
        let at: Int64
        /// Seconds ahead of UTC from then on.
        let offset: Int
        /// What the zone's time is called from then on, such as `CEST`; empty where unknown.
        let name: String
    }

    /// As people write it: `Europe/Berlin`.
    package let name: String
    /// What holds before the first transition.
    let first: Transition
    /// The changes, the earliest first.
    let transitions: [Transition]
    /// What goes on after the last of them; nil where the last offset stays.
    let tail: YearlyZoneRule?

    init(
        name: String, first: Transition, transitions: [Transition], tail: YearlyZoneRule? = nil
    ) {
        self.name = name
        self.first = first
        self.transitions = transitions
        self.tail = tail
    }

    /// Coordinated universal time.
    package static let utc = ZoneRules(
        name: "UTC", first: Transition(at: .min, offset: 0, name: "UTC"), transitions: [])

    /// The seconds that clocks are ahead of UTC at an instant.
    package func offset(at instant: Timestamp) -> Int {
        rule(at: floorSecond(instant)).offset
    }

    /// An instant as people of the zone read it: `Sat 2026-11-28 20:00 CET`.
    ///
    /// Seconds are shown where they aren't zero. Where the zone's name for it is unknown, or is
    /// digits alone, the offset stands there: `+05:30`.
    package func text(of instant: Timestamp) -> String {
        let second = floorSecond(instant)
        let rule = rule(at: second)
        let local = LocalTime(seconds: second + Int64(rule.offset))
        let date = CalendarDate(ofDay: local.day)
        let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][
            CalendarDate.weekday(ofDay: local.day)]
        let time = Int(local.ofDay)
        let seconds = time % 60 == 0 ? "" : ":" + twoDigits(time % 60)
        return "\(weekday) \(date.year)-\(twoDigits(date.month))-\(twoDigits(date.day)) "
            + "\(twoDigits(time / 3600)):\(twoDigits(time / 60 % 60))\(seconds) \(Self.shown(rule))"
    }

    /// The second since 1970 in UTC at which the zone's clocks show a time.
    ///
    /// RFC 5545, 3.3.5: a time that they show twice is the first of both, and one that they skip is
    /// reckoned with the offset before the gap.
    func instant(of local: LocalTime) -> Int64 {
        // No zone has been further from UTC, or changed its clocks by more at once, than 26 hours.
        let around: Int64 = 26 * 3600
        let earliest = rule(at: local.seconds - around)
        var before = earliest.offset
        let changes = transitions(from: local.seconds - around, to: local.seconds + around)
        for change in changes {
            let candidate = local.seconds - Int64(before)
            if candidate < change.at { return candidate }
            // The clocks never showed it: they went from before to after it.
            if local.seconds < change.at + Int64(change.offset) { return candidate }
            before = change.offset
        }
        return local.seconds - Int64(before)
    }

    /// What holds at a second since 1970 in UTC.
    func rule(at second: Int64) -> Transition {
        let count = firstIndex(after: second)
        if count == transitions.count, let tail {
            let last = transitions.last ?? first
            return tail.rule(at: second, after: last)
        }
        return count == 0 ? first : transitions[count - 1]
    }

    /// The changes within (from, to], the earliest first.
    func transitions(from: Int64, to: Int64) -> [Transition] {
        let start = firstIndex(after: from)
        let end = firstIndex(after: to)
        let listed = start < end ? Array(transitions[start..<end]) : []
        guard end == transitions.count, let tail else { return listed }
        let last = transitions.last?.at ?? .min
        return listed + tail.transitions(from: max(from, last), to: to)
    }

    private func firstIndex(after second: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= second { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func shown(_ rule: Transition) -> String {
        if let sign = rule.name.first, sign.isLetter { return rule.name }
        let minutes = abs(rule.offset) / 60
        return (rule.offset < 0 ? "-" : "+") + twoDigits(minutes / 60) + ":"
            + twoDigits(minutes % 60)
    }
}

/// A number below 100 with two digits.
func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
