import Foundation
import Glibc
import Subprocess

@testable import Plugins

/// A real server on a loopback address: `http_server.py`, over TLS with an authority of its own.
final class HTTPServer: Sendable {
    let folder: URL
    let url: String
    private let processID: pid_t

    /// Starts it, and returns when it listens.
    ///
    /// Encrypted, its certificate is for `localhost`, signed by the authority in `authority.pem`.
    init(address: String, isEncrypted: Bool = false) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "handrail-http-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var words = [Self.script, folder.path, address]
        if isEncrypted {
            try await Self.certify(folder)
            words += ["server.pem", "server.key"].map { folder.appending(path: $0).path }
        }
        let started = try await Subprocess.run(
            .path("/bin/sh"),
            arguments: Arguments(
                ["-c", "setsid python3 \"$@\" </dev/null >/dev/null 2>&1 & echo $!", "sh"] + words),
            output: .string(limit: 100))
        guard let number = started.standardOutput.split(separator: "\n").first,
            let processID = pid_t(number)
        else { throw StartError() }
        self.processID = processID
        let portFile = folder.appending(path: "port")
        var port: String?
        for _ in 0..<400 where port == nil {
            port = try? String(contentsOf: portFile, encoding: .utf8)
            if port == nil { try await Task.sleep(for: .milliseconds(25)) }
        }
        guard let port else { throw StartError() }
        url = isEncrypted ? "https://localhost:\(port)" : "http://\(address):\(port)"
    }

    /// The lines `METHOD PATH` of the requests that it has read.
    var requests: [String] {
        let log = try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)
        return (log ?? "").split(separator: "\n").map(String.init)
    }

    /// The authority that signed its certificate, in PEM.
    var authority: [UInt8] {
        get throws { try Array(Data(contentsOf: folder.appending(path: "authority.pem"))) }
    }

    func stop() {
        kill(processID, SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    private struct StartError: Error {}

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "http_server.py").path

    private static func certify(_ folder: URL) async throws {
        let commands = [
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority "
                + "-keyout authority.key -out authority.pem",
            "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key "
                + "-out server.csr",
            "printf 'subjectAltName=DNS:localhost\\n' >names",
            "openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key "
                + "-CAcreateserial -days 2 -extfile names -out server.pem",
        ]
        let made = try await Subprocess.run(
            .path("/bin/sh"),
            arguments: ["-ec", "cd \"$0\"\n" + commands.joined(separator: "\n"), folder.path],
            output: .discarded, error: .discarded)
        guard made.terminationStatus.isSuccess else { throw StartError() }
    }
}
