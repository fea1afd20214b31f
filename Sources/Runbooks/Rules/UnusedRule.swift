/// Parameters and outputs that nothing uses are said.
enum UnusedRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let used = Set(draft.mentions.map(\.name.description))
        // Where a part was refused, what it mentions isn't known: its text decides.
        let words = document.hasErrors ? document.source.mentions : []
        for parameter in draft.parameters where !used.contains(parameter.name.rawValue) {
            guard !words.contains(parameter.name.rawValue) else { continue }
            document.warning(
                "unused-parameter", "Nothing uses the parameter '\(parameter.name)'.",
                at: parameter.mark, excerpt: parameter.name.rawValue,
                hint: "Give it to a step as $\(parameter.name), or remove it.")
        }
        for step in draft.steps {
            guard let id = step.id else { continue }
            for (output, mark) in step.outputs where !used.contains("\(id).\(output.name)") {
                guard !words.contains("\(id).\(output.name)") else { continue }
                document.warning(
                    "unused-output", "Nothing uses the output '\(output.name)' of '\(id)'.",
                    at: mark, excerpt: output.name.rawValue,
                    hint: "Use it as $\(id).\(output.name), or remove it.")
            }
        }
    }
}
