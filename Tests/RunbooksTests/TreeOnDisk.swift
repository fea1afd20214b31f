import Foundation
import Runbooks

/// Library trees for tests: from folders of this repository, or from texts.
enum TestTree {
    /// The repository's root.
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of this module's fixtures.
    static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().appending(path: "Fixtures")

    /// All files below a folder.
    static func read(_ folder: URL) throws -> LibraryTree {
        let root = folder.standardizedFileURL.path(percentEncoded: false)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root)
        var entries: [String: LibraryTree.Entry] = [:]
        for path in paths {
            var isFolder: ObjCBool = false
            let whole = folder.appending(path: path)
            let exists = FileManager.default.fileExists(
                atPath: whole.path(percentEncoded: false), isDirectory: &isFolder)
            guard exists, !isFolder.boolValue else { continue }
            entries[path] = LibraryTree.Entry(
                kind: .file, bytes: [UInt8](try Data(contentsOf: whole)))
        }
        return LibraryTree(source: "working tree", entries: entries)
    }

    /// A tree of texts by path.
    static func texts(_ files: [String: String]) -> LibraryTree {
        LibraryTree(
            source: "test",
            entries: files.mapValues { LibraryTree.Entry(kind: .file, bytes: Array($0.utf8)) })
    }

    /// A library with one runbook, whose files below `scripts/`, `files/` and `lib/` are those
    /// that the document's text mentions.
    static func runbook(_ text: String, more: [String: String] = [:]) -> LibraryTree {
        var files = ["r/runbook.yaml": text, "r/README.md": "Article"]
        for word in text.split(whereSeparator: { " [],{}\n\"'".contains($0) }) {
            if word.hasPrefix("scripts/here") { files["r/\(word)"] = "#!/bin/sh\n" }
        }
        return texts(files.merging(more) { $1 })
    }
}

extension Diagnostic {
    /// One line for comparisons: place, severity where it is a warning, and code.
    var brief: String {
        let place = position.map { "\($0.line):\($0.column)" } ?? "-"
        return "\(place) \(severity == .warning ? "warning " : "")\(code)"
    }
}
