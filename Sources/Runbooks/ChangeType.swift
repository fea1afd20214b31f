/// How much a change can break, and who must have looked at it.
package enum ChangeSeverity: String, Sendable, Codable, CaseIterable, Comparable {
    /// Small, and known: its entry in the approved configuration is its approval.
    case automatic
    case minor, major

    /// Whether the first one can break less.
    package static func < (left: ChangeSeverity, right: ChangeSeverity) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .automatic: 0
        case .minor: 1
        case .major: 2
        }
    }
}

/// A known type of change: its category, its windows, and who approves it.
package struct ChangeType: Sendable, Hashable, Codable {
    /// The entry whose approvers and quorum are those of emergency changes, whatever their type.
    package static let emergency = "emergency"

    /// The key under `change_types`.
    package let name: String
    /// One line for lists; nil where the name says enough.
    package let title: String?
    /// What kind of thing it changes, such as `hardware`; compared with nothing.
    package let category: String?
    /// The usual severity of such a change.
    package let severity: ChangeSeverity
    /// The window calendars it may run in; none is never.
    package let windows: [String]
    /// Roles, or people by id, any of whom approves.
    package let approvers: [String]
    /// How many of them must have approved; 0 for automatic changes.
    package let quorum: Int
    /// How long after its end a review is due, in milliseconds; nil where none is opened.
    package let reviewWithinMilliseconds: Int64?

    private enum CodingKeys: String, CodingKey {
        case name, title, category, severity, windows, approvers, quorum
        case reviewWithinMilliseconds = "review_within_ms"
    }

    package init(
        name: String, title: String? = nil, category: String? = nil, severity: ChangeSeverity,
        windows: [String] = [], approvers: [String] = [], quorum: Int = 1,
        reviewWithinMilliseconds: Int64? = nil
    ) {
        self.name = name
        self.title = title
        self.category = category
        self.severity = severity
        self.windows = windows
        self.approvers = approvers
        self.quorum = quorum
        self.reviewWithinMilliseconds = reviewWithinMilliseconds
    }
}
