/// The files of one runbook within its library.
struct RunbookFiles {
    /// The folder of `runbook.yaml`, relative to the library's root.
    let folder: String
    /// All paths below the folder, relative to it.
    let paths: [String]
    let tree: LibraryTree

    /// The entry that a path of the document means; `lib/x` lies at the library's root.
    func entry(_ path: String) -> LibraryTree.Entry? {
        if path.hasPrefix("lib/") { return tree.entries[path] }
        return tree.entries[folder.isEmpty ? path : "\(folder)/\(path)"]
    }

    /// The interpreter that a program's first line names; nil without such a line.
    static func interpreter(of program: some Sequence<UInt8>) -> [String]? {
        let line = program.prefix(256).prefix { $0 != UInt8(ascii: "\n") }
        guard line.starts(with: "#!".utf8) else { return nil }
        var words = String(decoding: line.dropFirst(2), as: UTF8.self)
            .split { $0 == " " || $0 == "\t" || $0 == "\r" }.map(String.init)
        guard let first = words.first else { return nil }
        if first.hasSuffix("/env") {
            words.removeFirst()
            if words.first == "-S" { words.removeFirst() }
        }
        return words.isEmpty ? nil : words
    }
}
