/// What is searched of one runbook.
package struct SearchEntry: Sendable, Hashable {
    /// The runbook's id.
    package let id: String
    /// Its title.
    package let title: String
    /// Names of alerts, and what else says how it shows.
    package let symptoms: String
    /// Its article, as written.
    package let article: String
    /// Everything else that people read of it: help, parameters, steps.
    package let rest: String

    package init(id: String, title: String, symptoms: String, article: String, rest: String) {
        self.id = id
        self.title = title
        self.symptoms = symptoms
        self.article = article
        self.rest = rest
    }
}

/// A runbook that fits words.
package struct SearchHit: Sendable, Hashable {
    /// Where the words are; the best place counts.
    package enum Place: Int, Sendable, Comparable, CaseIterable {
        case symptom, title, article

        /// Whether the first is the better place.
        package static func < (left: Place, right: Place) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// The runbook's id.
    package let id: String
    /// The best place that has all of the words.
    package let place: Place
    /// How well it fits: less is better; to be compared within one answer only.
    package let score: Double
    /// Words around a hit; empty when there are none.
    package let excerpt: String

    package init(id: String, place: Place, score: Double, excerpt: String) {
        self.id = id
        self.place = place
        self.score = score
        self.excerpt = excerpt
    }
}

/// What a search came to.
package struct SearchAnswer: Sendable, Hashable {
    /// The best place first, then the best fit.
    package let hits: [SearchHit]
    /// Whether none has all of the words, and these have some of them.
    package let isPartial: Bool
    /// For words that nothing has: the nearest that something has.
    package let meant: [String: String]
}
