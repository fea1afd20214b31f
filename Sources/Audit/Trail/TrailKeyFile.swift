import Foundation
import Runner

/// The file of the controller's key in a home: `keys/controller`, and `keys/next` in a rotation.
package enum TrailKeyFile {
    /// The largest that is read, in bytes: OpenSSH's own are below 1 KiB.
    private static let largest = 16 << 10

    /// The home's key; nil when it has none yet.
    ///
    /// - Throws: `JournalError` (corrupt, io) for a file that is no such key, that isn't yours, or
    ///   that others may read.
    package static func key(of home: Home) throws(JournalError) -> TrailKey? {
        try read(path(in: home))
    }

    /// The home's key, made now when it has none; blocks for a few file operations.
    package static func makeKey(
        of home: Home, comment: String
    ) throws(JournalError) -> TrailKey {
        if let key = try key(of: home) { return key }
        return try make(path(in: home), in: home, comment: comment)
    }

    /// The key that is to sign next, made now when there is none: `key.added` names it.
    package static func makeNextKey(
        of home: Home, comment: String
    ) throws(JournalError) -> TrailKey {
        if let key = try read(nextPath(in: home)) { return key }
        return try make(nextPath(in: home), in: home, comment: comment)
    }

    /// Puts the next key in the place of the home's; to be called when its `key.added` is sealed.
    package static func useNextKey(of home: Home) throws(JournalError) {
        do {
            guard rename(nextPath(in: home), path(in: home)) == 0 else {
                throw FileError(call: "rename", path: nextPath(in: home), number: errno)
            }
            try FileDescriptor(home.keysPath, O_RDONLY | O_DIRECTORY).synchronize()
        } catch {
            throw JournalError(trail: error, path: home.trailPath)
        }
    }

    /// The key that this home's trail began with, as far as the home knows: what was written down
    /// at its first rotation, else the one it has.
    package static func firstKey(of home: Home) throws(JournalError) -> TrailPublicKey? {
        do {
            let bytes = try FileDescriptor(firstPath(in: home), O_RDONLY | O_NOFOLLOW)
                .read(upTo: largest)
            let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
            guard let key = TrailPublicKey(line: text) else {
                throw JournalError(
                    .corrupt, "\(firstPath(in: home)) is no public Ed25519 key.",
                    hint: "Restore it from a backup of the home, or give --signers.")
            }
            return key
        } catch let error as FileError where error.number == ENOENT {
            return try key(of: home)?.publicKey
        } catch {
            throw JournalError(trail: error, path: firstPath(in: home))
        }
    }

    /// Writes the first key down, before another takes its place; does nothing where one is.
    static func keepFirst(_ key: TrailPublicKey, of home: Home) throws(JournalError) {
        do {
            // False where an earlier rotation wrote it.
            _ = try put(key.line + "\n", at: firstPath(in: home), in: home)
        } catch {
            throw JournalError(trail: error, path: firstPath(in: home))
        }
    }

    /// The key that waits to be used; nil outside a rotation.
    static func nextKey(of home: Home) throws(JournalError) -> TrailKey? {
        try read(nextPath(in: home))
    }

    private static func path(in home: Home) -> String { home.keysPath + "/controller" }
    private static func firstPath(in home: Home) -> String { home.keysPath + "/first.pub" }
    private static func nextPath(in home: Home) -> String { home.keysPath + "/next" }

    private static func read(_ path: String) throws(JournalError) -> TrailKey? {
        do {
            let file = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW)
            let status = try file.status()
            guard status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFREG,
                status.st_mode & 0o077 == 0
            else {
                throw JournalError(
                    .io, "The key \(path) is no plain file that only you may read.",
                    hint: "Others may have copied it: 'handrail audit rotate-key' after "
                        + "'chmod 0600 \(path)'.")
            }
            let bytes = try file.read(upTo: largest)
            guard let key = TrailKey(file: String(decoding: bytes, as: UTF8.self)) else {
                throw JournalError(
                    .corrupt, "\(path) is no Ed25519 key of OpenSSH without a passphrase.",
                    hint: "Restore it from a backup of the home.")
            }
            return key
        } catch let error as FileError where error.number == ENOENT {
            return nil
        } catch {
            throw JournalError(trail: error, path: path)
        }
    }

    private static func make(
        _ path: String, in home: Home, comment: String
    ) throws(JournalError) -> TrailKey {
        let key = TrailKey()
        do {
            let isMade = try put(key.file(comment: comment), at: path, in: home)
            return isMade ? key : try read(path) ?? key
        } catch {
            throw JournalError(trail: error, path: path)
        }
    }

    /// Puts a file into the folder of keys, durably and whole; false where one is there already.
    private static func put(
        _ text: String, at path: String, in home: Home
    ) throws(FileError) -> Bool {
        if mkdir(home.keysPath, 0o700) != 0, errno != EEXIST {
            throw FileError(call: "mkdir", path: home.keysPath, number: errno)
        }
        try removeLeftovers(of: path, in: home)
        // Written beside and linked: another process that makes one at the same time either
        // gets this whole key or this process gets the other's.
        let new = path + ".\(getpid())"
        unlink(new)
        let file = try FileDescriptor(
            new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        defer { unlink(new) }
        try file.write(Array(text.utf8))
        try file.synchronize()
        let isMade = link(new, path) == 0
        guard isMade || errno == EEXIST else {
            throw FileError(call: "link", path: path, number: errno)
        }
        try FileDescriptor(home.keysPath, O_RDONLY | O_DIRECTORY).synchronize()
        try FileDescriptor(home.path, O_RDONLY | O_DIRECTORY).synchronize()
        return isMade
    }

    /// Removes what processes wrote beside a path and left there when they were killed.
    private static func removeLeftovers(of path: String, in home: Home) throws(FileError) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: home.keysPath)
        else { return }
        let prefix = path.split(separator: "/").suffix(1).joined() + "."
        for name in names where name.hasPrefix(prefix) {
            guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0,
                errno == ESRCH
            else { continue }
            let left = home.keysPath + "/" + name
            guard unlink(left) == 0 || errno == ENOENT else {
                throw FileError(call: "unlink", path: left, number: errno)
            }
        }
    }
}
