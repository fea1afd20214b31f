/// Text that looks as if a value would be put into it is said: it is passed as it stands.
enum SpliceRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        let names = Set(draft.parameters.map(\.name.rawValue))
        var outputs: Set<String> = []
        for step in draft.steps {
            guard let id = step.id else { continue }
            outputs.formUnion(step.outputs.map { "\(id).\($0.declaration.name)" })
        }
        for fact in draft.facts { outputs.insert("facts.\(fact.name)") }
        for argument in draft.textArguments {
            if outputs.contains(argument.text) {
                document.error(
                    "dangling-reference", "'\(argument.text)' without '$' is text here.",
                    at: argument.mark, hint: "Write $\(argument.text).")
            } else if let name = spliced(argument.text, names) {
                document.warning(
                    "text-trap", "No value is put into text: this is passed as it stands.",
                    at: argument.mark, excerpt: argument.text,
                    hint: "A reference is a whole value: give $\(name) as a value of its own.")
            }
        }
    }

    /// The first known name that stands in the text as `$name`, `${name}` or `{{ name }}`.
    private static func spliced(_ text: String, _ names: Set<String>) -> String? {
        for sign in ["$", "{{"] {
            for piece in text.split(separator: sign, omittingEmptySubsequences: false).dropFirst() {
                let word = piece.drop { $0 == "{" || $0 == " " }
                    .prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                if names.contains(String(word)) { return String(word) }
            }
        }
        return nil
    }
}
