/// The keys of one mapping that a document's part knows, with their values.
struct Fields {
    /// Where the mapping starts.
    let mark: YamlMark
    /// Whether a key was refused because its part of the format is not built.
    let hasUnbuilt: Bool
    /// What may stand in the mapping.
    let part: DocumentPart
    private let pairs: [String: YamlNode.Pair]

    init(part: DocumentPart, mark: YamlMark, hasUnbuilt: Bool, pairs: [String: YamlNode.Pair]) {
        self.part = part
        self.mark = mark
        self.hasUnbuilt = hasUnbuilt
        self.pairs = pairs
    }

    /// The value of a key of the part's table, if there is one that can be read.
    subscript(key: String) -> YamlNode? {
        precondition(part.has(key), "\(part.name) has no key '\(key)' in its table")
        guard let value = pairs[key]?.value else { return nil }
        if case .unreadable = value.content { return nil }
        return value.isEmpty ? nil : value
    }

    /// Whether the key stands there, with whatever value.
    func has(_ key: String) -> Bool { pairs[key] != nil }

    /// Where a key stands; the mapping's start where it doesn't.
    func mark(of key: String) -> YamlMark { pairs[key]?.keyMark ?? mark }
}

extension DocumentReading {
    /// The keys of a mapping, checked against what the part may have.
    ///
    /// Reports a value that is no mapping, unknown and missing keys, keys without a value, and
    /// those that are not built yet.
    mutating func fields(_ node: YamlNode, _ part: DocumentPart) -> Fields? {
        guard let pairs = mapping(node, part.name) else { return nil }
        var known: [String: YamlNode.Pair] = [:]
        for pair in pairs {
            if part.notBuilt.contains(pair.key) {
                notBuilt("'\(pair.key)'", at: pair.keyMark)
            } else if part.keys.contains(pair.key) {
                known[pair.key] = pair
                refuseEmpty(pair)
            } else if let key = part.keys.first(where: { pair.key.hasPrefix($0 + ":") }) {
                missingSpace(pair, after: key + ":")
                let value = YamlNode(content: .unreadable, start: pair.keyMark, end: pair.keyMark)
                known[key] = YamlNode.Pair(key: key, keyMark: pair.keyMark, value: value)
            } else {
                unknownKey(pair, part)
            }
        }
        let hasGap = hasGap(from: node.start, to: node.end)
        for key in part.required where known[key] == nil && !hasGap {
            error(
                "missing-key", "'\(key)' is missing in \(part.name).", at: node.start,
                hint: "Add `\(key): …` here.")
        }
        let hasUnbuilt = pairs.contains { part.notBuilt.contains($0.key) }
        return Fields(
            part: part, mark: node.start, hasUnbuilt: hasUnbuilt, pairs: known)
    }

    /// The pairs of a mapping whose keys are names of the author's own.
    mutating func mapping(_ node: YamlNode, _ what: String) -> [YamlNode.Pair]? {
        switch node.content {
        case .mapping(let pairs): return pairs
        case .unreadable: return nil
        default:
            error(
                "wrong-type",
                "\(what) must be a mapping of keys, and this is "
                    + "\(node.kindInWords).",
                at: node.start, hint: "Write `key: value` lines, or `{ key: value }`.")
            return nil
        }
    }

    /// Reports a key whose value was left out.
    mutating func refuseEmpty(_ pair: YamlNode.Pair) {
        let next = YamlMark(line: pair.keyMark.line + 1, column: 1)
        guard pair.value.isEmpty, !hasGap(from: next, to: next) else { return }
        error(
            "wrong-type", "'\(Excerpt.line(pair.key))' has no value.", at: pair.keyMark,
            hint: "Give it one, or remove the key; empty text is written \"\".")
    }

    /// Refuses a part of the format that is planned.
    mutating func notBuilt(_ what: String, at mark: YamlMark) {
        error(
            "not-built", "\(what) is not built yet; it has its place in docs/format.md.", at: mark,
            hint: "Remove it until it is.")
    }

    private mutating func missingSpace(_ pair: YamlNode.Pair, after key: String) {
        let written = "\(key) \(pair.key.dropFirst(key.count))"
        error(
            "yaml-syntax", "A space is missing after '\(key)'.", at: pair.keyMark,
            excerpt: pair.key, hint: "Write `\(Excerpt.line(written))`.")
    }

    private mutating func unknownKey(_ pair: YamlNode.Pair, _ part: DocumentPart) {
        let near = nearestName(to: pair.key, among: part.keys)
        error(
            "unknown-key", "\(part.name) has no key '\(Excerpt.line(pair.key))'.",
            at: pair.keyMark, excerpt: pair.key,
            hint: near.map { "Did you mean '\($0)'?" }
                ?? "Its keys are: \(part.keys.joined(separator: ", ")).")
    }
}
