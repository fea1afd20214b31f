import CGit2

/// A commit as its object has it: what it holds and what it came from, not who made it.
///
/// libgit2 refuses all of a commit whose author it can't read; here that is nobody's concern.
struct BareCommit: Sendable, Hashable {
    let tree: GitObjectID
    let parents: [GitObjectID]

    /// Reads the lines that each commit begins with; nil where they aren't there.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        guard let tree = Self.id("tree ", &rest) else { return nil }
        var parents: [GitObjectID] = []
        while rest.starts(with: "parent ".utf8) {
            // A parent that can't be read hides all that is before it: then nothing is known.
            guard let parent = Self.id("parent ", &rest) else { return nil }
            parents.append(parent)
        }
        (self.tree, self.parents) = (tree, parents)
    }

    /// The id in a line of this name, which is taken off.
    private static func id(
        _ name: String, _ rest: inout Slice<UnsafeRawBufferPointer>
    ) -> GitObjectID? {
        let length = name.utf8.count + 2 * GitObjectID.size
        guard rest.count > length, rest.starts(with: name.utf8),
            rest[rest.startIndex + length] == UInt8(ascii: "\n")
        else { return nil }
        let digits = rest.dropFirst(name.utf8.count).prefix(2 * GitObjectID.size)
        // git takes capitals, too.
        let text = String(decoding: Array(digits), as: UTF8.self).lowercased()
        rest = rest.dropFirst(length + 1)
        return GitObjectID(text: text)
    }
}

/// All commits that led to one.
struct CommitHistory {
    /// The commit that they led to.
    let last: GitObjectID
    /// It and all before it.
    let commits: [GitObjectID: BareCommit]

    /// Reads them; nil where there are more than a limit.
    ///
    /// - Throws: `GitFailure`, also where the repository lacks one of them.
    init?(upTo commit: String, in repository: OpaquePointer, limit: Int) throws {
        guard let last = GitObjectID(text: commit) else {
            throw GitFailure.refused("read a commit's id", "\(commit) is none")
        }
        let objects = try Git.make("open the objects") { git_repository_odb($0, repository) }
        defer { git_odb_free(objects) }
        var commits: [GitObjectID: BareCommit] = [:]
        var next = [last]
        while let id = next.popLast() {
            guard commits[id] == nil else { continue }
            guard commits.count < limit else { return nil }
            let commit = try Self.read(id, from: objects)
            commits[id] = commit
            next += commit.parents
        }
        (self.last, self.commits) = (last, commits)
    }

    /// One of these commits and all before it.
    func ancestry(of commit: GitObjectID) -> Set<GitObjectID> {
        var found: Set<GitObjectID> = []
        var next = [commit]
        while let id = next.popLast() {
            guard found.insert(id).inserted else { continue }
            next += commits[id]?.parents ?? []
        }
        return found
    }

    private static func read(
        _ id: GitObjectID, from objects: OpaquePointer
    ) throws -> BareCommit {
        let doing = "read the commit \(id.text)"
        var oid = id.oid
        let object = try Git.make(doing) { git_odb_read($0, objects, &oid) }
        defer { git_odb_object_free(object) }
        let bytes = UnsafeRawBufferPointer(
            start: git_odb_object_data(object), count: git_odb_object_size(object))
        guard git_odb_object_type(object) == GIT_OBJECT_COMMIT, let commit = BareCommit(bytes)
        else { throw GitFailure.refused(doing, "it has no form of a commit") }
        return commit
    }
}
