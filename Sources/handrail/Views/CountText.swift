/// Numbers of things, as sentences have them.
enum CountText {
    /// `1 target`, `2 targets`; the plural only where it isn't the word and an s.
    static func of(_ count: Int, _ word: String, plural: String? = nil) -> String {
        count == 1 ? "1 \(word)" : "\(count) \(plural ?? word + "s")"
    }

    /// At most so many of the words, and how many more there are.
    static func listed(_ words: [String], limit: Int) -> String {
        let rest = words.count - limit
        return words.prefix(limit).joined(separator: ", ") + (rest > 0 ? ", +\(rest)" : "")
    }
}
