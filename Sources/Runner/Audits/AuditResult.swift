import Runbooks

/// What an audit saw of one item on one target (docs/baselines.md, "Results").
package struct AuditResult: Sendable, Codable, Hashable {
    /// What it comes to.
    package enum Verdict: String, Sendable, Codable, CaseIterable {
        case complies, deviates, excepted, failed
    }

    /// The exception that covers a deviation.
    package struct Exception: Sendable, Codable, Hashable {
        /// The last day on which it counts.
        package var until: String
        /// Why, for people.
        package var why: String
        /// Who answers for it.
        package var who: String

        package init(until: String, why: String, who: String) {
            self.until = until
            self.why = why
            self.who = who
        }
    }

    /// What it comes to.
    package var verdict: Verdict
    /// What a deviation of the item is worth.
    package var severity: ItemSeverity
    /// What was expected, in words; nil where that could not be told.
    package var expected: String?
    /// What was there; nil where that was not seen, or is as expected.
    package var actual: String?
    /// Why it could not be looked at; nil where it was.
    package var why: String?
    /// What covers the deviation; nil unless it is excepted.
    package var exception: Exception?

    package init(
        _ verdict: Verdict, _ severity: ItemSeverity, expected: String? = nil,
        actual: String? = nil, why: String? = nil, exception: Exception? = nil
    ) {
        self.verdict = verdict
        self.severity = severity
        self.expected = expected
        self.actual = actual
        self.why = why
        self.exception = exception
    }

    /// The greatest length of a value that is told, in characters.
    package static let longestValue = 200

    /// A deviation in one line; nil for anything else.
    package var deviation: String? {
        guard verdict == .deviates || verdict == .excepted else { return nil }
        return "\(actual ?? "something else") instead of \(expected ?? "what was expected")"
    }
}

/// What an executor saw of a typed action's wanted state, in words.
package struct SeenState: Sendable, Codable, Hashable {
    /// What is to be there.
    package var expected: String
    /// What is there.
    package var actual: String

    package init(expected: String, actual: String) {
        self.expected = expected
        self.actual = actual
    }
}
