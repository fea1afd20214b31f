import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

struct KnownHostsTests {
    static let key = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    /// As `ssh-keygen -l` shows that key.
    static let fingerprint = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"

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
        let keys = file.keys(of: name).filter { $0.marker == .host }
        #expect(keys.map(\.name) == (isKnown ? [Self.fingerprint] : []))
    }

    /// A key behind the first 16 MiB is as good as any other.
    @Test func aLongFileIsReadToItsEnd() throws {
        let path = NSTemporaryDirectory() + "/handrail-known-hosts-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let line = Data(("#" + String(repeating: "x", count: 1022) + "\n").utf8)
        var text = Data()
        for _ in 0..<(17 << 10) { text += line }
        text += Data("last ssh-ed25519 \(Self.key)\n".utf8)
        try text.write(to: URL(filePath: path))
        let bytes = try #require(ServerKeyLookup.read(path))
        #expect(bytes.count == text.count)
        let file = KnownHostsFile(String(decoding: bytes, as: UTF8.self))
        #expect(file.keys(of: "last").map(\.name) == [Self.fingerprint])
    }

    /// What has no end doesn't stop anybody.
    @Test func aStreamWithoutAnEndIsCut() throws {
        #expect(try #require(ServerKeyLookup.read("/dev/zero")).count == 16 << 20)
    }

    @Test func keepsApartWhatMarkersSay() {
        let file = KnownHostsFile(
            """
            @cert-authority *.example.org ssh-ed25519 \(Self.key)
            @revoked a.example.org ssh-ed25519 \(Self.key)
            @whatever a.example.org ssh-ed25519 \(Self.key)
            """)
        #expect(
            file.keys(of: "a.example.org").map(\.name).sorted()
                == ["@cert-authority \(Self.fingerprint)", "@revoked \(Self.fingerprint)"])
    }

    /// The name and salt of `ssh-keygen -H`, so that no program is needed to find it again.
    @Test func findsHashedNames() {
        let file = KnownHostsFile(
            "|1|5aRvUWiR4njiy+kCiMxyWyr+JKg=|YgMg533G99zyRbxheOqyyJm2huM= ssh-ed25519 \(Self.key)")
        #expect(file.keys(of: "[127.0.21.9]:2222").map(\.name) == [Self.fingerprint])
        #expect(file.keys(of: "[127.0.21.9]:2223").isEmpty)
    }

    @Test(arguments: [
        ("Host a b\n  HostKeyAlias x", "a", true), ("Host a b\n  HostKeyAlias x", "c", false),
        ("Host *\n  User me", "a", false), ("Match all\n  User me", "a", false),
        ("Match all\n  HostName x", "a", true), ("Host a\n  Include more", "a", true),
        ("Host a\n\tuserknownhostsfile=\"/x y\"", "a", true),
        ("Host *.lab !x.lab\nHostName y", "x.lab", false), ("HostKeyAlias all", "a", false),
        ("Host a\n  HostName x", "a", false), ("Host a*\n  HostName x", "a", true),
        ("Host a\n  HostName x\nHost a\n  HostName y", "a", true),
        ("Host a\n  HostName %h.x", "a", true),
        ("Host *\n  UserKnownHostsFile /x", "a", false),
        ("Host * !b\n  UserKnownHostsFile /x", "a", true), ("Host a\n  HostName x", "b", false),
    ])
    func knowsWhichTargetsTheConfigurationSingles(
        text: String, address: String, isSpecial: Bool
    ) {
        #expect(ServerKeySections([text]).mayDiffer(for: address) == isSpecial)
    }

    @Test func followsAPlainHostNameByItself() {
        let sections = ServerKeySections(["Host A b\n  HostName=X.lab\nHost c\n  User me"])
        #expect(sections.hostName(for: "a") == "x.lab")
        #expect(sections.hostName(for: "B") == "x.lab")
        #expect(sections.hostName(for: "c") == nil)
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
