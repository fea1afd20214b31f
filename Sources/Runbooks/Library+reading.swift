extension Library {
    /// Reads a whole library: its configuration, its inventory and its runbooks.
    ///
    /// Runbooks with errors are left out, with their diagnostics listed. Two of one id are both
    /// left out: nobody could say which one runs. The value is nil only where `handrail.yaml` or
    /// the inventory can't be used.
    package static func read(_ tree: LibraryTree) -> Checked<Library> {
        let (configuration, inventoryPaths) = Configuration.read(tree)
        let inventory = Inventory.read(
            tree, paths: inventoryPaths, environments: configuration.value?.environments)
        var diagnostics = configuration.diagnostics + inventory.diagnostics
        let (runbooks, found) = readRunbooks(tree)
        diagnostics += found
        diagnostics.sort(by: DocumentReading.comesBefore)
        guard let configuration = configuration.value, let inventory = inventory.value else {
            return Checked(value: nil, diagnostics: diagnostics)
        }
        diagnostics += unusedProtection(configuration, inventory)
        let unknown = unknownChangeTypes(of: runbooks, in: configuration)
        diagnostics += unknown.values
        let problems = BaselineRules.check(runbooks, inventory)
        diagnostics += problems.values.joined()
        diagnostics.sort(by: DocumentReading.comesBefore)
        return Checked(
            value: Library(
                configuration: configuration, inventory: inventory,
                runbooks: runbooks.filter { unknown[$0.id] == nil && problems[$0.id] == nil },
                tree: tree),
            diagnostics: diagnostics)
    }

    /// What is wrong with runbooks whose change type isn't one of the known ones.
    private static func unknownChangeTypes(
        of runbooks: [Runbook], in configuration: Configuration
    ) -> [RunbookID: Diagnostic] {
        let known = configuration.changeTypes.map(\.name).filter { $0 != ChangeType.emergency }
        var found: [RunbookID: Diagnostic] = [:]
        for runbook in runbooks {
            guard let type = runbook.changeType, !known.contains(type.text) else { continue }
            let near = nearestName(to: type.text, among: known)
            found[runbook.id] = .error(
                "dangling-reference", "There is no change type '\(Excerpt.line(type.text))'.",
                at: type.position, excerpt: type.text,
                hint: near.map { "Did you mean '\($0)'?" }
                    ?? (known.isEmpty
                        ? "handrail.yaml has none: add `change_types`."
                        : "There are: \(known.sorted().prefix(8).joined(separator: ", "))."))
        }
        return found
    }

    /// The paths of a tree's runbook documents, sorted.
    package static func runbookPaths(in tree: LibraryTree) -> [String] {
        tree.entries.keys
            .filter { $0.hasPrefix("runbooks/") && $0.hasSuffix("/runbook.yaml") }
            .sorted()
    }

    private static func readRunbooks(_ tree: LibraryTree) -> ([Runbook], [Diagnostic]) {
        let files = filesByFolder(tree)
        var runbooks: [RunbookID: [Runbook]] = [:]
        var diagnostics: [Diagnostic] = []
        for path in runbookPaths(in: tree) {
            let folder = String(path.dropLast("/runbook.yaml".count))
            let checked = Runbook.read(
                path: path,
                files: RunbookFiles(folder: folder, paths: files[folder] ?? [], tree: tree))
            diagnostics += checked.diagnostics
            if let runbook = checked.value { runbooks[runbook.id, default: []].append(runbook) }
        }
        for (id, group) in runbooks where group.count > 1 {
            for runbook in group {
                let others = group.map(\.folder).filter { $0 != runbook.folder }
                diagnostics.append(
                    .error(
                        "duplicate-id",
                        "The id '\(id)' is also that of \(others.joined(separator: ", ")).",
                        at: SourcePosition(
                            file: "\(runbook.folder)/runbook.yaml", line: 1, column: 1),
                        excerpt: id.rawValue, hint: "Give each runbook an id of its own."))
            }
        }
        let unique = runbooks.values.filter { $0.count == 1 }.flatMap(\.self)
        return (unique.sorted { $0.id < $1.id }, diagnostics)
    }

    /// The paths below each runbook's folder, relative to it.
    private static func filesByFolder(_ tree: LibraryTree) -> [String: [String]] {
        let folders = Set(runbookPaths(in: tree).map { $0.dropLast("/runbook.yaml".count) })
        var files: [String: [String]] = [:]
        for path in tree.entries.keys where path.hasPrefix("runbooks/") {
            var rest = Substring(path)
            while let slash = rest.lastIndex(of: "/") {
                rest = rest[..<slash]
                guard folders.contains(rest) else { continue }
                let relative = path[path.index(after: slash)...]
                files[String(rest), default: []].append(String(relative))
            }
        }
        return files
    }
}
