extension BaselineException {
    /// Reads a baseline's file of exceptions.
    ///
    /// Targets are compared with the inventory once that is read (`BaselineRules`).
    static func read(
        _ entry: LibraryTree.Entry, path: String, items: [Step]
    ) -> Checked<[BaselineException]> {
        let loaded = YamlLoader.load(entry.bytes, file: path)
        var reading = ExceptionReading(document: DocumentReading(loaded), items: items)
        let found = loaded.root.map { reading.exceptions($0) } ?? []
        return Checked(
            value: reading.document.hasErrors ? nil : found,
            diagnostics: reading.document.sorted())
    }
}

/// The reading of one file of exceptions, beside the items that it is about.
struct ExceptionReading {
    var document: DocumentReading
    let items: [Step]
    /// What is excepted so far, each item on each target.
    private var known: [StepID: [TargetName: Int]] = [:]

    init(document: DocumentReading, items: [Step]) {
        self.document = document
        self.items = items
    }

    /// All exceptions, as far as they can be read.
    mutating func exceptions(_ root: YamlNode) -> [BaselineException] {
        guard let fields = document.fields(root, .exceptions) else { return [] }
        document.formatVersion(fields["handrail"])
        let nodes = document.elements(fields, "exceptions", "exceptions") ?? []
        return nodes.compactMap { exception($0) }
    }

    private mutating func exception(_ node: YamlNode) -> BaselineException? {
        guard let fields = document.fields(node, .exception) else { return nil }
        let item = item(fields)
        let targets = targets(fields)
        let until = document.date(fields["until"], "until")
        let why = document.line(fields, "why", "why")
        let who = document.line(fields, "who", "who")
        guard let item, !targets.isEmpty else { return nil }
        refuseTwice(item, targets.map(\.name), at: node.start)
        guard let until, let why, let who else { return nil }
        return BaselineException(
            item: item, targets: targets.map(\.name), until: until, why: why, who: who,
            position: document.source.position(targets[0].mark))
    }

    private mutating func item(_ fields: Fields) -> StepID? {
        guard let node = fields["item"], let text = document.line(node, "the item") else {
            return nil
        }
        if let id = StepID(recorded: text), let step = items.first(where: { $0.id == id.step }),
            !id.isItem || step.mayHave(id)
        {
            return id
        }
        let known = items.flatMap(\.exceptable)
        document.error(
            "dangling-reference", "The baseline has no item '\(Excerpt.line(text))'.",
            at: node.start, excerpt: text,
            hint: nearestName(to: text, among: known).map { "Did you mean '\($0)'?" }
                ?? "Its items are: \(known.joined(separator: ", ")).")
        return nil
    }

    private mutating func targets(_ fields: Fields) -> [(name: TargetName, mark: YamlMark)] {
        var found: [(name: TargetName, mark: YamlMark)] = []
        for node in document.elements(fields, "target", "target") ?? [] {
            let name = document.name(
                document.line(node, "a target"), "a target", at: node.start, as: TargetName.self)
            guard let name else { continue }
            if found.contains(where: { $0.name == name }) {
                document.error(
                    "duplicate-id", "'\(name)' stands twice.", at: node.start,
                    excerpt: name.rawValue)
            } else {
                found.append((name, node.start))
            }
        }
        if found.isEmpty, let node = fields["target"], case .list(let nodes) = node.content,
            nodes.isEmpty
        {
            document.error("bad-value", "'target' names none.", at: node.start)
        }
        return found
    }

    /// One deviation has one reason: who looks for it finds one entry.
    private mutating func refuseTwice(
        _ item: StepID, _ targets: [TargetName], at mark: YamlMark
    ) {
        for target in targets {
            let others = known.filter { id, _ in
                id == item || id == item.step && !id.isItem || id.step == item
            }
            if let line = others.compactMap({ $0.value[target] }).min() {
                document.error(
                    "duplicate-id",
                    "'\(item)' is excepted on \(target) already, on line \(line).", at: mark,
                    excerpt: item.rawValue, hint: "Keep one of them.")
                return
            }
        }
        for target in targets { known[item, default: [:]][target] = mark.line }
    }
}

extension Step {
    /// Whether one of its items can have this id; a list that the plan knows only can have any.
    fileprivate func mayHave(_ id: StepID) -> Bool {
        switch forEach {
        case .texts(let texts)?:
            texts.enumerated().contains {
                StepID(self.id, item: $0.element, number: $0.offset + 1) == id
            }
        case .reference?: true
        case nil: false
        }
    }

    /// What an exception can name of it.
    fileprivate var exceptable: [String] {
        guard case .texts(let texts)? = forEach else { return [id.rawValue] }
        return [id.rawValue]
            + texts.enumerated().map {
                StepID(id, item: $0.element, number: $0.offset + 1).rawValue
            }
    }
}
