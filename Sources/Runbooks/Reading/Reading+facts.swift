extension RunbookReading {
    /// What each target is asked before its first step.
    mutating func facts(_ fields: Fields) -> [Fact] {
        guard let pairs = document.entries(fields, "facts", "facts") else { return [] }
        moment = 0
        var facts: [Fact] = []
        let known = draft.mentions.count
        for pair in pairs {
            document.refuseEmpty(pair)
            let name = document.name(pair.key, "a fact", at: pair.keyMark, as: ParameterName.self)
            guard !pair.value.isEmpty, let parts = document.fields(pair.value, .fact) else {
                if let name { draft.facts.append(.init(name: name, mark: pair.keyMark)) }
                continue
            }
            let environment = environment(parts)
            let script = script(parts["run"], "run", inheriting: environment)
            let choices = factChoices(parts)
            let timeout = document.time(parts, "timeout", "timeout")
            guard let name else { continue }
            draft.facts.append(.init(name: name, mark: pair.keyMark, choices: choices))
            if Fact.stepID(name) == nil {
                document.error(
                    "bad-name", "A fact's name doesn't end in '_'.", at: pair.keyMark,
                    excerpt: name.rawValue, hint: "Its step is called after it: fact-NAME.")
            }
            guard let script, !choices.isEmpty else { continue }
            facts.append(
                Fact(
                    name: name, script: script, choices: choices,
                    timeout: timeout ?? Fact.usualTimeout))
        }
        for index in known..<draft.mentions.count { draft.mentions[index].early = "a fact" }
        return facts
    }

    private mutating func factChoices(_ fields: Fields) -> [String] {
        guard let node = fields["choices"] else { return [] }
        var choices: [String] = []
        let elements = document.elements(fields, "choices", "choices") ?? []
        for element in elements {
            guard let text = document.line(element, "a choice") else { continue }
            if choices.contains(where: { Array($0.utf8) == Array(text.utf8) }) {
                document.error(
                    "duplicate-id", "The choice '\(Excerpt.line(text))' stands twice.",
                    at: element.start, hint: "Name each once.")
            } else {
                choices.append(text)
            }
        }
        if case .list(let nodes) = node.content, nodes.isEmpty {
            document.error(
                "bad-value", "'choices' is empty: no answer would count.", at: node.start,
                hint: "Name what the target may answer.")
        }
        return choices
    }
}
