extension Configuration {
    /// The path of a library's configuration.
    package static let path = "handrail.yaml"

    /// Reads `handrail.yaml`; the second answer lists the inventory's files, where it says them.
    static func read(_ tree: LibraryTree) -> (Checked<Configuration>, inventories: [String]?) {
        let position = SourcePosition(file: path, line: 1, column: 1)
        guard let entry = tree.entries[path] else {
            let problem = Diagnostic.error(
                "missing-file", "There is no handrail.yaml at the library's root.", at: position,
                hint: "`handrail init` makes one.")
            return (Checked(value: nil, diagnostics: [problem]), nil)
        }
        guard entry.kind == .file || entry.kind == .executable else {
            let problem = Diagnostic.error(
                "unsafe-file", "'handrail.yaml' is a \(entry.kind.rawValue).", at: position,
                hint: "Put the file itself there.")
            return (Checked(value: nil, diagnostics: [problem]), nil)
        }
        let loaded = YamlLoader.load(entry.bytes, file: path)
        var reading = DocumentReading(loaded)
        guard let root = loaded.root, let fields = reading.fields(root, .configuration) else {
            return (Checked(value: nil, diagnostics: reading.sorted()), nil)
        }
        reading.formatVersion(fields["handrail"])
        let id = reading.name(
            reading.line(fields, "id", "the id"), "the id of a library",
            at: fields["id"]?.start ?? root.start, as: RunbookID.self)
        let environments = reading.environments(fields)
        let protect = reading.protectRules(fields)
        let inventories = reading.inventories(fields, tree)
        let timezone = reading.zoneName(fields, "timezone")
        let types = reading.changeTypes(fields)
        let calendars = reading.calendars(fields, timezone: timezone, types: types, tree)
        guard let id, !reading.hasErrors else {
            return (Checked(value: nil, diagnostics: reading.sorted()), inventories)
        }
        let configuration = Configuration(
            libraryID: id.rawValue, environments: environments, protect: protect,
            timezone: timezone, calendars: calendars, changeTypes: types)
        return (Checked(value: configuration, diagnostics: reading.sorted()), inventories)
    }
}

extension DocumentReading {
    fileprivate mutating func inventories(_ fields: Fields, _ tree: LibraryTree) -> [String]? {
        guard let nodes = elements(fields, "inventory", "inventory") else { return nil }
        var paths: [String] = []
        for element in nodes {
            guard let path = line(element, "a path of inventory") else { continue }
            guard !path.hasPrefix("/"), !RunbookPath.hasOddParts(path) else {
                error(
                    "bad-path", "'\(Excerpt.line(path))' is no path within the library.",
                    at: element.start, excerpt: path, hint: "Such as inventory/lab.yaml.")
                continue
            }
            guard tree.entries[path] != nil else {
                error(
                    "missing-file", "There is no file '\(Excerpt.line(path))'.", at: element.start,
                    excerpt: path, hint: "It is looked for at the library's root.")
                continue
            }
            guard !paths.contains(path) else {
                error(
                    "duplicate-id", "'\(Excerpt.line(path))' stands twice.", at: element.start)
                continue
            }
            paths.append(path)
        }
        return paths
    }
}
