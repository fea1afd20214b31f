import Audit
import Foundation
import Runbooks
import Runner
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
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            Issue.record("\(folder) could not be removed: \(error)")
        }
    }

    /// Runs the built command; its home and library are this bench's.
    func handrail(_ arguments: String...) throws -> Result { try handrail(arguments) }

    /// Runs the built command; its home and library are this bench's.
    func handrail(_ arguments: [String], environment extra: [String: String] = [:]) throws
        -> Result
    {
        let process = Process()
        process.executableURL = try Self.command()
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder, "HANDRAIL_HOME": home, "HANDRAIL_LIBRARY": library, "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ann", "GIT_COMMITTER_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@example.invalid",
            "GIT_COMMITTER_EMAIL": "ann@example.invalid",
        ]
        environment.merge(extra) { $1 }
        process.environment = environment
        // Files, since a pipe that nobody reads meanwhile holds the program up.
        let name = folder + "/out-\(UUID().uuidString)"
        for path in [name, name + "-errors"] {
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: name))
        process.standardError = try FileHandle(
            forWritingTo: URL(fileURLWithPath: name + "-errors"))
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: try String(contentsOfFile: name, encoding: .utf8),
            errors: try String(contentsOfFile: name + "-errors", encoding: .utf8))
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

    /// Opens the bench's journal.
    func journal() async throws -> (SQLiteJournal, FileContentStore) {
        let opened = try Home.open(at: home)
        return (
            try await SQLiteJournal.open(in: opened, isProvedDead: ProcessLife.isProvedDead),
            try FileContentStore(in: opened)
        )
    }

    private func git(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: library)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    /// The command that was built beside these tests.
    private static func command() throws -> URL {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = (tests as NSString).deletingLastPathComponent
        let path = folder + "/handrail"
        try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is not built")
        return URL(fileURLWithPath: path)
    }
}
