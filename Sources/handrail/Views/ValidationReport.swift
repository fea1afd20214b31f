import Calendars
import Runbooks
import Runner

/// What `validate` found, in any number of libraries.
struct ValidationReport: Sendable {
    /// The JSON form.
    struct Document: Encodable, Sendable {
        var format = 1
        let diagnostics: [Diagnostic]
        let errors: Int
        let warnings: Int
        let runbooks: Int
        let targets: Int?
    }

    private(set) var diagnostics: [Diagnostic] = []
    private(set) var runbooks = 0
    /// The inventory's targets; nil where only parts of a library were looked at.
    private(set) var targets: Int?

    /// How many of the findings make a document unusable.
    var errors: Int { diagnostics.count { $0.severity == .error } }
    var warnings: Int { diagnostics.count - errors }

    var document: Document {
        Document(
            diagnostics: diagnostics, errors: errors, warnings: warnings, runbooks: runbooks,
            targets: targets)
    }

    /// Reads a library, and keeps what is found under the paths; all of it without paths.
    ///
    /// - Throws: `Failure` when a path has nothing that is checked.
    mutating func add(
        _ tree: LibraryTree, under paths: [String], root: String, zones: any ZoneSource
    ) throws {
        let read = Library.read(tree)
        let calendars = read.value.map {
            HouseCalendars.read($0.configuration, in: tree, zones: zones).diagnostics
        }
        let checked = Checked(
            value: read.value, diagnostics: read.diagnostics + (calendars ?? []))
        let documents = Library.runbookPaths(in: tree)
        guard !paths.isEmpty, !paths.contains("") else {
            diagnostics += checked.diagnostics
            runbooks += documents.count
            if let library = checked.value {
                targets = (targets ?? 0) + library.inventory.targets.count
            }
            return
        }
        let wanted = try paths.map { try Self.place($0, documents, tree, root) }
        diagnostics += checked.diagnostics.filter { diagnostic in
            guard let file = diagnostic.position?.file else { return false }
            return wanted.contains { Self.isBelow(file, $0) }
        }
        runbooks += documents.count { path in wanted.contains { Self.isBelow(path, $0) } }
    }

    /// The folder or file that a path stands for: a file of a runbook stands for the runbook.
    private static func place(
        _ path: String, _ documents: [String], _ tree: LibraryTree, _ root: String
    ) throws -> String {
        let isThere = tree.entries.keys.contains { isBelow($0, path) }
        let folders = documents.map { String($0.dropLast("/runbook.yaml".count)) }
        if let folder = folders.first(where: { isBelow(path, $0) }) { return folder }
        guard isThere else {
            throw Failure(
                .invalidInput, code: "library.notFound",
                "There is nothing to check at \(printableExcerpt(path)) in the library \(root).",
                hint: "name a runbook's folder, an inventory file, or handrail.yaml")
        }
        return path
    }

    private static func isBelow(_ path: String, _ folder: String) -> Bool {
        path == folder || path.hasPrefix(folder + "/")
    }

    /// Every finding, then the count; without a width nothing is wrapped.
    func lines(style: Style, width: Int? = nil) -> [String] {
        var lines: [String] = []
        for diagnostic in diagnostics {
            lines += FailureView.lines(diagnostic, style: style, width: width) + [""]
        }
        var subject = CountText.of(runbooks, "runbook")
        if let targets { subject += ", \(CountText.of(targets, "target"))" }
        lines.append("\(subject): \(verdict(style))")
        return lines
    }

    private func verdict(_ style: Style) -> String {
        guard !diagnostics.isEmpty else { return style.paint("no problems", .good) }
        var parts: [String] = []
        if errors > 0 { parts.append(style.paint(CountText.of(errors, "error"), .bad)) }
        if warnings > 0 { parts.append(style.paint(CountText.of(warnings, "warning"), .warning)) }
        return parts.joined(separator: ", ")
    }
}
