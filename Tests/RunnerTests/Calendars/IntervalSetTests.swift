import Runner
import TestSupport
import Testing

struct IntervalSetTests {
    /// A set of small intervals, and the same as one truth for each millisecond.
    private func sample(_ numbers: inout SeededNumbers) -> (IntervalSet, [Bool], [Interval]) {
        var marks = [Bool](repeating: false, count: 60)
        var parts: [Interval] = []
        for _ in 0..<Int.random(in: 0...7, using: &numbers) {
            let start = Int64.random(in: 0..<60, using: &numbers)
            let end = Int64.random(in: 0...60, using: &numbers)
            guard let part = interval(start, end) else { continue }
            parts.append(part)
            for index in start..<end { marks[Int(index)] = true }
        }
        return (IntervalSet(parts), marks, parts)
    }

    private func interval(_ start: Int64, _ end: Int64) -> Interval? {
        Interval(Timestamp(milliseconds: start), Timestamp(milliseconds: end))
    }

    private func marks(_ set: IntervalSet) -> [Bool] {
        (0..<60).map { set.interval(at: Timestamp(milliseconds: $0)) != nil }
    }

    @Test func unionAndDifferenceAreThoseOfTheirInstants() {
        var numbers = SeededNumbers(seed: 5)
        for _ in 0..<2000 {
            let (left, inLeft, parts) = sample(&numbers)
            let (right, inRight, _) = sample(&numbers)
            #expect(marks(left) == inLeft)
            #expect(marks(left.subtracting(right)) == zip(inLeft, inRight).map { $0 && !$1 })
            #expect(IntervalSet(parts.reversed()) == left)
            for (first, second) in zip(left.intervals, left.intervals.dropFirst()) {
                #expect(first.end < second.start)
            }
        }
    }

    @Test func theNextIntervalIsTheFirstThatStartsLater() {
        var numbers = SeededNumbers(seed: 6)
        for _ in 0..<500 {
            let (set, inSet, _) = sample(&numbers)
            for at in 0..<59 {
                let next = set.next(after: Timestamp(milliseconds: Int64(at)))
                let wanted = ((at + 1)..<60).first { inSet[$0] && !inSet[$0 - 1] }
                #expect(next?.start.milliseconds == wanted.map(Int64.init))
            }
        }
    }

    @Test func nothingIsNoInterval() {
        #expect(interval(5, 5) == nil)
        #expect(interval(6, 5) == nil)
    }
}
