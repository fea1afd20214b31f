import Runbooks

/// Refusing values that say nothing for some target, or for some choice of the facts.
extension PlanBuilder {
    /// Refuses a plan in which some target has no text for a value, whatever its facts are.
    func checkValues(of plan: Plan) throws(PlanError) {
        let resolver = ValueResolver(plan)
        for rule in plan.values ?? [] {
            let names = rule.facts
            let facts = names.map { name in
                (name: name, choices: plan.choices(of: name))
            }
            guard FactCombinations.count(facts.map(\.choices)) <= ValueRule.mostCombinations else {
                throw PlanError(
                    .noValue, "'\(rule.name)' of \(runbook.id) turns on too many choices of facts",
                    hint: "pick it by fewer facts")
            }
            for choice in FactCombinations.all(facts) {
                let outputs = resolver.outputs(choice)
                try check(rule, in: plan, FactCombinations.text(choice, names)) { target in
                    if case .text = resolver.picked(rule, on: target, outputs) {
                        true
                    } else {
                        false
                    }
                }
            }
        }
    }

    private func check(
        _ rule: ValueRule, in plan: Plan, _ choice: String,
        hasText: (PlannedTarget) -> Bool
    ) throws(PlanError) {
        // Targets with the same labels have the same value, unless it is picked by their names.
        let isByName = rule.picks.contains { pick in
            pick.when?.names.contains { $0.description == "target_name" } ?? false
        }
        var known: [[String: [String]]: Bool] = [:]
        var without: [TargetName] = []
        for target in plan.targets {
            let has = (isByName ? nil : known[target.labels]) ?? hasText(target)
            known[target.labels] = has
            if !has { without.append(target.name) }
        }
        guard !without.isEmpty else { return }
        let names = without.prefix(8).map(\.rawValue).joined(separator: ", ")
        let more = without.count > 8 ? ", … +\(without.count - 8)" : ""
        let place = choice.isEmpty ? "there" : "there with \(choice)"
        throw PlanError(
            .noValue,
            "\(runbook.id) says nothing of '\(rule.name)' for \(names)\(more): none of its "
                + "conditions holds \(place) (values)",
            hint: "add a last element without 'when' to the runbook, "
                + (choice.isEmpty ? "" : "or one for this choice, ")
                + "give these targets the labels that it asks for, or leave them out with --exclude"
        )
    }
}

extension Plan {
    /// What a fact may be; none for a name that is no fact of it.
    func choices(of fact: String) -> [String] {
        steps.first { $0.factDeclaration?.name.rawValue == fact }?.factChoices ?? []
    }
}

extension ValueResolver {
    /// What the steps would have given that ask for these facts.
    func outputs(_ choice: [String: String]) -> [StepID: [String: String]] {
        Dictionary(
            choice.compactMap { name, value in facts[name].map { ($0, [name: value]) } },
            uniquingKeysWith: { first, _ in first })
    }
}
