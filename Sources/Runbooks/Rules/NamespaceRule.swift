/// Step ids are unique, and share one namespace with the parameters.
enum NamespaceRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        var lines: [String: Int] = [:]
        for parameter in draft.parameters {
            lines[parameter.name.rawValue] = parameter.mark.line
        }
        for step in draft.steps {
            guard let id = step.id?.rawValue else { continue }
            if let line = lines[id] {
                document.error(
                    "duplicate-id", "'\(id)' names something else already, on line \(line).",
                    at: step.mark, excerpt: id,
                    hint: "Step ids and parameters share one namespace; choose another id.")
            } else {
                lines[id] = step.mark.line
            }
        }
    }
}
