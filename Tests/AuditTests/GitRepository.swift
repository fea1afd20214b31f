import Foundation
import TestSupport
import Testing

/// A real git repository in a temporary folder, made by stock git without anyone's configuration.
struct GitRepository {
    let path: String

    init(at path: String, bare: Bool = false) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
        try git(["init", "-q", "-b", "main"] + (bare ? ["--bare"] : []))
    }

    /// Runs git, and gives what it wrote to standard output.
    @discardableResult
    func git(_ arguments: [String], input: String = "") throws -> String {
        let result = try Tool.run(
            ["git"] + arguments, input: input,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.invalid",
                "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.invalid",
            ], directory: path)
        try #require(result.status == 0, "git \(arguments): \(result.error)")
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Writes a file of the working tree, and the folders above it.
    func write(_ name: String, _ text: String, mode: Int = 0o644) throws {
        try write(name, bytes: Array(text.utf8), mode: mode)
    }

    /// Writes a file of the working tree, and the folders above it.
    func write(_ name: String, bytes: [UInt8], mode: Int = 0o644) throws {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    }

    /// Commits everything, and gives the commit's id.
    @discardableResult
    func commit() throws -> String {
        try git(["add", "-A"])
        try git(["commit", "-q", "--allow-empty", "-m", "Change the library"])
        return try git(["rev-parse", "HEAD"])
    }

    /// Makes a tree by hand, commits it on `main`, and gives the commit's id.
    @discardableResult
    func commitTree(_ lines: [String]) throws -> String {
        let tree = try git(
            ["mktree", "-z", "--missing"], input: lines.joined(separator: "\0") + "\0")
        let commit = try git(["commit-tree", "-m", "By hand", tree])
        try git(["update-ref", "refs/heads/main", commit])
        return commit
    }

    /// Stores a file's bytes, and gives the blob's id.
    func blob(_ text: String) throws -> String {
        try git(["hash-object", "-w", "--stdin"], input: text)
    }
}
