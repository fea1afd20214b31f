extension RunbookReading {
    /// The list of symptoms.
    mutating func symptoms(_ fields: Fields) -> [Symptom] {
        let nodes = document.elements(fields, "symptoms", "symptoms") ?? []
        return nodes.compactMap { symptom($0) }
    }

    private mutating func symptom(_ node: YamlNode) -> Symptom? {
        guard let fields = document.fields(node, .symptom) else { return nil }
        if !fields.part.atLeastOne.contains(where: fields.has) {
            document.error(
                "missing-key", "A symptom needs 'alert', 'present', or both.", at: fields.mark)
        }
        if !fields.has("present") {
            for key in fields.part.keys(beside: "present") where fields.has(key) {
                document.error(
                    "misplaced-key", "'\(key)' means nothing without 'present'.",
                    at: fields.mark(of: key), hint: "Add `present:`, or remove it.")
            }
        }
        let alerts = document.lines(fields, "alert", "alert")
        let known = draft.mentions.count
        defer {
            for index in known..<draft.mentions.count { draft.mentions[index].early = "a symptom" }
        }
        let environment = environment(fields)
        let notPresent = document.word(
            fields["not_present"], "not_present", as: Symptom.NotPresent.self)
        return Symptom(
            alerts: alerts ?? [], when: selector(fields["when"], "when"),
            fill: fill(fields["fill"]),
            present: script(fields["present"], "present", inheriting: environment),
            notPresent: notPresent ?? .ask,
            goneFor: document.time(fields, "gone_for", "gone_for")
                ?? .zero,
            position: document.source.position(fields.mark))
    }

    private mutating func fill(_ node: YamlNode?) -> [String: String] {
        guard let node, let pairs = document.mapping(node, "fill") else { return [:] }
        var fill: [String: String] = [:]
        for pair in pairs {
            guard let path = document.line(pair.value, "a value of fill") else { continue }
            if pair.key != "target",
                !draft.parameters.contains(where: { $0.name.rawValue == pair.key })
            {
                let names = draft.parameters.map(\.name.rawValue) + ["target"]
                document.error(
                    "dangling-reference",
                    "'\(Excerpt.line(pair.key))' is neither a parameter nor 'target'.",
                    at: pair.keyMark, excerpt: pair.key,
                    hint: nearestName(to: pair.key, among: names).map { "Did you mean '\($0)'?" })
            }
            guard Self.isAlertPath(path) else {
                document.error(
                    "bad-value", "'\(Excerpt.line(path))' is no place in an alert.",
                    at: pair.value.start, excerpt: path,
                    hint: "Write alert.labels.NAME or alert.annotations.NAME.")
                continue
            }
            fill[pair.key] = path
        }
        return fill
    }

    private static func isAlertPath(_ path: String) -> Bool {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "alert", ["labels", "annotations"].contains(parts[1])
        else { return false }
        return parts[2].utf8.count <= 128 && !parts[2].isEmpty
            && parts[2].utf8.allSatisfy {
                NameGrammar.isWordByte($0 | 0x20) || $0 == UInt8(ascii: "_")
            }
    }

    /// The list of checks of a `verify`.
    mutating func checks(
        _ fields: Fields, inheriting environment: [String: Argument]
    ) -> [AssertAction] {
        let nodes = document.elements(fields, "verify", "verify") ?? []
        return nodes.compactMap { check($0, inheriting: environment) }
    }

    private mutating func check(
        _ node: YamlNode, inheriting environment: [String: Argument]
    ) -> AssertAction? {
        guard let fields = document.fields(node, .check) else { return nil }
        let own = self.environment(fields)
        let merged = environment.merging(own) { _, mine in mine }
        let holds = document.time(fields, "stays_ok_for", "stays_ok_for")
        guard let call = script(fields["assert"], "assert", inheriting: merged) else { return nil }
        return AssertAction(script: call, staysOKFor: holds ?? .zero)
    }
}
