import Foundation
import Runner
import TestSupport
import Testing

/// A folder with keys that `ssh-keygen` made, and an `ssh-agent` of its own that holds them.
struct SSHAgentInTest {
    let folder: String
    let socket: String
    private let agent: Tool

    init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appending(path: "handrail-agent-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        socket = folder + "/agent"
        agent = try Tool(["ssh-agent", "-D", "-a", socket])
        let end = ContinuousClock.now + .seconds(20)
        while !FileManager.default.fileExists(atPath: socket), ContinuousClock.now < end {
            usleep(2000)
        }
    }

    /// Makes a key, and gives it to the agent unless told otherwise.
    func key(_ name: String, _ kind: [String], isHeld: Bool = true) throws -> PersonKey {
        let path = "\(folder)/\(name)"
        let made = try Tool.run(
            ["ssh-keygen", "-q", "-N", "", "-C", name, "-f", path, "-t"] + kind)
        try #require(made.status == 0, "\(made.error)")
        if isHeld {
            var environment = ProcessInfo.processInfo.environment
            environment["SSH_AUTH_SOCK"] = socket
            let added = try Tool.run(["ssh-add", "-q", path], environment: environment)
            try #require(added.status == 0, "\(added.error)")
            try FileManager.default.removeItem(atPath: path)
        }
        let line = try String(contentsOfFile: path + ".pub", encoding: .utf8)
        return PersonKey(try SigningKey(line: line.trimmingCharacters(in: .newlines)))
    }

    /// Ends the agent, and removes everything; it keeps the mask of signals that blocks SIGTERM here.
    func remove() {
        kill(agent.processID, SIGKILL)
        _ = try? agent.wait()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
