import Runbooks

/// A plan against the inventory as it is now: for targets that are still to be started, gate 4 asks
/// what they are now, and not what they were (docs/semantics.md, "Gates").
extension Plan {
    /// The plan with the labels that some of its targets have now; the others are as they were.
    package func relabelled(by inventory: Inventory, _ names: Set<TargetName>) -> Plan {
        let known = inventory.byName
        var plan = self
        for index in plan.targets.indices where names.contains(plan.targets[index].name) {
            let labels = known[plan.targets[index].name]?.labels ?? [:]
            plan.targets[index].labels = labels
        }
        return plan
    }

    /// Which of some targets the inventory has no more, or has in another environment.
    package func astray(in inventory: Inventory, _ names: Set<TargetName>) -> [TargetName] {
        let known = inventory.byName
        return targets.map(\.name).filter {
            names.contains($0) && known[$0]?.environment != environment.name
        }
    }
}

extension Inventory {
    fileprivate var byName: [TargetName: Target] {
        Dictionary(targets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension GateAnswer {
    /// The answer where targets that are still to be started went astray: closed.
    package static func astray(
        _ names: [TargetName], from environment: String, at instant: Timestamp
    ) -> GateAnswer {
        let more = names.count - 5
        let text =
            names.prefix(5).map(\.rawValue).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
        let verdict = Verdict.refused(["\(text): no longer in \(environment) by the inventory"])
        let line = "\(Gate.scope.rawValue) \(Gate.scope.name): \(verdict.text)"
        return GateAnswer(asked: instant, isOpen: false, lines: [line], reason: line, next: nil)
    }
}
