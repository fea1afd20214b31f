/// Step ids are unique, and share one namespace with the parameters.
enum NamespaceRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        var lines: [String: Int] = [:]
        for parameter in draft.parameters {
            lines[parameter.name.rawValue] = parameter.mark.line
        }
        for value in draft.values {
            let name = value.name.rawValue
            if let line = lines[name] {
                document.error(
                    "duplicate-id", "'\(name)' names something else already, on line \(line).",
                    at: value.mark, excerpt: name, hint: "Choose another name.")
            }
            lines[name] = lines[name] ?? value.mark.line
        }
        if let items = draft.steps.compactMap(\.items).first {
            lines["item"] = lines["item"] ?? items.mark.line
            for parameter in draft.parameters where parameter.name.rawValue == "item" {
                document.error(
                    "duplicate-id",
                    "'item' is what a step with 'for_each' calls its item, on line "
                        + "\(items.mark.line).",
                    at: parameter.mark, excerpt: "item", hint: "Choose another name.")
            }
        }
        if let first = draft.steps.first(where: { $0.list != nil }) {
            for parameter in draft.parameters
            where WaveValue(rawValue: parameter.name.rawValue) != nil {
                document.error(
                    "duplicate-id",
                    "'\(parameter.name)' is what the steps of a wave are given, such as the one on "
                        + "line \(first.mark.line).",
                    at: parameter.mark, excerpt: parameter.name.rawValue,
                    hint: "Choose another name.")
            }
        }
        for fact in draft.facts {
            guard let id = Fact.stepID(fact.name)?.rawValue else { continue }
            lines[id] = lines[id] ?? fact.mark.line
        }
        for step in draft.steps {
            guard let id = step.id?.rawValue else { continue }
            if let line = lines[id] {
                document.error(
                    "duplicate-id", "'\(id)' names something else already, on line \(line).",
                    at: step.mark, excerpt: id,
                    hint: "Step ids and parameters share one namespace, and the step of a fact is "
                        + "called fact-NAME; choose another id.")
            } else {
                lines[id] = step.mark.line
            }
        }
    }
}
