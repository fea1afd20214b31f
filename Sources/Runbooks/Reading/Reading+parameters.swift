extension RunbookReading {
    /// The mapping of parameters, in the order written.
    mutating func parameters(_ fields: Fields) -> [Parameter] {
        guard let pairs = document.entries(fields, "parameters", "parameters") else { return [] }
        for pair in pairs {
            document.refuseEmpty(pair)
            let name = document.name(
                pair.key, "a parameter", at: pair.keyMark, as: ParameterName.self)
            guard let name else { continue }
            let draft = parameter(name, pair)
            self.draft.parameters.append(draft)
        }
        return draft.parameters.compactMap(\.parameter)
    }

    private mutating func parameter(
        _ name: ParameterName, _ pair: YamlNode.Pair
    ) -> RunbookDraft.ParameterDraft {
        if case .scalar = pair.value.content {
            let kind =
                pair.value.isEmpty
                ? nil : document.word(pair.value, "the type", as: Parameter.Kind.self)
            if kind == .choice {
                document.error(
                    "missing-key", "A choice needs 'choices'.", at: pair.value.start,
                    hint: "Write `{ type: choice, choices: [a, b] }`.")
            }
            return .init(
                name: name, mark: pair.keyMark, kind: kind, choices: [],
                parameter: kind.map { Parameter(name: name, kind: $0) })
        }
        guard let fields = document.fields(pair.value, .parameter) else {
            return .init(
                name: name, mark: pair.keyMark, kind: nil, choices: [], parameter: nil)
        }
        let kind = document.word(fields["type"], "the type", as: Parameter.Kind.self)
        let isOptional = document.truth(fields["optional"], "optional") ?? false
        let constraints = constraints(fields, kind)
        requireOptional(fields, isOptional)
        let description = document.line(fields, "description", "the description")
        let help = document.text(fields, "help", "help")
        let bare = kind.map {
            Parameter(
                name: name, kind: $0, constraints: constraints, isOptional: isOptional,
                description: description ?? "", help: help)
        }
        return .init(
            name: name, mark: pair.keyMark, kind: kind, choices: constraints.choices,
            parameter: bare.map { withDefault($0, fields) })
    }

    private mutating func requireOptional(_ fields: Fields, _ isOptional: Bool) {
        if isOptional, fields.has("default") {
            document.error(
                "conflicting-keys", "A parameter with a default always has a value.",
                at: fields.mark(of: "optional"), hint: "Remove 'optional' or 'default'.")
        }
        if !isOptional, fields.has("required_if") {
            document.error(
                "conflicting-keys", "'required_if' says when an optional value is needed.",
                at: fields.mark(of: "required_if"), hint: "Add `optional: true`.")
        }
    }

    /// The constraints of a parameter or an output.
    mutating func constraints(_ fields: Fields, _ kind: Parameter.Kind?) -> Parameter.Constraints {
        if let kind { refuseMisplaced(fields, kind) }
        var found = Parameter.Constraints()
        found.pattern = pattern(fields)
        found.min = bound(fields["min"], "min", kind)
        found.max = bound(fields["max"], "max", kind)
        found.minLength = document.integer(fields, "min_length", "min_length")
        found.maxLength = document.integer(fields, "max_length", "max_length")
        refuseReversed(fields, found)
        found.choices = choices(fields, kind)
        guard fields.part.has("required_if") else { return found }
        let known = draft.mentions.count
        found.requiredIf = condition(fields["required_if"], "required_if")
        for index in known..<draft.mentions.count { draft.mentions[index].early = "a parameter" }
        found.excludes = others(fields, "excludes")
        found.requires = others(fields, "requires")
        return found
    }

    private mutating func refuseReversed(_ fields: Fields, _ found: Parameter.Constraints) {
        if let min = found.min, let max = found.max, min > max {
            document.error(
                "bad-value", "'min' is greater than 'max': no value fits.",
                at: fields.mark(of: "min"))
        }
        if let min = found.minLength, let max = found.maxLength, min > max {
            document.error(
                "bad-value", "'min_length' is greater than 'max_length': no value fits.",
                at: fields.mark(of: "min_length"))
        }
    }

    private mutating func refuseMisplaced(_ fields: Fields, _ kind: Parameter.Kind) {
        for key in fields.part.keys where fields.has(key) {
            guard let kinds = Self.kinds[key], !kinds.contains(kind) else { continue }
            let words = kinds.map(\.rawValue).joined(separator: ", ")
            document.error(
                "misplaced-key", "'\(key)' means nothing for the type '\(kind.rawValue)'.",
                at: fields.mark(of: key), hint: "It is for: \(words).")
        }
        if kind == .secret, fields.has("default") {
            document.error(
                "misplaced-key", "A secret has no default: it would stand in the library.",
                at: fields.mark(of: "default"), excerpt: "default",
                hint: "Remove it; a secret comes from a prompt, a file or standard input.")
        }
    }

    /// The types that a constraint is for; those not listed are for all.
    private static let kinds: [String: [Parameter.Kind]] = {
        let texts: [Parameter.Kind] = [.string, .list, .path, .hostname, .url, .email, .secret]
        let amounts: [Parameter.Kind] = [.integer, .number, .duration, .size]
        return [
            "pattern": texts, "min_length": texts, "max_length": texts, "min": amounts,
            "max": amounts, "choices": [.choice, .list],
        ]
    }()

    private mutating func pattern(_ fields: Fields) -> String? {
        guard let node = fields["pattern"],
            let text = document.line(fields, "pattern", "the pattern")
        else { return nil }
        PatternRule.check(text, at: node.start, in: &document)
        return text
    }

    private mutating func bound(
        _ node: YamlNode?, _ what: String, _ kind: Parameter.Kind?
    ) -> Double? {
        guard let node, let kind, let text = document.scalar(node, what) else { return nil }
        let number: Double?
        switch kind {
        case .integer: number = Int(text).map(Double.init)
        case .number: number = Double(text).flatMap { $0.isFinite ? $0 : nil }
        case .duration: number = parseDuration(text).map { Double($0.inMilliseconds) }
        case .size: number = parseSize(text).map(Double.init)
        default: return nil
        }
        if number == nil {
            document.error(
                "bad-value",
                "'\(what)' must be written as a value of the type "
                    + "'\(kind.rawValue)'.",
                at: node.start, excerpt: text)
        }
        return number
    }

    private mutating func choices(
        _ fields: Fields, _ kind: Parameter.Kind?
    ) -> [String] {
        if kind == .choice, !fields.has("choices") {
            document.error(
                "missing-key", "A choice needs 'choices'.", at: fields.mark,
                hint: "Add `choices: [a, b]`.")
        }
        var found: [String] = []
        for element in document.elements(fields, "choices", "choices") ?? [] {
            guard let text = document.line(element, "a choice") else { continue }
            if found.contains(text) {
                document.error(
                    "duplicate-id", "The choice '\(Excerpt.line(text))' stands twice.",
                    at: element.start)
            } else {
                found.append(text)
            }
        }
        if let node = fields["choices"], found.isEmpty, case .list(let nodes) = node.content,
            nodes.isEmpty
        {
            document.error("bad-value", "'choices' is empty: no value fits.", at: node.start)
        }
        return found
    }

    private mutating func others(_ fields: Fields, _ what: String) -> [ParameterName] {
        let nodes = document.elements(fields, what, what) ?? []
        return nodes.compactMap { element in
            let text = document.line(element, "an element of \(what)")
            let name = document.name(
                text, "an element of \(what)", at: element.start, as: ParameterName.self)
            if let name { draft.parameterMentions.append((name, element.start)) }
            return name
        }
    }

    private mutating func withDefault(_ parameter: Parameter, _ fields: Fields) -> Parameter {
        guard let node = fields["default"], parameter.kind != .secret else { return parameter }
        let check = ParameterCheck(parameter.kind, parameter.constraints)
        let reading: ParameterCheck.Reading
        if parameter.kind == .list, case .list = node.content {
            guard let elements = document.lines(fields, "default", "the default") else {
                return parameter
            }
            reading = check.read(elements)
        } else {
            guard let text = document.scalar(node, "the default") else { return parameter }
            document.nameTraps(node)
            reading = check.read(text)
        }
        for problem in reading.problems {
            document.error(
                "bad-default", "The default \(problem.message).", at: node.start,
                excerpt: node.text, hint: problem.hint)
        }
        return Parameter(
            name: parameter.name, kind: parameter.kind, constraints: parameter.constraints,
            defaultValue: reading.problems.isEmpty ? reading.value : nil,
            isOptional: parameter.isOptional, description: parameter.description,
            help: parameter.help)
    }
}
