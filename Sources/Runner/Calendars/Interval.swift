/// A while: from its start up to, and without, its end.
package struct Interval: Sendable, Hashable, Codable {
    /// The first instant of it.
    package let start: Timestamp
    /// The first instant after it; later than `start`.
    package let end: Timestamp

    /// Nil where the end isn't later than the start.
    package init?(_ start: Timestamp, _ end: Timestamp) {
        guard start < end else { return nil }
        self.start = start
        self.end = end
    }

    /// Whether the instant lies in it.
    package func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }

    /// What both have; nil where that is nothing.
    package func intersection(_ other: Interval) -> Interval? {
        Interval(max(start, other.start), min(end, other.end))
    }
}

/// Instants as intervals in order, none of which touches the next.
package struct IntervalSet: Sendable, Hashable {
    /// The intervals, the earliest first; between two there is always a gap.
    package let intervals: [Interval]

    /// The union of intervals in any order; those that overlap or touch become one.
    package init(_ parts: some Sequence<Interval>) {
        var merged: [Interval] = []
        for part in parts.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            if let last = merged.last, part.start <= last.end {
                guard last.end < part.end, let joined = Interval(last.start, part.end) else {
                    continue
                }
                merged[merged.count - 1] = joined
            } else {
                merged.append(part)
            }
        }
        intervals = merged
    }

    /// The interval that an instant lies in; nil where it lies in none.
    package func interval(at instant: Timestamp) -> Interval? {
        let next = firstIndex(after: instant)
        guard next > 0, intervals[next - 1].contains(instant) else { return nil }
        return intervals[next - 1]
    }

    /// The first interval that starts after an instant.
    package func next(after instant: Timestamp) -> Interval? {
        let next = firstIndex(after: instant)
        return next < intervals.count ? intervals[next] : nil
    }

    /// What lies in this set and not in the other.
    package func subtracting(_ other: IntervalSet) -> IntervalSet {
        var rest: [Interval] = []
        var index = 0
        for interval in intervals {
            var start = interval.start
            while index < other.intervals.count, other.intervals[index].end <= start { index += 1 }
            var probe = index
            while probe < other.intervals.count, other.intervals[probe].start < interval.end {
                if let part = Interval(start, other.intervals[probe].start) { rest.append(part) }
                start = max(start, other.intervals[probe].end)
                probe += 1
            }
            if let part = Interval(start, interval.end) { rest.append(part) }
        }
        return IntervalSet(rest)
    }

    /// What lies in the set and in the interval.
    package func intersection(_ limits: Interval) -> IntervalSet {
        IntervalSet(intervals.compactMap { $0.intersection(limits) })
    }

    /// The index of the first interval that starts after an instant.
    private func firstIndex(after instant: Timestamp) -> Int {
        var low = 0
        var high = intervals.count
        while low < high {
            let middle = (low + high) / 2
            if intervals[middle].start <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
