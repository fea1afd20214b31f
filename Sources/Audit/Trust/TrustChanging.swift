import Foundation
import Runbooks
import Runner

/// A change to a trust folder: files that are written anew; only a folder without a mistake takes
/// the place of the one before.
package struct TrustChanging: Sendable {
    private let folder: TrustFolder

    /// Changes to a folder.
    package init(_ folder: TrustFolder) { self.folder = folder }

    /// What the folder would be with some files written anew; nothing is written.
    ///
    /// - Throws: `TrustError` (`io`).
    package func preview(_ files: [String: [UInt8]]) throws(TrustError) -> Checked<TrustBook> {
        let now = try folder.tree() ?? (LibraryTree(source: folder.path, entries: [:]), [])
        var entries = now.tree.entries
        for (path, bytes) in files { entries[path] = LibraryTree.Entry(kind: .file, bytes: bytes) }
        let checked = TrustBook.read(LibraryTree(source: now.tree.source, entries: entries))
        guard now.problems.isEmpty else {
            return Checked(value: nil, diagnostics: now.problems + checked.diagnostics)
        }
        return checked
    }

    /// The text of a file as it is now; nil where there is none.
    ///
    /// - Throws: `TrustError` (`io`).
    package func text(of path: String) throws(TrustError) -> [UInt8]? {
        try folder.tree()?.tree.entries[path]?.bytes
    }

    /// Writes files durably, each by a new one that takes its name; makes the folder when there is
    /// none.
    ///
    /// - Throws: `TrustError` (`io`).
    package func write(_ files: [String: [UInt8]]) throws(TrustError) {
        do throws(FileError) {
            for path in [folder.path, folder.path + "/people"] where mkdir(path, 0o755) != 0 {
                guard errno == EEXIST else {
                    throw FileError(call: "mkdir", path: path, number: errno)
                }
            }
            for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
                let place = "\(folder.path)/\(path)"
                let new = "\(folder.path)/.\(path.replacing("/", with: "."))~"
                _ = unlink(new)
                let file = try FileDescriptor(new, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
                try file.write(bytes)
                try file.synchronize()
                guard rename(new, place) == 0 else {
                    throw FileError(call: "rename", path: place, number: errno)
                }
                let parent = PathText.folder(of: place)
                try FileDescriptor(parent, O_RDONLY | O_DIRECTORY).synchronize()
            }
        } catch {
            throw TrustError(
                .io, "The trust folder can't be written: \(error.path): \(error.reason).",
                hint: "Whoever owns \(folder.path) may write it.", cause: error)
        }
    }
}
