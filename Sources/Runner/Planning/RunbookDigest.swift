import Runbooks

/// The digests of a runbook's files: what approvals name, and what is shown beside it.
///
/// The digest covers `runbook.yaml`, everything below `scripts/` and `files/`, and what `uses`
/// names. The article (`README.md` and its images), a baseline's exceptions and the tests have
/// digests of their own, so that a better text voids no approval.
package struct RunbookDigest: Sendable, Hashable {
    /// One file as the digest sees it.
    package struct File: Sendable, Hashable, Encodable {
        /// Relative to the runbook's folder, or `lib/…`.
        package let path: String
        /// As git writes it: `100644` or `100755`.
        package let mode: String
        /// Its length in bytes.
        package let size: Int
        /// SHA-256 over its bytes.
        package let sha256: Digest
    }

    /// Over everything that runs.
    package let digest: Digest
    /// What the digest covers, sorted by path.
    package let files: [File]
    /// Over everything else in the folder but tests; nil when there is nothing.
    package let articleDigest: Digest?
    /// Over a baseline's file of exceptions; nil without one.
    package let exceptionsDigest: Digest?
    /// Over `tests/`; nil when there is nothing.
    package let testsDigest: Digest?

    /// The digests of a runbook in its library.
    ///
    /// - Throws: `missingFile`, `unsafeFile`.
    package init(of runbook: Runbook, in tree: LibraryTree) throws(PlanError) {
        var running: [String: LibraryTree.Entry] = [:]
        var article: [String: LibraryTree.Entry] = [:]
        var tests: [String: LibraryTree.Entry] = [:]
        var exceptions: [String: LibraryTree.Entry] = [:]
        let prefix = runbook.folder.isEmpty ? "" : runbook.folder + "/"
        for (path, entry) in tree.entries where path.hasPrefix(prefix) {
            let name = String(path.dropFirst(prefix.count))
            if name == "runbook.yaml" || name.hasPrefix("scripts/") || name.hasPrefix("files/") {
                running[name] = entry
            } else if name.hasPrefix("tests/") {
                tests[name] = entry
            } else if name == runbook.baseline?.exceptionsPath {
                exceptions[name] = entry
            } else {
                article[name] = entry
            }
        }
        guard running["runbook.yaml"] != nil else {
            throw PlanError(
                .missingFile, "\(prefix)runbook.yaml is not in the library (\(tree.source))",
                hint: "run 'handrail list' for the runbooks that are")
        }
        for path in runbook.uses {
            guard path.hasPrefix("lib/"), let entry = tree.entries[path] else {
                throw PlanError(
                    .missingFile, "'\(path)', named by 'uses' of \(runbook.id), is not there",
                    hint: "add the file, or take it out of 'uses'")
            }
            running[path] = entry
        }
        files = try Self.checked(running, of: runbook)
        digest = try Self.digest(of: files)
        let articleFiles = try Self.checked(article, of: runbook)
        articleDigest = articleFiles.isEmpty ? nil : try Self.digest(of: articleFiles)
        let exceptionFiles = try Self.checked(exceptions, of: runbook)
        exceptionsDigest =
            exceptionFiles.isEmpty ? nil : try Self.digest(of: exceptionFiles)
        let testFiles = try Self.checked(tests, of: runbook)
        testsDigest = testFiles.isEmpty ? nil : try Self.digest(of: testFiles)
    }

    /// The files a plan lists: those that steps are given, without the document.
    package var plannedFiles: [PlannedRunbook.File] {
        files.filter { $0.path != "runbook.yaml" }.map {
            PlannedRunbook.File(path: $0.path, sha256: $0.sha256, sizeBytes: $0.size)
        }
    }

    private static func digest(of files: [File]) throws(PlanError) -> Digest {
        do {
            return try Digest.sha256(ofCanonical: files)
        } catch {
            preconditionFailure("a list of files always encodes: \(error)")
        }
    }

    private static func checked(
        _ entries: [String: LibraryTree.Entry], of runbook: Runbook
    ) throws(PlanError) -> [File] {
        var lowered: [String: String] = [:]
        var files: [File] = []
        for (path, entry) in entries.sorted(by: { bytewise($0.key, $1.key) }) {
            if let reason = refusal(path, entry) {
                throw PlanError(
                    .unsafeFile,
                    "\(printableExcerpt(path)) of \(runbook.id) \(reason)",
                    hint: "put a plain file with a plain name in its place")
            }
            if let other = lowered.updateValue(path, forKey: path.lowercased()) {
                throw PlanError(
                    .unsafeFile,
                    "'\(other)' and '\(path)' of \(runbook.id) differ in case only",
                    hint: "rename one of them")
            }
            files.append(
                File(
                    path: path, mode: entry.kind == .executable ? "100755" : "100644",
                    size: entry.bytes.count, sha256: .sha256(of: entry.bytes)))
        }
        return files
    }

    private static func bytewise(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// Why an entry can't be part of a digest; nil when it can.
    private static func refusal(_ path: String, _ entry: LibraryTree.Entry) -> String? {
        switch entry.kind {
        case .symlink: return "is a symbolic link"
        case .submodule: return "is a submodule"
        case .file, .executable: break
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) {
            return "has an empty part, '.' or '..' in its path"
        }
        if path.unicodeScalars.contains(where: { isUnprintable($0) || $0 == "\\" }) {
            return "has a control character or a backslash in its path"
        }
        // The first line of a pointer file (git-lfs, docs/spec.md).
        let pointer = "version https://git-lfs.github.com/spec/"
        if entry.bytes.starts(with: pointer.utf8) { return "is a git LFS pointer" }
        return nil
    }
}
