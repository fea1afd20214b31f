extension ZoneRules {
    /// Reads a compiled zone file (RFC 9636, "TZif"); nil for anything else, also for one of
    /// version 1, or with leap seconds (`right/…`), by which its seconds aren't those of Unix.
    package init?(name: String, file bytes: [UInt8]) {
        guard let first = ZoneFileHeader(bytes, at: 0), first.version >= 2,
            let header = ZoneFileHeader(bytes, at: 44 + first.size(ofTimes: 4)),
            header.leapCount == 0, header.typeCount > 0
        else { return nil }
        let times = 44 + first.size(ofTimes: 4) + 44
        let kinds = times + header.timeCount * 8
        let types = kinds + header.timeCount
        let names = types + header.typeCount * 6
        let end = times + header.size(ofTimes: 8)
        guard end <= bytes.count else { return nil }

        func rule(_ index: Int, at second: Int64) -> Transition? {
            guard index < header.typeCount else { return nil }
            let place = types + index * 6
            let offset = Int(Int32(truncatingIfNeeded: number(bytes, place, 4)))
            let start = Int(bytes[place + 5])
            guard abs(offset) < 26 * 3600, start < header.nameCount else { return nil }
            let text = bytes[(names + start)..<(names + header.nameCount)].prefix { $0 != 0 }
            return Transition(
                at: second, offset: offset, name: String(decoding: text, as: UTF8.self))
        }
        guard let before = rule(0, at: .min) else { return nil }
        var transitions: [Transition] = []
        for index in 0..<header.timeCount {
            let second = number(bytes, times + index * 8, 8)
            guard let change = rule(Int(bytes[kinds + index]), at: second),
                transitions.last.map({ $0.at < second }) ?? true
            else { return nil }
            transitions.append(change)
        }
        guard let footer = Self.footer(bytes[end...]) else { return nil }
        self.init(name: name, first: before, transitions: transitions, tail: footer.rule)
    }

    /// The rule between the last two line ends; empty text is none, and nil is no such text.
    private static func footer(_ bytes: ArraySlice<UInt8>) -> (rule: YearlyZoneRule?, Void)? {
        let lineEnd = UInt8(ascii: "\n")
        guard bytes.first == lineEnd, let close = bytes.dropFirst().firstIndex(of: lineEnd) else {
            return nil
        }
        let text = String(decoding: bytes[(bytes.startIndex + 1)..<close], as: UTF8.self)
        guard !text.isEmpty else { return (nil, ()) }
        return YearlyZoneRule(text).map { ($0, ()) }
    }
}

/// The counts at the start of each part of a zone file.
private struct ZoneFileHeader {
    let version: Int
    let timeCount: Int
    let typeCount: Int
    let nameCount: Int
    let leapCount: Int
    private let markCounts: Int

    init?(_ bytes: [UInt8], at start: Int) {
        guard start >= 0, start + 44 <= bytes.count,
            bytes[start..<(start + 4)].elementsEqual("TZif".utf8)
        else { return nil }
        func count(_ index: Int) -> Int { Int(number(bytes, start + 20 + index * 4, 4)) }
        let counts = (0..<6).map(count)
        // Far over what any zone has, so that no sum below overflows.
        guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
        version = Int(bytes[start + 4]) - 48
        markCounts = counts[0] + counts[1]
        leapCount = counts[2]
        timeCount = counts[3]
        typeCount = counts[4]
        nameCount = counts[5]
    }

    /// The size of what follows the header, with times of so many bytes.
    func size(ofTimes width: Int) -> Int {
        timeCount * (width + 1) + typeCount * 6 + nameCount + leapCount * (width + 4) + markCounts
    }
}

/// A signed number of four or eight bytes, the highest first.
private func number(_ bytes: [UInt8], _ start: Int, _ width: Int) -> Int64 {
    let value = bytes[start..<(start + width)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return width == 8
        ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value))
}
