extension RunbookReading {
    /// A `file` action.
    mutating func file(_ node: YamlNode, _ environment: [String: Argument]) -> FileAction? {
        guard let fields = document.fields(node, .file) else { return nil }
        let path = value(fields["path"], "the path", site: .typedAction)
        if case .text(let text)? = path, let node = fields["path"] {
            refuseRelative(text, at: node)
        }
        let content = content(fields)
        if case .absent? = content {
            for key in fields.part.excludes(of: "absent") where fields.has(key) {
                document.error(
                    "misplaced-key", "'\(key)' means nothing for a file that must not exist.",
                    at: fields.mark(of: key), hint: "Remove it.")
            }
        }
        let mode = mode(fields["mode"])
        let owner = document.account(fields["owner"], "owner")
        let group = document.account(fields["group"], "group")
        let check = script(fields["check"], "check", inheriting: environment)
        guard let path, let content else { return nil }
        return FileAction(
            path: path, content: content, mode: mode, owner: owner, group: group, check: check)
    }

    private mutating func content(_ fields: Fields) -> FileAction.Content? {
        let given = fields.part.exactlyOne.filter(fields.has)
        guard given.count == 1 else {
            document.error(
                given.isEmpty ? "missing-key" : "conflicting-keys",
                "A file has exactly one of 'content', 'template' and 'absent'.",
                at: given.dropFirst().first.map(fields.mark(of:)) ?? fields.mark,
                hint: given.isEmpty ? "Add one of them." : "Keep one of them.")
            return nil
        }
        if fields.has("values"), given != ["template"] {
            document.error(
                "misplaced-key", "'values' means nothing without 'template'.",
                at: fields.mark(of: "values"), hint: "Only a template has places for values.")
        }
        switch given.first {
        case "content":
            return contentFile(fields["content"], "content").map(FileAction.Content.file)
        case "template": return template(fields)
        default:
            return document.truth(fields["absent"], "absent").flatMap { isAbsent in
                if isAbsent { return .absent }
                document.error(
                    "bad-value", "'absent' can only be true.", at: fields.mark(of: "absent"),
                    hint: "Give the file's 'content' or 'template' instead.")
                return nil
            }
        }
    }

    private mutating func contentFile(_ node: YamlNode?, _ what: String) -> String? {
        guard let node, let path = document.line(node, what) else { return nil }
        draft.files.append(.init(path: path, kind: .content, mark: node.start))
        return path
    }

    private mutating func template(_ fields: Fields) -> FileAction.Content? {
        let given = values(fields, "values", site: .template)
        guard let path = contentFile(fields["template"], "template") else { return nil }
        draft.templates.append(
            .init(
                path: path, names: given.map { ($0.name, $0.mark) },
                mark: fields["template"]?.start ?? fields.mark))
        let pairs = given.map { ($0.name, $0.value) }
        return .template(path, values: Dictionary(pairs) { first, _ in first })
    }

    private mutating func mode(_ node: YamlNode?) -> Int? {
        guard let node, let text = document.scalar(node, "the mode") else { return nil }
        let isOctal = text.utf8.allSatisfy { (0x30...0x37).contains($0) }
        guard isOctal, (3...4).contains(text.utf8.count), let bits = Int(text, radix: 8) else {
            document.error(
                "bad-value", "The mode must be three or four octal digits.", at: node.start,
                excerpt: text, hint: "Such as 0644 or \"0755\".")
            return nil
        }
        return bits
    }
}
