/// How a runbook's targets are cut into waves (docs/rollout.md, "Waves").
package enum WaveRule: Sendable, Hashable {
    /// Each target belongs to the first entry that selects it.
    case entries([WaveEntry])
    /// The sizes of the waves, of all targets; the last one repeats, nil takes all that are left.
    case sizes([Amount?])

    /// The selectors of its entries.
    package var selectors: [Expression] {
        if case .entries(let entries) = self { entries.compactMap(\.select) } else { [] }
    }
}

/// A part of a runbook's targets that is done before the next part starts.
package struct WaveEntry: Sendable, Hashable {
    /// One word of its own in the runbook; its waves are called after it.
    package var name: String
    /// Which targets belong to it, over labels; nil for all that no entry before it selects.
    package var select: Expression?
    /// How many targets one wave has, a share of those that belong to it; nil for all of them.
    package var size: Amount?

    package init(name: String, select: Expression? = nil, size: Amount? = nil) {
        (self.name, self.select, self.size) = (name, select, size)
    }
}
