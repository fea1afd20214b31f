/// What a deviation of an item is worth, the worst first.
package enum ItemSeverity: String, Sendable, Codable, CaseIterable, Comparable {
    case critical, major, minor

    /// Whether the first is worse than the second.
    package static func < (left: ItemSeverity, right: ItemSeverity) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .critical: 0
        case .major: 1
        case .minor: 2
        }
    }
}

/// What makes a step an item of a baseline: a look whose answer is compared (docs/baselines.md).
package struct ItemAudit: Sendable, Hashable, Codable {
    /// What a deviation is worth.
    package var severity: ItemSeverity
    /// What a script's output is compared with; nil where its status says it, or the action is
    /// typed.
    package var expected: ItemComparison?
    /// What mends a deviation; nil when the baseline names nothing.
    package var fix: ItemFix?

    package init(
        severity: ItemSeverity, expected: ItemComparison? = nil, fix: ItemFix? = nil
    ) {
        self.severity = severity
        self.expected = expected
        self.fix = fix
    }
}

/// The runbook that mends an item, with its parameters.
package struct ItemFix: Sendable, Hashable, Codable {
    /// Which runbook.
    package var runbook: RunbookID
    /// Its parameters, by name.
    package var set: [String: Argument]
    /// Where the document says it; nil in a plan, which has no documents.
    package var position: SourcePosition?

    private enum CodingKeys: String, CodingKey { case runbook, set }

    package init(
        runbook: RunbookID, set: [String: Argument] = [:], position: SourcePosition? = nil
    ) {
        self.runbook = runbook
        self.set = set
        self.position = position
    }
}
