import CGit2
import Foundation
import Runbooks

/// Reads a git tree, below one folder, into memory.
struct GitTreeReader {
    private let repository: OpaquePointer
    private let objects: OpaquePointer
    private(set) var collection: TreeCollection

    /// Both handles stay the caller's, and must live as long as this value.
    init(repository: OpaquePointer, objects: OpaquePointer, limits: LibraryLimits) {
        self.repository = repository
        self.objects = objects
        collection = TreeCollection(limits: limits)
    }

    /// Reads all entries of a tree and of those below it.
    mutating func read(_ tree: OpaquePointer, at folder: String = "", depth: Int = 1) throws {
        for index in 0..<git_tree_entrycount(tree) {
            guard let entry = git_tree_entry_byindex(tree, index),
                let id = git_tree_entry_id(entry), let name = git_tree_entry_name(entry)
            else { continue }
            let path = try collection.path(
                of: Array(UnsafeBufferPointer(start: name, count: strlen(name)))
                    .map(UInt8.init(bitPattern:)), in: folder, depth: depth)
            switch git_tree_entry_filemode(entry) {
            case GIT_FILEMODE_TREE:
                let child = try Git.make("read \(path)") {
                    git_tree_lookup($0, repository, id)
                }
                defer { git_tree_free(child) }
                try read(child, at: path, depth: depth + 1)
            case GIT_FILEMODE_BLOB: try take(.file, id, path)
            case GIT_FILEMODE_BLOB_EXECUTABLE: try take(.executable, id, path)
            case GIT_FILEMODE_LINK: try take(.symlink, id, path)
            case GIT_FILEMODE_COMMIT: collection.take(.submodule, [], at: path)
            default:
                throw LibraryError(
                    .badEntry, "\(path.debugDescription) is of a kind that git doesn't know.",
                    hint: "Run 'git fsck' in the library.")
            }
        }
    }

    private mutating func take(
        _ kind: LibraryTree.Kind, _ id: UnsafePointer<git_oid>, _ path: String
    ) throws {
        // The header first: a blob that is too large is never unpacked.
        var size = 0
        var type = GIT_OBJECT_INVALID
        try Git.check("read \(path)", git_odb_read_header(&size, &type, objects, id))
        try collection.check(size: size, of: path)
        let blob = try Git.make("read \(path)") { git_blob_lookup($0, repository, id) }
        defer { git_blob_free(blob) }
        let bytes = UnsafeRawBufferPointer(
            start: git_blob_rawcontent(blob), count: Int(git_blob_rawsize(blob)))
        // Again: the header of a hostile object need not be true.
        try collection.check(size: bytes.count, of: path)
        collection.take(kind, Array(bytes), at: path)
    }
}
