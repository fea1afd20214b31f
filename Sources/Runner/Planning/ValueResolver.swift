import Runbooks

/// A reference that has no value where it is needed.
package struct MissingValue: Error, Sendable, Hashable {
    /// The name without the dollar sign.
    package let name: Expression.Name
    /// What has no value, on which target, and why, in one sentence.
    package let message: String

    package init(name: Expression.Name, message: String) {
        self.name = name
        self.message = message
    }
}

/// Gives the references of a plan their values, for one target at one moment.
///
/// A plan's steps already hold the text of their parameters; what is left is `$target_name`,
/// `$target.LABEL`, `$STEP.OUTPUT`, the answer `$STEP`, what a wave's lists know of their wave, and
/// secrets. Secrets stay references:
/// only the executor sees their values.
package struct ValueResolver: Sendable {
    private let parameters: [String: PlannedParameter]
    private let steps: [String: StepID]
    private let rules: [String: ValueRule]
    /// The values that differ between targets, in the plan's order.
    let valueRules: [ValueRule]
    /// The steps that ask for facts, by the facts' names.
    let facts: [String: StepID]
    private let numericOutputs: Set<String>

    /// A resolver for a plan's parameters and steps.
    package init(_ plan: Plan) {
        parameters = Dictionary(
            plan.parameters.map { ($0.name.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
        steps = Dictionary(
            (plan.steps + plan.listedSteps).map { ($0.id.rawValue, $0.id) },
            uniquingKeysWith: { first, _ in first })
        valueRules = plan.values ?? []
        rules = Dictionary(
            valueRules.map { ($0.name.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
        facts = Dictionary(
            plan.steps.compactMap { step in
                step.factDeclaration.map { ($0.name.rawValue, step.id) }
            }, uniquingKeysWith: { first, _ in first })
        numericOutputs = Set(
            (plan.steps + plan.listedSteps).flatMap { step in
                step.outputs.filter { $0.kind == .number }.map { "\(step.id).\($0.name)" }
            })
    }

    /// The same script, check or action with text for every reference but secrets.
    package func resolved<Holder: ArgumentHolder>(
        _ holder: Holder, target: PlannedTarget, outputs: [StepID: [String: String]],
        answers: [StepID: String]
    ) -> Result<Holder, MissingValue> {
        let known = Known(target: target, outputs: outputs, answers: answers)
        return Result { () throws(MissingValue) in
            try holder.mappingArguments { argument throws(MissingValue) in
                try text(of: argument, known)
            }
        }
    }

    /// The secret parameters whose values an action needs.
    package func secrets(in action: Action) -> Set<ParameterName> {
        Set(
            action.references.compactMap { parameters[$0.description] }.filter { $0.secret != nil }
                .map(
                    \.name))
    }

    /// What names mean in a `when` on a target: parameters, labels, outputs, answers, outcomes.
    ///
    /// A bare step id is its answer, and without one its outcome (`changed`, `failed` …). Secrets
    /// have no value here.
    package func scope(
        target: PlannedTarget, outputs: [StepID: [String: String]], answers: [StepID: String],
        outcomes: [StepID: Outcome]
    ) -> Scope {
        let known = Known(target: target, outputs: outputs, answers: answers)
        return Scope(
            lookUp: { name in values(of: name, known, outcomes: outcomes) },
            isNumber: { name in
                parameters[name.description]?.kind == .number
                    || numericOutputs.contains(name.description)
            })
    }

    /// What is known about one target at one moment.
    private struct Known: Sendable {
        let target: PlannedTarget
        let outputs: [StepID: [String: String]]
        let answers: [StepID: String]
    }

    private func values(
        of name: Expression.Name, _ known: Known, outcomes: [StepID: Outcome]
    ) -> [String]? {
        if name.parts.count == 2 {
            if name.parts[0] == "target" { return known.target.labels[name.parts[1]] }
            if let fact = name.fact { return answer(fact, in: known.outputs).map { [$0] } }
            guard let step = steps[name.parts[0]] else { return nil }
            return known.outputs[step]?[name.parts[1]].map { [$0] }
        }
        guard name.parts.count == 1 else { return nil }
        let word = name.parts[0]
        if word == "target_name" { return [known.target.name.rawValue] }
        if let parameter = parameters[word] { return parameter.values }
        if let rule = rules[word] {
            guard case .text(let text) = picked(rule, on: known.target, known.outputs) else {
                return nil
            }
            return [text]
        }
        // A wave's list has what is known of its wave where a target has its labels.
        if WaveValue(rawValue: word) != nil { return known.target.labels[word] }
        guard let step = steps[word] else { return nil }
        return (known.answers[step] ?? outcomes[step]?.rawValue).map { [$0] }
    }

    private func text(of argument: Argument, _ known: Known) throws(MissingValue) -> Argument {
        guard case .reference(let name) = argument else { return argument }
        if name.parts.count == 1, let parameter = parameters[name.parts[0]] {
            // A parameter that may be left out, and was, reaches scripts as empty text.
            return parameter.secret == nil ? .text(parameter.text ?? "") : argument
        }
        if let values = values(of: name, known, outcomes: [:]) {
            return .text(values.joined(separator: "\n"))
        }
        throw MissingValue(name: name, message: reason(name, on: known.target))
    }

    /// The value of this name that differs between targets; nil where it is none.
    func rule(_ name: Expression.Name) -> ValueRule? {
        name.parts.count == 1 ? rules[name.parts[0]] : nil
    }

    private func reason(_ name: Expression.Name, on target: PlannedTarget) -> String {
        if name.fact != nil { return "\(name) is not known on \(target.name)" }
        if rule(name) != nil {
            return "the value '\(name)' turns on facts that are not known on \(target.name)"
        }
        guard name.parts.count == 2 else {
            let isStep = name.parts.first.map { steps[$0] != nil } ?? false
            return isStep
                ? "step '\(name)' has no answer for \(target.name)"
                : "'$\(name)' means nothing in this plan"
        }
        return name.parts[0] == "target"
            ? "\(target.name) has no label '\(name.parts[1])'"
            : "step '\(name.parts[0])' gave no output '\(name.parts[1])' on \(target.name)"
    }
}

extension PlannedParameter {
    /// Whether its value is a secret, known to the executor only.
    package var isSecret: Bool { kind == .secret }

    /// The values that comparisons see: the elements of a list, one value else; nil without one.
    package var values: [String]? {
        guard !isSecret, let text else { return nil }
        guard kind == .list else { return [text] }
        return text.isEmpty
            ? [] : Self.elements(text)
    }

    /// The elements of a list's text, one a line: bytes are looked at, as a CR LF is one character.
    static func elements(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }
}
