/// An environment of `environments.yaml` as it was written.
package struct FloorEntry: Sendable, Hashable {
    /// The least that is demanded of acts.
    package enum ActSignatures: String, Sendable, CaseIterable { case required, off }

    /// What is demanded of who wrote what changes carry out.
    package enum Authors: String, Sendable, CaseIterable { case known, any }

    /// The environment's name.
    package let name: PlacedText
    /// Patterns of its targets' names.
    package let targets: [PlacedText]
    /// Gates 1 and 2.
    package let content: PolicyLevel
    /// Gates 5, 6 and 7.
    package let change: PolicyLevel
    /// Whether it is shown in red in any case.
    package let isProduction: Bool
    /// Whether every act needs a signature.
    package let actSignatures: ActSignatures
    /// The fewest people who approve a change.
    package let quorum: Int
    /// Whether each author must be somebody in trust.
    package let authors: Authors
    /// What it comes after; nil where it says nothing.
    package let after: EnvironmentBefore?
    /// The only change types that are permitted; nil where all are.
    package let changeTypes: [PlacedText]?
    /// Files of calendars: changes run in their events alone.
    package let windows: [PlacedText]
    /// Files of calendars: no change runs in their events.
    package let freezes: [PlacedText]
}
