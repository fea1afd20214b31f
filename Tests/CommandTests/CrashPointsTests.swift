import Runner
import Synchronization
import Testing

@testable import handrail

/// Where a debug build dies on request.
struct CrashPointsTests {
    /// How often the end was met.
    private final class Ends: Sendable {
        let count = Mutex(0)
        func add() { count.withLock { $0 += 1 } }
    }

    @Test(arguments: [nil, "", ":1", "append-before:0", "append-before:x", "append-before:1:2"])
    func whatNamesNoPointIsNone(_ text: String?) {
        #expect(CrashPoints(text, end: {}) == nil)
    }

    @Test func itEndsAtTheNthPassingOfItsOwnPoint() async throws {
        let ends = Ends()
        let named = CrashPoints("seal-after:2", end: { ends.add() })
        let points = try #require(named)
        var seen: [Int] = []
        for _ in 1...3 {
            await points.around("append") {}
            points.pass("seal-before")
            await points.around("seal") { seen.append(ends.count.withLock { $0 }) }
        }
        #expect(seen == [0, 0, 1])
        #expect(ends.count.withLock { $0 } == 1)
    }
}
