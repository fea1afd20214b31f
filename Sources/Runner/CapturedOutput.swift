/// A stream's bytes, bounded and redacted.
///
/// Short ones are in memory. What is longer lies in a spool, so that it is read piece by piece;
/// reading may block for reading a file.
package struct CapturedOutput: Sendable, Hashable {
    /// What outgrew memory, redacted already.
    package let spooled: SpooledOutput?
    /// What follows it in memory; all of it, when nothing outgrew that.
    package var rest: [UInt8]
    /// How many bytes the script wrote.
    package var totalBytes: Int
    /// How many of them are not kept.
    package var droppedBytes: Int
    /// Why less was kept than the limit allows; nil when nothing went wrong.
    package var problem: String?

    package init(bytes: [UInt8] = [], totalBytes: Int = 0, droppedBytes: Int = 0) {
        spooled = nil
        rest = bytes
        self.totalBytes = totalBytes
        self.droppedBytes = droppedBytes
    }

    package init(
        spooled: SpooledOutput?, rest: [UInt8] = [], totalBytes: Int, droppedBytes: Int,
        problem: String? = nil
    ) {
        self.spooled = spooled
        self.rest = rest
        self.totalBytes = totalBytes
        self.droppedBytes = droppedBytes
        self.problem = problem
    }

    /// How many bytes are kept, as they are after redaction.
    package var count: Int { (spooled?.count ?? 0) + rest.count }

    /// How many of the script's own bytes are kept: secrets count as they were written.
    package var keptBytes: Int { totalBytes - droppedBytes }

    /// All that is kept: the first bytes, up to the limit, and after them the last ones.
    ///
    /// For what is known to be short, and for tests; all else reads pieces.
    package var bytes: [UInt8] {
        get throws(JournalError) { try read(0..<count) }
    }

    /// The first bytes that are kept.
    ///
    /// - Throws: `io`.
    package func prefix(_ length: Int) throws(JournalError) -> [UInt8] {
        try read(0..<min(length, count))
    }

    /// The last bytes that are kept.
    ///
    /// - Throws: `io`.
    package func suffix(_ length: Int) throws(JournalError) -> [UInt8] {
        try read(max(0, count - length)..<count)
    }

    /// Hands on all that is kept, a page at most at once.
    ///
    /// - Throws: `io`, and what the body throws.
    package func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        for start in stride(from: 0, to: count, by: SpoolLimit.pageBytes) {
            try body(try read(start..<min(start + SpoolLimit.pageBytes, count)))
        }
    }

    /// Adds words of Handrail's own at the end.
    package mutating func append(_ words: some Sequence<UInt8>) {
        let before = rest.count
        rest += words
        totalBytes += rest.count - before
    }

    private func read(_ range: Range<Int>) throws(JournalError) -> [UInt8] {
        guard let spooled else { return Array(rest[range]) }
        var bytes: [UInt8] = []
        if range.lowerBound < spooled.count {
            bytes = try spooled.read(range.lowerBound..<min(range.upperBound, spooled.count))
        }
        if range.upperBound > spooled.count {
            let start = max(0, range.lowerBound - spooled.count)
            bytes += rest[start..<(range.upperBound - spooled.count)]
        }
        return bytes
    }
}
