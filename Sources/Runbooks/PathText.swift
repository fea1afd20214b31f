/// Paths as text, by POSIX's rules alone: no character but `/` means anything.
///
/// WHY NOT Foundation's: it takes a leading `~` for somebody's home folder in some of its calls
/// and not in others, and ends the process when it is asked for the folder of `~`.
package enum PathText {
    /// The folder that a path lies in; `/` of the root, empty for a name alone.
    package static func folder(of path: String) -> String {
        let bytes = withoutSlashes(path.utf8[...])
        guard !bytes.isEmpty else { return path.isEmpty ? "" : "/" }
        guard let slash = bytes.lastIndex(of: separator) else { return "" }
        let folder = withoutSlashes(bytes[..<slash])
        return folder.isEmpty ? "/" : String(Substring(folder))
    }

    /// The last name of a path; `/` of the root.
    package static func name(of path: String) -> String {
        let bytes = withoutSlashes(path.utf8[...])
        guard !bytes.isEmpty else { return path.isEmpty ? "" : "/" }
        let start = bytes.lastIndex(of: separator).map { bytes.index(after: $0) }
        return String(Substring(bytes[(start ?? bytes.startIndex)...]))
    }

    /// A path as a person gave it: a `~` that is its whole first name is the account's home folder.
    ///
    /// Any other beginning with `~` is a name like all others; it gets `./` before it, so that
    /// nothing else reads more into it.
    package static func given(_ path: String, home: String) -> String {
        guard path.utf8.first == UInt8(ascii: "~") else { return path }
        if path == "~" { return home }
        guard path.hasPrefix("~/") else { return "./" + path }
        return (home == "/" ? "" : home) + path.dropFirst()
    }

    private static let separator = UInt8(ascii: "/")

    private static func withoutSlashes(_ bytes: Substring.UTF8View) -> Substring.UTF8View {
        var bytes = bytes
        while bytes.last == separator { bytes.removeLast() }
        return bytes
    }
}
