import CGit2
import Foundation
import Runner

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

    /// How deep folders may lie in each other.
    private static let deepest = 64

    let repository: OpaquePointer
    let subject: Subject
    /// How many commits are looked at.
    let limit: Int
    /// What a part was in a blob, by the blob's id.
    private var parts: [String: String?] = [:]

    init(repository: OpaquePointer, subject: Subject, limit: Int) {
        (self.repository, self.subject, self.limit) = (repository, subject, limit)
    }

    /// A commit's id where the repository has it; nil where it hasn't.
    static func known(_ commit: String, in repository: OpaquePointer) throws -> String? {
        var id = git_oid()
        guard git_oid_fromstr(&id, commit) == 0 else { return nil }
        do {
            git_object_free(
                try Git.make("find a commit") {
                    git_object_lookup($0, repository, &id, GIT_OBJECT_COMMIT)
                })
            return commit
        } catch {
            guard error.isA(GIT_ENOTFOUND) else { throw error }
            return nil
        }
    }

    /// Who wrote it up to a commit, and after another one and all before that.
    mutating func authors(
        upTo commit: String, since base: String?
    ) throws -> (identities: Set<String>, isWhole: Bool) {
        let walk = try Git.make("go through the history") { git_revwalk_new($0, repository) }
        defer { git_revwalk_free(walk) }
        var id = try Self.id(commit)
        try Git.check("go through the history", git_revwalk_push(walk, &id))
        if let base {
            var hidden = try Self.id(base)
            try Git.check("go through the history", git_revwalk_hide(walk, &hidden))
        }
        let last = try form(of: try Self.id(commit))
        var (found, count): (Set<String>, Int) = ([], 0)
        while true {
            var next = git_oid()
            let code = git_revwalk_next(&next, walk)
            if code == GIT_ITEROVER.rawValue { return (found, true) }
            try Git.check("go through the history", code)
            count += 1
            guard count <= limit else { return (found, false) }
            try take(next, into: &found, last: last)
        }
    }

    private static func id(_ text: String) throws -> git_oid {
        var id = git_oid()
        try Git.check("read a commit's id", git_oid_fromstr(&id, text))
        return id
    }

    private mutating func take(
        _ id: git_oid, into found: inout Set<String>, last: [String?]
    ) throws {
        let commit = try self.commit(id)
        defer { git_commit_free(commit) }
        let own = try form(of: id)
        if case .part = subject, own != last { return }
        var parents: [git_oid] = []
        for index in 0..<git_commit_parentcount(commit) {
            if let parent = git_commit_parent_id(commit, index) { parents.append(parent.pointee) }
        }
        guard try isTouched(id, own, parents) else { return }
        found.formUnion(Self.identities(of: commit))
    }

    private mutating func isTouched(
        _ id: git_oid, _ own: [String?], _ parents: [git_oid]
    ) throws -> Bool {
        guard !parents.isEmpty else { return own.contains { $0 != nil } }
        for parent in parents {
            if try form(of: parent) == own { return false }
        }
        guard parents.count > 1, case .files(let paths) = subject else { return true }
        // A merge that took some files of each parent wrote none of them.
        let files = try Self.files(paths, of: id, in: repository)
        let others = try parents.map { try Self.files(paths, of: $0, in: repository) }
        let names = others.reduce(into: Set(files.keys)) { $0.formUnion($1.keys) }
        return names.contains { name in others.allSatisfy { $0[name] != files[name] } }
    }

    private func commit(_ id: git_oid) throws -> OpaquePointer {
        var id = id
        return try Git.make("read a commit") { git_commit_lookup($0, repository, &id) }
    }

    // --- what a commit has --------------------------------------------------------------------------

    /// What the subject is in a commit, by ids: for each path, or of the part alone.
    private mutating func form(of id: git_oid) throws -> [String?] {
        let tree = try Self.tree(of: id, in: repository)
        defer { git_tree_free(tree) }
        switch subject {
        case .files(let paths):
            return try paths.map { try Self.entry($0, of: tree)?.text }
        case .part(let path, let part):
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

    private static func tree(
        of commit: git_oid, in repository: OpaquePointer
    ) throws -> OpaquePointer {
        var id = commit
        let found = try Git.make("read a commit") { git_commit_lookup($0, repository, &id) }
        defer { git_commit_free(found) }
        return try Git.make("read a commit's files") { git_commit_tree($0, found) }
    }

    /// Every file of some paths, with its mode and id.
    private static func files(
        _ paths: [String], of commit: git_oid, in repository: OpaquePointer
    ) throws -> [String: String] {
        let tree = try tree(of: commit, in: repository)
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

    // --- who ----------------------------------------------------------------------------------------

    private static func identities(of commit: OpaquePointer) -> Set<String> {
        let signatures = [git_commit_author(commit), git_commit_committer(commit)]
        var found = Set(
            signatures.compactMap { $0 }.map { signature in
                Authorship.identity(
                    email: signature.pointee.email.map { String(cString: $0) } ?? "",
                    name: signature.pointee.name.map { String(cString: $0) } ?? "")
            })
        let message = git_commit_message(commit).map { String(cString: $0) } ?? ""
        for line in message.split(whereSeparator: \.isNewline) {
            let trailer = "co-authored-by:"
            guard line.lowercased().hasPrefix(trailer), let start = line.lastIndex(of: "<"),
                let end = line.lastIndex(of: ">"), start < end
            else { continue }
            found.insert(
                Authorship.identity(email: String(line[line.index(after: start)..<end]), name: ""))
        }
        return found
    }
}
