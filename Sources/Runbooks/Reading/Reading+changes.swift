/// Calendars and change types in `handrail.yaml`.
extension DocumentReading {
    /// The calendars, by name; what an entry lacks is reported, and the entry left out.
    mutating func calendars(
        _ document: Fields, timezone: String?, types: [ChangeType], _ tree: LibraryTree
    ) -> [CalendarRule] {
        guard let pairs = entries(document, "calendars", "calendars") else { return [] }
        if timezone == nil, !document.has("timezone") {
            error(
                "missing-key", "'timezone' is missing in handrail.yaml, and there are calendars.",
                at: document.mark(of: "calendars"),
                hint: "Say whose days they are, such as `timezone: Europe/Berlin`.")
        }
        var rules: [CalendarRule] = []
        for pair in pairs {
            refuseEmpty(pair)
            let name = labelName(pair.key, "a calendar", at: pair.keyMark)
            guard let name, !pair.value.isEmpty, let fields = fields(pair.value, .calendar) else {
                continue
            }
            let file = calendarFile(fields, tree)
            let kind = word(fields["kind"], "kind", as: CalendarRule.Kind.self)
            let own = zoneName(fields, "timezone")
            refuseFreezeKeys(fields, kind)
            let except = excepted(fields, types)
            let binds = bound(fields)
            guard let file, let kind, let zone = own ?? timezone else { continue }
            rules.append(
                CalendarRule(
                    name: name, file: file, kind: kind, except: kind == .freeze ? except : [],
                    bindsResolutions: kind == .freeze && binds.contains(.resolutions),
                    timezone: zone, position: source.position(pair.keyMark)))
        }
        return rules
    }

    /// A zone's name; whether this machine knows it is asked by who reads calendars.
    mutating func zoneName(_ fields: Fields, _ key: String) -> String? {
        guard let node = fields[key], let text = line(fields, key, key) else { return nil }
        let isName = text.utf8.allSatisfy { byte in
            NameGrammar.isWordByte(byte | 0x20) || [0x2B, 0x2D, 0x2F, 0x5F].contains(byte)
        }
        guard isName, !text.hasPrefix("/"), !text.hasSuffix("/"), !text.contains("//") else {
            error(
                "bad-name", "'\(Excerpt.line(text))' is no name of a time zone.", at: node.start,
                excerpt: text, hint: "Such as Europe/Berlin, or UTC.")
            return nil
        }
        return text
    }

    private mutating func calendarFile(_ fields: Fields, _ tree: LibraryTree) -> String? {
        guard let node = fields["file"], let path = line(fields, "file", "file") else { return nil }
        guard !path.hasPrefix("/"), !RunbookPath.hasOddParts(path), path.hasSuffix(".ics") else {
            error(
                "bad-path", "'\(Excerpt.line(path))' is no path of a calendar.", at: node.start,
                excerpt: path, hint: "Such as calendars/weekend.ics.")
            return nil
        }
        guard let entry = tree.entries[path] else {
            error(
                "missing-file", "There is no file '\(Excerpt.line(path))'.", at: node.start,
                excerpt: path, hint: "It is looked for at the library's root.")
            return nil
        }
        guard entry.kind == .file || entry.kind == .executable else {
            error(
                "unsafe-file", "'\(Excerpt.line(path))' is a \(entry.kind.rawValue).",
                at: node.start, excerpt: path, hint: "Put the file itself there.")
            return nil
        }
        return path
    }

    private mutating func refuseFreezeKeys(_ fields: Fields, _ kind: CalendarRule.Kind?) {
        guard kind == .windows else { return }
        for key in ["except", "binds"] where fields.has(key) {
            error(
                "conflicting-keys",
                "'\(key)' says what a freeze leaves alone, and these are windows.",
                at: fields.mark(of: key), hint: "Remove it, or write `kind: freeze`.")
        }
    }

    private mutating func excepted(_ fields: Fields, _ types: [ChangeType]) -> [String] {
        let known = types.map(\.name) + [ChangeType.emergency]
        var found: [String] = []
        for node in elements(fields, "except", "except") ?? [] {
            guard let name = line(node, "a change type of except") else { continue }
            guard known.contains(name) else {
                unknownName(name, "change type", known, at: node)
                continue
            }
            found.append(name)
        }
        return found
    }

    private mutating func bound(_ fields: Fields) -> [CalendarRule.Bound] {
        guard let nodes = elements(fields, "binds", "binds") else { return [.changes] }
        let bound = nodes.compactMap { word($0, "binds", as: CalendarRule.Bound.self) }
        if !bound.contains(.changes), bound.count == nodes.count {
            error(
                "bad-value", "A freeze always binds changes.", at: fields.mark(of: "binds"),
                hint: "Write `binds: [changes, resolutions]`, or leave it out.")
        }
        return bound
    }

    private func listed(_ names: [String]) -> String {
        names.sorted().prefix(8).joined(separator: ", ")
    }

    /// Reports a name that nothing has, with the nearest one that something has.
    mutating func unknownName(
        _ name: String, _ what: String, _ known: [String], at node: YamlNode
    ) {
        error(
            "dangling-reference", "There is no \(what) '\(Excerpt.line(name))'.", at: node.start,
            excerpt: name,
            hint: nearestName(to: name, among: known).map { "Did you mean '\($0)'?" }
                ?? (known.isEmpty ? "handrail.yaml has none." : "There are: \(listed(known))."))
    }
}

extension DocumentReading {
    /// The change types, by name.
    mutating func changeTypes(_ document: Fields) -> [ChangeType] {
        guard let pairs = entries(document, "change_types", "change types") else { return [] }
        let known = windowNames(document)
        var types: [ChangeType] = []
        for pair in pairs {
            refuseEmpty(pair)
            let name = labelName(pair.key, "a change type", at: pair.keyMark)
            guard let name, !pair.value.isEmpty, let fields = fields(pair.value, .changeType),
                let type = changeType(name, fields, windows: known)
            else { continue }
            types.append(type)
        }
        return types
    }

    /// The names of calendars that are windows, or may be: what is wrong there is said there.
    private func windowNames(_ document: Fields) -> [String] {
        guard let node = document["calendars"], case .mapping(let pairs) = node.content else {
            return []
        }
        return pairs.filter { pair in
            guard case .mapping(let keys) = pair.value.content,
                let kind = keys.first(where: { $0.key == "kind" })?.value,
                case .scalar(let text, _) = kind.content
            else { return true }
            return text != CalendarRule.Kind.freeze.rawValue
        }.map(\.key)
    }

    private mutating func changeType(
        _ name: String, _ fields: Fields, windows known: [String]
    ) -> ChangeType? {
        let severity = word(fields["severity"], "severity", as: ChangeSeverity.self)
        var windows: [String] = []
        for node in elements(fields, "windows", "windows") ?? [] {
            guard let window = line(node, "a calendar of windows") else { continue }
            guard known.contains(window) else {
                unknownName(window, "calendar of windows", known, at: node)
                continue
            }
            windows.append(window)
        }
        let approvers = lines(fields, "approvers", "approvers")
        let quorum = integer(fields, "quorum", "quorum")
        let isAutomatic = severity == .automatic
        if isAutomatic {
            for key in ["approvers", "quorum"] where fields.has(key) {
                error(
                    "conflicting-keys", "Nobody approves an automatic change one by one.",
                    at: fields.mark(of: key),
                    hint: "Remove '\(key)', or write another severity.")
            }
        }
        if name == ChangeType.emergency {
            for key in ["windows", "severity"] where fields.has(key) {
                error(
                    "conflicting-keys",
                    "'\(ChangeType.emergency)' says who approves changes that can't wait, and "
                        + "these have the \(key) of their own.",
                    at: fields.mark(of: key), hint: "Remove '\(key)'.")
            }
        } else if severity == nil, !fields.has("severity") {
            error(
                "missing-key", "'severity' is missing in a change type.", at: fields.mark,
                hint: "Add `severity: minor`, `major` or `automatic`.")
            return nil
        }
        return ChangeType(
            name: name, title: line(fields, "title", "the title"),
            category: line(fields, "category", "the category"), severity: severity ?? .major,
            windows: windows, approvers: isAutomatic ? [] : approvers ?? ["approver"],
            quorum: isAutomatic ? 0 : quorum ?? 1,
            reviewWithinMilliseconds: self.time(fields, "review_within", "review_within")?
                .inMilliseconds)
    }
}
