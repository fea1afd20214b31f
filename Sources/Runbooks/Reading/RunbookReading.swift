/// The reading of one runbook's document: reader, draft, and the files around it.
struct RunbookReading {
    var document: DocumentReading
    var draft = RunbookDraft()
    let files: RunbookFiles
    /// Steps before this index have ended where the reader is.
    var moment = 0
    /// How many steps `before_wave` has: they come first in the draft.
    var countBefore = 0
    /// Whether the reader is in a step with `for_each`.
    var isInItems = false
    /// Whether the reader is in a step of a wave's list.
    var isInList = false

    /// Notes that an expression over parameters, steps and labels uses names.
    mutating func mention(_ expression: Expression?, at node: YamlNode?) {
        guard let expression, let node else { return }
        for name in expression.names {
            draft.mentions.append(
                .init(name: name, site: .expression, mark: node.start, moment: moment))
        }
        let compared =
            expression.comparisons.filter { $0.name.fact == nil }
            + expression.equalities.filter { $0.name.fact != nil }
        for comparison in compared {
            draft.comparisons.append(
                .init(name: comparison.name, values: comparison.values, mark: node.start))
        }
    }

    /// An expression over parameters, steps and labels.
    mutating func condition(_ node: YamlNode?, _ what: String) -> Expression? {
        let expression = document.expression(node, what)
        mention(expression, at: node)
        return expression
    }

    /// A selector: an expression over labels.
    mutating func selector(_ node: YamlNode?, _ what: String) -> Expression? {
        let expression = document.expression(node, what)
        for name in expression?.names ?? [] where name.parts.count > 1 {
            guard let node, name.parts.first != "target" else { continue }
            document.error(
                "dangling-reference", "'\(name)' means nothing in a selector.", at: node.start,
                excerpt: name.description,
                hint: name.fact == nil
                    ? "A selector knows labels only, by their bare names."
                    : "Facts are asked of targets that are selected: use a label here, or the fact "
                        + "in the 'when' of a step.")
        }
        return expression
    }
}

extension Runbook {
    /// Reads one document of a library.
    package static func read(path: String, in tree: LibraryTree) -> Checked<Runbook> {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().joined(separator: "/")
        let prefix = folder.isEmpty ? "" : folder + "/"
        let paths = tree.entries.keys.filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
        return read(path: path, files: RunbookFiles(folder: folder, paths: paths, tree: tree))
    }

    /// Reads one document, with the files of its folder already found.
    static func read(path: String, files: RunbookFiles) -> Checked<Runbook> {
        guard let entry = files.tree.entries[path] else {
            return missing(path, "There is no file '\(Excerpt.line(path))' in the library.")
        }
        guard entry.kind == .file || entry.kind == .executable else {
            return missing(path, "'\(Excerpt.line(path))' is no plain file.", code: "unsafe-file")
        }
        let loaded = YamlLoader.load(entry.bytes, file: path)
        var reading = RunbookReading(document: DocumentReading(loaded), files: files)
        guard let root = loaded.root else {
            return Checked(value: nil, diagnostics: reading.document.sorted())
        }
        var runbook = reading.runbook(root)
        for rule in RunbookRules.all { rule(reading.draft, files, &reading.document) }
        let exceptions = exceptions(of: runbook, files)
        runbook?.baseline?.exceptions = exceptions?.value ?? []
        let isUsable = !reading.document.hasErrors && exceptions?.hasErrors != true
        return Checked(
            value: isUsable ? runbook : nil,
            diagnostics: reading.document.sorted() + (exceptions?.diagnostics ?? []))
    }

    /// The exceptions of a baseline; nil where it has none, or their file can't be read at all.
    private static func exceptions(
        of runbook: Runbook?, _ files: RunbookFiles
    ) -> Checked<[BaselineException]>? {
        guard let runbook, let name = runbook.baseline?.exceptionsPath,
            let entry = files.entry(name), entry.kind == .file || entry.kind == .executable
        else { return nil }
        let path = files.folder.isEmpty ? name : "\(files.folder)/\(name)"
        return BaselineException.read(entry, path: path, items: runbook.steps)
    }

    private static func missing(
        _ path: String, _ message: String, code: String = "missing-file"
    ) -> Checked<Runbook> {
        let position = SourcePosition(file: path, line: 1, column: 1)
        return Checked(value: nil, diagnostics: [.error(code, message, at: position)])
    }
}
