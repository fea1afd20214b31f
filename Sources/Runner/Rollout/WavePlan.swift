import Runbooks

/// The waves that some targets make by a runbook's rule (docs/rollout.md, "Waves").
package struct WavePlan: Sendable {
    /// In the order in which they are done; none is empty, and no target is in two.
    package let waves: [PlannedWave]
    /// Targets that no entry selects, in their order; nothing can be planned with any.
    package let unselected: [TargetName]

    /// Cuts targets, given in any order and each once, into waves of which none takes more members
    /// of a group than may be unavailable.
    package init(_ targets: [Target], by rule: WaveRule, keepingApart groups: [ProtectedGroup]) {
        let ordered = targets.inOrderOfStart
        let cutting = WaveCutting(groups)
        switch rule {
        case .sizes(let sizes):
            let cuts = cutting.waves(of: ordered.map(\.name)) { index in
                let size = sizes.indices.contains(index) ? sizes[index] : sizes.last ?? nil
                return size?.roundedUp(of: ordered.count)
            }
            waves = cuts.enumerated().map { $1.named("wave \($0 + 1)") }
            unselected = []
        case .entries(let entries):
            var left = ordered
            var made: [PlannedWave] = []
            for entry in entries {
                let chosen = left.filter { $0.isSelected(by: entry) }
                left.removeAll { $0.isSelected(by: entry) }
                let size = entry.size?.roundedUp(of: chosen.count)
                let cuts = cutting.waves(of: chosen.map(\.name)) { _ in size }
                made += cuts.enumerated().map { index, cut in
                    cut.named(
                        cuts.count == 1 ? entry.name : "\(entry.name) \(index + 1)/\(cuts.count)")
                }
            }
            waves = made
            unselected = left.map(\.name)
        }
    }
}

/// Filling waves in order, with no more members of a group in one than it can spare.
private struct WaveCutting {
    /// One wave, before it has a name.
    struct Cut {
        var names: [TargetName] = []
        var putOff: Set<Int> = []
        let groups: [ProtectedGroup]

        func named(_ name: String) -> PlannedWave {
            let names = Set(putOff.map { groups[$0].name }).sorted()
            return PlannedWave(
                name: name, targets: self.names, putOff: names.isEmpty ? nil : names)
        }
    }

    private let groups: [ProtectedGroup]
    private let memberships: [TargetName: [Int]]

    init(_ groups: [ProtectedGroup]) {
        self.groups = groups
        var memberships: [TargetName: [Int]] = [:]
        for (index, group) in groups.enumerated() {
            for member in group.members { memberships[member, default: []].append(index) }
        }
        self.memberships = memberships
    }

    /// As many waves as it takes; `size` gives the most that the wave of an index may have, nil for
    /// any number.
    func waves(of names: [TargetName], size: (Int) -> Int?) -> [Cut] {
        var cuts: [Cut] = []
        // Passed over by an earlier wave, and before everything from `next` on.
        var waiting: [TargetName] = []
        var next = names.startIndex
        while !waiting.isEmpty || next < names.endIndex {
            let most = max(1, size(cuts.count) ?? .max)
            var filling = Filling(cut: Cut(groups: groups))
            var still: [TargetName] = []
            for name in waiting where !filling.take(name, most, memberships[name] ?? []) {
                still.append(name)
            }
            while filling.cut.names.count < most, next < names.endIndex {
                let name = names[next]
                next += 1
                if !filling.take(name, most, memberships[name] ?? []) { still.append(name) }
            }
            waiting = still
            cuts.append(filling.cut)
        }
        return cuts
    }

    /// A wave that is being filled.
    private struct Filling {
        var cut: Cut
        /// How many members of a group it has.
        var taken: [Int: Int] = [:]

        /// Takes a target in where there is room, for it and for its groups.
        mutating func take(_ name: TargetName, _ most: Int, _ memberships: [Int]) -> Bool {
            guard cut.names.count < most else { return false }
            let full = memberships.filter {
                taken[$0, default: 0] >= cut.groups[$0].maxUnavailable
            }
            guard full.isEmpty else {
                cut.putOff.formUnion(full)
                return false
            }
            for group in memberships { taken[group, default: 0] += 1 }
            cut.names.append(name)
            return true
        }
    }
}

extension [Target] {
    /// In the order of their start: the label `canary` first, then by name.
    var inOrderOfStart: [Target] {
        sorted { left, right in
            left.isCanary == right.isCanary ? left.name < right.name : left.isCanary
        }
    }
}

extension Target {
    /// Whether it goes first in its order.
    fileprivate var isCanary: Bool { labels["canary"] == ["true"] }

    /// What names mean in a selector: a bare name is a label.
    var labelScope: Scope {
        Scope { name in name.parts.count == 1 ? labels[name.parts[0]] : nil }
    }

    fileprivate func isSelected(by entry: WaveEntry) -> Bool {
        entry.select?.holds(in: labelScope) ?? true
    }
}
