import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

struct KnownHostsTests {
    private static let key = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

    @Test(arguments: [
        ("mbx01", true), ("MBX01", true), ("mbx02.example.org", true), ("bad.example.org", false),
        ("[mbx01]:2222", true), ("[mbx01]:2223", false), ("other", false), ("", false),
    ])
    func findsKeysByNameAndPattern(name: String, isKnown: Bool) {
        let file = KnownHostsFile(
            """
            # a comment
            mbx01,[mbx01]:2222 ssh-ed25519 \(Self.key) somebody
            *.example.org,!bad.example.org ssh-ed25519 \(Self.key)
            @revoked other ssh-ed25519 \(Self.key)
            other ssh-ed25519
            """)
        #expect(file.fingerprints(of: name).count == (isKnown ? 1 : 0))
        #expect(!file.hasHashedNames)
    }

    @Test(.enabled(if: SSHServer.isAvailable))
    func agreesWithSSHAboutPlainAndHashedNames() async throws {
        let server = try await SSHServer(address: "127.0.21.9")
        defer { server.stop() }
        let name = try #require(TargetName(rawValue: "t1"))
        let target = Target(
            name: name, address: server.address, port: server.port, environment: "lab")
        let hosts = KnownHosts(settings: server.settings, home: server.folder.path)
        let plain = await hosts.fingerprints(of: [target])
        #expect(plain[name]?.count == 1)
        #expect(plain[name]?.first?.hasPrefix("SHA256:") == true)
        try await server.hashKnownHosts()
        #expect(await hosts.fingerprints(of: [target]) == plain)
    }
}
