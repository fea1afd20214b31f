extension RunbookReading {
    /// The longest program text in a document, in characters.
    static let longestProgram = 65_536

    /// A script, with what it is given; the environment is that of its step.
    mutating func script(
        _ node: YamlNode?, _ what: String, inheriting environment: [String: Argument]
    ) -> ScriptCall? {
        guard let node else { return nil }
        if case .scalar = node.content {
            guard let text = inlineText(node, what) else { return nil }
            return ScriptCall(
                program: .inline(text),
                interpreter: RunbookFiles.interpreter(of: text.utf8) ?? ["sh"],
                environment: environment)
        }
        guard let fields = document.fields(node, .script) else { return nil }
        return script(fields, what, inheriting: environment)
    }

    /// A script whose keys stand in a mapping that is read already.
    mutating func script(
        _ fields: Fields, _ what: String, inheriting environment: [String: Argument]
    ) -> ScriptCall? {
        let arguments = arguments(fields)
        let input = value(fields["stdin"], "stdin", site: .standardInput)
        let declared = interpreter(fields)
        guard let (program, own) = program(fields, what) else { return nil }
        return ScriptCall(
            program: program, interpreter: declared ?? own ?? ["sh"], arguments: arguments,
            environment: environment, standardInput: input)
    }

    private mutating func program(
        _ fields: Fields, _ what: String
    ) -> (ScriptCall.Program, interpreter: [String]?)? {
        switch (fields.has("script"), fields.has("sh")) {
        case (true, true):
            document.error(
                "conflicting-keys", "'script' and 'sh' exclude each other.",
                at: fields.mark(of: "sh"), hint: "Keep one of them.")
            return nil
        case (false, false):
            document.error(
                "missing-key", "\(what) has neither 'script' nor 'sh'.", at: fields.mark,
                hint: "Add `script: scripts/…`, or `sh:` with the text.")
            return nil
        case (true, false):
            guard let node = fields["script"], let path = document.line(node, "script") else {
                return nil
            }
            draft.files.append(.init(path: path, kind: .script, mark: node.start))
            return (
                .file(path), files.entry(path).flatMap { RunbookFiles.interpreter(of: $0.bytes) }
            )
        case (false, true):
            guard let node = fields["sh"], let text = inlineText(node, "sh") else { return nil }
            return (.inline(text), RunbookFiles.interpreter(of: text.utf8))
        }
    }

    private mutating func inlineText(_ node: YamlNode, _ what: String) -> String? {
        let text = document.text(node, what, limit: Self.longestProgram)
        if let text, text.contains("{{") {
            document.warning(
                "text-trap", "'{{' has no meaning in a script: no value is written into it.",
                at: node.start, hint: "Give the value with `args` or `with`.")
        }
        return text
    }

    private mutating func interpreter(_ fields: Fields) -> [String]? {
        guard let words = document.lines(fields, "interpreter", "interpreter") else {
            return nil
        }
        let parts = words.count == 1 ? words[0].split(separator: " ").map(String.init) : words
        if let first = parts.first, first.hasPrefix("-"), let node = fields["interpreter"] {
            document.error(
                "bad-value",
                "An interpreter is a program, and '\(Excerpt.line(first))' is an "
                    + "option.",
                at: node.start, excerpt: first)
        }
        return parts.isEmpty ? nil : parts
    }

    private mutating func arguments(_ fields: Fields) -> [Argument] {
        let nodes = document.elements(fields, "args", "args") ?? []
        return nodes.compactMap { value($0, "an element of args", site: .argument) }
    }

    /// The mapping of a `with` or of a template's `values`.
    mutating func values(
        _ fields: Fields, _ what: String, site: RunbookDraft.Mention.Site
    ) -> [(name: String, mark: YamlMark, value: Argument)] {
        guard let pairs = document.entries(fields, what, "names of \(what)") else { return [] }
        var values: [(name: String, mark: YamlMark, value: Argument)] = []
        for pair in pairs {
            document.refuseEmpty(pair)
            let name = document.name(
                pair.key, "a key of \(what)", at: pair.keyMark, as: ParameterName.self)
            guard !pair.value.isEmpty else { continue }
            let value = value(pair.value, "'\(Excerpt.line(pair.key))'", site: site)
            if let name, let value { values.append((name.rawValue, pair.keyMark, value)) }
        }
        return values
    }

    /// The environment that a `with` describes.
    mutating func environment(_ fields: Fields) -> [String: Argument] {
        let pairs = values(fields, "with", site: .environment).map { ($0.name, $0.value) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// A value: text, or a reference `$name`.
    mutating func value(
        _ node: YamlNode?, _ what: String, site: RunbookDraft.Mention.Site
    ) -> Argument? {
        guard let node, let text = document.scalar(node, what) else { return nil }
        document.nameTraps(node)
        guard text.utf8.count <= DocumentReading.longestValue else {
            document.error(
                "too-large",
                "\(what) has \(text.utf8.count) bytes; \(DocumentReading.longestValue) is the "
                    + "limit.",
                at: node.start)
            return nil
        }
        guard !text.utf8.contains(0) else {
            document.error(
                "control-character",
                "\(what) holds a NUL character, which no program can be "
                    + "given.",
                at: node.start)
            return nil
        }
        if text.hasPrefix("$$") { return .text(String(text.dropFirst())) }
        if let name = Self.reference(text) {
            draft.mentions.append(
                .init(
                    name: name, site: site, mark: node.start, moment: moment, hasItem: isInItems,
                    step: isInItems ? draft.steps.count - 1 : nil))
            return .reference(name)
        }
        if text.contains("$") || text.contains("{{") || site == .environment {
            draft.textArguments.append(.init(text: text, mark: node.start))
        }
        return .text(text)
    }

    /// The name that a whole text `$name` or `$name.name` refers to.
    static func reference(_ text: String) -> Expression.Name? {
        guard text.hasPrefix("$") else { return nil }
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
            .map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy(LabelGrammar.isLabel) else {
            return nil
        }
        return Expression.Name(parts: parts)
    }
}
