/// How often a runbook may be run, before somebody else has to look (docs/format.md, "Repeat").
package struct RepeatRule: Sendable, Hashable, Codable {
    /// What is counted.
    package enum Per: String, Sendable, Codable, CaseIterable {
        /// Each target by itself.
        case target
        /// All runs of the runbook, wherever.
        case runbook
    }

    /// What an operator is told to do then.
    package enum Then: String, Sendable, Codable, CaseIterable { case escalate }

    /// Runs within the time, the next one included.
    package var atMost: Int
    /// Milliseconds before a run's start in which earlier ones count.
    package var withinMilliseconds: Int64
    /// What is counted.
    package var per: Per
    /// What is to be done when there were as many.
    package var then: Then

    private enum CodingKeys: String, CodingKey {
        case atMost = "at_most"
        case withinMilliseconds = "within_ms"
        case per, then
    }

    package init(
        atMost: Int, withinMilliseconds: Int64, per: Per = .target, then: Then = .escalate
    ) {
        self.atMost = atMost
        self.withinMilliseconds = withinMilliseconds
        self.per = per
        self.then = then
    }
}
