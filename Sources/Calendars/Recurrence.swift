/// The starts that a rule gives, in order, with a limit to the work.
///
/// It always ends: it stops at the horizon whether it found anything or not, and each day looked
/// at and each start found costs one of `work`.
struct Recurrence {
    let rule: RecurrenceRule
    let start: Moment

    /// More work than is allowed would be needed.
    struct TooMuch: Error {}

    /// The starts of the rule whose clocks show `from` or later, and `to` at most.
    ///
    /// Those before DTSTART don't exist; UNTIL and COUNT are obeyed, EXDATE isn't known here.
    func starts(
        from: LocalTime, to: LocalTime, work: inout Int
    ) throws(TooMuch) -> [LocalTime] {
        var index: Int64 = 0
        var left = Int.max
        if case .after(let count) = rule.end {
            left = count
        } else {
            index = rule.period(reaching: from.day, start: start.local)
        }
        var found: [LocalTime] = []
        let times = timesOfDay
        while left > 0, rule.firstDay(ofPeriod: index, start: start.local) <= to.day {
            let starts = try starts(ofPeriod: index, times, work: &work)
            for local in starts where local >= start.local && left > 0 {
                if case .until(let last) = rule.end, start.zone.instant(of: local) > last {
                    continue
                }
                left -= 1
                if local >= from, local <= to { found.append(local) }
            }
            index += 1
        }
        return found
    }

    /// Whether the rule gives the start itself.
    func givesItsStart(work: inout Int) throws(TooMuch) -> Bool {
        try starts(ofPeriod: 0, timesOfDay, work: &work).contains(start.local)
    }

    private func starts(
        ofPeriod index: Int64, _ times: [Int64], work: inout Int
    ) throws(TooMuch) -> [LocalTime] {
        let (days, looked) = rule.days(ofPeriod: index, start: start.local)
        work -= looked + days.count * times.count
        guard work > 0 else { throw TooMuch() }
        let all = days.flatMap { day in times.map { LocalTime(day: day).adding($0) } }
        guard !rule.positions.isEmpty else { return all }
        return Set(
            rule.positions.map { $0 > 0 ? $0 - 1 : all.count + $0 }
        ).filter(all.indices.contains).sorted().map { all[$0] }
    }

    /// The seconds since midnight at which it starts on each of its days, in order.
    private var timesOfDay: [Int64] {
        let time = start.local.ofDay
        func given(_ list: [Int], or own: Int64) -> [Int64] {
            list.isEmpty ? [own] : list.map(Int64.init)
        }
        let hours = given(rule.hours, or: time / 3600)
        let minutes = given(rule.minutes, or: time / 60 % 60)
        let seconds = given(rule.seconds, or: time % 60)
        return hours.flatMap { hour in
            minutes.flatMap { minute in seconds.map { (hour * 60 + minute) * 60 + $0 } }
        }
    }
}
