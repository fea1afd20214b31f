import Runbooks

/// A rule by which an event comes again (RFC 5545, 3.3.10), checked.
struct RecurrenceRule: Sendable, Hashable {
    /// The period that it counts in; shorter ones than a day are refused.
    enum Frequency: String, Sendable, CaseIterable {
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// A weekday, each of them or the nth from the start (or, negative, the end) of the period.
    struct Weekday: Sendable, Hashable {
        /// 0 is each.
        let position: Int
        /// 0 for Monday to 6 for Sunday.
        let weekday: Int
    }

    /// What ends it.
    enum End: Sendable, Hashable {
        case never
        case after(Int)
        /// The last second since 1970 in UTC at which it may start.
        case until(Int64)
    }

    var frequency = Frequency.daily
    var interval = 1
    var end = End.never
    var weekStart = 0
    var seconds: [Int] = []
    var minutes: [Int] = []
    var hours: [Int] = []
    var weekdays: [Weekday] = []
    var monthDays: [Int] = []
    var yearDays: [Int] = []
    var weeks: [Int] = []
    var months: [Int] = []
    var positions: [Int] = []
}

/// Why a rule can't be used.
struct RuleProblem: Error {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

extension RecurrenceRule {
    /// Reads a rule for an event that starts at a moment.
    init(_ text: String, start: Moment) throws(RuleProblem) {
        var parts: [String: String] = [:]
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            // A semicolon at the end is common, and means nothing.
            if part.isEmpty { continue }
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[1].isEmpty else {
                throw RuleProblem("\(printableExcerpt(String(part))) is no NAME=VALUE.")
            }
            let name = pair[0].uppercased()
            guard parts.updateValue(String(pair[1]), forKey: name) == nil else {
                throw RuleProblem("\(printableExcerpt(name)) stands twice.")
            }
        }
        guard let word = parts.removeValue(forKey: "FREQ") else {
            throw RuleProblem("There is no FREQ.", hint: "Such as FREQ=WEEKLY;BYDAY=SA.")
        }
        frequency = try Self.frequency(word)
        if let text = parts.removeValue(forKey: "INTERVAL") {
            interval = try Self.number("INTERVAL", text, 1...1000)
        }
        try readLists(&parts)
        try readEnd(&parts, start)
        if let name = parts.keys.sorted().first {
            throw RuleProblem("\(printableExcerpt(name)) is no part of a rule here.")
        }
        try check(start)
    }

    private mutating func readLists(_ parts: inout [String: String]) throws(RuleProblem) {
        if let text = parts.removeValue(forKey: "WKST") {
            guard let day = Self.days.firstIndex(of: text.uppercased()) else {
                throw RuleProblem("WKST is one of \(Self.days.joined(separator: " ")).")
            }
            weekStart = day
        }
        seconds = try Self.list("BYSECOND", &parts, 0...59)
        minutes = try Self.list("BYMINUTE", &parts, 0...59)
        hours = try Self.list("BYHOUR", &parts, 0...23)
        monthDays = try Self.list("BYMONTHDAY", &parts, 1...31, signed: true)
        yearDays = try Self.list("BYYEARDAY", &parts, 1...366, signed: true)
        weeks = try Self.list("BYWEEKNO", &parts, 1...53, signed: true)
        months = try Self.list("BYMONTH", &parts, 1...12)
        positions = try Self.list("BYSETPOS", &parts, 1...366, signed: true)
        for part in (parts.removeValue(forKey: "BYDAY") ?? "").split(separator: ",") {
            let text = part.uppercased()
            guard let day = Self.days.firstIndex(of: String(text.suffix(2))) else {
                throw RuleProblem(
                    "\(printableExcerpt(text)) is no weekday of BYDAY.",
                    hint: "Such as SA, 1SU (the first) or -1FR (the last).")
            }
            let number = text.dropLast(2)
            var position = 0
            if !number.isEmpty {
                position = try Self.number("BYDAY", String(number), 1...53, signed: true)
            }
            weekdays.append(Weekday(position: position, weekday: day))
        }
    }

    private mutating func readEnd(
        _ parts: inout [String: String], _ start: Moment
    ) throws(RuleProblem) {
        let count = parts.removeValue(forKey: "COUNT")
        let until = parts.removeValue(forKey: "UNTIL")
        if let count, until == nil {
            end = .after(try Self.number("COUNT", count, 1...CalendarLimits.count))
        } else if let until, count == nil {
            end = .until(try Self.until(until, start))
        } else if count != nil {
            throw RuleProblem("COUNT and UNTIL exclude each other.", hint: "Keep one of them.")
        }
    }

    /// The last second of a rule's end, which must be of the same kind as its event's start.
    private static func until(_ text: String, _ start: Moment) throws(RuleProblem) -> Int64 {
        guard let value = DateTimeText(text) else {
            throw RuleProblem(
                "UNTIL=\(printableExcerpt(text)) is no date or time that exists.",
                hint: "Such as UNTIL=20271231T220000Z.")
        }
        switch (value.form, start.isDay) {
        case (.day, true): break
        case (.day, false):
            throw RuleProblem(
                "UNTIL is a day, but the event starts at a time of one: programs disagree whether "
                    + "that day counts.",
                hint: "Give the time of the last start in UTC: UNTIL=\(text)T225959Z.")
        case (.utc, true), (.local, true):
            throw RuleProblem(
                "UNTIL is a time, but the event is for whole days.",
                hint: "Give the last day: UNTIL=\(text.prefix(8)).")
        case (.utc, false), (.local, false): break
        }
        // Programs write a local time there too, and mean the event's zone.
        let last = value.form == .utc ? value.local.seconds : start.zone.instant(of: value.local)
        guard last >= start.instant else {
            throw RuleProblem(
                "UNTIL is before DTSTART, so there is no occurrence.",
                hint: "Take the event out, or give a later UNTIL.")
        }
        return last
    }

    /// What the standard forbids, and what can't be meant (RFC 5545, 3.3.10).
    private func check(_ start: Moment) throws(RuleProblem) {
        func refuse(_ isWrong: Bool, _ message: String, _ hint: String?) throws(RuleProblem) {
            if isWrong { throw RuleProblem(message, hint: hint) }
        }
        let word = frequency.rawValue
        try refuse(
            start.isDay && !(hours + minutes + seconds).isEmpty,
            "BYHOUR, BYMINUTE and BYSECOND are for events with a time, and this is for whole days.",
            "Take them out, or give DTSTART a time.")
        try refuse(
            !weeks.isEmpty && frequency != .yearly, "BYWEEKNO is for FREQ=YEARLY only.", nil)
        try refuse(
            !yearDays.isEmpty && frequency != .yearly, "BYYEARDAY is for FREQ=YEARLY only.", nil)
        try refuse(
            !monthDays.isEmpty && frequency == .weekly, "BYMONTHDAY doesn't go with FREQ=WEEKLY.",
            "Use FREQ=MONTHLY.")
        let isNumbered = weekdays.contains { $0.position != 0 }
        try refuse(
            isNumbered && (frequency == .daily || frequency == .weekly),
            "A number before a weekday doesn't go with FREQ=\(word).", "Use FREQ=MONTHLY.")
        try refuse(
            isNumbered && !weeks.isEmpty, "A number before a weekday doesn't go with BYWEEKNO.", nil
        )
        let others =
            seconds + minutes + hours + monthDays + yearDays + weeks + months
            + weekdays.map(\.weekday)
        try refuse(
            !positions.isEmpty && others.isEmpty, "BYSETPOS chooses from another BY… part.",
            "Such as BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1, the last working day.")
    }
}

extension RecurrenceRule {
    private static let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

    private static func frequency(_ word: String) throws(RuleProblem) -> Frequency {
        let word = word.uppercased()
        if let known = Frequency(rawValue: word) { return known }
        guard ["HOURLY", "MINUTELY", "SECONDLY"].contains(word) else {
            throw RuleProblem(
                "FREQ=\(printableExcerpt(word)) is none of DAILY, WEEKLY, MONTHLY and YEARLY.")
        }
        throw RuleProblem(
            "FREQ=\(word) is refused: windows and freezes come again by the day at most.",
            hint: "Write FREQ=DAILY with BYHOUR.")
    }

    private static func list(
        _ name: String, _ parts: inout [String: String], _ range: ClosedRange<Int>,
        signed: Bool = false
    ) throws(RuleProblem) -> [Int] {
        guard let text = parts.removeValue(forKey: name) else { return [] }
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            numbers.insert(try number(name, String(part), range, signed: signed))
        }
        return numbers.sorted()
    }

    private static func number(
        _ name: String, _ text: String, _ range: ClosedRange<Int>, signed: Bool = false
    ) throws(RuleProblem) -> Int {
        guard text.utf8.count <= 7, let number = Int(text),
            signed || !"+-".contains(text.prefix(1)),
            range.contains(signed ? abs(number) : number)
        else {
            let reversed = signed ? ", or from the end, -\(range.upperBound) to -1" : ""
            throw RuleProblem(
                "\(name) has \(printableExcerpt(text)), which is no number from "
                    + "\(range.lowerBound) to \(range.upperBound)\(reversed).")
        }
        return number
    }
}
