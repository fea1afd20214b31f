/// A rule of the house: how many targets of a group may be unavailable at a time.
///
/// A group is made of the targets that have the same values of some labels (docs/format.md,
/// "Protection").
package struct ProtectRule: Sendable, Hashable {
    /// How many of a group's members may be unavailable.
    package enum Limit: Sendable, Hashable {
        case count(Int)
        /// Hundredths of the group's size, rounded down, and one at least.
        case percent(Int)

        /// How many that is of a group of so many.
        package func of(_ size: Int) -> Int {
            switch self {
            case .count(let count): count
            case .percent(let percent): max(1, size * percent / 100)
            }
        }
    }

    /// The labels whose values make the groups; one at least.
    package let per: [String]
    /// How many members may be unavailable.
    package let limit: Limit
    /// Whether a target without one of the labels is refused; else it belongs to no group.
    package let requiresLabels: Bool
    /// Asks an unavailable member whether it is well all the same; nil for nobody to ask.
    ///
    /// Exit status 0 says so. It only reads, and takes no values.
    package let peersOK: ScriptCall?
    /// Where each label of `per` stands.
    package let positions: [SourcePosition]

    package init(
        per: [String], limit: Limit, requiresLabels: Bool = false, peersOK: ScriptCall? = nil,
        positions: [SourcePosition] = []
    ) {
        self.per = per
        self.limit = limit
        self.requiresLabels = requiresLabels
        self.peersOK = peersOK
        self.positions = positions
    }
}
