extension Timestamp {
    /// Those that the trail's text can say: of the years 0 to 9999.
    package static let inTrail =
        Timestamp(milliseconds: -62_167_219_200_000)...Timestamp(milliseconds: 253_402_300_799_999)

    /// RFC 3339 in UTC with milliseconds: `2026-11-23T08:14:02.113Z`.
    package var trailText: String {
        let (day, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let time = rest < 0 ? rest + 86_400_000 : rest
        let (year, month, date) = Self.date(ofDay: rest < 0 ? day - 1 : day)
        // Each event's line has one: written byte by byte, without a text for each number.
        return String(unsafeUninitializedCapacity: 32) { bytes in
            var count = 0
            func put(_ number: Int64, _ width: Int, _ end: UInt8) {
                var rest = number
                for place in (count..<(count + width)).reversed() {
                    bytes[place] = 48 + UInt8(rest % 10)
                    rest /= 10
                }
                bytes[count + width] = end
                count += width + 1
            }
            // No clock says another year than one of four digits.
            put(min(max(year, 0), 9999), 4, UInt8(ascii: "-"))
            put(month, 2, UInt8(ascii: "-"))
            put(date, 2, UInt8(ascii: "T"))
            put(time / 3_600_000, 2, UInt8(ascii: ":"))
            put(time / 60_000 % 60, 2, UInt8(ascii: ":"))
            put(time / 1000 % 60, 2, UInt8(ascii: "."))
            put(time % 1000, 3, UInt8(ascii: "Z"))
            return count
        }
    }

    /// RFC 3339 in UTC to the second, as sentences have it: `2026-11-23T08:14:02Z`.
    package var spokenText: String { trailText.prefix(19) + "Z" }

    /// Reads `trailText`, and no other form; nil for a day or a time that doesn't exist.
    package init?(trailText text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 24 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            bytes[range].reduce(0) { sum, byte in
                sum.flatMap { (48...57).contains(byte) ? $0 * 10 + Int64(byte - 48) : nil }
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let date = number(8..<10),
            let hours = number(11..<13), let minutes = number(14..<16),
            let seconds = number(17..<19), let rest = number(20..<23), (1...12).contains(month)
        else { return nil }
        let time = ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
        self.init(milliseconds: Self.day(year, month, date) * 86_400_000 + time)
        guard trailText == text else { return nil }
    }

    /// The number of a day from 1970-01-01: what `date(ofDay:)` turns back.
    package static func day(_ year: Int64, _ month: Int64, _ date: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    /// The day in the Gregorian calendar, counted from 1970-01-01.
    ///
    /// Years begin in March here, so that a leap day is a year's last (H. Hinnant, "chrono-
    /// Compatible Low-Level Date Algorithms").
    package static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let inEra = shifted - era * 146_097
        let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * inYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let date = inYear - (153 * march + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, date)
    }
}
