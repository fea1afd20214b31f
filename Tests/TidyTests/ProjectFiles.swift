import Foundation

/// The files of this checkout, as these tests read them.
enum ProjectFiles {
    /// The project's root, found from where this file was compiled.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Folders that hold nothing of ours: what is built, git's own, and the lab's state.
    private static let skipped: Set<String> = [".git", ".swiftpm", ".fleet", ".demo"]

    /// Every file's path relative to the root, sorted.
    static let paths: [String] = {
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var found: [String] = []
        while let path = walk.nextObject() as? String {
            let isFolder = walk.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
            if skipped.contains(path) || path.hasPrefix(".build") {
                if isFolder { walk.skipDescendants() }
            } else if !isFolder {
                found.append(path)
            }
        }
        return found.sorted()
    }()

    /// The text of a file; nil when it isn't UTF-8.
    static func text(_ path: String) -> String? {
        guard
            let bytes = FileManager.default.contents(atPath: root.appendingPathComponent(path).path)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The lines of a text file; none when it isn't UTF-8.
    static func lines(_ path: String) -> [String] {
        (text(path) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    /// Whether somebody may execute a file.
    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appendingPathComponent(path).path)
    }

    /// Whether a file or folder is there.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// The Swift files below a folder, cut into tokens.
    static func swift(below folder: String) -> [SourceFile] {
        paths.filter { $0.hasPrefix(folder + "/") && $0.hasSuffix(".swift") }
            .map { SourceFile(path: $0, text: text($0) ?? "") }
    }

    /// The folders of tests, each a target of that name.
    static let testTargets = Set(
        paths.filter { $0.hasPrefix("Tests/") }.compactMap {
            $0.split(separator: "/").dropFirst().first
        }
        .map(String.init))

    /// Every Swift file of ours that is compiled into the command, read once.
    static let sources = swift(below: "Sources")
}
