/// Facts are used, and values that they pick have a text for each of their choices.
enum FactRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let used = Set(draft.mentions.compactMap(\.name.fact))
        let words = document.hasErrors ? document.source.mentions : []
        for fact in draft.facts
        where !used.contains(fact.name.rawValue) && !words.contains("facts.\(fact.name)") {
            document.warning(
                "unused-fact", "Nothing uses the fact '\(fact.name)'.", at: fact.mark,
                excerpt: fact.name.rawValue,
                hint: "Ask for it as facts.\(fact.name) in a 'when' or a value, or remove it.")
        }
        for value in draft.values {
            guard let rule = value.rule, !rule.facts.isEmpty else { continue }
            checkChoices(of: rule, at: value.mark, draft, &document)
        }
    }

    private static func checkChoices(
        of rule: ValueRule, at mark: YamlMark, _ draft: RunbookDraft,
        _ document: inout DocumentReading
    ) {
        let facts = rule.facts.compactMap { name in
            draft.facts.first { $0.name.rawValue == name }.map { (name: name, choices: $0.choices) }
        }
        // What a broken or unknown fact may be isn't known; the rules for these say it.
        guard facts.count == rule.facts.count, facts.allSatisfy({ !$0.choices.isEmpty }) else {
            return
        }
        let count = FactCombinations.count(facts.map(\.choices))
        guard count <= ValueRule.mostCombinations else {
            document.error(
                "too-large",
                "'\(rule.name)' turns on \(count) combinations of choices; "
                    + "\(ValueRule.mostCombinations) is the limit.",
                at: mark, excerpt: rule.name.rawValue, hint: "Pick it by fewer facts.")
            return
        }
        let missing = FactCombinations.all(facts).filter { choice in
            let scope = Scope { $0.fact.flatMap { choice[$0] }.map { [$0] } }
            return !rule.picks.contains { mayHold($0.when, in: scope) }
        }
        guard let first = missing.first else { return }
        let more = missing.count > 1 ? ", and \(missing.count - 1) more" : ""
        document.error(
            "missing-choice",
            "'\(rule.name)' says nothing for \(FactCombinations.text(first, rule.facts))\(more).",
            at: mark, excerpt: rule.name.rawValue,
            hint: "Add an element for it, or a last one without 'when'.")
    }

    /// Whether a condition can hold for these choices, whatever labels and parameters are.
    private static func mayHold(_ condition: Expression?, in scope: Scope) -> Bool {
        guard let condition, condition.names.allSatisfy({ $0.fact != nil }) else { return true }
        return condition.holds(in: scope)
    }
}
