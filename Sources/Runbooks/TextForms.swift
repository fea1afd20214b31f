/// Reads a length of time such as `500ms`, `5s`, `2m`, `1h30m` or `3d`.
///
/// Whole numbers with units, greatest unit first, each unit once; no sign, space or fraction.
/// Nil for anything else, and for more than 10,000 days.
package func parseDuration(_ text: String) -> Duration? {
    guard let milliseconds = parseAmounts(text, units: durationUnits, single: false),
        milliseconds <= longestDurationMilliseconds
    else { return nil }
    return .milliseconds(milliseconds)
}

/// The shortest text that `parseDuration` reads as this length, such as `1h30m`; `0s` for none.
///
/// Parts of a millisecond are dropped; a negative length, which no document can hold, gets a sign.
package func formatDuration(_ duration: Duration) -> String {
    var rest = Int(duration.inMilliseconds)
    guard rest != 0 else { return "0s" }
    var text = rest < 0 ? "-" : ""
    for (unit, factor) in durationUnits where rest.magnitude >= factor.magnitude {
        text += "\(rest.magnitude / factor.magnitude)\(unit)"
        rest %= factor
    }
    return text
}

/// Reads a size such as `10B`, `20KiB`, `1GiB` (powers of 1024) or `5MB` (powers of 1000).
///
/// One whole number and one unit, without sign, space or fraction; nil for anything else, and for
/// more bytes than an `Int` holds.
package func parseSize(_ text: String) -> Int? {
    parseAmounts(text, units: sizeUnits, single: true)
}

/// The shortest text that `parseSize` reads as this number of bytes, such as `20MiB`.
package func formatSize(_ bytes: Int) -> String {
    guard bytes != 0 else { return "0B" }
    let exact = sizeUnits.filter { bytes.isMultiple(of: $0.factor) }
    let texts = exact.map { "\(bytes / $0.factor)\($0.name)" }
    return texts.min { $0.utf8.count < $1.utf8.count } ?? "\(bytes)B"
}

/// The greatest length of time that `parseDuration` reads: 10,000 days.
private let longestDurationMilliseconds = 10_000 * 86_400_000

/// Units of time in milliseconds, greatest first.
private let durationUnits: [(name: String, factor: Int)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
]

/// Units of size in bytes.
private let sizeUnits: [(name: String, factor: Int)] = [
    ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000),
    ("MiB", 1 << 20), ("MB", 1_000_000), ("KiB", 1 << 10), ("kB", 1000), ("KB", 1000), ("B", 1),
]

/// The sum of the amounts in a text, in the unit whose factor is 1.
private func parseAmounts(
    _ text: String, units: [(name: String, factor: Int)], single: Bool
) -> Int? {
    var rest = Substring(text)
    var next = 0
    var sum = 0
    guard !rest.isEmpty, text.utf8.count <= 40 else { return nil }
    while !rest.isEmpty {
        let digits = rest.prefix { $0.isASCII && $0.isWholeNumber }
        rest = rest.dropFirst(digits.count)
        let name = rest.prefix { $0.isASCII && $0.isLetter }
        rest = rest.dropFirst(name.count)
        guard let number = Int(digits),
            let index = units[next...].firstIndex(where: { $0.name == name })
        else { return nil }
        let (product, tooMuch) = number.multipliedReportingOverflow(by: units[index].factor)
        let (total, tooMany) = sum.addingReportingOverflow(product)
        guard !tooMuch, !tooMany else { return nil }
        sum = total
        next = single ? units.count : index + 1
    }
    return sum
}
