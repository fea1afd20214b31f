import Runbooks

/// A target of the plan that a run doesn't start, and why.
package struct LeftOutTarget: Sendable, Codable, Hashable {
    /// Which target of the plan.
    package let target: TargetName
    /// In one sentence, or as the person typed it.
    package let reason: String
    /// As what it counts against `stop_at`; nil when a person left it out, and it counts as nothing.
    package let outcome: Outcome?

    package init(target: TargetName, reason: String, outcome: Outcome? = nil) {
        self.target = target
        self.reason = reason
        self.outcome = outcome
    }
}

extension ForecastComparison {
    /// What a run that nobody watches does about the differences.
    package enum Unattended: Sendable, Hashable {
        /// It goes on, without these targets.
        case goesOn(without: [LeftOutTarget])
        /// On these targets a person has to look first.
        case needsPerson([TargetName])
    }

    /// What follows from the differences when nobody can be asked (docs/semantics.md, "Dry run").
    package var unattended: Unattended {
        let strange = differences.filter { $0.kind == .other }.map(\.target)
        guard strange.isEmpty else { return .needsPerson(strange) }
        return .goesOn(
            without: differences.filter { $0.kind == .broken }.map { difference in
                LeftOutTarget(
                    target: difference.target,
                    reason: "not started, since it is worse than in the plan: "
                        + difference.lines.joined(separator: "; "),
                    outcome: difference.isUnreachable ? .unreachable : .failed)
            })
    }
}
