import Runbooks

/// What trust demands of an environment at least, whatever a library says.
package struct EnvironmentFloor: Sendable, Hashable {
    /// The environment's name, as libraries call it.
    package let name: String
    /// Which targets are in it, by patterns of their names; none when trust doesn't say.
    package let targets: [NameGlob]
    /// Gates 1 and 2.
    package let content: PolicyLevel
    /// Gates 5, 6 and 7.
    package let change: PolicyLevel
    /// Whether it is shown in red in any case.
    package let isProduction: Bool
    /// Whether every act needs a signature.
    package let needsSignedActs: Bool
    /// The fewest people who approve a change.
    package let quorum: Int
    /// Whether gate 7 is closed where trust doesn't know one of those who wrote what is approved.
    package let needsKnownAuthors: Bool
    /// What must have succeeded elsewhere first; nil where trust demands nothing.
    package let after: EnvironmentBefore?
    /// The only change types that are permitted; nil where all are.
    package let changeTypes: Set<String>?
    /// Files of trust's calendars: changes run in their events alone; none where it says nothing.
    package let windows: [String]
    /// Files of trust's calendars: no change runs in their events.
    package let freezes: [String]

    package init(
        name: String, targets: [NameGlob] = [], content: PolicyLevel = .required,
        change: PolicyLevel = .required, isProduction: Bool = true, needsSignedActs: Bool = false,
        quorum: Int = 1, needsKnownAuthors: Bool = false, after: EnvironmentBefore? = nil,
        changeTypes: Set<String>? = nil, windows: [String] = [], freezes: [String] = []
    ) {
        self.name = name
        self.targets = targets
        self.content = content
        self.change = change
        self.isProduction = isProduction
        self.needsSignedActs = needsSignedActs
        self.quorum = quorum
        self.needsKnownAuthors = needsKnownAuthors
        self.after = after
        self.changeTypes = changeTypes
        (self.windows, self.freezes) = (windows, freezes)
    }

    /// The library's rule with nothing looser than this, and what is said where it tried.
    package func tightening(_ rule: EnvironmentRule) -> (rule: EnvironmentRule, notes: [String]) {
        var notes: [String] = []
        func stricter(_ library: PolicyLevel, _ floor: PolicyLevel, _ key: String) -> PolicyLevel {
            guard library.isLooser(than: floor) else { return library }
            notes.append(
                "the library says `\(key): \(library.rawValue)` for \(name), and trust demands "
                    + "\(floor.rawValue): \(floor.rawValue) counts")
            return floor
        }
        let content = stricter(rule.content, content, "content")
        let change = stricter(rule.change, change, "change")
        if isProduction, !rule.isProduction {
            notes.append(
                "the library says `production: false` for \(name), and trust calls it production: "
                    + "that counts")
        }
        return (
            EnvironmentRule(
                name: rule.name, content: content, change: change,
                isProduction: rule.isProduction || isProduction,
                after: before(rule.after, &notes)), notes
        )
    }

    /// Why a change of a type can't be carried out there; nil where it can.
    package func objection(toType type: String) -> String? {
        guard let changeTypes, !changeTypes.contains(type) else { return nil }
        let known = changeTypes.sorted().joined(separator: ", ")
        return "trust permits no change of the type \(printableExcerpt(type)) in \(name)"
            + (known.isEmpty ? ": none is" : ", only: \(known)")
    }

    /// The stricter of what both say about the environment before.
    private func before(
        _ said: EnvironmentBefore?, _ notes: inout [String]
    ) -> EnvironmentBefore? {
        guard let after else { return said }
        guard let said else {
            notes.append(
                "the library says no `after` for \(name), and trust demands "
                    + "\(after.environment): that counts")
            return after
        }
        let made = EnvironmentBefore(
            environment: after.environment, oneOfEach: after.oneOfEach ?? said.oneOfEach,
            targets: max(after.targets, said.targets),
            withinMilliseconds: min(after.withinMilliseconds, said.withinMilliseconds),
            policy: after.policy.stricter(of: said.policy))
        if made != said {
            notes.append(
                "what the library says in `after` for \(name) is not all that trust demands: "
                    + "the stricter of both counts")
        }
        return made
    }
}
