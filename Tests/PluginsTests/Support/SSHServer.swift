import Foundation
import Glibc
import Subprocess

@testable import Plugins

/// A real sshd on a loopback address, with keys and configuration of its own in a private folder.
final class SSHServer: Sendable {
    /// Whether this machine has an sshd to start.
    static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")

    let folder: URL
    let address: String
    let port: Int
    private let processID: pid_t

    /// Makes keys, starts sshd and returns when it listens.
    ///
    /// Certified, it shows a certificate, and the client knows the authority alone.
    init(
        address: String, options: [String] = [], alsoOn other: String? = nil,
        isCertified: Bool = false
    ) async throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "handrail-sshd-\(UUID().uuidString)")
        self.address = address
        port = try Self.freePort(on: address)
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in ["host", "client"] {
            try await Self.run(
                "/usr/bin/ssh-keygen",
                ["-q", "-t", "ed25519", "-N", "", "-f", folder.appending(path: name).path])
        }
        let hostKey = try String(contentsOf: folder.appending(path: "host.pub"), encoding: .utf8)
        try "[\(address)]:\(port) \(hostKey)".write(
            to: folder.appending(path: "known_hosts"), atomically: true, encoding: .utf8)
        if isCertified { try await Self.certify(folder, address) }
        try FileManager.default.copyItem(
            at: folder.appending(path: "client.pub"),
            to: folder.appending(path: "authorized_keys"))
        let certificate = "HostCertificate \(folder.appending(path: "host-cert.pub").path)"
        let also = other.map { [port] in ["ListenAddress \($0):\(port)"] } ?? []
        let all = also + options + (isCertified ? [certificate] : [])
        try Self.serverConfiguration(folder, address, port, all).write(
            to: folder.appending(path: "sshd_config"), atomically: true, encoding: .utf8)
        try Self.clientConfiguration(folder).write(
            to: folder.appending(path: "ssh_config"), atomically: true, encoding: .utf8)
        if geteuid() == 0 {
            try FileManager.default.createDirectory(
                atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        try await Self.run(
            "/usr/sbin/sshd",
            [
                "-f", folder.appending(path: "sshd_config").path, "-E",
                folder.appending(path: "log").path,
            ])
        processID = try await Self.processID(in: folder.appending(path: "pid"))
    }

    /// Settings that lead to this server and read nothing of the person's.
    var settings: SSHSettings {
        SSHSettings(configFile: folder.appending(path: "ssh_config").path)
    }

    /// The server's public key, as text and as plans name it.
    var hostKey: (text: String, fingerprint: String) {
        get throws {
            let text = try String(
                contentsOf: folder.appending(path: "host.pub"), encoding: .utf8)
            let file = KnownHostsFile("name \(text)")
            return (text, file.keys(of: "name").first?.name ?? "none")
        }
    }

    /// The name under which ssh looks up its host key.
    var name: String { "[\(address)]:\(port)" }

    /// Adds lines to the client's configuration, before all others.
    func addToConfiguration(_ text: String) throws {
        let file = folder.appending(path: "ssh_config")
        let old = try String(contentsOf: file, encoding: .utf8)
        try (text + "\nHost *\n" + old).write(to: file, atomically: true, encoding: .utf8)
    }

    /// Replaces what the client knows of host keys.
    func setKnownHosts(_ text: String) throws {
        try text.write(
            to: folder.appending(path: "known_hosts"), atomically: true, encoding: .utf8)
    }

    /// Hashes the names in the client's known_hosts, as Debian's ssh does by default.
    func hashKnownHosts() async throws {
        try await Self.run(
            "/usr/bin/ssh-keygen", ["-q", "-H", "-f", folder.appending(path: "known_hosts").path])
    }

    /// Ends the server and the connections it holds, and removes its folder.
    func stop() {
        let children =
            (try? String(
                contentsOfFile: "/proc/\(processID)/task/\(processID)/children", encoding: .utf8))
            ?? ""
        kill(processID, SIGTERM)
        for child in children.split(separator: " ").compactMap({ pid_t($0) }) {
            kill(child, SIGTERM)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Cuts every connection, as a network failure would look to the client.
    func cutConnections() throws {
        let children = try String(
            contentsOfFile: "/proc/\(processID)/task/\(processID)/children", encoding: .utf8)
        for child in children.split(separator: " ").compactMap({ pid_t($0) }) {
            kill(child, SIGKILL)
        }
    }

    /// Signs the host's key, and lets the client know the authority instead of it.
    private static func certify(_ folder: URL, _ address: String) async throws {
        let authority = folder.appending(path: "authority").path
        try await run(
            "/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", authority])
        try await run(
            "/usr/bin/ssh-keygen",
            [
                "-q", "-s", authority, "-h", "-I", "host", "-n", address,
                folder.appending(path: "host.pub").path,
            ])
        let key = try String(contentsOfFile: authority + ".pub", encoding: .utf8)
        try "@cert-authority \(address),[\(address)]:* \(key)".write(
            to: folder.appending(path: "known_hosts"), atomically: true, encoding: .utf8)
    }

    private static func serverConfiguration(
        _ folder: URL, _ address: String, _ port: Int, _ options: [String]
    ) -> String {
        ([
            "ListenAddress \(address):\(port)", "HostKey \(folder.appending(path: "host").path)",
            "AuthorizedKeysFile \(folder.appending(path: "authorized_keys").path)",
            "PidFile \(folder.appending(path: "pid").path)", "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password", "StrictModes no", "UsePAM no",
            "MaxStartups 100:30:200",
        ] + options).joined(separator: "\n") + "\n"
    }

    private static func clientConfiguration(_ folder: URL) -> String {
        """
        IdentityFile \(folder.appending(path: "client").path)
        IdentitiesOnly yes
        UserKnownHostsFile \(folder.appending(path: "known_hosts").path)
        GlobalKnownHostsFile /dev/null

        """
    }

    private static func run(_ program: String, _ arguments: [String]) async throws {
        let result = try await Subprocess.run(
            .path(.init(program)), arguments: Arguments(arguments), output: .discarded,
            error: .discarded)
        guard case .exited(0) = result.terminationStatus else {
            throw CocoaError(.executableLoad)
        }
    }

    /// What sshd writes once it listens.
    private static func processID(in file: URL) async throws -> pid_t {
        let limit = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < limit {
            if FileManager.default.fileExists(atPath: file.path) {
                let text = try String(contentsOf: file, encoding: .utf8)
                if text.hasSuffix("\n"), let pid = pid_t(text.dropLast()) { return pid }
            }
            await Task.yield()
        }
        throw CocoaError(.fileReadNoSuchFile)
    }

    private static func socketAddress(_ address: String, _ port: Int) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = inet_addr(address)
        return name
    }

    private static func freePort(on address: String) throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var name = socketAddress(address, 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw CocoaError(.fileReadUnknown) }
        return Int(in_port_t(bigEndian: name.sin_port))
    }
}
