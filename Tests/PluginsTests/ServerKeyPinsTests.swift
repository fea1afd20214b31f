import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

/// Which host keys a run accepts: those that its plan names, whatever ssh would take.
@Suite(.enabled(if: SSHServer.isAvailable))
struct ServerKeyPinsTests {
    /// What known_hosts and the plan have: `own` is the server's key, `other` is somebody's.
    struct Case: Sendable, CustomTestStringConvertible {
        let known: [String]
        let planned: [String]
        /// A part of the refusal; nil when the session must open.
        let refusal: String?
        var testDescription: String { "known \(known), planned \(planned)" }
    }

    @Test(arguments: [
        Case(known: ["own"], planned: ["own"], refusal: nil),
        Case(known: ["other", "own"], planned: ["own"], refusal: nil),
        Case(known: ["own"], planned: [], refusal: "is not known"),
        Case(known: ["own"], planned: ["other"], refusal: "another one now than in the plan"),
        // ssh alone would accept this one: the server shows a key that known_hosts has.
        Case(
            known: ["own", "other"], planned: ["other"],
            refusal: "another one now than in the plan"),
        Case(known: ["other"], planned: ["other"], refusal: "has changed"),
        Case(known: [], planned: ["own"], refusal: "not in known_hosts any more"),
        Case(known: ["revoked own", "own"], planned: ["own"], refusal: "is revoked"),
    ])
    func onlyAHostKeyOfThePlanIsAccepted(expected: Case) async throws {
        let server = try await SSHServer(address: "127.0.21.11")
        defer { server.stop() }
        let own = try server.hostKey
        let other = "ssh-ed25519 \(KnownHostsTests.key)\n"
        let lines = expected.known.map { word in
            let marker = word.hasPrefix("revoked") ? "@revoked " : ""
            return "\(marker)\(server.name) \(word.hasSuffix("own") ? own.text : other)"
        }
        try server.setKnownHosts(lines.joined())
        let target = try Requests.target(
            "t1", address: server.address, port: server.port,
            hostKeys: expected.planned.map {
                $0 == "own" ? own.fingerprint : KnownHostsTests.fingerprint
            })
        let report = try await look(at: target, with: server.settings)
        switch (report.ending, expected.refusal) {
        case (.exited(0), nil): break
        case (.unreachable(let why), let refusal?):
            #expect(why.contains(refusal), "\(why)")
        default: Issue.record("\(report.ending)")
        }
    }

    @Test(arguments: [
        "Host 127.0.21.12\n  HostKeyAlias the-store",
        "Match host 127.0.21.12\n  HostKeyAlias the-store",
        "Host somewhere-else\n  HostKeyAlias not-this\nHost 127.0.21.*\n  HostKeyAlias the-store",
    ])
    func aliasesOfTheConfigurationAreFollowed(configuration: String) async throws {
        let server = try await SSHServer(address: "127.0.21.12")
        defer { server.stop() }
        try server.setKnownHosts("the-store \(try server.hostKey.text)")
        try server.addToConfiguration(configuration)
        try await expectFoundAndAccepted(server, as: server.address)
    }

    @Test func hostNamesOfTheConfigurationAreFollowed() async throws {
        let server = try await SSHServer(address: "127.0.21.13")
        defer { server.stop() }
        try server.addToConfiguration("Host store\n  HostName 127.0.21.13")
        try await expectFoundAndAccepted(server, as: "store")
    }

    @Test func aKeyUnderTheNameWithoutAPortCountsAsItDoesForSSH() async throws {
        let server = try await SSHServer(address: "127.0.21.14")
        defer { server.stop() }
        try server.setKnownHosts("\(server.address) \(try server.hostKey.text)")
        try await expectFoundAndAccepted(server, as: server.address)
    }

    @Test func aLineForAllHostsDoesNotHideTheNameWithoutAPort() async throws {
        let server = try await SSHServer(address: "127.0.21.17")
        defer { server.stop() }
        try server.setKnownHosts(
            "@revoked * ssh-ed25519 \(KnownHostsTests.key)\n"
                + "\(server.address) \(try server.hostKey.text)")
        try await expectFoundAndAccepted(server, as: server.address)
    }

    @Test(arguments: [
        ("Host *\n  UserKnownHostsFile /k/%h", true), ("UserKnownHostsFile /k/%k /k/all", true),
        ("Host *\n  UserKnownHostsFile /k/all", false),
        ("Host b\n  UserKnownHostsFile /k/%h", false),
    ])
    func aFileForEachHostIsAskedForEachHost(configuration: String, isAsked: Bool) {
        #expect(ServerKeySections([configuration]).mayDiffer(for: "a") == isAsked)
    }

    @Test func hashedNamesAreFoundWithoutAnotherProgram() async throws {
        let server = try await SSHServer(address: "127.0.21.15")
        defer { server.stop() }
        try await server.hashKnownHosts()
        try await expectFoundAndAccepted(server, as: server.address)
    }

    @Test func anAuthorityIsWhatThePlanNamesForCertificates() async throws {
        let server = try await SSHServer(address: "127.0.21.16", isCertified: true)
        defer { server.stop() }
        let found = try await expectFoundAndAccepted(server, as: server.address)
        #expect(found.first?.hasPrefix("@cert-authority SHA256:") == true)
        let target = try Requests.target(
            "t1", address: server.address, port: server.port,
            hostKeys: [try server.hostKey.fingerprint])
        guard case .unreachable = try await look(at: target, with: server.settings).ending else {
            Issue.record("a certificate is accepted that the plan doesn't name")
            return
        }
    }

    @Test func nothingIsLeftOfItsFiles() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let known = try folder.write(
            "known_hosts", "t1 ssh-ed25519 \(KnownHostsTests.key)\n")
        let place = folder.url.appending(path: "place").path
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: false)
        let settings = SSHSettings(
            configFile: "/dev/null", extraOptions: ["-o", "UserKnownHostsFile=\(known)"])
        let pins = ServerKeyPins(
            lookup: ServerKeyLookup(settings: settings), places: ["/nowhere", place])
        let target = try Requests.target(
            "t1", address: "t1", port: 22, hostKeys: [KnownHostsTests.fingerprint])
        for _ in 0..<2 {
            let options = try await pins.options(for: target)
            let path = try #require(options.first?.split(separator: "=").last.map(String.init))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text == "* ssh-ed25519 \(KnownHostsTests.key)\n")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place).count == 1)
        pins.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: place).isEmpty)
    }

    @Test func aPlaceThatTakesNoMoreIsNotTheLast() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let known = try folder.write(
            "known_hosts", "t1 ssh-ed25519 \(KnownHostsTests.key)\n")
        let places = ["one", "two"].map { folder.url.appending(path: $0).path }
        for place in places {
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: false)
        }
        let settings = SSHSettings(
            configFile: "/dev/null", extraOptions: ["-o", "UserKnownHostsFile=\(known)"])
        let pins = ServerKeyPins(lookup: ServerKeyLookup(settings: settings), places: places)
        let target = try Requests.target(
            "t1", address: "t1", port: 22, hostKeys: [KnownHostsTests.fingerprint])
        _ = try await pins.options(for: target)
        for name in try FileManager.default.contentsOfDirectory(atPath: places[0]) {
            try FileManager.default.removeItem(atPath: "\(places[0])/\(name)")
        }
        let options = try await pins.options(for: target)
        #expect(options.first?.hasPrefix("UserKnownHostsFile=\(places[1])/") == true)
        pins.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: places[1]).isEmpty)
    }

    @Test func whatAKilledProcessLeftIsRemovedAndWhatLivesIsNot() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let place = folder.url.path
        let files = FileManager.default
        let dead = "\(place)/handrail-keys-dead01"
        try files.createDirectory(atPath: dead, withIntermediateDirectories: false)
        for name in ["lock", "0"] {
            try Data().write(to: URL(filePath: "\(dead)/\(name)"))
        }
        let young = "\(place)/handrail-keys-young1"
        try files.createDirectory(atPath: young, withIntermediateDirectories: false)
        let first = try #require(ServerKeyFolder(in: place))
        let second = try #require(ServerKeyFolder(in: place))
        let left = try files.contentsOfDirectory(atPath: place).map { "\(place)/\($0)" }
        #expect(Set(left) == [young, first.path, second.path])
        first.remove()
        second.remove()
        #expect(try files.contentsOfDirectory(atPath: place) == ["handrail-keys-young1"])
    }

    /// The plan's fingerprints for a server, with which a session must open.
    @discardableResult
    private func expectFoundAndAccepted(
        _ server: SSHServer, as address: String
    ) async throws -> [String] {
        let name = try #require(TargetName(rawValue: "t1"))
        let found = await KnownHosts(settings: server.settings, home: server.folder.path)
            .fingerprints(of: [
                Target(name: name, address: address, port: server.port, environment: "lab")
            ])
        let keys = found[name] ?? []
        #expect(keys.count == 1)
        let target = try Requests.target(
            "t1", address: address, port: server.port, hostKeys: keys)
        #expect(try await look(at: target, with: server.settings).ending == .exited(0))
        return keys
    }

    private func look(
        at target: PlannedTarget, with settings: SSHSettings
    ) async throws -> AttemptReport {
        let executor = SSHExecutor(settings: settings, files: .none, notices: { _ in })
        let look = try Requests.run(ScriptCall(program: .inline("true")), on: target)
        return try await serving(executor) { await executor.perform(look) }
    }
}
