/// The known name that a misspelt one most likely means, for "did you mean".
///
/// Nil when nothing is near: at most one edit in three characters, and three edits at all, where
/// a swap of two neighbours is one edit. Case is ignored; of equally near names the first in byte
/// order is taken. It is shown to a person and never used instead of what was given.
package func nearestName(to given: String, among known: some Sequence<String>) -> String? {
    let wanted = Array(given.lowercased().unicodeScalars.prefix(longestNearName + 1))
    guard !wanted.isEmpty, wanted.count <= longestNearName else { return nil }
    let limit = min(3, max(1, wanted.count / 3))
    var best: (name: String, distance: Int)?
    for name in known where name != given && name.utf8.count <= 4 * longestNearName {
        let other = Array(name.lowercased().unicodeScalars)
        guard abs(other.count - wanted.count) <= limit else { continue }
        let distance = editDistance(wanted, other)
        guard distance <= limit else { continue }
        if let current = best, (current.distance, current.name) <= (distance, name) { continue }
        best = (name, distance)
    }
    return best?.name
}

/// Longer names are not compared; the work grows with the square of the length.
private let longestNearName = 64

/// The optimal string alignment distance: insertions, deletions, replacements and swaps.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 1...left.count {
        var current = [row]
        for column in 1...right.count {
            let cost = left[row - 1] == right[column - 1] ? 0 : 1
            var least = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + cost)
            if row > 1, column > 1, left[row - 1] == right[column - 2],
                left[row - 2] == right[column - 1]
            {
                least = min(least, beforeLast[column - 2] + 1)
            }
            current.append(least)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
