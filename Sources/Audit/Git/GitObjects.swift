import CGit2

/// An object database of git, opened by its folder alone: no configuration of any repository or
/// person is read, no alternates are followed.
// SAFETY: the handle is set once; libgit2's object databases lock themselves (its
// docs/threading.md).
final class GitObjects: @unchecked Sendable {
    // A class, because it owns libgit2's handle.
    private let database: OpaquePointer
    private let folder: String

    /// An object as it was read.
    struct Object: Sendable {
        let kind: GitObjectKind
        let bytes: [UInt8]
    }

    /// Opens the folder `objects` of a repository.
    init(folder: String) throws(GitFailure) {
        try Git.check("start libgit2", git_libgit2_init())
        do {
            database = try Self.opened(folder)
            self.folder = folder
        } catch {
            git_libgit2_shutdown()
            throw error
        }
    }

    deinit {
        git_odb_free(database)
        git_libgit2_shutdown()
    }

    private static func opened(_ folder: String) throws(GitFailure) -> OpaquePointer {
        let database = try Git.make("open the objects") { git_odb_new($0) }
        do {
            var packs: UnsafeMutablePointer<git_odb_backend>?
            try Git.check("open packs", git_odb_backend_pack(&packs, folder))
            try Git.check("open packs", git_odb_add_backend(database, packs, 1))
        } catch {
            git_odb_free(database)
            throw error
        }
        return database
    }

    /// The object of this name; nil when there is none.
    ///
    /// - Throws: `GitFailure` for one that is damaged, or larger than the limit (`GIT_EINVALID`).
    func read(_ id: GitObjectID, upTo limit: Int) throws(GitFailure) -> Object? {
        let name = id.text
        let path = "\(folder)/\(name.prefix(2))/\(name.dropFirst(2))"
        // WHY NOT libgit2 for loose objects: 1.5 doesn't return from one that is cut.
        if let object = try LooseObject.read(path, name: name, upTo: limit) { return object }
        return try readPacked(id, upTo: limit)
    }

    private func readPacked(_ id: GitObjectID, upTo limit: Int) throws(GitFailure) -> Object? {
        var oid = id.oid
        var size = 0
        var type = GIT_OBJECT_INVALID
        // The header first: what is too large is never unpacked.
        let found = git_odb_read_header(&size, &type, database, &oid)
        if found == GIT_ENOTFOUND.rawValue { return nil }
        let doing = "read the object \(id.text)"
        try Git.check(doing, found)
        guard size <= limit else { throw .refused(doing, "it has \(size) bytes, over \(limit)") }
        let object = try Git.make(doing) { git_odb_read($0, database, &oid) }
        defer { git_odb_object_free(object) }
        guard let kind = GitObjectKind(git_odb_object_type(object)) else {
            throw .refused(doing, "it is of no kind that git knows")
        }
        let bytes = UnsafeRawBufferPointer(
            start: git_odb_object_data(object), count: git_odb_object_size(object))
        return Object(kind: kind, bytes: Array(bytes))
    }

    /// Stores objects, durably: each is on the disk, under its name, when this returns.
    func write(_ batch: ObjectBatch) throws(FileError) { try batch.write(below: folder) }
}

extension GitObjectKind {
    fileprivate init?(_ type: git_object_t) {
        switch type {
        case GIT_OBJECT_BLOB: self = .blob
        case GIT_OBJECT_TREE: self = .tree
        case GIT_OBJECT_COMMIT: self = .commit
        case GIT_OBJECT_TAG: self = .tag
        default: return nil
        }
    }
}
