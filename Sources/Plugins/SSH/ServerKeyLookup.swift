import Glibc
import Subprocess

/// Finds the keys in known_hosts that `ssh` would look up for a target.
///
/// The configuration is asked for once (`ssh -G`), and files are read again when they changed, so
/// that 200 targets cost no 200 processes; only those that the configuration treats differently
/// are asked for one by one. An actor, because it owns what was read.
actor ServerKeyLookup {
    /// The most that is read of what is no plain file and may have no end, and of one program's
    /// output.
    private static let longestStream = 16 << 20
    private static let longestOutput = 1 << 20

    /// What is known of a target.
    struct Found: Sendable {
        let keys: [KnownKey]
        let rules: ServerKeyRules
    }

    /// What counts for every target.
    private struct Common: Sendable {
        let rules: ServerKeyRules
        let sections: ServerKeySections
        /// Whether the rules hold for no target but the one that was asked for.
        let isSpecial: Bool
    }

    /// A file as it was when it was read.
    private struct Copy {
        let state: FileState
        let file: KnownHostsFile
    }

    private let settings: SSHSettings
    private let home: String
    private var common: Task<Common, Never>?
    private var copies: [String: Copy] = [:]

    /// - Parameters:
    ///   - settings: how `ssh` is called.
    ///   - home: what `~` means in a file's name; the account's own folder when nil.
    init(settings: SSHSettings, home: String? = nil) {
        self.settings = settings
        self.home = home ?? Self.accountFolder()
    }

    /// The keys for a target as they are in the files now.
    func keys(address: String, port: Int, user: String?) async -> Found {
        let rules = await rules(for: address, port: port, user: user)
        var keys: [KnownKey] = []
        for name in rules.names(port: port) {
            let more = rules.files.flatMap { file($0)?.keys(of: name) ?? [] }
            keys += more.filter { !keys.contains($0) }
            // Lines for many hosts (`@revoked *`, `@cert-authority *`) are not the host's own key:
            // `ssh` looks under the name without a port then, too.
            if more.contains(where: { $0.marker == .host }) { break }
        }
        return Found(keys: keys, rules: rules)
    }

    private func rules(for address: String, port: Int, user: String?) async -> ServerKeyRules {
        let common = await commonRules()
        guard common.isSpecial || common.sections.mayDiffer(for: address) else {
            return common.rules.forAddress(
                address, hostName: common.sections.hostName(for: address))
        }
        let arguments =
            ["-G", "-p", "\(port)"] + (user.map { ["-l", $0] } ?? []) + ["--", address]
        return ServerKeyRules(
            await Self.output(of: settings, arguments).output, home: home)
    }

    private func commonRules() async -> Common {
        if let common { return await common.value }
        let task = Task { [settings, home] in await Self.common(settings, home) }
        common = task
        return await task.value
    }

    private static func common(_ settings: SSHSettings, _ home: String) async -> Common {
        let nobody = "handrail.invalid"
        let (text, said) = await output(of: settings, ["-v", "-G", "--", nobody])
        let rules = ServerKeyRules(text, home: home)
        let mark = "Reading configuration data "
        let files = said.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            guard let place = line.range(of: mark) else { return nil }
            return read(String(line[place.upperBound...])).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        return Common(
            rules: rules, sections: ServerKeySections(files),
            isSpecial: rules.hostName != nobody || rules.alias != nil || rules.isCanonicalizing)
    }

    private func file(_ path: String) -> KnownHostsFile? {
        guard let state = FileState(of: path) else {
            copies[path] = nil
            return nil
        }
        if let copy = copies[path], copy.state == state { return copy.file }
        guard let bytes = Self.read(path) else { return nil }
        let file = KnownHostsFile(String(decoding: bytes, as: UTF8.self))
        copies[path] = Copy(state: state, file: file)
        return file
    }

    /// What a program writes; nothing when it fails, since then no key is known to anybody.
    private static func output(
        of settings: SSHSettings, _ arguments: [String]
    ) async -> (output: String, error: String) {
        do {
            let result = try await Subprocess.run(
                settings.sshPath.hasPrefix("/")
                    ? .path(.init(settings.sshPath)) : .name(settings.sshPath),
                arguments: Arguments(settings.configuration + arguments),
                output: .string(limit: longestOutput), error: .string(limit: longestOutput))
            return (result.standardOutput, result.standardError)
        } catch {
            // `ssh` itself will say what is wrong, as the outcome of each target.
            return ("", "")
        }
    }

    /// A file's bytes, to its end however long it is, as `ssh` reads it; nil when it can't be read.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        let limit = status.st_mode & S_IFMT == S_IFREG ? Int.max : longestStream
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// The folder that `ssh` takes for `~`: the account's, whatever the environment says.
    private static func accountFolder() -> String {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(getuid(), &entry, &buffer, buffer.count, &result) == 0, result != nil,
            let folder = entry.pw_dir
        else { return "/" }
        return String(cString: folder)
    }
}

/// What tells whether a file is still the one that was read.
private struct FileState: Equatable {
    private let device: UInt
    private let inode: UInt
    private let size: Int
    private let changed: [Int]

    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        changed = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
            status.st_ctim.tv_nsec,
        ]
    }
}
