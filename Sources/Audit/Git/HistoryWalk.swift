import CGit2

/// Goes through a repository's commits, and keeps who wrote those that touched something.
///
/// A merge counts where it has a file in a form that none of its parents has.
struct HistoryWalk {
    /// What is looked at in each commit.
    enum Subject {
        /// Files, and all that is below folders, by their paths in the repository.
        case files([String])
        /// A part of a file: only commits count that gave it the form it has at the end.
        case part(String, @Sendable ([UInt8]) -> String?)
    }

    /// What was found.
    struct Found {
        /// Who wrote it, as their commits say.
        var writers = CommitWriters()
        /// Whether no more commits came than are looked at.
        var isWhole = true
        /// Files that aren't as the base has them, and that no commit after it made what they are.
        var unexplained: Set<String> = []

        mutating func add(_ other: Found) {
            writers.add(other.writers)
            isWhole = isWhole && other.isWhole
            unexplained.formUnion(other.unexplained)
        }
    }

    /// How deep folders may lie in each other.
    private static let deepest = 64

    let repository: OpaquePointer
    let history: CommitHistory
    let subject: Subject
    /// How many commits are looked at.
    let limit: Int
    /// What a part was in a blob, by the blob's id.
    private var parts: [String: String?] = [:]
    /// Files whose form at the end is still to be explained, and that form.
    private var pending: Set<String> = []
    private var lastFiles: [String: String] = [:]

    init(
        repository: OpaquePointer, history: CommitHistory, subject: Subject, limit: Int
    ) {
        (self.repository, self.history) = (repository, history)
        (self.subject, self.limit) = (subject, limit)
    }

    /// Who wrote it up to the last commit, and after another one and all before that.
    mutating func authors(after base: GitObjectID?) throws -> Found {
        let hidden = base.map { history.ancestry(of: $0) } ?? []
        var found = Found()
        guard history.commits.count - hidden.count <= limit else {
            found.isWhole = false
            return found
        }
        if let base, case .files(let paths) = subject {
            lastFiles = try Self.files(paths, of: try tree(of: history.last), in: repository)
            let before = try Self.files(paths, of: try tree(of: base), in: repository)
            pending = Set(lastFiles.keys).union(before.keys).filter {
                lastFiles[$0] != before[$0]
            }
        }
        let last = try form(of: history.last)
        for (id, commit) in history.commits where !hidden.contains(id) {
            let own = try form(of: id)
            if case .part = subject, own != last { continue }
            guard try isTouched(commit, own) else { continue }
            try explain(by: commit)
            found.writers.add(CommitWriters(of: id, in: repository))
        }
        found.unexplained = pending
        return found
    }

    private mutating func isTouched(_ commit: BareCommit, _ own: [String?]) throws -> Bool {
        let parents = commit.parents
        guard !parents.isEmpty else { return own.contains { $0 != nil } }
        for parent in parents {
            if try form(of: parent) == own { return false }
        }
        guard parents.count > 1, case .files(let paths) = subject else { return true }
        // A merge that took some files of each parent wrote none of them.
        let files = try Self.files(paths, of: commit.tree, in: repository)
        let others = try parents.map {
            try Self.files(paths, of: try tree(of: $0), in: repository)
        }
        let names = others.reduce(into: Set(files.keys)) { $0.formUnion($1.keys) }
        return names.contains { name in others.allSatisfy { $0[name] != files[name] } }
    }

    /// Takes off what a commit made what it is at the end: it has it so, and no parent of it has.
    private mutating func explain(by commit: BareCommit) throws {
        guard !pending.isEmpty else { return }
        let names = pending.sorted()
        let own = try entries(names, of: commit.tree)
        let others = try commit.parents.map { try entries(names, of: try tree(of: $0)) }
        for (index, name) in names.enumerated() {
            let isMade =
                others.isEmpty
                ? own[index] != nil : others.allSatisfy { $0[index] != own[index] }
            if isMade, own[index] == lastFiles[name] { pending.remove(name) }
        }
    }

    /// The tree of a commit of the history.
    private func tree(of commit: GitObjectID) throws -> GitObjectID {
        guard let found = history.commits[commit] else {
            throw GitFailure.refused("read the commit \(commit.text)", "it is not in the history")
        }
        return found.tree
    }

    // --- what a commit has --------------------------------------------------------------------------

    /// What the subject is in a commit, by ids: for each path, or of the part alone.
    private mutating func form(of id: GitObjectID) throws -> [String?] {
        let treeID = try tree(of: id)
        switch subject {
        case .files(let paths): return try entries(paths, of: treeID)
        case .part(let path, let part):
            let tree = try Self.open(treeID, in: repository)
            defer { git_tree_free(tree) }
            guard let entry = try Self.entry(path, of: tree), !entry.isFolder else { return [nil] }
            if let known = parts[entry.text] { return [known] }
            var blobID = entry.id
            let blob = try Git.make("read \(path)") { git_blob_lookup($0, repository, &blobID) }
            defer { git_blob_free(blob) }
            let bytes = UnsafeRawBufferPointer(
                start: git_blob_rawcontent(blob), count: Int(git_blob_rawsize(blob)))
            let text = part(Array(bytes))
            parts[entry.text] = .some(text)
            return [text]
        }
    }

    /// What some paths are in a tree.
    private func entries(_ paths: [String], of id: GitObjectID) throws -> [String?] {
        let tree = try Self.open(id, in: repository)
        defer { git_tree_free(tree) }
        return try paths.map { try Self.entry($0, of: tree)?.text }
    }

    private struct Entry {
        let id: git_oid
        let mode: UInt32
        var isFolder: Bool { mode == GIT_FILEMODE_TREE.rawValue }
        var text: String {
            var id = id
            return "\(mode) " + (git_oid_tostr_s(&id).map { String(cString: $0) } ?? "")
        }
    }

    private static func entry(_ path: String, of tree: OpaquePointer) throws -> Entry? {
        do {
            let entry = try Git.make("find \(path)") { git_tree_entry_bypath($0, tree, path) }
            defer { git_tree_entry_free(entry) }
            guard let id = git_tree_entry_id(entry) else { return nil }
            return Entry(id: id.pointee, mode: git_tree_entry_filemode(entry).rawValue)
        } catch {
            guard error.isA(GIT_ENOTFOUND) else { throw error }
            return nil
        }
    }

    /// A tree's handle; the caller frees it.
    private static func open(
        _ tree: GitObjectID, in repository: OpaquePointer
    ) throws -> OpaquePointer {
        var id = tree.oid
        return try Git.make("read a commit's files") { git_tree_lookup($0, repository, &id) }
    }

    /// Every file of some paths, with its mode and id.
    private static func files(
        _ paths: [String], of id: GitObjectID, in repository: OpaquePointer
    ) throws -> [String: String] {
        let tree = try open(id, in: repository)
        defer { git_tree_free(tree) }
        var files: [String: String] = [:]
        for path in paths {
            guard let entry = try entry(path, of: tree) else { continue }
            try add(entry, at: path, depth: 1, to: &files, in: repository)
        }
        return files
    }

    private static func add(
        _ entry: Entry, at path: String, depth: Int, to files: inout [String: String],
        in repository: OpaquePointer
    ) throws {
        guard entry.isFolder else {
            files[path] = entry.text
            return
        }
        guard depth < deepest else {
            throw GitFailure.refused("read \(path)", "its folders lie too deep in each other")
        }
        var id = entry.id
        let tree = try Git.make("read \(path)") { git_tree_lookup($0, repository, &id) }
        defer { git_tree_free(tree) }
        for index in 0..<git_tree_entrycount(tree) {
            guard let child = git_tree_entry_byindex(tree, index),
                let id = git_tree_entry_id(child), let name = git_tree_entry_name(child)
            else { continue }
            try add(
                Entry(id: id.pointee, mode: git_tree_entry_filemode(child).rawValue),
                at: path + "/" + String(cString: name), depth: depth + 1, to: &files,
                in: repository)
        }
    }
}
