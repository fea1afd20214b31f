import Foundation
import Runbooks
import Runner

/// The trust folder of a home, read as hostile input (docs/trust.md, "The folder").
package struct TrustFolder: Sendable {
    /// The longest file, in bytes; `hosts` may have more.
    static let longestFile = 256 << 10
    /// The longest `hosts`, in bytes.
    static let longestHosts = 2 << 20
    /// All files together, in bytes.
    static let longestAll = 8 << 20
    /// The most files.
    static let mostFiles = 2000

    /// What is in the place of the folder.
    package enum State: Sendable {
        /// Nothing: a solo home.
        case none
        /// The folder as it was read, without a value when there is a mistake in it; and what its
        /// digest is taken of.
        case read(Checked<TrustBook>, content: [UInt8])
    }

    /// Where it is.
    package let path: String
    /// The accounts that may own it.
    private let owners: Set<uid_t>

    /// The folder of a home: it belongs to root or to the account that owns the home.
    package init(of home: Home) {
        self.init(path: home.path + "/trust", owners: [0, geteuid()])
    }

    init(path: String, owners: Set<uid_t>) { (self.path, self.owners) = (path, owners) }

    /// Reads it whole, and looks who may write it.
    ///
    /// Blocks for a few file operations.
    /// - Throws: `TrustError` (`io`) where it can't be looked at: then nobody knows what it says.
    package func read() throws(TrustError) -> State {
        guard let tree = try tree() else { return .none }
        let (checked, content) = (TrustBook.read(tree.tree), TrustBook.content(of: tree.tree))
        guard tree.problems.isEmpty else {
            let all = tree.problems + checked.diagnostics
            return .read(Checked(value: nil, diagnostics: all), content: content)
        }
        return .read(checked, content: content)
    }

    /// The file of targets' host keys, which alone counts where it is there; nil without one.
    package var hosts: String? {
        let file = "\(path)/\(TrustBook.hostsFile)"
        return access(file, F_OK) == 0 ? file : nil
    }

    /// All of its files, and what is wrong with them as files; nil where there is no folder.
    func tree() throws(TrustError) -> (tree: LibraryTree, problems: [Diagnostic])? {
        do throws(FileError) {
            var reading = Reading(owners: owners)
            let root: FileDescriptor
            do throws(FileError) {
                root = try FileDescriptor(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            } catch {
                guard error.number == ENOENT else { throw error }
                return nil
            }
            try reading.read(root, at: "")
            return (LibraryTree(source: path, entries: reading.entries), reading.problems)
        } catch {
            throw TrustError(
                .io, "The trust folder \(path) can't be read: \(error.reason).",
                hint: "Until it can, nobody may do what needs a role.", cause: error)
        }
    }

    /// What was read so far.
    private struct Reading {
        let owners: Set<uid_t>
        var entries: [String: LibraryTree.Entry] = [:]
        var problems: [Diagnostic] = []
        private var size = 0

        init(owners: Set<uid_t>) { self.owners = owners }

        private static let folders = [
            TrustDocuments.peopleFolder, TrustDocuments.calendarsFolder,
        ]

        mutating func read(
            _ folder: borrowing FileDescriptor, at path: String
        ) throws(FileError) {
            check(try folder.status(), path.isEmpty ? "." : path)
            for name in try folder.names() {
                guard let text = String(validating: name, as: UTF8.self) else {
                    refuse(path + "?", "has a name that is no text", "Remove it.")
                    continue
                }
                if text.hasPrefix(".") || text.hasSuffix("~") { continue }
                guard entries.count < TrustFolder.mostFiles else {
                    refuse(path + text, "is one file too many", "Take out what isn't needed.")
                    return
                }
                try take(text, in: folder, at: path)
            }
        }

        private mutating func take(
            _ name: String, in folder: borrowing FileDescriptor, at path: String
        ) throws(FileError) {
            let place = path + name
            let status = try folder.status(of: name)
            switch status.st_mode & S_IFMT {
            case S_IFDIR where path.isEmpty && Self.folders.contains(name + "/"):
                try read(
                    FileDescriptor(name, in: folder, O_RDONLY | O_DIRECTORY), at: place + "/")
            case S_IFREG:
                let limit =
                    place == TrustBook.hostsFile
                    ? TrustFolder.longestHosts : TrustFolder.longestFile
                // What became a pipe in between must not hold the open.
                let file = try FileDescriptor(name, in: folder, O_RDONLY | O_NONBLOCK)
                let opened = try file.status()
                guard opened.st_mode & S_IFMT == S_IFREG, Int(opened.st_size) <= limit,
                    size + Int(opened.st_size) <= TrustFolder.longestAll
                else { return refuse(place, "is too large", "Take out what isn't needed.") }
                check(opened, place)
                let bytes = try file.read(upTo: limit)
                size += bytes.count
                entries[place] = LibraryTree.Entry(kind: .file, bytes: bytes)
            default:
                refuse(place, "is no plain file", "Put the file itself there, or remove it.")
            }
        }

        /// Who may write it.
        private mutating func check(_ status: stat, _ path: String) {
            if !owners.contains(status.st_uid) {
                refuse(
                    path, "belongs to the account \(status.st_uid)",
                    "It must be root's, or the home's owner's.")
            }
            if status.st_mode & 0o022 != 0 {
                refuse(path, "can be written by others", "chmod go-w it.")
            }
            if status.st_mode & S_IFMT == S_IFREG, status.st_nlink > 1 {
                refuse(
                    path, "has several names (hard links)",
                    "Copy it, so that nobody else holds a name of it.")
            }
        }

        private mutating func refuse(_ path: String, _ what: String, _ hint: String) {
            let shown = printable(path.utf8.prefix(120), keepNewlines: false)
            problems.append(
                .error(
                    "unsafe-file", "'\(shown)' \(what).",
                    at: SourcePosition(file: path, line: 1, column: 1), hint: hint))
        }
    }
}
