/// Where a change is in its life (docs/changes.md, "States").
package enum ChangeState: String, Sendable, Codable, CaseIterable {
    case draft, submitted, assessed, approved, scheduled, implementing, review
    case closed, rejected, cancelled

    /// Whether nothing can happen to the change any more.
    package var isTerminal: Bool {
        switch self {
        case .draft, .submitted, .assessed, .approved, .scheduled, .implementing, .review: false
        case .closed, .rejected, .cancelled: true
        }
    }

    /// Whether gate 5 lets a run of it start, as far as the state goes.
    package var mayStart: Bool {
        switch self {
        case .approved, .scheduled, .implementing: true
        case .draft, .submitted, .assessed, .review, .closed, .rejected, .cancelled: false
        }
    }
}

/// How fast a change is needed.
package enum ChangeUrgency: String, Sendable, Codable, CaseIterable {
    /// Within 24 hours of its approval; reviewed afterwards.
    case emergency
    case high, normal, low
}
