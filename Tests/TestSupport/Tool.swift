import Foundation
import Glibc

/// A child process of a test, with its streams in files.
///
/// WHY NOT Foundation's `Process`: it learns of a child's end by a socket that any process started
/// at the same moment inherits; beside tests that start servers it waits until those end. Here
/// every descriptor closes on exec, and the end is `waitpid`'s word.
public struct Tool: Sendable {
    /// How a tool ended, and what it wrote.
    public struct Result: Sendable {
        /// The exit status; 128 and the signal's number when a signal ended it.
        public let status: Int32
        /// What it wrote to standard output.
        public let output: String
        /// What it wrote to standard error.
        public let error: String
    }

    /// Why a tool could not be started.
    public struct Failure: Error, CustomStringConvertible {
        /// What failed.
        public let description: String
    }

    /// The process's id; it stays taken until `wait` has returned.
    public let processID: pid_t
    private let folder: URL

    /// Starts a program by its path, with an environment of its own or the tests'.
    public init(
        _ arguments: [String], input: String = "", environment: [String: String]? = nil,
        directory: String? = nil
    ) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "handrail-tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(input.utf8).write(to: folder.appending(path: "in"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let create = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(
            &actions, 0, folder.appending(path: "in").path, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, folder.appending(path: "out").path, create, 0o600)
        posix_spawn_file_actions_addopen(
            &actions, 2, folder.appending(path: "err").path, create, 0o600)
        let arguments = directory.map { ["/usr/bin/env", "-C", $0] + arguments } ?? arguments
        let variables = (environment ?? ProcessInfo.processInfo.environment)
            .map { "\($0.key)=\($0.value)" }
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = variables.map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var child: pid_t = 0
        let problem = posix_spawnp(&child, arguments[0], &actions, nil, &argv, &envp)
        guard problem == 0 else {
            throw Failure(
                description:
                    "\(arguments[0]) can't be started: \(String(cString: strerror(problem)))")
        }
        processID = child
    }

    /// What it has written to standard error so far.
    public var errorSoFar: String {
        (try? String(contentsOf: folder.appending(path: "err"), encoding: .utf8)) ?? ""
    }

    /// What it has written to standard output so far.
    public var outputSoFar: String {
        (try? String(contentsOf: folder.appending(path: "out"), encoding: .utf8)) ?? ""
    }

    /// Waits for its end, and removes its files; to be called once.
    public func wait() throws -> Result {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0 {
            guard errno == EINTR else {
                throw Failure(description: String(cString: strerror(errno)))
            }
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        let signal = status & 0x7f
        return Result(
            status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: outputSoFar,
            error: errorSoFar)
    }

    /// Runs a program to its end.
    public static func run(
        _ arguments: [String], input: String = "", environment: [String: String]? = nil,
        directory: String? = nil
    ) throws -> Result {
        try Tool(arguments, input: input, environment: environment, directory: directory).wait()
    }
}
