import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

/// A temporary folder with a home and a library, and the built command to use on them.
final class Workbench: Sendable {
    // A class, because the folder goes with its last owner.

    /// What a command line came to.
    struct Result: Sendable {
        let status: Int32
        let output: String
        let errors: String

        /// The document on standard output.
        func json() throws -> [String: Any] {
            let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
            return try #require(object as? [String: Any])
        }
    }

    let folder: String
    var home: String { folder + "/home" }
    var library: String { folder + "/library" }

    init() throws {
        let template = NSTemporaryDirectory() + "/handrail-command-XXXXXX"
        var bytes = Array(template.utf8CString)
        let made = try #require(mkdtemp(&bytes))
        folder = String(cString: made)
    }

    deinit {
        do {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch CocoaError.fileNoSuchFile {
                // A database that was just closed took its log away meanwhile.
                try FileManager.default.removeItem(atPath: folder)
            }
        } catch {
            Issue.record("\(folder) could not be removed: \(error)")
        }
    }

    /// Makes the home a file system of its own, of 8 MiB; whoever calls it unmounts it.
    func makeSmallHome() throws {
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let mounted = try Tool.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "small", home])
        try #require(mounted.status == 0, "\(mounted.error)")
    }

    /// Runs the built command; its home and library are this bench's.
    func handrail(_ arguments: String...) throws -> Result { try handrail(arguments) }

    /// Runs the built command, by another program if one is given; its home and library are this
    /// bench's.
    func handrail(_ arguments: [String], through program: [String] = []) throws -> Result {
        let result = try Tool.run(
            program + [try Self.command()] + arguments, environment: environment, directory: folder)
        return Result(status: result.status, output: result.output, errors: result.error)
    }

    /// The same on a thread of its own, for tests that lead a run meanwhile.
    func handrailAside(_ arguments: [String]) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Swift.Result { try self.handrail(arguments) })
            }
        }
    }

    /// Starts the built command, to be killed or waited for.
    func begin(_ arguments: String...) throws -> Tool { try begin(arguments) }

    /// Starts the built command, to be killed or waited for.
    func begin(_ arguments: [String], through program: [String] = []) throws -> Tool {
        try Tool(
            program + [try Self.command()] + arguments, environment: environment, directory: folder)
    }

    private var environment: [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder, "HANDRAIL_HOME": home, "HANDRAIL_LIBRARY": library, "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ann", "GIT_COMMITTER_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@example.invalid",
            "GIT_COMMITTER_EMAIL": "ann@example.invalid",
        ]
    }

    /// Makes the bench's library, as `init` does.
    func makeLibrary() throws {
        let result = try handrail("init", library)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Writes a file of the library, and commits it when asked to.
    func write(_ path: String, _ text: String, commit: Bool = false) throws {
        let file = library + "/" + path
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        guard commit else { return }
        try git(["add", "--all"])
        try git([
            "-c", "user.name=Ann", "-c", "user.email=ann@example.invalid", "commit", "-qm", "x",
        ])
    }

    /// What the trail of runs takes that tests write.
    private static let source = TrailSource(
        hostName: "bench", program: "handrail test",
        randomBytes: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } })

    /// Opens the bench's journal.
    func journal() async throws -> (SQLiteJournal, FileContentStore) {
        let opened = try Home.open(at: home)
        return (
            try await SQLiteJournal.open(
                in: opened, trail: Self.source, isProvedDead: ProcessLife.isProvedDead),
            try FileContentStore(in: opened)
        )
    }

    private func git(_ arguments: [String]) throws {
        let result = try Tool.run(
            ["git"] + arguments, environment: environment, directory: library)
        try #require(result.status == 0, "\(result.error)")
    }

    /// The command that was built beside these tests.
    private static func command() throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = (tests as NSString).deletingLastPathComponent
        let path = folder + "/handrail"
        try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is not built")
        return path
    }
}
