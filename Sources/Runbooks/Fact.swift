/// What each target is asked before its first step: one of its choices, or unknown there.
///
/// A plan has it as a step in front of the others, so that what is asked and what may be answered
/// are in its digest, and what was answered is not (docs/format.md, "Facts").
package struct Fact: Sendable, Hashable {
    /// What expressions call it, after `facts.`.
    package var name: ParameterName
    /// What is run on the target; it only reads, and writes the answer to its standard output.
    package var script: ScriptCall
    /// The answers that count, in the document's order.
    package var choices: [String]
    /// The longest time for one attempt.
    package var timeout: Duration

    /// The longest time for one attempt where the document says none.
    package static let usualTimeout: Duration = .seconds(20)

    package init(
        name: ParameterName, script: ScriptCall, choices: [String],
        timeout: Duration = Fact.usualTimeout
    ) {
        self.name = name
        self.script = script
        self.choices = choices
        self.timeout = timeout
    }

    /// The id of the step that asks: `fact-os`; nil for a name that makes no step's id.
    package static func stepID(_ name: ParameterName) -> StepID? {
        StepID(rawValue: "fact-" + name.rawValue.replacing("_", with: "-"))
    }

    /// The step that asks, as plans have it; nil for a name that makes no step's id.
    package var step: Step? {
        guard let id = Self.stepID(name) else { return nil }
        var step = Step(id: id, title: title, effect: .read, action: .run(script))
        step.timeout = timeout
        step.outputs = [
            OutputDeclaration(
                name: name, kind: .choice, constraints: Parameter.Constraints(choices: choices))
        ]
        step.isFact = true
        return step
    }

    private var title: String {
        "facts.\(name) is one of " + Self.listed(choices)
    }

    /// The first choices, and how many there are more.
    package static func listed(_ choices: [String]) -> String {
        let shown = choices.prefix(8).joined(separator: ", ")
        return choices.count > 8 ? "\(shown), … +\(choices.count - 8)" : shown
    }
}

extension Expression.Name {
    /// The name of the fact that it refers to; nil for every other name.
    package var fact: String? {
        parts.count == 2 && parts[0] == "facts" ? parts[1] : nil
    }
}

extension ValueRule {
    /// The most combinations of facts' choices that one value may turn on.
    package static let mostCombinations = 1000

    /// The facts that it is picked by, each once, in the order of its picks.
    package var facts: [String] {
        var found: [String] = []
        for name in picks.flatMap({ $0.when?.names ?? [] }) {
            guard let fact = name.fact, !found.contains(fact) else { continue }
            found.append(fact)
        }
        return found
    }
}

/// What several facts may be together: every combination of their choices.
package enum FactCombinations {
    /// How many there are.
    package static func count(_ choices: [[String]]) -> Int {
        choices.reduce(1) { total, each in
            let (product, isOver) = total.multipliedReportingOverflow(by: each.count)
            return isOver ? Int.max : product
        }
    }

    /// All of them, by name; one that is empty for no facts.
    package static func all(_ facts: [(name: String, choices: [String])]) -> [[String: String]] {
        facts.reduce([[:]]) { found, fact in
            found.flatMap { known in
                fact.choices.map { choice in known.merging([fact.name: choice]) { $1 } }
            }
        }
    }

    /// Such as `facts.os = debian13 and facts.card = a100`, in the order of the names.
    package static func text(_ choice: [String: String], _ names: [String]) -> String {
        names.compactMap { name in
            choice[name].map { "facts.\(name) = \(Expression.quoted($0))" }
        }.joined(separator: " and ")
    }
}
