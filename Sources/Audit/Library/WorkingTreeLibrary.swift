import Foundation
import Runbooks

/// Reads a library's folder as it is now, for authors (`--working-tree`).
///
/// No symlink is followed below the root, `.git` is left out, and the limits are those of commits.
package struct WorkingTreeLibrary: Sendable {
    /// Where it is read from.
    package let folder: LibraryFolder
    private let limits: LibraryLimits

    /// Makes a reader; nothing is looked at before it reads.
    package init(in folder: LibraryFolder, limits: LibraryLimits) {
        self.folder = folder
        self.limits = limits
    }

    /// Reads all files below the root.
    ///
    /// - Throws: `notFound` for a bare repository, `badEntry` for a device, socket or pipe,
    ///   `tooLarge`, `io`.
    package func read() async throws(LibraryError) -> LibraryTree {
        guard !folder.isBare else {
            throw LibraryError(
                .notFound, "\(folder.root) is a bare repository: it has no working tree.",
                hint: "Leave out --working-tree.")
        }
        let result: Result<LibraryTree, LibraryError> = await BlockingQueue.opening.run {
            do {
                return .success(try tree())
            } catch let error as LibraryError {
                return .failure(error)
            } catch let error as FileError {
                return .failure(
                    LibraryError(
                        .io, "\(error.path) can't be read: \(error.reason).", cause: error))
            } catch {
                return .failure(
                    LibraryError(.io, "\(folder.root) can't be read.", cause: error))
            }
        }
        return try result.get()
    }

    private func tree() throws -> LibraryTree {
        let root = try FileDescriptor(folder.root, O_RDONLY | O_DIRECTORY)
        var collection = TreeCollection(limits: limits)
        try Self.read(root, at: "", depth: 1, into: &collection)
        return LibraryTree(
            source: "working tree of \(folder.root)", entries: collection.entries)
    }

    private static func read(
        _ folder: borrowing FileDescriptor, at path: String, depth: Int,
        into collection: inout TreeCollection
    ) throws {
        for name in try folder.names() where name != Array(".git".utf8) {
            let path = try collection.path(of: name, in: path, depth: depth)
            let text = String(decoding: name, as: UTF8.self)
            let status = try folder.status(of: text)
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                let child = try FileDescriptor(text, in: folder, O_RDONLY | O_DIRECTORY)
                if try child.has(".git") {
                    collection.take(.submodule, [], at: path)
                } else {
                    try read(child, at: path, depth: depth + 1, into: &collection)
                }
            case S_IFLNK:
                collection.take(.symlink, try folder.destination(of: text), at: path)
            case S_IFREG:
                try collection.check(size: Int(status.st_size), of: path)
                // A file that became a pipe in between must not hold the open.
                let file = try FileDescriptor(text, in: folder, O_RDONLY | O_NONBLOCK)
                let bytes = try file.read(upTo: collection.fileLimit)
                try collection.check(size: bytes.count, of: path)
                collection.take(
                    status.st_mode & 0o100 != 0 ? .executable : .file, bytes, at: path)
            default:
                throw LibraryError(
                    .badEntry, "\(path.debugDescription) is no file, folder or symlink.",
                    hint: "Remove it from the library.")
            }
        }
    }
}
