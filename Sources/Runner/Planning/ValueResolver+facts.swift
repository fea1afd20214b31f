import Runbooks

/// What a value that differs between targets is on one of them.
package enum PickedValue: Sendable, Hashable {
    case text(String)
    /// None of its conditions holds.
    case nothing
    /// It turns on these facts, which are not known there.
    case open([Expression.Name])
}

/// Facts, and the values that they pick (docs/semantics.md, "Facts").
extension ValueResolver {
    /// What a target answered for a fact; nil where it is unknown, or not asked yet.
    func answer(_ fact: String, in outputs: [StepID: [String: String]]) -> String? {
        facts[fact].flatMap { outputs[$0]?[fact] }
    }

    /// What a value is on a target: the first pick whose condition holds.
    ///
    /// A pick that turns on a fact that isn't known leaves the value open, whatever comes after it:
    /// nobody wrote down what is right for a target of no choice.
    package func picked(
        _ rule: ValueRule, on target: PlannedTarget, _ outputs: [StepID: [String: String]]
    ) -> PickedValue {
        let scope = scope(target: target, outputs: outputs, answers: [:], outcomes: [:])
        for pick in rule.picks {
            let holds =
                pick.when.map { condition in
                    Foresight.of(condition, in: scope) { name in
                        name.fact.map { answer($0, in: outputs) == nil } ?? false
                    }
                } ?? .holds
            switch holds {
            case .fails: continue
            case .open(let names): return .open(names)
            case .holds:
                // Of the first that holds: there is no reason to take another.
                guard case .text(let text) = pick.text else { return .nothing }
                return .text(text)
            }
        }
        return .nothing
    }

    /// The first value that can't be picked on a target, since it turns on facts that were asked
    /// for and are unknown; nil where there is none, or an answer may still come.
    func unpickable(
        on target: PlannedTarget, _ outputs: [StepID: [String: String]],
        wasAsked: (StepID) -> Bool
    ) -> (value: ParameterName, facts: [String])? {
        for rule in valueRules {
            guard case .open(let names) = picked(rule, on: target, outputs) else { continue }
            let found = names.compactMap(\.fact)
            if found.allSatisfy({ facts[$0].map(wasAsked) ?? false }) { return (rule.name, found) }
        }
        return nil
    }

    /// Why a target can't go on, and what to do; `reason` gives the sentence that says why the fact
    /// of a step is unknown.
    func refusal(
        _ missing: (value: ParameterName, facts: [String]), _ reason: (StepID) -> String?
    ) -> String {
        let facts = missing.facts.map { fact in
            self.facts[fact].flatMap(reason) ?? "facts.\(fact) is unknown"
        }.joined(separator: "; ")
        return "\(facts); '\(missing.value)' is picked by it: give the runbook that choice, "
            + "correct what answers, or leave this target out"
    }
}

extension TargetDryRun {
    /// Why the target can't go on after the answer for a fact; nil where it can.
    func unpickable(
        after step: Step, _ answered: [String: String], _ note: String?
    ) -> String? {
        var known = outputs
        known[step.id] = answered
        let asked = Set(
            forecast.entries.filter { $0.label == .read }.compactMap(\.step) + [step.id])
        guard
            let missing = subject.resolver.unpickable(
                on: target, known, wasAsked: asked.contains)
        else { return nil }
        return subject.resolver.refusal(missing) { id in
            id == step.id ? note : forecast.entries.first { $0.step == id }?.note
        }
    }
}
