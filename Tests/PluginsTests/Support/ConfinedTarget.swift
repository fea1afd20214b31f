import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

/// A target that is this machine behind bubblewrap: read-only, but for a folder of the test's.
///
/// Sessions are those of every executor. Its `/var/lib` is `library` in the folder, its PATH begins
/// with `programs`; it says that systemd is its init.
struct ConfinedTarget: Sendable {
    /// Whether this machine can show it.
    static let isAvailable = access("/usr/bin/bwrap", X_OK) == 0

    let folder: URL
    private let executor: SessionExecutor
    private let target: PlannedTarget

    /// Makes the folder; `spaceForState` bounds the target's `/var/lib`, in bytes; steps run as root
    /// or, with a `home`, as an account that has it.
    init(
        spaceForState: Int? = nil, home: String? = nil, files: [String: String] = [:]
    ) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "handrail-target-\(UUID().uuidString)")
        for name in ["library", "programs", "etc"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        let bytes = Dictionary(
            uniqueKeysWithValues: files.values.map {
                (Digest.sha256(of: Array($0.utf8)), Array($0.utf8))
            })
        let listed = files.map { path, text in
            PlannedRunbook.File(
                path: path, sha256: Digest.sha256(of: Array(text.utf8)), sizeBytes: text.utf8.count)
        }
        let command = Self.command(folder.path, spaceForState, home)
        executor = SessionExecutor(
            transport: SessionTransport(
                command: { _ in command },
                explain: { _, end in
                    SessionTransport.Refusal(
                        ending: .notStarted(end.standardError), isTransient: false)
                },
                describeLoss: { _, end in end.standardError }, endsWithController: true,
                openLimit: .seconds(30)),
            files: RunbookFiles(listed: listed, bytes: { bytes[$0] ?? [] }),
            limiter: ConnectionLimiter(from: 1, to: 1), notices: { _ in }, recorded: { _ in },
            clock: .system, grace: StopGrace(), jitter: { 0 })
        target = try Requests.target("t1", address: "t1.example", port: 22)
    }

    /// Runs a body while the executor serves, and removes the folder after.
    func serving(_ body: @Sendable (ConfinedTarget) async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        async let serving: Void = executor.serve()
        do {
            try await body(self)
        } catch {
            await executor.shutDown()
            throw error
        }
        await executor.shutDown()
        await serving
    }

    /// What to spawn for a session: bubblewrap, and in it the shell that reads the session.
    private static func command(
        _ folder: String, _ spaceForState: Int?, _ home: String?
    ) -> SessionCommand {
        let library =
            spaceForState.map { ["--size", "\($0)", "--tmpfs", "/var/lib"] }
            ?? ["--bind", "\(folder)/library", "/var/lib"]
        let number = home == nil ? "0" : "1000"
        let identity =
            home == nil && geteuid() == 0
            ? [] : ["--unshare-user", "--uid", number, "--gid", number]
        let confinement =
            identity + [
                "--unshare-pid", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev",
                "--proc", "/proc", "--tmpfs", "/run", "--dir", "/run/systemd/system", "--bind",
                folder, folder,
            ] + library
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(folder)/programs:\(environment["PATH"] ?? "/usr/bin:/bin")"
        if let home { environment["HOME"] = "\(folder)/\(home)" }
        return SessionCommand(
            program: "/usr/bin/bwrap",
            arguments: confinement + ["--", "sh"],
            environment: environment)
    }

    /// Carries out one attempt.
    func perform(
        _ action: Action, _ mode: Mode = .apply, step: String = "change", run: String = "r-one",
        effect: Effect? = nil
    ) async throws -> AttemptReport {
        var request = try Requests.request(action, on: target, step: step, mode: mode)
        if let effect { request.effect = effect }
        request.run = try #require(RunID(rawValue: run))
        return await executor.perform(request)
    }

    /// Carries out one attempt; how it ended, and whether it changed anything.
    func ending(
        _ action: Action, _ mode: Mode = .apply, step: String = "change", run: String = "r-one"
    ) async throws -> Result {
        let report = try await perform(action, mode, step: step, run: run)
        return Result(ending: report.ending, changed: report.changed)
    }

    /// How an attempt ended, and whether it changed anything.
    struct Result: Hashable {
        let ending: Ending
        let changed: Bool?

        static let changed = Result(ending: .exited(0), changed: true)
        static let satisfied = Result(ending: .exited(0), changed: false)
        /// Not undone, and nothing changed.
        static let refused = Result(ending: .exited(3), changed: false)
    }

    /// A file that the target may change.
    func path(_ name: String) -> String { folder.appending(path: "etc/\(name)").path }

    /// What a file holds; nil without one.
    func text(_ name: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path(name)) else { return nil }
        return try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// Writes a file as somebody else would.
    func write(_ text: String, to name: String, mode: Int = 0o644) throws {
        try Self.write(text, to: folder.appending(path: "etc/\(name)"), mode: mode)
    }

    /// Puts a program into PATH, before the machine's own.
    func install(_ program: String, _ text: String) throws {
        try Self.write(text, to: folder.appending(path: "programs/\(program)"), mode: 0o755)
    }

    /// A file's permission bits.
    func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }

    private static func write(_ text: String, to file: URL, mode: Int) throws {
        try text.write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: file.path)
    }
}
