/// Nothing unfinished is left without the number of the issue that finishes it.
enum UnfinishedRule {
    /// Put together, so that this file doesn't break its own rule.
    private static let marks = ["TO" + "DO", "FIX" + "ME"]

    static func findings(inLines lines: [String], of path: String) -> [Finding] {
        zip(1..., lines).compactMap { number, line in
            guard let mark = marks.first(where: { isMarked(line, by: $0) }) else { return nil }
            return Finding(
                place: "\(path):\(number)", what: "'\(mark)' names no issue",
                advice: "Do it now, or write \(mark) #number with the issue that will")
        }
    }

    private static func isMarked(_ line: String, by mark: String) -> Bool {
        guard let range = line.firstRange(of: mark) else { return false }
        if let before = line[..<range.lowerBound].last, before.isLetter || before == "_" {
            return false
        }
        let after = line[range.upperBound...]
        if let next = after.first, next.isLetter || next == "_" { return false }
        let text = after.drop { $0 == " " || $0 == ":" || $0 == "(" }
        return !(text.first == "#" && text.dropFirst().first?.isNumber == true)
    }
}
