/// The YAML documents of a trust folder, as far as they could be read.
///
/// Their shape is checked here; `TrustBook` says what they mean, and whether they can be used.
package struct TrustDocuments: Sendable {
    /// Where people's files are.
    package static let peopleFolder = "people/"
    /// How they end.
    package static let personEnd = ".yaml"
    /// Where the calendars are that environments demand.
    package static let calendarsFolder = "calendars/"
    /// What environments demand.
    package static let environments = "environments.yaml"

    /// In the order of their files' names.
    package let people: [PersonEntry]
    /// Nil where there is no such document.
    package let floors: [FloorEntry]?
    /// The zone of its calendars; nil where it names none.
    package let timezone: PlacedText?
    /// All findings, file by file.
    package let diagnostics: [Diagnostic]

    /// Reads what is there, and reports every mistake in it.
    package init(_ tree: LibraryTree) {
        var (people, found): ([PersonEntry], [Diagnostic]) = ([], [])
        for path in tree.entries.keys.sorted() where Self.isPerson(path) {
            guard let entry = tree.entries[path] else { continue }
            let loaded = YamlLoader.load(entry.bytes, file: path)
            var reading = DocumentReading(loaded)
            people.append(reading.person(loaded.root, file: path))
            found += reading.sorted()
        }
        var floors: [FloorEntry]?
        var timezone: PlacedText?
        if let entry = tree.entries[Self.environments] {
            let loaded = YamlLoader.load(entry.bytes, file: Self.environments)
            var reading = DocumentReading(loaded)
            let read = reading.floors(loaded.root)
            (floors, timezone) = (read.floors, read.timezone)
            found += reading.sorted()
        }
        (self.people, self.floors, diagnostics) = (people, floors, found)
        self.timezone = timezone
    }

    /// Whether a path is that of a calendar: plain letters, and nothing hidden.
    package static func isCalendar(_ path: String) -> Bool {
        guard path.hasPrefix(calendarsFolder), path.hasSuffix(".ics") else { return false }
        let name = path.dropFirst(calendarsFolder.count).dropLast(".ics".count)
        return TargetName(rawValue: String(name)) != nil
    }

    /// Whether a path is that of a person's file.
    package static func isPerson(_ path: String) -> Bool {
        path.hasPrefix(peopleFolder) && path.hasSuffix(personEnd)
            && !path.dropFirst(peopleFolder.count).contains("/")
    }
}

extension DocumentReading {
    fileprivate mutating func person(_ root: YamlNode?, file: String) -> PersonEntry {
        let name = file.dropFirst(TrustDocuments.peopleFolder.count)
            .dropLast(TrustDocuments.personEnd.count)
        let id = PlacedText(
            String(name), at: SourcePosition(file: file, line: 1, column: 1))
        guard let root, let fields = fields(root, .person) else {
            return PersonEntry(
                id: id, name: nil, accounts: [], git: [], roles: [], keys: [], retired: nil)
        }
        formatVersion(fields["handrail"])
        let shown = line(fields, "name", "the name of a person")
        let accounts = (elements(fields, "accounts", "accounts") ?? []).compactMap { node in
            account(node, "an account").map { placed($0, node) }
        }
        let roles = (elements(fields, "roles", "roles") ?? []).compactMap { grant($0) }
        let keys = (elements(fields, "keys", "keys") ?? []).compactMap { key($0) }
        return PersonEntry(
            id: id, name: shown, accounts: accounts,
            git: placedLines(fields, "git", "e-mails of git", limit: 254), roles: roles, keys: keys,
            retired: placedLine(fields, "retired", "the time of retiring"))
    }

    private mutating func grant(_ node: YamlNode) -> PersonEntry.Grant? {
        if node.text != nil {
            guard let role = line(node, "a role") else { return nil }
            return PersonEntry.Grant(
                role: placed(role, node), environments: [], runbooks: [], targets: [])
        }
        guard let fields = fields(node, .grant) else { return nil }
        let environments = placedLines(fields, "environments", "environments")
        let runbooks = placedLines(fields, "runbooks", "runbooks")
        let targets = placedLines(fields, "targets", "targets")
        guard let role = placedLine(fields, "role", "the role") else { return nil }
        return PersonEntry.Grant(
            role: role, environments: environments, runbooks: runbooks, targets: targets)
    }

    private mutating func key(_ node: YamlNode) -> PersonEntry.Key? {
        guard let fields = fields(node, .personKey) else { return nil }
        let from = placedLine(fields, "from", "a key's start")
        let until = placedLine(fields, "until", "a key's end")
        guard let line = placedLine(fields, "key", "the key") else { return nil }
        return PersonEntry.Key(line: line, from: from, until: until)
    }

    fileprivate mutating func floors(
        _ root: YamlNode?
    ) -> (floors: [FloorEntry], timezone: PlacedText?) {
        guard let root, let fields = fields(root, .floors) else { return ([], nil) }
        formatVersion(fields["handrail"])
        let pairs = entries(fields, "environments", "environments") ?? []
        var order = EnvironmentOrder(names: pairs.map(\.key))
        let found = pairs.compactMap { pair -> FloorEntry? in
            refuseEmpty(pair)
            let name = labelName(pair.key, "an environment", at: pair.keyMark)
            guard let name, !pair.value.isEmpty, let fields = self.fields(pair.value, .floor)
            else { return nil }
            return FloorEntry(
                name: PlacedText(name, at: source.position(pair.keyMark)),
                targets: placedLines(fields, "targets", "targets"),
                content: word(fields["content"], "content", as: PolicyLevel.self) ?? .required,
                change: word(fields["change"], "change", as: PolicyLevel.self) ?? .required,
                isProduction: truth(fields["production"], "production") ?? true,
                actSignatures: word(
                    fields["act_signatures"], "act_signatures", as: FloorEntry.ActSignatures.self)
                    ?? .off,
                quorum: integer(fields, "quorum", "quorum") ?? 1,
                authors: word(fields["authors"], "authors", as: FloorEntry.Authors.self) ?? .any,
                after: before(fields, of: name, &order),
                changeTypes: fields.has("change_types")
                    ? placedLines(fields, "change_types", "change types") : nil,
                windows: placedLines(fields, "windows", "windows"),
                freezes: placedLines(fields, "freezes", "freezes"))
        }
        refuseCycles(order)
        return (found, timezone(fields, found))
    }

    /// The zone of the calendars, which must be there where an environment has some.
    private mutating func timezone(_ fields: Fields, _ floors: [FloorEntry]) -> PlacedText? {
        let name = zoneName(fields, "timezone")
        if name == nil, !fields.has("timezone"),
            let first = floors.flatMap({ $0.windows + $0.freezes }).first
        {
            error(
                "missing-key",
                "'timezone' is missing in environments.yaml, and there are calendars.",
                at: YamlMark(line: first.position.line, column: first.position.column),
                hint: "Say whose days they are, such as `timezone: Europe/Berlin`.")
        }
        guard let name, let node = fields["timezone"] else { return nil }
        return placed(name, node)
    }

    private func placed(_ text: String, _ node: YamlNode) -> PlacedText {
        PlacedText(text, at: source.position(node.start))
    }

    private mutating func placedLine(
        _ fields: Fields, _ key: String, _ what: String
    ) -> PlacedText? {
        guard let node = fields[key], let text = line(fields, key, what) else { return nil }
        return placed(text, node)
    }

    private mutating func placedLines(
        _ fields: Fields, _ key: String, _ what: String, limit: Int = 253
    ) -> [PlacedText] {
        (elements(fields, key, what) ?? []).compactMap { node in
            line(node, "an element of \(what)", limit: limit).map { placed($0, node) }
        }
    }
}
