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

    package init(
        name: String, targets: [NameGlob] = [], content: PolicyLevel = .required,
        change: PolicyLevel = .required, isProduction: Bool = true, needsSignedActs: Bool = false,
        quorum: Int = 1
    ) {
        self.name = name
        self.targets = targets
        self.content = content
        self.change = change
        self.isProduction = isProduction
        self.needsSignedActs = needsSignedActs
        self.quorum = quorum
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
                isProduction: rule.isProduction || isProduction), notes
        )
    }
}

extension PolicyLevel {
    /// Whether it lets more through than another.
    package func isLooser(than other: PolicyLevel) -> Bool { rank < other.rank }

    private var rank: Int {
        switch self {
        case .off: 0
        case .advisory: 1
        case .required: 2
        }
    }
}
