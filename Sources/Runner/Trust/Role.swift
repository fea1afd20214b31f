/// What a person may be, in an environment or everywhere (docs/trust.md, "Roles").
package enum Role: String, Sendable, Codable, CaseIterable, Comparable {
    /// Runs what reads, and resolutions.
    case `operator`
    /// Writes runbooks.
    case author
    /// Approves runbooks.
    case lead
    /// Carries out changes.
    case implementer
    /// Assesses, schedules and closes changes.
    case changeManager = "change-manager"
    /// Approves changes: the board.
    case approver
    /// Signs test records.
    case tester
    /// Reads and exports the trail.
    case auditor

    /// Whether the first stands before the second in the documentation's order.
    package static func < (left: Role, right: Role) -> Bool { left.place < right.place }

    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// With an article, for sentences: `an operator`.
    package var withArticle: String {
        switch self {
        case .operator, .author, .implementer, .approver, .auditor: "an \(rawValue)"
        case .lead, .changeManager, .tester: "a \(rawValue)"
        }
    }
}
