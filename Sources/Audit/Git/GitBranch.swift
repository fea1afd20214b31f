import CGit2

/// One branch of a repository, which moves only from a value that its mover knows.
// SAFETY: the handle is set once, and TrailRepository calls under its own lock.
final class GitBranch: @unchecked Sendable {
    // A class, because it owns libgit2's handle.
    private let repository: OpaquePointer
    /// Such as `refs/heads/trail/web1-0a1b2c3d`.
    let name: String

    /// Opens a bare repository's branch, whether it exists or not.
    init(of repository: String, name: String) throws(GitFailure) {
        try Git.check("start libgit2", git_libgit2_init())
        do {
            try Git.check("turn on fsync", handrail_git_sync_writes())
            self.repository = try Git.make("open the repository") {
                git_repository_open_bare($0, repository)
            }
        } catch {
            git_libgit2_shutdown()
            throw error
        }
        self.name = name
    }

    deinit {
        git_repository_free(repository)
        git_libgit2_shutdown()
    }

    /// The commit that it names; nil before the first.
    func commit() throws(GitFailure) -> GitObjectID? {
        var id = git_oid()
        let found = git_reference_name_to_id(&id, repository, name)
        if found == GIT_ENOTFOUND.rawValue { return nil }
        try Git.check("read \(name)", found)
        return GitObjectID(id)
    }

    /// Moves it, durably, if it still names what the caller thinks; nil means no commit at all.
    ///
    /// - Throws: `GitFailure` (`GIT_EMODIFIED`, `GIT_EEXISTS`) when it names another commit.
    func move(from old: GitObjectID?, to new: GitObjectID) throws(GitFailure) {
        var target = new.oid
        let reference: OpaquePointer
        if let old {
            var expected = old.oid
            reference = try Git.make("move \(name)") {
                git_reference_create_matching($0, repository, name, &target, 1, &expected, nil)
            }
        } else {
            reference = try Git.make("make \(name)") {
                git_reference_create($0, repository, name, &target, 0, nil)
            }
        }
        git_reference_free(reference)
    }
}
