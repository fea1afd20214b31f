import Synchronization

/// Room outside of memory for what attempts under way write, in numbered pages of one size.
///
/// Only redacted bytes are given to it. Its calls may block for reading or writing a file, for as
/// long as that takes; they may come from any thread. What is in it is gone with its process.
package protocol OutputSpool: Sendable {
    /// The number of a page that nobody else uses; what is in it is not defined.
    ///
    /// - Throws: `full` without space, `io`.
    func takePage() throws(JournalError) -> Int
    /// Writes within a page.
    ///
    /// - Throws: `full` without space, `io`; what stands in that place is not defined then.
    func write(_ bytes: ArraySlice<UInt8>, to page: Int, at offset: Int) throws(JournalError)
    /// What was written to a place of a page.
    ///
    /// - Throws: `io`.
    func read(_ range: Range<Int>, of page: Int) throws(JournalError) -> [UInt8]
    /// Takes back pages that nobody uses any more.
    func giveBack(_ pages: [Int])
}

/// The sizes of what is kept of attempts under way.
package enum SpoolLimit {
    /// One page of a spool.
    package static let pageBytes = 64 << 10
    /// How much of one stream is held in memory: what is longer goes into the spool.
    package static let memoryBytes = 32 << 10
}

/// The pages that one stream has taken: they are given back with their last owner.
///
/// A class, because that is what ends with its last owner.
package final class SpoolPages: Sendable {
    private let spool: any OutputSpool
    private let taken = Mutex<[Int]>([])

    /// None, of a spool.
    package init(of spool: any OutputSpool) { self.spool = spool }

    deinit {
        let pages = taken.withLock { $0 }
        if !pages.isEmpty { spool.giveBack(pages) }
    }

    /// Takes one more page.
    ///
    /// - Throws: as the spool.
    package func take() throws(JournalError) -> Int {
        let page = try spool.takePage()
        taken.withLock { $0.append(page) }
        return page
    }

    /// Writes within one of the pages.
    ///
    /// - Throws: as the spool.
    package func write(
        _ bytes: ArraySlice<UInt8>, to page: Int, at offset: Int
    ) throws(JournalError) {
        try spool.write(bytes, to: page, at: offset)
    }

    /// What was written to a place of one of the pages.
    ///
    /// - Throws: as the spool.
    package func read(_ range: Range<Int>, of page: Int) throws(JournalError) -> [UInt8] {
        try spool.read(range, of: page)
    }
}

/// Redacted bytes in a spool, in their order.
package struct SpooledOutput: Sendable, Hashable {
    /// A part of one page.
    package struct Stretch: Sendable, Hashable {
        /// The page's number.
        package let page: Int
        /// Which of its bytes.
        package let range: Range<Int>

        package init(page: Int, range: Range<Int>) {
            self.page = page
            self.range = range
        }
    }

    private let stretches: [Stretch]
    private let pages: SpoolPages
    /// How many bytes there are.
    package let count: Int

    /// Bytes that stand in these places, one after the other.
    package init(_ stretches: [Stretch], in pages: SpoolPages) {
        self.stretches = stretches
        self.pages = pages
        count = stretches.reduce(0) { $0 + $1.range.count }
    }

    /// Some of the bytes; may block for reading a file.
    ///
    /// - Throws: as the spool.
    package func read(_ range: Range<Int>) throws(JournalError) -> [UInt8] {
        var bytes: [UInt8] = []
        var start = 0
        for stretch in stretches where start < range.upperBound {
            let whole = start..<(start + stretch.range.count)
            let wanted = range.clamped(to: whole)
            if !wanted.isEmpty {
                let first = stretch.range.lowerBound + wanted.lowerBound - start
                let piece = try pages.read(first..<(first + wanted.count), of: stretch.page)
                // Mostly one page: it needs no copy.
                bytes = bytes.isEmpty ? piece : bytes + piece
            }
            start = whole.upperBound
        }
        return bytes
    }

    /// Whether both are the same bytes in the same place.
    package static func == (left: SpooledOutput, right: SpooledOutput) -> Bool {
        left.pages === right.pages && left.stretches == right.stretches
    }

    /// Its place.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(pages))
        hasher.combine(stretches)
    }
}
