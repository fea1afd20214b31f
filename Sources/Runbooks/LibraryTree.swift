/// The files of a library at one commit (or of a working tree), read into memory.
///
/// The readers of git and of folders make it (module Audit); everything in this module works on
/// it, so parsing and checking touch no file. Limits are the reader's: see docs/format.md.
package struct LibraryTree: Sendable {
    /// What git, or the folder, says that an entry is.
    package enum Kind: String, Sendable, Codable { case file, executable, symlink, submodule }

    /// One entry of the tree.
    package struct Entry: Sendable {
        /// What kind of entry it is; only files and executables are ever used.
        package let kind: Kind
        /// The raw bytes; for a symlink its destination, for a submodule nothing.
        package let bytes: [UInt8]

        package init(kind: Kind, bytes: [UInt8]) {
            self.kind = kind
            self.bytes = bytes
        }
    }

    /// Where the tree was read from, for people: `main@3f2c1d9` or `working tree of ./runbooks`.
    package let source: String
    /// The entries by path relative to the library's root, with `/` between parts.
    package let entries: [String: Entry]

    package init(source: String, entries: [String: Entry]) {
        self.source = source
        self.entries = entries
    }
}
