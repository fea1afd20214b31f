import Audit
import Foundation
import Runbooks

/// Where the home's trail is pushed, and what depends on it: `trail.yaml` in the home
/// (docs/trail.md, "Replicate").
struct TrailSettings: Sendable, Hashable {
    /// The largest file that is read, in bytes.
    private static let largest = 16 << 10

    /// An address, or the name of a remote of the repository; nil for none.
    var remote: String?
    /// How old the oldest event may be that the remote lacks, in milliseconds; nil for any age.
    var maxLag: Int64?
    /// Whether every barrier waits until the remote has it.
    var isRequired = false

    /// The settings of a home; those of a file that is missing are empty.
    ///
    /// - Throws: `Failure` (invalidInput).
    static func read(in home: Home) throws -> TrailSettings {
        let path = home.path + "/trail.yaml"
        guard FileManager.default.fileExists(atPath: path) else { return TrailSettings() }
        guard let data = FileManager.default.contents(atPath: path), data.count <= largest else {
            throw refusal(path, "it can't be read", [])
        }
        let read = ParameterFile.read(Array(data), file: path, hidesText: false)
        guard let values = read.value else {
            throw refusal(path, "it is no YAML of names and values", read.diagnostics)
        }
        var settings = TrailSettings()
        for (name, value) in values {
            guard case .text(let text) = value else {
                throw refusal(path, "\(printableExcerpt(name)) takes one value", [])
            }
            try settings.take(name, text, path)
        }
        guard settings.remote != nil || (settings.maxLag == nil && !settings.isRequired) else {
            throw refusal(path, "it asks for a remote, and names none", [])
        }
        return settings
    }

    private mutating func take(_ name: String, _ text: String, _ path: String) throws {
        switch name {
        case "remote": remote = text
        case "max_lag":
            guard let length = SinceText.milliseconds(text), length > 0 else {
                throw Self.refusal(path, "'max_lag' is no length of time, such as 10m", [])
            }
            maxLag = length
        case "require_remote":
            guard let isTrue = ["true": true, "false": false][text] else {
                throw Self.refusal(path, "'require_remote' is true or false", [])
            }
            isRequired = isTrue
        default:
            throw Self.refusal(path, "there is no setting \(printableExcerpt(name))", [])
        }
    }

    private static func refusal(
        _ path: String, _ why: String, _ diagnostics: [Diagnostic]
    ) -> Failure {
        Failure(
            .invalidInput, code: "trail.settings", "\(path) can't be used: \(why).",
            hint: "its settings are remote, max_lag (10m) and require_remote (true)",
            diagnostics: diagnostics)
    }
}

/// Where a trail goes: an address that stock git is given, over ssh or in a folder.
struct TrailAddress: Sendable, Hashable {
    let text: String

    /// The address that a person or the settings mean: itself, or a remote of the repository.
    ///
    /// Without a name: the settings' own, else the only remote of the repository.
    /// - Returns: nil where nothing is configured.
    /// - Throws: `Failure` (invalidInput), `JournalError`.
    static func of(
        _ name: String?, _ settings: TrailSettings, _ reader: TrailReader
    ) throws -> TrailAddress? {
        let address = try named(name, settings, reader)
        guard let address, address.isFolder(reader.path) else { return address }
        throw Failure(
            .invalidInput, code: "trail.remote",
            "\(printableExcerpt(address.text)) is the trail itself: it says nothing about itself.",
            hint: "name a repository that others keep, such as ssh://HOST/PATH")
    }

    private static func named(
        _ name: String?, _ settings: TrailSettings, _ reader: TrailReader
    ) throws -> TrailAddress? {
        let remotes = try reader.remotes()
        guard let named = name ?? settings.remote else {
            guard let only = remotes.first, remotes.count == 1 else { return nil }
            return try TrailAddress(checked: only.value)
        }
        if named.contains("/") || named.contains(":") { return try TrailAddress(checked: named) }
        guard let address = remotes[named] else {
            let near = nearestName(to: named, among: remotes.keys.sorted())
            throw Failure(
                .invalidInput, code: "trail.remote",
                "The trail has no remote \(printableExcerpt(named)).",
                hint: near.map { "did you mean \($0)?" }
                    ?? "git --git-dir \(reader.path) remote add \(printableExcerpt(named)) URL")
        }
        return try TrailAddress(checked: address)
    }

    /// An address that is over ssh, or an absolute path.
    ///
    /// - Throws: `Failure` (invalidInput).
    init(checked text: String) throws {
        let isPlain =
            text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } && !text.hasPrefix("-")
        // HOST:PATH, where the host may be an IPv6 address in brackets; 'NAME::' is a helper's.
        let before =
            text.hasPrefix("[")
            ? String(text.prefix { $0 != "]" }) + "]"
            : String(text.prefix { $0 != ":" && $0 != "/" })
        let isSSH =
            text.hasPrefix("ssh://")
            || (!before.isEmpty && !text.contains("://")
                && text.dropFirst(before.count).first == ":"
                && !text.dropFirst(before.count).hasPrefix("::"))
        guard isPlain, isSSH || text.hasPrefix("/") || text.hasPrefix("file:///") else {
            throw Failure(
                .invalidInput, code: "trail.remote",
                "\(printableExcerpt(text)) is no address that a trail is pushed to.",
                hint: "write ssh://HOST/PATH, HOST:PATH, or an absolute path")
        }
        self.text = text
    }

    /// The folder of this machine that it names; nil for an address over ssh.
    var folder: String? {
        let own = text.hasPrefix("file://") ? String(text.dropFirst(7)) : text
        return own.hasPrefix("/") ? own : nil
    }

    /// Whether it is on the same file system as a folder.
    func isBeside(_ path: String) -> Bool {
        guard let folder, let (left, right) = Self.looked(at: folder, path) else { return false }
        return left.st_dev == right.st_dev
    }

    /// Whether it names a folder by whatever path.
    private func isFolder(_ path: String) -> Bool {
        guard let folder, let (left, right) = Self.looked(at: folder, path) else { return false }
        return left.st_dev == right.st_dev && left.st_ino == right.st_ino
    }

    private static func looked(at left: String, _ right: String) -> (stat, stat)? {
        var (one, two) = (stat(), stat())
        return stat(left, &one) == 0 && stat(right, &two) == 0 ? (one, two) : nil
    }
}
