import Runbooks

/// The entries of a library as they are read, kept within the limits.
struct TreeCollection {
    private(set) var entries: [String: LibraryTree.Entry] = [:]
    private var count = 0
    private var bytes = 0
    private let limits: LibraryLimits

    init(limits: LibraryLimits) { self.limits = limits }

    /// Bytes that a file may have now, with what is left of the total.
    var fileLimit: Int { min(limits.fileBytes, limits.totalBytes - bytes) }

    /// Checks one name of a folder, counts it, and gives its path.
    ///
    /// git itself never makes these names; trees written by hand can have them.
    mutating func path(
        of name: [UInt8], in folder: String, depth: Int
    ) throws(LibraryError) -> String {
        guard let text = String(validating: name, as: UTF8.self) else {
            throw LibraryError(
                .badEntry,
                "The library's folder '\(folder)' has a name that is no UTF-8: "
                    + String(decoding: name, as: UTF8.self).debugDescription + ".",
                hint: "Rename the file.")
        }
        let path = folder.isEmpty ? text : folder + "/" + text
        guard !["", ".", ".."].contains(text), text.lowercased() != ".git", !text.contains("/"),
            !text.contains("\0")
        else {
            throw LibraryError(
                .badEntry, "The library has an entry with the name \(path.debugDescription).",
                hint: "No git makes such a tree: find out who wrote it before you use it.")
        }
        count += 1
        guard count <= limits.entries else {
            throw LibraryError(
                .tooLarge, "The library has more than \(limits.entries) files and folders.",
                hint: "Keep a library in a folder of its own, with runbooks only.")
        }
        guard depth <= limits.depth else {
            throw LibraryError(
                .tooLarge, "\(path.debugDescription) lies more than \(limits.depth) folders deep.")
        }
        return path
    }

    /// Refuses a file that is too large, by its size, before it is read.
    func check(size: Int, of path: String) throws(LibraryError) {
        guard size <= limits.fileBytes else {
            throw LibraryError(
                .tooLarge,
                "\(path.debugDescription) has \(size) bytes; a library's file may have "
                    + "\(limits.fileBytes).",
                hint: "Fetch large files on the target, with a checksum.")
        }
        guard size <= fileLimit else {
            throw LibraryError(
                .tooLarge, "The library's files have more than \(limits.totalBytes) bytes.",
                hint: "Keep a library in a folder of its own, with runbooks only.")
        }
    }

    /// Takes a file's bytes, a symlink's destination, or nothing for a submodule.
    mutating func take(_ kind: LibraryTree.Kind, _ content: [UInt8], at path: String) {
        bytes += content.count
        entries[path] = LibraryTree.Entry(kind: kind, bytes: content)
    }
}
