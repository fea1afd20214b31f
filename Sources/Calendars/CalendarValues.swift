/// A date or a time as a calendar writes it.
struct DateTimeText: Sendable, Hashable {
    /// How it is written.
    enum Form: Sendable, Hashable {
        /// `20261128`
        case day
        /// `20261128T200000`
        case local
        /// `20261128T190000Z`
        case utc
    }

    let form: Form
    let local: LocalTime

    /// Nil for text of another form, and for days and times that don't exist.
    ///
    /// A second of 60 is a leap second, which Unix doesn't count: it is the last of its minute.
    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(17))
        guard text.utf8.count <= 16 else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(0) { sum, byte in
                sum.flatMap { (48...57).contains(byte) ? $0 * 10 + Int(byte - 48) : nil }
            }
        }
        guard [8, 15, 16].contains(bytes.count), let year = number(0..<4), year >= 1,
            let month = number(4..<6), (1...12).contains(month), let day = number(6..<8),
            day >= 1, day <= CalendarDate.days(in: month, of: year)
        else { return nil }
        let midnight = LocalTime(day: CalendarDate.number(year, month, day))
        guard bytes.count > 8 else {
            form = .day
            local = midnight
            return
        }
        guard bytes[8] == UInt8(ascii: "T"), let hour = number(9..<11), hour < 24,
            let minute = number(11..<13), minute < 60, let second = number(13..<15), second <= 60,
            bytes.count == 15 || bytes[15] == UInt8(ascii: "Z")
        else { return nil }
        form = bytes.count == 16 ? .utc : .local
        local = midnight.adding(Int64((hour * 60 + minute) * 60 + min(second, 59)))
    }
}

/// A length of time as a calendar writes it (RFC 5545, 3.3.6), such as `PT8H` or `P1DT2H`.
struct DurationText: Sendable, Hashable {
    /// Days on the calendar, each from one time of day to the same.
    let days: Int64
    /// Seconds that pass.
    let seconds: Int64

    /// Nil for text of another form.
    init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        var sign: Int64 = 1
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            sign = rest.first == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
        }
        guard rest.first == UInt8(ascii: "P"), rest.count > 1 else { return nil }
        rest = rest.dropFirst()
        var days: Int64 = 0
        var seconds: Int64 = 0
        var isTime = false
        var units = Array("WD".utf8)[...]
        while let next = rest.first {
            if next == UInt8(ascii: "T") {
                guard !isTime, rest.count > 1 else { return nil }
                isTime = true
                units = Array("HMS".utf8)[...]
                rest = rest.dropFirst()
                continue
            }
            let digits = rest.prefix { (48...57).contains($0) }
            rest = rest.dropFirst(digits.count)
            guard (1...8).contains(digits.count), let unit = rest.popFirst(),
                let place = units.firstIndex(of: unit),
                let number = Int64(String(decoding: digits, as: UTF8.self))
            else { return nil }
            units = units[(place + 1)...]
            switch unit {
            case UInt8(ascii: "W"): days += number * 7
            case UInt8(ascii: "D"): days += number
            case UInt8(ascii: "H"): seconds += number * 3600
            case UInt8(ascii: "M"): seconds += number * 60
            default: seconds += number
            }
        }
        self.days = sign * days
        self.seconds = sign * seconds
    }
}

/// A text as a calendar writes it, with its escapes undone (RFC 5545, 3.3.11).
func unescapedText(_ value: String) -> String {
    var text = ""
    var isEscape = false
    for scalar in value.unicodeScalars {
        if isEscape {
            text.unicodeScalars.append(scalar == "n" || scalar == "N" ? "\n" : scalar)
            isEscape = false
        } else if scalar == "\\" {
            isEscape = true
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
    return text
}
