extension RunbookReading {
    /// What a step's `for_each` goes through: a list of text, or a reference to one.
    mutating func items(_ fields: Fields) -> (list: ItemList, mark: YamlMark)? {
        guard let node = fields["for_each"] else { return nil }
        for key in fields.part.excludes(of: "for_each") where fields.has(key) {
            document.error(
                "conflicting-keys", "'\(key)' can't stand beside 'for_each'.",
                at: fields.mark(of: key),
                hint: key == "release"
                    ? "Release what a step takes in steps of their own, without 'for_each'."
                    : "An output has one value, and each item would write its own.")
        }
        if case .scalar(let text, _) = node.content {
            guard let name = Self.reference(text) else {
                document.error(
                    "wrong-type", "'for_each' must be a list, and this is text.", at: node.start,
                    excerpt: text, hint: "Write `[a, b]`, or `$name` of a parameter of type list.")
                return nil
            }
            draft.mentions.append(
                .init(name: name, site: .items, mark: node.start, moment: moment))
            return (.reference(name), node.start)
        }
        guard let nodes = document.elements(fields, "for_each", "for_each") else { return nil }
        if nodes.isEmpty {
            document.error(
                "bad-value", "'for_each' is empty: nothing would be done.", at: node.start,
                hint: "Name the items, or remove the step.")
        }
        var texts: [String] = []
        for element in nodes {
            guard let text = item(element) else { continue }
            if texts.contains(where: { $0.utf8.elementsEqual(text.utf8) }) {
                document.error(
                    "bad-value", "The item '\(Excerpt.line(text))' stands twice.",
                    at: element.start, excerpt: text, hint: "Give each item once.")
                continue
            }
            texts.append(text)
        }
        return (.texts(texts), node.start)
    }

    private mutating func item(_ node: YamlNode) -> String? {
        guard let text = node.text, Self.reference(text) != nil else {
            guard case .text(let text)? = value(node, "an item of for_each", site: .items) else {
                return nil
            }
            return text
        }
        document.error(
            "bad-value", "An item is text, and '\(Excerpt.line(text))' is a reference.",
            at: node.start, excerpt: text,
            hint: "A whole list can be one: `for_each: $name`. Text that starts with '$' is "
                + "written with '$$'.")
        return nil
    }
}
