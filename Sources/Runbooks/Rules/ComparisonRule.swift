/// What is compared with an `ask`, a `choice` parameter or a fact is one of its choices.
enum ComparisonRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        var choices: [String: [String]] = [:]
        for parameter in draft.parameters where parameter.kind == .choice {
            choices[parameter.name.rawValue] = parameter.choices
        }
        for step in draft.steps where step.keyword == "ask" {
            if let id = step.id?.rawValue { choices[id] = step.choices }
        }
        for fact in draft.facts { choices["facts.\(fact.name)"] = fact.choices }
        for comparison in draft.comparisons {
            let name = comparison.name.description
            guard comparison.name.parts.count == 1 || comparison.name.fact != nil,
                let known = choices[name], !known.isEmpty
            else { continue }
            for value in comparison.values where !known.contains(value) {
                document.error(
                    "dangling-reference",
                    "'\(name)' has no choice '\(Excerpt.line(value))', so this never holds.",
                    at: comparison.mark,
                    hint: nearestName(to: value, among: known).map { "Did you mean '\($0)'?" }
                        ?? "Its choices are: \(known.joined(separator: ", ")).")
            }
        }
    }
}
