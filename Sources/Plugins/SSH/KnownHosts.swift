import Glibc
import Runbooks
import Runner
import Subprocess

/// Finds the host keys that `ssh` would accept for each target.
///
/// The configuration is asked for once (`ssh -G`), and plain files are read once, so that 200
/// targets cost no 200 processes; only files with hashed names need one call per target.
package struct KnownHosts: HostKeyDirectory {
    /// The most that is read of one file, and of one program's output.
    private static let longestFile = 16 << 20
    /// How many programs run at once.
    private static let width = 8

    private let settings: SSHSettings
    private let keygenPath: String
    private let home: String

    /// - Parameters:
    ///   - settings: the same as the executor's, so that both look in the same files.
    ///   - keygenPath: `ssh-keygen`, for files with hashed names.
    ///   - home: what `~` means in a file's name.
    package init(settings: SSHSettings, keygenPath: String = "ssh-keygen", home: String) {
        self.settings = settings
        self.keygenPath = keygenPath
        self.home = home
    }

    /// The fingerprints known for each target; empty where none is known or nothing can be read.
    package func fingerprints(of targets: [Target]) async -> [TargetName: [String]] {
        var found: [TargetName: Set<String>] = [:]
        for target in targets { found[target.name] = [] }
        for path in await files() {
            guard let bytes = Self.read(path) else { continue }
            let file = KnownHostsFile(String(decoding: bytes, as: UTF8.self))
            for target in targets {
                found[target.name]?.formUnion(file.fingerprints(of: Self.name(of: target)))
            }
            guard file.hasHashedNames else { continue }
            for (name, prints) in await hashed(targets, in: path) {
                found[name]?.formUnion(prints)
            }
        }
        return found.mapValues { $0.sorted() }
    }

    /// The name that `ssh` looks up.
    private static func name(of target: Target) -> String {
        target.port == 22 ? target.address : "[\(target.address)]:\(target.port)"
    }

    /// The files that the configuration names, the person's before the machine's.
    private func files() async -> [String] {
        let arguments = settings.configuration + ["-G", "--", "handrail.invalid"]
        let text = await output(of: settings.sshPath, arguments)
        var paths: [String] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.first == "userknownhostsfile" || words.first == "globalknownhostsfile"
            else { continue }
            paths += words.dropFirst().map { word in
                word.hasPrefix("~/") ? home + word.dropFirst(1) : String(word)
            }
        }
        return paths
    }

    private func hashed(_ targets: [Target], in path: String) async -> [TargetName: [String]] {
        await withTaskGroup(of: (TargetName, [String]).self) { group in
            var found: [TargetName: [String]] = [:]
            for (index, target) in targets.enumerated() {
                if index >= Self.width, let (name, prints) = await group.next() {
                    found[name] = prints
                }
                group.addTask {
                    let text = await output(
                        of: keygenPath, ["-l", "-F", Self.name(of: target), "-f", path])
                    let words = text.split { $0 == " " || $0 == "\n" }
                    return (target.name, words.filter { $0.hasPrefix("SHA256:") }.map(String.init))
                }
            }
            for await (name, prints) in group { found[name] = prints }
            return found
        }
    }

    /// A program's output; nothing when it fails, since then no key is known to anybody.
    private func output(of program: String, _ arguments: [String]) async -> String {
        do {
            let result = try await Subprocess.run(
                program.hasPrefix("/") ? .path(.init(program)) : .name(program),
                arguments: Arguments(arguments), output: .string(limit: 1 << 20),
                error: .discarded)
            return result.standardOutput
        } catch {
            // `ssh` itself will say what is wrong, as the outcome of each target.
            return ""
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < Self.longestFile {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
