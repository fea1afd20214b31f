extension Timestamp {
    /// Reads a day (its first instant in UTC) or a time in UTC, as trust's documents write them.
    ///
    /// `2026-11-23`, `2026-11-23T08:14:02Z` or with milliseconds; nil for any other form, and for
    /// what doesn't exist.
    package init?(trustText text: String) {
        switch text.utf8.count {
        case 10: self.init(trailText: text + "T00:00:00.000Z")
        case 20 where text.hasSuffix("Z"): self.init(trailText: text.dropLast() + ".000Z")
        default: self.init(trailText: text)
        }
    }
}
