import Runner

/// Bytes by their place, in pages of a spool that are taken as they are needed.
struct PagedBytes: Sendable {
    private let pages: SpoolPages
    private var numbers: [Int] = []
    /// The place after the last one that was written.
    private(set) var count = 0

    init(in pages: SpoolPages) { self.pages = pages }

    /// Writes at a place; `count` stays as it was when that fails.
    mutating func write(_ bytes: ArraySlice<UInt8>, at place: Int) throws(JournalError) {
        var rest = bytes
        var place = place
        while !rest.isEmpty {
            let (page, offset) = place.quotientAndRemainder(dividingBy: SpoolLimit.pageBytes)
            while page >= numbers.count { numbers.append(try pages.take()) }
            let piece = rest.prefix(SpoolLimit.pageBytes - offset)
            try pages.write(piece, to: numbers[page], at: offset)
            rest = rest.dropFirst(piece.count)
            place += piece.count
        }
        count = max(count, place)
    }

    /// Writes after the last byte.
    mutating func append(_ bytes: ArraySlice<UInt8>) throws(JournalError) {
        try write(bytes, at: count)
    }

    /// Where places are.
    func stretches(_ range: Range<Int>) -> [SpooledOutput.Stretch] {
        var stretches: [SpooledOutput.Stretch] = []
        var place = range.lowerBound
        while place < range.upperBound {
            let (page, offset) = place.quotientAndRemainder(dividingBy: SpoolLimit.pageBytes)
            let length = min(range.upperBound - place, SpoolLimit.pageBytes - offset)
            stretches.append(
                SpooledOutput.Stretch(page: numbers[page], range: offset..<(offset + length)))
            place += length
        }
        return stretches
    }
}
