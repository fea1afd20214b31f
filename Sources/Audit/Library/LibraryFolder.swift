import Foundation
import Runbooks

/// The folder that a library lies in.
package struct LibraryFolder: Sendable, Hashable {
    /// The file at a library's root.
    package static let rootFile = "handrail.yaml"

    /// Its absolute path, without symlinks.
    package let root: String
    /// Whether it is a repository without a working tree, whose root is the library's root.
    package let isBare: Bool

    /// The nearest folder upwards from a path that has a `handrail.yaml`; or the path itself,
    /// when it is a bare repository.
    ///
    /// Stops at the top level of a git repository, and where the folders' owner changes: a file
    /// that somebody else put into `/tmp` or `/` is never found.
    /// - Throws: `notFound`, `io`.
    package static func nearest(to path: String) throws(LibraryError) -> LibraryFolder {
        let start = try resolved(path)
        var folder = try isFolder(start) ? start : parent(of: start)
        if isBareRepository(folder) { return LibraryFolder(root: folder, isBare: true) }
        let owner = try owner(of: folder)
        while true {
            if exists(folder + "/" + rootFile) { return LibraryFolder(root: folder, isBare: false) }
            let next = parent(of: folder)
            if exists(folder + "/.git") {
                throw missing(from: start, "up to the top of its git repository \(folder)")
            }
            if next == folder { throw missing(from: start, "up to /") }
            guard try self.owner(of: next) == owner else {
                throw missing(from: start, "up to \(folder), above which the owner changes")
            }
            folder = next
        }
    }

    private static func missing(from start: String, _ extent: String) -> LibraryError {
        LibraryError(
            .notFound, "There is no \(rootFile) in \(start), nor \(extent).",
            hint: "Name the library with --library or HANDRAIL_LIBRARY; 'handrail init' makes one.")
    }

    private static func resolved(_ path: String) throws(LibraryError) -> String {
        guard let pointer = realpath(path, nil) else {
            let error = FileError(call: "realpath", path: path, number: errno)
            throw LibraryError(
                error.number == ENOENT ? .notFound : .io,
                "The library \(path) can't be found: \(error.reason).",
                hint: "Check the path after --library or in HANDRAIL_LIBRARY.", cause: error)
        }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func owner(of path: String) throws(LibraryError) -> uid_t {
        try status(path).st_uid
    }

    private static func isFolder(_ path: String) throws(LibraryError) -> Bool {
        try status(path).st_mode & S_IFMT == S_IFDIR
    }

    private static func status(_ path: String) throws(LibraryError) -> stat {
        var answer = stat()
        guard lstat(path, &answer) == 0 else {
            let error = FileError(call: "lstat", path: path, number: errno)
            throw LibraryError(
                .io, "\(path) can't be looked at: \(error.reason).", cause: error)
        }
        return answer
    }

    /// What every bare repository has; whether it is a sound one is libgit2's to say.
    private static func isBareRepository(_ path: String) -> Bool {
        !exists(path + "/" + rootFile) && !exists(path + "/.git")
            && ["HEAD", "objects", "refs"].allSatisfy { exists(path + "/" + $0) }
    }

    private static func exists(_ path: String) -> Bool {
        var answer = stat()
        return lstat(path, &answer) == 0
    }

    private static func parent(of path: String) -> String {
        PathText.folder(of: path)
    }
}
