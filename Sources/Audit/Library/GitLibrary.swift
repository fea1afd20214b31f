import CGit2
import Foundation
import Runbooks

/// A library as one commit has it.
package struct LibrarySnapshot: Sendable {
    /// Everything below the library's root.
    package let tree: LibraryTree
    /// The commit's id in full.
    package let commit: String
    /// The branch that HEAD names; nil when it is detached.
    package let branch: String?
    /// Whether the working tree below the library's root differs from the commit.
    package let isDirty: Bool
    /// What differs, relative to the root: at most `changedPathsLimit` paths, sorted.
    package let changedPaths: [String]
    /// The library's folder.
    package let root: String

    /// How many changed paths are named at most.
    package static let changedPathsLimit = 10
}

/// Reads a library from the commit that HEAD names, never from the working tree.
///
/// libgit2 runs no hooks, filters or other programs of a repository's configuration, and refuses
/// a repository that another account owns.
package struct GitLibrary: Sendable {
    /// Where it is read from.
    package let folder: LibraryFolder
    private let limits: LibraryLimits

    /// Makes a reader; nothing is looked at before it reads.
    package init(in folder: LibraryFolder, limits: LibraryLimits) {
        self.folder = folder
        self.limits = limits
    }

    /// Reads the commit that HEAD names now.
    ///
    /// - Throws: `notRepository`, `noCommit`, `notFound` when the library isn't in the commit,
    ///   `unsafeOwner`, `badEntry`, `tooLarge`, `io`.
    package func snapshot() async throws(LibraryError) -> LibrarySnapshot {
        let result: Result<LibrarySnapshot, LibraryError> = await BlockingQueue.opening.run {
            do {
                return .success(try Git.session { try read() })
            } catch let error as LibraryError {
                return .failure(error)
            } catch {
                return .failure(
                    LibraryError(
                        .io, "The library \(folder.root) can't be read: \(Self.reason(error)).",
                        hint: "Run 'git fsck' in it.", cause: error))
            }
        }
        return try result.get()
    }

    private func read() throws -> LibrarySnapshot {
        let repository = try opened()
        defer { git_repository_free(repository) }
        let objects = try Git.make("open the objects") { git_repository_odb($0, repository) }
        defer { git_odb_free(objects) }
        let head = try self.head(of: repository)
        defer { git_reference_free(head) }
        let commit = try Git.make("read HEAD") {
            git_reference_peel($0, head, GIT_OBJECT_COMMIT)
        }
        defer { git_object_free(commit) }
        let top = try Git.make("read the commit") { git_commit_tree($0, commit) }
        defer { git_tree_free(top) }

        let place = try folder.isBare ? "" : self.place(in: repository)
        let commitID = Self.text(of: git_object_id(commit))
        let branch = git_repository_head_detached(repository) == 1 ? nil : Self.branch(head)
        var reader = GitTreeReader(repository: repository, objects: objects, limits: limits)
        if place.isEmpty {
            try reader.read(top)
        } else {
            let tree = try subtree(place, of: top, in: repository)
            defer { git_tree_free(tree) }
            try reader.read(tree)
        }
        let source = "\(branch ?? "detached")@\(commitID.prefix(7))"
        guard reader.collection.entries[LibraryFolder.rootFile] != nil else {
            throw notCommitted(source)
        }
        let changed =
            try folder.isBare ? [] : GitStatus.changedPaths(in: repository, below: place)
        let skipped = place.isEmpty ? 0 : place.utf8.count + 1
        return LibrarySnapshot(
            tree: LibraryTree(source: source, entries: reader.collection.entries),
            commit: commitID, branch: branch, isDirty: !changed.isEmpty,
            changedPaths: changed.prefix(LibrarySnapshot.changedPathsLimit).map {
                String(decoding: $0.utf8.dropFirst(skipped), as: UTF8.self)
            },
            root: folder.root)
    }

    /// The open repository; the caller frees it.
    func opened() throws -> OpaquePointer {
        let flags = folder.isBare ? GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue : 0
        do {
            return try Git.make("open the repository") {
                git_repository_open_ext($0, folder.root, flags, nil)
            }
        } catch {
            throw openRefusal(error)
        }
    }

    /// Names why a repository could not be opened.
    ///
    /// libgit2 1.5 answers `GIT_ENOTFOUND` for another owner too, when no `safe.directory` is
    /// configured; so what isn't opened, and yet discovered, belongs to somebody else.
    private func openRefusal(_ error: GitFailure) -> any Error {
        if error.isA(GIT_EOWNER) || (error.isA(GIT_ENOTFOUND) && isDiscovered) {
            return LibraryError(
                .unsafeOwner, "The library's repository at \(folder.root) isn't yours.",
                hint: "Clone it as yourself; or, if you trust its owner, "
                    + "'git config --global --add safe.directory' with its top folder.",
                cause: error)
        }
        guard error.isA(GIT_ENOTFOUND) else { return error }
        return LibraryError(
            .notRepository, "The library \(folder.root) is in no git repository.",
            hint: "Runs use commits only: 'git init', 'git add' and 'git commit' there. "
                + "While you write, --working-tree reads the folder.", cause: error)
    }

    private var isDiscovered: Bool {
        var found = git_buf()
        defer { git_buf_dispose(&found) }
        return git_repository_discover(&found, folder.root, 0, nil) == 0
    }

    private func head(of repository: OpaquePointer) throws -> OpaquePointer {
        do {
            return try Git.make("read HEAD") { git_repository_head($0, repository) }
        } catch {
            guard error.isA(GIT_EUNBORNBRANCH) || error.isA(GIT_ENOTFOUND) else { throw error }
            throw LibraryError(
                .noCommit, "The library's repository at \(folder.root) has no commit yet.",
                hint: "'git add' and 'git commit' there; while you write, --working-tree reads "
                    + "the folder.", cause: error)
        }
    }

    /// The library's folder relative to the working tree; empty when they are the same.
    func place(in repository: OpaquePointer) throws -> String {
        guard let text = git_repository_workdir(repository), let pointer = realpath(text, nil)
        else {
            throw LibraryError(
                .notRepository, "The repository around \(folder.root) has no working tree.")
        }
        defer { free(pointer) }
        let top = String(cString: pointer)
        if folder.root == top { return "" }
        let prefix = top.hasSuffix("/") ? top : top + "/"
        guard folder.root.hasPrefix(prefix) else {
            throw LibraryError(
                .notRepository,
                "The repository found from \(folder.root) has its working tree at \(top).",
                hint: "Look at core.worktree in its configuration.")
        }
        return String(folder.root.dropFirst(prefix.count))
    }

    private func subtree(
        _ place: String, of top: OpaquePointer, in repository: OpaquePointer
    ) throws -> OpaquePointer {
        let entry: OpaquePointer
        do {
            entry = try Git.make("find \(place)") { git_tree_entry_bypath($0, top, place) }
        } catch {
            throw error.isA(GIT_ENOTFOUND) ? notCommitted("HEAD") : error as any Error
        }
        defer { git_tree_entry_free(entry) }
        guard git_tree_entry_type(entry) == GIT_OBJECT_TREE else { throw notCommitted("HEAD") }
        return try Git.make("read \(place)") {
            git_tree_lookup($0, repository, git_tree_entry_id(entry))
        }
    }

    private func notCommitted(_ source: String) -> LibraryError {
        LibraryError(
            .notFound, "The library \(folder.root) has no handrail.yaml in \(source).",
            hint: "'git add' and 'git commit' it; while you write, --working-tree reads the folder."
        )
    }

    private static func text(of id: UnsafePointer<git_oid>?) -> String {
        guard let id, let text = git_oid_tostr_s(id) else { return "" }
        return String(cString: text)
    }

    private static func branch(_ head: OpaquePointer) -> String? {
        git_reference_shorthand(head).map { String(cString: $0) }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as GitFailure: "\(error.doing): \(error.message)"
        default: "\(error)"
        }
    }
}
