import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// Somebody with full access to a trail's folder, who knows its format, and stock git.
struct TrailEditor {
    let sample: SampleTrail
    /// From the first to the last.
    let commits: [String]

    init(_ sample: SampleTrail) throws {
        self.sample = sample
        commits = try Self.git(sample, ["rev-list", "--reverse", "HEAD"])
            .split(separator: "\n").map(String.init)
    }

    /// The last event of each commit.
    func ends() throws -> [Int] {
        try commits.map { commit in
            let text = try git(["show", "\(commit):checkpoint"])
            return try #require(Int(text.split(separator: "\n")[1]))
        }
    }

    /// The names of all objects that the trail's last commit leads to.
    func reachable() throws -> Set<String> {
        Set(
            try git(["rev-list", "--objects", "--no-object-names", "HEAD"])
                .split(separator: "\n").map(String.init))
    }

    /// The names of all objects that are there.
    func stored() throws -> Set<String> {
        Set(
            try git(["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"])
                .split(separator: "\n").map(String.init))
    }

    var path: String { sample.home.trailPath }
    var branch: String { "refs/heads/trail/" + sample.origin.controller }

    /// Runs git, and gives what it wrote, without the last newline.
    @discardableResult
    static func git(
        _ sample: SampleTrail, _ arguments: [String], input: String = ""
    ) throws -> String {
        let result = try Tool.run(
            ["git", "--git-dir", sample.home.trailPath] + arguments, input: input,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_NO_REPLACE_OBJECTS": "1", "GIT_INDEX_FILE": sample.home.path + "/index",
            ])
        try #require(result.status == 0, "git \(arguments): \(result.error)")
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }

    @discardableResult
    func git(_ arguments: [String], input: String = "") throws -> String {
        try Self.git(sample, arguments, input: input)
    }

    /// The whole text of an object, its last newline included.
    func object(_ kind: String, _ id: String) throws -> String {
        try git(["cat-file", kind, id]) + "\n"
    }

    /// Stores an object as it is, whatever git thinks of it.
    func store(_ kind: String, _ text: String) throws -> String {
        try git(["hash-object", "-w", "--literally", "-t", kind, "--stdin"], input: text)
    }

    func move(to commit: String) throws {
        try Data("\(commit)\n".utf8).write(to: URL(fileURLWithPath: path + "/" + branch))
    }

    /// Writes a file of the repository's folder, and the folders above it.
    func write(_ name: String, _ text: String) throws {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    }

    func append(_ name: String, _ text: String) throws {
        try write(name, try String(contentsOfFile: path + "/" + name, encoding: .utf8) + text)
    }

    // --- commits --------------------------------------------------------------------------------

    /// A commit's parts, as somebody would change them.
    struct Parts {
        var tree: String
        var parents: [String]
        var person: String
        var seconds: Int64
        var message: String
        /// The armoured text; nil for none.
        var signature: String?
        /// Lines of the header before the signature, each with its newline.
        var extra = ""

        func text(signed: Bool = true) -> String {
            var text = "tree \(tree)\n" + parents.map { "parent \($0)\n" }.joined()
            text += "author \(person) \(seconds) +0000\ncommitter \(person) \(seconds) +0000\n"
            text += extra
            if signed, let signature {
                text +=
                    "gpgsig "
                    + signature.split(separator: "\n").joined(separator: "\n ") + "\n"
            }
            return text + "\n" + message
        }

        mutating func sign(_ key: TrailKey, namespace: String = "git") throws {
            signature = try SSHSignature(
                of: Array(text(signed: false).utf8), namespace: namespace, by: key
            ).text
        }
    }

    func parts(_ commit: String) throws -> Parts {
        let text = try object("commit", commit)
        let header = text.prefix(upTo: try #require(text.firstRange(of: "\n\n")).lowerBound)
        let lines = header.split(separator: "\n")
        func values(_ name: String) -> [Substring] {
            lines.filter { $0.hasPrefix(name + " ") }.map { $0.dropFirst(name.count + 1) }
        }
        let words = try #require(values("committer").first).split(separator: " ")
        let rest = lines.drop { !$0.hasPrefix("gpgsig ") }
        let signature = rest.map { $0.hasPrefix("gpgsig ") ? $0.dropFirst(7) : $0.dropFirst() }
        return Parts(
            tree: String(try #require(values("tree").first)),
            parents: values("parent").map(String.init),
            person: words.dropLast(2).joined(separator: " "),
            seconds: try #require(Int64(words[words.count - 2])),
            message: String(text.dropFirst(header.count + 2)),
            signature: signature.isEmpty ? nil : signature.joined(separator: "\n") + "\n")
    }

    /// Who signs what comes after an edit.
    enum Signer {
        /// Nobody: the signatures stay as they were.
        case kept
        case key(TrailKey)
    }

    /// Changes one commit, builds those after it anew, and moves the branch to the last.
    ///
    /// The edit signs what it changes, or not; `signer` signs those after it.
    func rewrite(
        from index: Int, by signer: Signer = .kept, _ edit: (inout Parts) throws -> Void
    ) throws {
        var changed = try parts(commits[index])
        try edit(&changed)
        var last = try store("commit", changed.text())
        for commit in commits.dropFirst(index + 1) {
            var next = try parts(commit)
            next.parents = [last]
            if case .key(let key) = signer { try next.sign(key) }
            last = try store("commit", next.text())
        }
        try move(to: last)
    }

    // --- trees ----------------------------------------------------------------------------------

    /// The files of a commit: path to mode and object.
    func files(_ commit: String) throws -> [String: String] {
        var files: [String: String] = [:]
        for line in try git(["ls-tree", "-r", commit]).split(separator: "\n") {
            let parts = line.split(separator: "\t")
            let words = parts[0].split(separator: " ")
            files[String(parts[1])] = "\(words[0]) \(words[2])"
        }
        return files
    }

    /// A tree with these files.
    func tree(_ files: [String: String]) throws -> String {
        guard files.values.contains(where: { $0.hasPrefix("40000 ") }) else {
            try git(["read-tree", "--empty"])
            let lines = files.map { "\($0.value)\t\($0.key)\n" }.joined()
            try git(["update-index", "--add", "--index-info"], input: lines)
            return try git(["write-tree", "--missing-ok"])
        }
        return try treeByFolder(files)
    }

    /// The same, also of what an index can't hold.
    private func treeByFolder(_ files: [String: String]) throws -> String {
        var folders: [String: [String: String]] = [:]
        var lines: [String] = []
        for (path, entry) in files {
            guard let slash = path.firstIndex(of: "/") else {
                let words = entry.split(separator: " ")
                let kind = words[0] == "40000" ? "tree" : words[0] == "160000" ? "commit" : "blob"
                lines.append("\(words[0]) \(kind) \(words[1])\t\(path)")
                continue
            }
            folders[String(path[..<slash]), default: [:]][
                String(path[path.index(after: slash)...])] = entry
        }
        for (name, below) in folders {
            lines.append("40000 tree \(try treeByFolder(below))\t\(name)")
        }
        return try git(["mktree", "--missing"], input: lines.map { $0 + "\n" }.joined())
    }

    /// Changes a commit's files, and those of all that come after it in the same way.
    ///
    /// What an attacker with the key `signer` does; with nil, the old signatures stay.
    func rewriteFiles(
        from index: Int, by signer: TrailKey?, _ edit: (inout [String: String]) throws -> Void
    ) throws {
        var last: String?
        for (number, commit) in commits.enumerated() where number >= index {
            var next = try parts(commit)
            var files = try files(commit)
            try edit(&files)
            next.tree = try tree(files)
            if let last { next.parents = [last] }
            if let signer { try next.sign(signer) }
            last = try store("commit", next.text())
        }
        try move(to: try #require(last))
    }

    /// The path of the events that a commit adds.
    func eventPath(_ index: Int) throws -> String {
        let before = index > 0 ? Set(try files(commits[index - 1]).keys) : []
        return try #require(
            try files(commits[index]).keys.first {
                $0.hasPrefix("events/") && !before.contains($0)
            })
    }

    /// The object of a file in a commit.
    func blob(_ path: String, _ commit: String) throws -> String {
        String(try #require(try files(commit)[path]).split(separator: " ")[1])
    }
}
