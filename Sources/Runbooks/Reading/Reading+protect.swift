/// The rules of the house in `handrail.yaml`.
extension DocumentReading {
    mutating func protectRules(_ document: Fields) -> [ProtectRule] {
        guard let nodes = elements(document, "protect", "protect") else { return [] }
        var rules: [ProtectRule] = []
        for node in nodes {
            guard let fields = fields(node, .protectRule), let rule = protectRule(fields) else {
                continue
            }
            if rules.contains(where: { Set($0.per) == Set(rule.per) }) {
                error(
                    "duplicate-id",
                    "There is a rule per \(rule.per.joined(separator: ", ")) already.",
                    at: fields.mark(of: "per"), hint: "Keep one of them.")
            }
            rules.append(rule)
        }
        return rules
    }

    private mutating func protectRule(_ fields: Fields) -> ProtectRule? {
        var labels: [String] = []
        var positions: [SourcePosition] = []
        for node in elements(fields, "per", "per") ?? [] {
            guard let text = line(node, "a label of per"),
                let label = labelName(text, "a label of per", at: node.start)
            else { continue }
            guard !labels.contains(label) else {
                error("duplicate-id", "'\(label)' stands twice in per.", at: node.start)
                continue
            }
            labels.append(label)
            positions.append(source.position(node.start))
        }
        if labels.isEmpty, let node = fields["per"], case .list(let elements) = node.content,
            elements.isEmpty
        {
            error("bad-value", "'per' names no label.", at: node.start)
        }
        let limit = protectLimit(fields)
        let requiresLabels = truth(fields["require_labels"], "require_labels") ?? false
        let peersOK = peersOK(fields)
        guard !labels.isEmpty, let limit else { return nil }
        return ProtectRule(
            per: labels, limit: limit, requiresLabels: requiresLabels, peersOK: peersOK,
            positions: positions)
    }

    /// The script's text, written in the document itself: a rule is no runbook's, and has no files.
    private mutating func peersOK(_ fields: Fields) -> ScriptCall? {
        guard let node = fields["peers_ok"],
            let text = text(node, "peers_ok", limit: RunbookReading.longestProgram)
        else { return nil }
        return ScriptCall(
            program: .inline(text),
            interpreter: RunbookFiles.interpreter(of: text.utf8) ?? ["sh"])
    }

    private mutating func protectLimit(_ fields: Fields) -> ProtectRule.Limit? {
        guard let node = fields["max_unavailable"], let text = scalar(node, "max_unavailable")
        else { return nil }
        guard text.hasSuffix("%") else {
            return integer(fields, "max_unavailable", "max_unavailable").map { .count($0) }
        }
        guard case .percent(let percent)? = share(text, at: node) else { return nil }
        return .percent(percent)
    }
}

extension DocumentReading {
    /// A share such as `20%`.
    mutating func share(_ text: String, at node: YamlNode) -> Amount? {
        if let share = Amount.share(text) { return share }
        error(
            "bad-value", "A share is a whole number of percent from 1% to 100%.",
            at: node.start, excerpt: text)
        return nil
    }
}

extension Library {
    /// Warns of labels of rules that no target has: such a rule protects nobody.
    static func unusedProtection(
        _ configuration: Configuration, _ inventory: Inventory
    ) -> [Diagnostic] {
        let known = Set(inventory.targets.flatMap(\.labels.keys))
        guard !inventory.targets.isEmpty else { return [] }
        return configuration.protect.flatMap { rule in
            zip(rule.per, rule.positions).filter { !known.contains($0.0) }.map { label, position in
                .warning(
                    "unknown-label",
                    "No target has the label '\(label)', so this rule protects nobody.",
                    at: position, excerpt: label,
                    hint: nearestName(to: label, among: known.sorted()).map {
                        "Did you mean '\($0)'?"
                    } ?? "Labels are given in the inventory.")
            }
        }
    }
}
