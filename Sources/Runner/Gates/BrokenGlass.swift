import Runbooks

/// What two people signed who start a run without a change (docs/semantics.md, "Break-glass").
package struct BrokenGlass: Sendable, Codable, Hashable {
    /// How long after it a target may still start on it.
    package static let lifetime: Duration = .seconds(24 * 3600)

    /// Who starts it.
    package let first: String
    /// Who approves it.
    package let second: String
    /// What the first one typed.
    package let reason: String
    /// The protected groups that were named, by their names.
    package let groups: [String]
    /// When the second one's signature was taken.
    package let at: Timestamp

    package init(
        first: String, second: String, reason: String, groups: [String] = [], at: Timestamp
    ) {
        (self.first, self.second, self.reason) = (first, second, reason)
        (self.groups, self.at) = (groups, at)
    }
}

/// How far two people are with breaking the glass.
package enum GlassState: Sendable, Hashable {
    /// The first one asks for it, and names protected groups; `problem` is why nobody can be the
    /// second, nil where somebody can.
    case asked(groups: [String], problem: String? = nil)
    /// Both have signed.
    case broken(BrokenGlass)

    /// The protected groups that were named.
    var groups: [String] {
        switch self {
        case .asked(let groups, _): groups
        case .broken(let glass): glass.groups
        }
    }
}

/// What the gates say where the glass is broken.
struct GlassGate: Sendable {
    let state: GlassState
    let plan: Plan
    let now: Timestamp

    /// Gate 7: the second one is the approver.
    var fourEyes: Verdict {
        let glass: BrokenGlass
        switch state {
        case .asked(_, let problem?):
            return .refused(["the second person must not have written it, and \(problem)"])
        case .asked:
            return .open(rule: "breaking the glass: a second person signs before it starts")
        case .broken(let broken): glass = broken
        }
        guard glass.first != glass.second else {
            return .refused(["\(glass.first) signed both times, and two people break the glass"])
        }
        let age = now.since(glass.at)
        // A clock that was set back since doesn't make it last longer.
        guard age >= -ActStatement.greatestAge.inMilliseconds,
            age <= BrokenGlass.lifetime.inMilliseconds
        else {
            return .refused([
                "\(glass.first) and \(glass.second) broke the glass \(age / 3_600_000) h ago, and "
                    + "that counts for \(BrokenGlass.lifetime.inMilliseconds / 3_600_000) h: "
                    + "what is left is a change, or broken anew"
            ])
        }
        return .open(
            rule: "\(glass.first) and \(glass.second) broke the glass: \(glass.reason)")
    }

    /// Gate 8, of which nothing is taken away: and the groups are touched only when named.
    func protection(_ verdict: Verdict) -> Verdict {
        let unnamed = (plan.protection ?? []).filter { group in
            !state.groups.contains(group.name)
                && plan.targets.contains { group.members.contains($0.name) }
        }
        guard !unnamed.isEmpty else { return verdict }
        var reasons = unnamed.map { group in
            let names = plan.targets.map(\.name).filter(group.members.contains)
            let more = names.count > 3 ? " and \(names.count - 3) more" : ""
            return names.prefix(3).map(\.rawValue).joined(separator: ", ") + more
                + ": of the protected group '\(group.name)', which must be named: "
                + "--protected '\(group.name)'"
        }
        if case .refused(let others) = verdict { reasons += others }
        return .refused(reasons)
    }
}
