import Foundation
import Runbooks
import Runner

/// The folder of a trail's repository: how it is made, and which branch it is for.
///
/// Made without git, so that no template or configuration of a person gets into it.
struct TrailFolder: Sendable {
    /// The content of its `config`.
    static let config = """
        [core]
        \trepositoryformatversion = 0
        \tfilemode = true
        \tbare = true

        """
    /// What `HEAD` starts with.
    static let headPrefix = "ref: " + TrailLayout.branches

    let path: String

    /// Whether anything is there.
    var exists: Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Whether anything of a repository is there; no file, and no folder of something else.
    var isRepository: Bool {
        var status = stat()
        return ["HEAD", "objects", "refs"].contains { lstat(path + "/" + $0, &status) == 0 }
    }

    /// Makes the repository, whole or not at all: it is built beside and renamed.
    func make(controller: String) throws {
        let new = path + ".new"
        // What a crash left; nobody else writes, since the caller holds the lock.
        if access(new, F_OK) == 0 { try FileManager.default.removeItem(atPath: new) }
        let fans = (0..<256).map { "objects/" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let folders =
            ["", "objects", "objects/info", "objects/pack"] + fans
            + ["refs", "refs/heads", "refs/heads/trail"]
        for folder in folders {
            guard mkdir(new + "/" + folder, 0o700) == 0 else {
                throw FileError(call: "mkdir", path: new + "/" + folder, number: errno)
            }
        }
        try write("\(Self.headPrefix)\(controller)\n", to: new + "/HEAD")
        try write(Self.config, to: new + "/config")
        // Of folders, only those with names in them: the fans are empty.
        for folder in ["refs/heads", "refs", "objects", ""] {
            try FileDescriptor(new + "/" + folder, O_RDONLY | O_DIRECTORY).synchronize()
        }
        guard rename(new, path) == 0 else {
            throw FileError(call: "rename", path: path, number: errno)
        }
        let parent = PathText.folder(of: path)
        try FileDescriptor(parent, O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// The controller that `HEAD` names; nil when it names anything but a trail's branch.
    func controller() throws -> String? {
        let bytes = try FileDescriptor(path + "/HEAD", O_RDONLY | O_NOFOLLOW).read(upTo: 256)
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(Self.headPrefix), text.hasSuffix("\n") else { return nil }
        let name = text.dropFirst(Self.headPrefix.count).dropLast()
        return TrailOrigin.isController(name) ? String(name) : nil
    }

    /// The addresses of the remotes that `config` names, as far as they are written plainly.
    ///
    /// Read as text: nothing else of the configuration counts.
    func remotes() throws -> [String: String] {
        let bytes = try FileDescriptor(path + "/config", O_RDONLY | O_NOFOLLOW).read(upTo: 1 << 20)
        var remotes: [String: String] = [:]
        var name: String?
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("[") {
                let isRemote = text.hasPrefix("[remote \"") && text.hasSuffix("\"]")
                name = isRemote ? String(text.dropFirst(9).dropLast(2)) : nil
            } else if let name, text.hasPrefix("url = ") {
                remotes[name] = String(text.dropFirst(6))
            }
        }
        return remotes
    }

    /// Removes what a crash in the middle of a move left: it would refuse every move after it.
    ///
    /// The caller holds the lock, and nobody else moves the branch.
    func removeStaleLock(of branch: String) throws {
        let lock = "\(path)/\(branch).lock"
        guard unlink(lock) == 0 || errno == ENOENT else {
            throw FileError(call: "unlink", path: lock, number: errno)
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        try file.write(Array(text.utf8))
        try file.synchronize()
    }
}
