import CGit2
import Foundation
import Runbooks

/// Gives what was written beside its place the name that it is for.
package enum NewName {
    /// `RENAME_NOREPLACE` and `RENAME_EXCHANGE` (linux/fs.h; rename(2)).
    private static let keepingTheOther: UInt32 = 1
    private static let exchanging: UInt32 = 2

    /// Renames a file or folder, durably, to a name that nobody has.
    ///
    /// - Throws: `FileError` (`EEXIST`) when the name is taken.
    package static func give(_ path: String, to new: String) throws {
        if renameat2(AT_FDCWD, new, AT_FDCWD, path, keepingTheOther) != 0 {
            let number = errno
            // A file system that can't promise it (rename(2)): looked at, then renamed.
            guard number == EINVAL, access(path, F_OK) != 0, rename(new, path) == 0 else {
                throw FileError(
                    call: "rename", path: path, number: number == EINVAL ? EEXIST : number)
            }
        }
        try synchronizeFolder(of: path)
    }

    /// Lets two names change places, durably.
    package static func exchange(_ path: String, _ other: String) throws {
        guard renameat2(AT_FDCWD, other, AT_FDCWD, path, exchanging) == 0 else {
            throw FileError(call: "rename", path: path, number: errno)
        }
        try synchronizeFolder(of: path)
    }

    /// Waits until the names in the folder of a path are on the disk.
    package static func synchronizeFolder(of path: String) throws {
        let parent = PathText.folder(of: path)
        try FileDescriptor(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// Waits until all that was written to the file system of a folder is on the disk.
    static func synchronizeFileSystem(of folder: String) throws {
        let opened = try FileDescriptor(folder, O_RDONLY | O_DIRECTORY)
        guard syncfs(opened.number) == 0 else {
            throw FileError(call: "syncfs", path: folder, number: errno)
        }
    }
}
