/// What the house's list of known change types says of one of them.
///
/// A change keeps what its type said when it was submitted.
package struct ChangeRules: Sendable, Codable, Hashable {
    /// The type's name in `handrail.yaml`.
    package let type: String
    /// How much a change of this type can do.
    package let severity: Change.Severity
    /// The names of the calendars whose windows it may run in.
    package let windows: [String]
    /// Who may approve: names of roles, or ids of people.
    package let approvers: [String]
    /// How many of them have to: one at least, but for what is automatic.
    package let quorum: Int
    /// How many have to where it is an emergency; nil for as many as ever.
    package let emergencyQuorum: Int?
    /// Whether every change of it is reviewed after it was carried out.
    package let isReviewed: Bool
    /// How long after its end that has to be over, in milliseconds; nil for the usual time.
    package let reviewWithinMilliseconds: Int64?

    package init(
        type: String, severity: Change.Severity, windows: [String] = [], approvers: [String],
        quorum: Int, emergencyQuorum: Int? = nil, isReviewed: Bool = false,
        reviewWithinMilliseconds: Int64? = nil
    ) {
        self.type = type
        self.severity = severity
        self.windows = windows
        self.approvers = approvers
        (self.quorum, self.emergencyQuorum) = (quorum, emergencyQuorum)
        self.isReviewed = isReviewed
        self.reviewWithinMilliseconds = reviewWithinMilliseconds
    }
}

extension Change {
    /// How much a change can do, which decides who has to approve it.
    package enum Severity: String, Sendable, Codable, CaseIterable, Comparable {
        /// Approved by the approved list of types itself.
        case automatic
        case minor, major

        /// Whether the first one can do less.
        package static func < (left: Severity, right: Severity) -> Bool {
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
}
