/// The days that a rule chooses in one of its periods.
extension RecurrenceRule {
    /// What is inspected of a day.
    private struct Day {
        let number: Int64
        let date: CalendarDate
        let weekday: Int
    }

    /// The start, whose parts count where the rule says nothing.
    private struct Start {
        let date: CalendarDate
        let weekday: Int

        init(_ local: LocalTime) {
            date = CalendarDate(ofDay: local.day)
            weekday = CalendarDate.weekday(ofDay: local.day)
        }
    }

    /// The days of the period so many intervals after the start's, and how many were looked at.
    ///
    /// In order. Days may lie before the start: a weekly period is the whole week.
    func days(
        ofPeriod index: Int64, start: LocalTime
    ) -> (days: [Int64], looked: Int) {
        let own = Start(start)
        switch frequency {
        case .daily:
            return chosen(from: start.day + index * Int64(interval), count: 1, own)
        case .weekly:
            let intoWeek = (own.weekday - weekStart + 7) % 7
            let first = start.day - Int64(intoWeek) + index * Int64(interval) * 7
            return chosen(from: first, count: 7, own)
        case .monthly:
            let (year, month) = month(ofPeriod: index, own.date)
            guard months.isEmpty || months.contains(month) else { return ([], 1) }
            return chosen(in: month, of: year, own)
        case .yearly:
            let year = own.date.year + Int(index) * interval
            let wanted = months.isEmpty ? (choosesDays ? Array(1...12) : [own.date.month]) : months
            let parts = wanted.map { chosen(in: $0, of: year, own) }
            return (parts.flatMap(\.days), parts.map(\.looked).reduce(1, +))
        }
    }

    /// The number of the first period whose days may reach a day; 0 for those before the start.
    func period(reaching day: Int64, start: LocalTime) -> Int64 {
        let apart = day - start.day
        guard apart > 0 else { return 0 }
        let longest: Int64 =
            switch frequency {
            case .daily: 1
            case .weekly: 7
            case .monthly: 31
            case .yearly: 366
            }
        // One earlier: a week reaches back, and so does a month from its last day.
        return max(0, apart / (longest * Int64(interval)) - 1)
    }

    /// The first day of a period, before which none of its days lies.
    func firstDay(ofPeriod index: Int64, start: LocalTime) -> Int64 {
        let first = CalendarDate(ofDay: start.day)
        switch frequency {
        case .daily: return start.day + index * Int64(interval)
        case .weekly: return start.day - 6 + index * Int64(interval) * 7
        case .monthly:
            let (year, month) = month(ofPeriod: index, first)
            return CalendarDate.number(year, month, 1)
        case .yearly: return CalendarDate.number(first.year + Int(index) * interval, 1, 1)
        }
    }

    private func month(ofPeriod index: Int64, _ start: CalendarDate) -> (year: Int, month: Int) {
        let months = start.year * 12 + start.month - 1 + Int(index) * interval
        return (months / 12, months % 12 + 1)
    }

    private func chosen(
        from first: Int64, count: Int, _ start: Start
    ) -> (days: [Int64], looked: Int) {
        let chosen = (first..<(first + Int64(count))).filter { number in
            let day = Day(
                number: number, date: CalendarDate(ofDay: number),
                weekday: CalendarDate.weekday(ofDay: number))
            return isChosen(day, start)
        }
        return (chosen, count)
    }

    private func chosen(
        in month: Int, of year: Int, _ start: Start
    ) -> (days: [Int64], looked: Int) {
        let count = CalendarDate.days(in: month, of: year)
        let first = CalendarDate.number(year, month, 1)
        let weekday = CalendarDate.weekday(ofDay: first)
        var days: [Int64] = []
        for index in 0..<count {
            let day = Day(
                number: first + Int64(index),
                date: CalendarDate(year: year, month: month, day: index + 1),
                weekday: (weekday + index) % 7)
            if isChosen(day, start) { days.append(day.number) }
        }
        return (days, count)
    }

    private func isChosen(_ day: Day, _ start: Start) -> Bool {
        guard isInMonth(day, start), isOnMonthDay(day, start), isOnWeekday(day, start) else {
            return false
        }
        if !yearDays.isEmpty {
            let first = CalendarDate.number(day.date.year, 1, 1)
            let ofYear = Int(day.number - first) + 1
            let fromEnd = ofYear - (CalendarDate.isLeap(day.date.year) ? 366 : 365) - 1
            guard yearDays.contains(ofYear) || yearDays.contains(fromEnd) else { return false }
        }
        if !weeks.isEmpty {
            let (week, fromEnd) = weekOfYear(day)
            guard weeks.contains(week) || weeks.contains(fromEnd) else { return false }
        }
        return true
    }

    /// Whether the rule says on which days it is, besides by the month.
    private var choosesDays: Bool {
        !(weekdays.isEmpty && monthDays.isEmpty && yearDays.isEmpty && weeks.isEmpty)
    }

    private func isInMonth(_ day: Day, _ start: Start) -> Bool {
        if !months.isEmpty { return months.contains(day.date.month) }
        guard frequency == .yearly, !choosesDays else { return true }
        return day.date.month == start.date.month
    }

    private func isOnMonthDay(_ day: Day, _ start: Start) -> Bool {
        if !monthDays.isEmpty {
            let fromEnd =
                day.date.day - CalendarDate.days(in: day.date.month, of: day.date.year) - 1
            return monthDays.contains(day.date.day) || monthDays.contains(fromEnd)
        }
        guard frequency == .monthly || frequency == .yearly, !choosesDays else { return true }
        return day.date.day == start.date.day
    }

    private func isOnWeekday(_ day: Day, _ start: Start) -> Bool {
        if weekdays.isEmpty {
            // What the rule doesn't say, the start does (RFC 5545, 3.3.10).
            let isByWeek =
                frequency == .weekly || (!weeks.isEmpty && monthDays.isEmpty && yearDays.isEmpty)
            return !isByWeek || day.weekday == start.weekday
        }
        let isByYear = frequency == .yearly && months.isEmpty
        return weekdays.contains { wanted in
            guard wanted.weekday == day.weekday else { return false }
            guard wanted.position != 0 else { return true }
            let (before, after) = isByYear ? placeInYear(day) : placeInMonth(day)
            return wanted.position > 0
                ? wanted.position == before / 7 + 1 : -wanted.position == after / 7 + 1
        }
    }

    private func placeInMonth(_ day: Day) -> (before: Int, after: Int) {
        let count = CalendarDate.days(in: day.date.month, of: day.date.year)
        return (day.date.day - 1, count - day.date.day)
    }

    private func placeInYear(_ day: Day) -> (before: Int, after: Int) {
        let before = Int(day.number - CalendarDate.number(day.date.year, 1, 1))
        return (before, (CalendarDate.isLeap(day.date.year) ? 365 : 364) - before)
    }

    /// The week's number, from the start and from the end (-1) of the year that it belongs to: the
    /// one that has four of its days or more.
    private func weekOfYear(_ day: Day) -> (Int, Int) {
        let intoWeek = (day.weekday - weekStart + 7) % 7
        // The week's fourth day is always in the year that the week belongs to.
        let fourth = day.number - Int64(intoWeek) + 3
        let year = CalendarDate(ofDay: fourth).year
        let before = Int(fourth - CalendarDate.number(year, 1, 1))
        let after = Int(CalendarDate.number(year + 1, 1, 1) - 1 - fourth)
        return (before / 7 + 1, -(after / 7 + 1))
    }
}
