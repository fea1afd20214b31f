import Runbooks

/// What the house's list of known change types says of one of them.
///
/// A change keeps what its type said when it was submitted.
package struct ChangeRules: Sendable, Codable, Hashable {
    /// The type's name in `handrail.yaml`.
    package let type: String
    /// How much a change of this type can do.
    package let severity: ChangeSeverity
    /// The names of the calendars whose windows it may run in.
    package let windows: [String]
    /// Who may approve: names of roles, or ids of people.
    package let approvers: [String]
    /// How many of them have to: one at least, but for what is automatic.
    package let quorum: Int
    /// How long after its end a change of it has to be reviewed, in milliseconds; nil where only
    /// emergencies are.
    package let reviewWithinMilliseconds: Int64?
    /// Who gave the type's entry its form, of an automatic one: the entry is its approval; nil for
    /// others, and where nobody asked.
    package var written: Authorship?

    package init(
        type: String, severity: ChangeSeverity, windows: [String] = [], approvers: [String],
        quorum: Int,
        reviewWithinMilliseconds: Int64? = nil, written: Authorship? = nil
    ) {
        self.type = type
        self.severity = severity
        self.windows = windows
        self.approvers = approvers
        self.quorum = quorum
        self.reviewWithinMilliseconds = reviewWithinMilliseconds
        self.written = written
    }
}
