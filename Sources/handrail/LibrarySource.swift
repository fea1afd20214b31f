import Audit
import Runbooks
import Runner

/// A library that was read, and where it came from.
struct OpenedLibrary: Sendable {
    let library: Library
    /// Such as `main@3f2c1d9, clean`.
    let source: String
    /// The commit in full; nil for a working tree.
    let commit: String?
    /// Everything found in its documents, warnings included.
    let diagnostics: [Diagnostic]

    /// Whether the folder was read as it is, not a commit.
    var isWorkingTree: Bool { commit == nil }

    /// The runbook of an id.
    ///
    /// - Throws: `Failure` with its diagnostics when its document has errors; else `PlanError`
    ///   (unknownRunbook) with the nearest id.
    func runbook(_ id: String) throws -> Runbook {
        if let known = library.runbooks.first(where: { $0.id.rawValue == id }) { return known }
        let broken = diagnostics.filter { $0.severity == .error && isAbout(id, $0) }
        guard broken.isEmpty else {
            throw Failure(
                .invalidInput, code: "document", "The runbook \(id) has errors: it can't be used.",
                hint: "correct them, commit, and look with 'handrail validate'",
                diagnostics: broken)
        }
        let near = nearestName(to: id, among: library.runbooks.map(\.id.rawValue))
        throw PlanError(
            .unknownRunbook,
            "There is no runbook \(printableExcerpt(id)) in the library (\(source)).",
            hint: near.map { "did you mean \($0)?" } ?? "'handrail list' shows them all")
    }

    /// Whether a diagnostic is in the folder of the document that names this id.
    private func isAbout(_ id: String, _ diagnostic: Diagnostic) -> Bool {
        guard let file = diagnostic.position?.file else { return false }
        let path = Library.runbookPaths(in: library.tree).first {
            file.hasPrefix($0.dropLast("runbook.yaml".count))
        }
        guard let path, let entry = library.tree.entries[path] else { return false }
        let text = String(decoding: entry.bytes, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).contains { line in
            line.hasPrefix("id:") && line.dropFirst(3).contains(id)
        }
    }
}

extension Session {
    /// Where the library is looked for: `--library`, `$HANDRAIL_LIBRARY`, else from here upwards.
    var libraryPath: String {
        let named = options.library ?? world.environment["HANDRAIL_LIBRARY"]
        return named.flatMap { $0.isEmpty ? nil : world.path($0) } ?? world.workingFolder()
    }

    /// Reads the library at the commit that HEAD names, or its folder with `--working-tree`.
    ///
    /// A working tree that differs from the commit is a warning, which says what is used; nothing is
    /// said where it `isQuiet`, since it was said before.
    /// - Throws: `LibraryError`; `Failure` with all diagnostics when the library can't be used.
    func openLibrary(isQuiet: Bool = false) async throws -> OpenedLibrary {
        let folder = try LibraryFolder.nearest(to: libraryPath)
        if options.workingTree {
            let tree = try await WorkingTreeLibrary(in: folder, limits: LibraryLimits()).read()
            return try opened(tree, source: tree.source, commit: nil)
        }
        let snapshot = try await GitLibrary(in: folder, limits: LibraryLimits()).snapshot()
        if snapshot.isDirty, !isQuiet {
            let names = snapshot.changedPaths.prefix(3).joined(separator: ", ")
            let shown = printable(names.utf8, keepNewlines: false)
            let more = snapshot.changedPaths.count > 3 ? " …" : ""
            console.warn(
                "the library has changes that are not committed (\(shown)\(more)); "
                    + "\(snapshot.tree.source) is used",
                hint: "commit them, or use --working-tree with validate and plan")
        }
        let state = snapshot.isDirty ? "with uncommitted changes left out" : "clean"
        return try opened(
            snapshot.tree, source: "\(snapshot.tree.source), \(state)", commit: snapshot.commit)
    }

    private func opened(
        _ tree: LibraryTree, source: String, commit: String?
    ) throws -> OpenedLibrary {
        let checked = Library.read(tree)
        guard let library = checked.value else {
            throw Failure(
                .invalidInput, code: "document", "The library (\(source)) can't be used.",
                hint: "correct its errors; 'handrail validate' shows them again",
                diagnostics: checked.diagnostics)
        }
        return OpenedLibrary(
            library: library, source: source, commit: commit, diagnostics: checked.diagnostics)
    }
}
