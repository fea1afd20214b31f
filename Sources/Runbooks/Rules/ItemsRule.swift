/// A list that a step goes through is known in the plan, and each item is used.
enum ItemsRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let used = Set(draft.mentions.filter { $0.hasItem && $0.name == .item }.map(\.step))
        for (index, step) in draft.steps.enumerated() {
            guard let items = step.items else { continue }
            if case .reference(let name) = items.list {
                checkKind(of: name, at: items.mark, draft, &document)
            }
            if !used.contains(index) {
                document.warning(
                    "unused-item", "The step does the same for each item: nothing uses $item.",
                    at: items.mark, hint: "Give it to the step's action as $item.")
            }
        }
    }

    private static func checkKind(
        of name: Expression.Name, at mark: YamlMark, _ draft: RunbookDraft,
        _ document: inout DocumentReading
    ) {
        if name.parts.count == 2, name.parts[0] == "target" { return }
        let parameter = draft.parameters.first { $0.name.rawValue == name.description }
        // What is no name at all, or a secret, is said by the rules for these.
        guard let parameter else {
            let isKnown =
                name.description == "target_name"
                || draft.values.contains { $0.name.rawValue == name.description }
                || draft.steps.contains { $0.id?.rawValue == name.parts[0] }
                || draft.facts.contains { $0.name.rawValue == name.fact }
            guard isKnown else { return }
            document.error(
                "bad-value", "'$\(name)' is no list that the plan knows.", at: mark,
                excerpt: "$\(name)",
                hint: "Items come from a list in the step, from a parameter of type list, or from "
                    + "a label: $target.NAME.")
            return
        }
        guard let kind = parameter.kind, kind != .list, kind != .secret else { return }
        document.error(
            "wrong-type", "The parameter '\(name)' is no list: its type is \(kind.rawValue).",
            at: mark, excerpt: "$\(name)", hint: "Declare it with `type: list`.")
    }
}
