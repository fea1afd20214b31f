extension RunbookReading {
    /// The values that differ between targets.
    mutating func valueRules(_ fields: Fields) -> [ValueRule] {
        guard let pairs = document.entries(fields, "values", "values") else { return [] }
        moment = 0
        var rules: [ValueRule] = []
        for pair in pairs {
            document.refuseEmpty(pair)
            let name = document.name(pair.key, "a value", at: pair.keyMark, as: ParameterName.self)
            let picks = picks(pair)
            guard let name else { continue }
            let rule = picks.isEmpty ? nil : ValueRule(name: name, picks: picks)
            draft.values.append(.init(name: name, mark: pair.keyMark, rule: rule))
            if let rule { rules.append(rule) }
        }
        return rules
    }

    private mutating func picks(_ pair: YamlNode.Pair) -> [ValueRule.Pick] {
        guard !pair.value.isEmpty, case .list(let nodes) = pair.value.content else {
            if !pair.value.isEmpty {
                document.error(
                    "wrong-type",
                    "'\(Excerpt.line(pair.key))' must be a list of what it may be, and this is "
                        + "\(pair.value.kindInWords).",
                    at: pair.value.start,
                    hint: "Write `[{ when: target.role = web, is: 1 }, { is: 2 }]`.")
            }
            return []
        }
        if nodes.isEmpty || nodes.count > DocumentPart.mostPicks {
            document.error(
                nodes.isEmpty ? "bad-value" : "too-large",
                "'\(Excerpt.line(pair.key))' has \(nodes.count) elements; 1 to "
                    + "\(DocumentPart.mostPicks) are possible.",
                at: pair.value.start, hint: "Name what it may be.")
        }
        var picks: [ValueRule.Pick] = []
        var taker: YamlMark?
        for node in nodes {
            guard let parts = document.fields(node, .pick) else { continue }
            if let taker {
                document.error(
                    "conflicting-keys",
                    "The element on line \(taker.line) has no 'when' and always holds, so this one "
                        + "never counts.", at: parts.mark, hint: "Put it last.")
            }
            let known = draft.mentions.count
            let condition = condition(parts["when"], "when")
            let text = value(parts["is"], "'is'", site: .typedAction)
            for index in known..<draft.mentions.count { draft.mentions[index].isInValue = true }
            if case .reference(let name)? = text,
                name.parts.count > 1 || name.parts.first == "target_name"
            {
                document.error(
                    "dangling-reference",
                    "'$\(name)' can't be picked: 'is' takes a text, or a parameter.",
                    at: parts["is"]?.start ?? parts.mark,
                    hint: "Use '$\(name)' where the value is used, or write the texts out.")
            }
            if parts["when"] == nil { taker = parts.mark }
            if let text { picks.append(.init(when: condition, text: text)) }
        }
        return picks
    }
}
