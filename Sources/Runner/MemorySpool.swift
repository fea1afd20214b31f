import Synchronization

/// A spool in memory, for simulations and tests: the rules of the real one, none of its files.
package final class MemorySpool: OutputSpool {
    // A class, because all streams of a run share it.
    private struct State {
        var pages: [Int: [UInt8]] = [:]
        var next = 0
        var left: Int
    }

    private let state: Mutex<State>

    /// An empty spool, which is full after so many pages and writes.
    package init(fullAfter calls: Int = .max) { state = Mutex(State(left: calls)) }

    /// How many pages are taken.
    package var pageCount: Int { state.withLock { $0.pages.count } }

    /// All that is in it, in no order.
    package var contents: [[UInt8]] { state.withLock { Array($0.pages.values) } }

    /// The number of a page that nobody else uses.
    package func takePage() throws(JournalError) -> Int {
        try spend()
        return state.withLock { state in
            state.next += 1
            // Neither zeros nor text: what was not written must not be shown.
            state.pages[state.next] = Array(repeating: 0xEE, count: SpoolLimit.pageBytes)
            return state.next
        }
    }

    /// Writes within a page.
    package func write(
        _ bytes: ArraySlice<UInt8>, to page: Int, at offset: Int
    ) throws(JournalError) {
        try spend()
        state.withLock { state in
            state.pages[page]?.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
    }

    /// What was written to a place of a page.
    package func read(_ range: Range<Int>, of page: Int) throws(JournalError) -> [UInt8] {
        guard let bytes = state.withLock({ $0.pages[page] }) else {
            throw JournalError(.io, "The page \(page) is not taken.")
        }
        return Array(bytes[range])
    }

    /// Takes back pages that nobody uses any more.
    package func giveBack(_ pages: [Int]) {
        state.withLock { state in
            for page in pages { state.pages[page] = nil }
        }
    }

    private func spend() throws(JournalError) {
        let isLeft = state.withLock { state in
            state.left -= 1
            return state.left >= 0
        }
        guard isLeft else { throw JournalError(.full, "No room is left.") }
    }
}
