import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// What every implementation of the two ports of signatures does, the twin in memory included.
struct SignatureContractTests {
    /// Who signs and checks: in memory, by an agent, or with a file of a private key.
    enum Way: String, CaseIterable, Sendable {
        case memory, agentEd25519, agentECDSA, agentECDSA521, agentRSA, fileEd25519, fileECDSA

        var kind: [String] {
            switch self {
            case .memory, .agentEd25519, .fileEd25519: ["ed25519"]
            case .agentECDSA, .fileECDSA: ["ecdsa", "-b", "256"]
            case .agentECDSA521: ["ecdsa", "-b", "521"]
            case .agentRSA: ["rsa", "-b", "2048"]
            }
        }
        var isFile: Bool { self == .fileEd25519 || self == .fileECDSA }
    }

    /// Both ports, a key that can sign and one that can't.
    struct Ports {
        let signing: any StatementSigning
        let checking: any StatementChecking
        let key: PersonKey
        let foreign: PersonKey
    }

    private let statement = Array("{\"act\":1}".utf8)

    private func with(_ way: Way, _ body: (Ports) async throws -> Void) async throws {
        let agent = try SSHAgentInTest()
        defer { agent.remove() }
        let key = try agent.key("key", way.kind, isHeld: !way.isFile)
        let foreign = try agent.key("foreign", ["ed25519"], isHeld: false)
        if way == .memory {
            let memory = MemorySignatures(holding: [key])
            try await body(
                Ports(signing: memory, checking: memory, key: key, foreign: foreign))
        } else {
            let files = way.isFile ? [agent.folder + "/none", agent.folder + "/key"] : []
            let signatures = OpenSSHSignatures(
                agent: SigningAgent(socket: way.isFile ? nil : agent.socket), keyFiles: files,
                place: agent.folder)
            try await body(
                Ports(signing: signatures, checking: signatures, key: key, foreign: foreign))
        }
    }

    private func code(
        _ ports: Ports, _ statement: [UInt8], _ signature: String,
        _ namespace: SignatureNamespace = .act
    ) async -> TrustError.Code? {
        do {
            _ = try await ports.checking.key(
                signing: statement, signature: signature, namespace: namespace)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: Way.allCases)
    func aSignatureNamesTheKeyThatMadeIt(way: Way) async throws {
        try await with(way) { ports in
            for namespace in SignatureNamespace.allCases {
                let text = try await ports.signing.sign(
                    statement, namespace: namespace, with: ports.key)
                let key = try await ports.checking.key(
                    signing: statement, signature: text, namespace: namespace)
                #expect(key == ports.key.key)
            }
        }
    }

    @Test(arguments: Way.allCases)
    func oneForAnotherUseOrOfOtherBytesIsNone(way: Way) async throws {
        try await with(way) { ports in
            let text = try await ports.signing.sign(statement, namespace: .act, with: ports.key)
            #expect(await code(ports, statement, text, .change) == .wrongNamespace)
            #expect(await code(ports, statement, text, .content) == .wrongNamespace)
            #expect(await code(ports, statement + [0], text) == .wrongSignature)
            #expect(await code(ports, [], text) == .wrongSignature)
        }
    }

    @Test(arguments: Way.allCases)
    func aTextInAnyOtherFormIsNone(way: Way) async throws {
        try await with(way) { ports in
            let text = try await ports.signing.sign(statement, namespace: .act, with: ports.key)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            var others = ["", "x", String(text.dropLast()), text + "\n", " " + text, text + text]
            others.append(lines.dropFirst().joined(separator: "\n"))
            others += (1..<20).map { String(text.prefix(text.count * $0 / 20)) }
            others.append(text.replacing("\n", with: "\r\n"))
            for other in others {
                #expect(await code(ports, statement, other) == .malformed, "\(other)")
            }
        }
    }

    @Test(arguments: Way.allCases)
    func anyChangedCharacterIsSeen(way: Way) async throws {
        try await with(way) { ports in
            let text = try await ports.signing.sign(statement, namespace: .act, with: ports.key)
            var numbers = SeededNumbers(seed: 3)
            for _ in 0..<(way == .memory || way == .agentEd25519 ? 200 : 12) {
                var changed = Array(text.utf8)
                let place = Int.random(in: 0..<changed.count, using: &numbers)
                let other = Array("AbZz09+/=\n-".utf8).randomElement(using: &numbers) ?? 0
                guard other != changed[place] else { continue }
                changed[place] = other
                let found = await code(ports, statement, String(decoding: changed, as: UTF8.self))
                #expect(
                    [.malformed, .wrongNamespace, .wrongSignature].contains(found), "\(place)")
            }
        }
    }

    @Test(arguments: Way.allCases)
    func aKeyThatIsNotAtHandSignsNothing(way: Way) async throws {
        try await with(way) { ports in
            do {
                _ = try await ports.signing.sign(statement, namespace: .act, with: ports.foreign)
                Issue.record("something was signed")
            } catch {
                #expect((error as? TrustError)?.code == .noKey)
            }
        }
    }
}
