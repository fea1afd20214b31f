extension Runbook {
    /// What mends an item of this baseline on a target, with the values that the library knows;
    /// nil where nothing is named.
    ///
    /// A reference to a parameter is its default: that is what a timer audits with.
    package func fix(
        of item: StepID, on target: Target
    ) -> (runbook: RunbookID, values: [String: String])? {
        guard let step = steps.first(where: { $0.id == item.step }), let fix = step.audit?.fix
        else { return nil }
        var given: [String: String] = [:]
        for (name, value) in fix.set {
            let known: String? =
                switch value {
                case .text(let text): text
                case .reference(.item): text(of: item, in: step, target)
                case .reference(let name): values(of: name, target)?.joined(separator: "\n")
                }
            // Without it the other runbook's default would be taken.
            guard let known else { return nil }
            given[name] = known
        }
        return (fix.runbook, given)
    }

    /// What a name means for a target: a label, its own name, or a parameter's default.
    package func values(of name: Expression.Name, _ target: Target) -> [String]? {
        if name.parts.count == 2 {
            return name.parts[0] == "target" ? target.labels[name.parts[1]] : nil
        }
        guard let word = name.parts.first, name.parts.count == 1 else { return nil }
        if word == "target_name" { return [target.name.rawValue] }
        return parameters.first { $0.name.rawValue == word }?.defaultValue?.elements
    }

    /// The text of one item of a `for_each`, by its id.
    private func text(of item: StepID, in step: Step, _ target: Target) -> String? {
        let texts: [String] =
            switch step.forEach {
            case .texts(let texts)?: texts
            case .reference(let name)?: values(of: name, target) ?? []
            case nil: []
            }
        return texts.enumerated().first {
            StepID(step.id, item: $0.element, number: $0.offset + 1) == item
        }?.element
    }
}
