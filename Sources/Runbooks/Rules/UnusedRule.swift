/// Parameters and outputs that nothing uses are said.
enum UnusedRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let used = Set(draft.mentions.map(\.name.description))
        for parameter in draft.parameters where !used.contains(parameter.name.rawValue) {
            document.warning(
                "unused-parameter", "Nothing uses the parameter '\(parameter.name)'.",
                at: parameter.mark, excerpt: parameter.name.rawValue,
                hint: "Give it to a step as $\(parameter.name), or remove it.")
        }
        for step in draft.steps {
            guard let id = step.id else { continue }
            for (output, mark) in step.outputs where !used.contains("\(id).\(output.name)") {
                document.warning(
                    "unused-output", "Nothing uses the output '\(output.name)' of '\(id)'.",
                    at: mark, excerpt: output.name.rawValue,
                    hint: "Use it as $\(id).\(output.name), or remove it.")
            }
        }
    }
}
