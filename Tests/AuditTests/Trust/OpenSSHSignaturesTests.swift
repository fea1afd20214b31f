import Audit
import Foundation
import Runner
import TestSupport
import Testing

struct OpenSSHSignaturesTests {
    private let statement = Array("{\"act\":1}".utf8)

    /// What we sign, stock OpenSSH verifies; what it signs, we check.
    @Test func agreesWithStockOpenSSH() async throws {
        let agent = try SSHAgentInTest()
        defer { agent.remove() }
        let key = try agent.key("key", ["ed25519"], isHeld: false)
        let path = agent.folder + "/key"
        let signatures = OpenSSHSignatures(
            agent: SigningAgent(socket: nil), keyFiles: [path], place: agent.folder)
        let text = try await signatures.sign(statement, namespace: .change, with: key)
        try text.write(toFile: path + ".sig", atomically: false, encoding: .utf8)
        try "anna namespaces=\"handrail-change\" \(key.key.line)\n".write(
            toFile: path + ".allowed", atomically: false, encoding: .utf8)
        let verified = try Tool.run(
            [
                "ssh-keygen", "-Y", "verify", "-f", path + ".allowed", "-I", "anna", "-n",
                "handrail-change", "-s", path + ".sig",
            ], input: String(decoding: statement, as: UTF8.self))
        #expect(verified.status == 0, "\(verified.error)")
        for hash in ["sha256", "sha512"] {
            let signed = try Tool.run(
                [
                    "ssh-keygen", "-Y", "sign", "-q", "-O", "hashalg=\(hash)", "-n", "handrail-act",
                    "-f", path,
                ], input: String(decoding: statement, as: UTF8.self))
            let found = try await signatures.key(
                signing: statement, signature: signed.output, namespace: .act)
            #expect(found == key.key)
        }
    }

    @Test func anAgentSaysWhatItHolds() async throws {
        let agent = try SSHAgentInTest()
        defer { agent.remove() }
        let first = try agent.key("a", ["ed25519"])
        let second = try agent.key("b", ["ecdsa"])
        #expect(
            try await SigningAgent(socket: agent.socket).keys() == [first.key, second.key])
        #expect(try await SigningAgent(socket: nil).keys() == [])
        #expect(try await SigningAgent(socket: agent.folder + "/none").keys() == [])
    }

    @Test func anotherKeysFileSignsNothing() async throws {
        let agent = try SSHAgentInTest()
        defer { agent.remove() }
        let wanted = try agent.key("wanted", ["ed25519"], isHeld: false)
        _ = try agent.key("other", ["ed25519"], isHeld: false)
        try FileManager.default.removeItem(atPath: agent.folder + "/other.pub")
        let signatures = OpenSSHSignatures(
            agent: SigningAgent(socket: nil), keyFiles: [agent.folder + "/other"],
            place: agent.folder)
        do {
            _ = try await signatures.sign(statement, namespace: .act, with: wanted)
            Issue.record("another key signed")
        } catch {
            #expect(error.code == .noKey)
        }
    }

    /// A signature of hardware that nobody touched, by its fields: the key can't be had here.
    @Test(arguments: [(UInt8(0), TrustError.Code.wrongSignature), (1, .wrongSignature)])
    func hardwareMustHaveBeenTouched(flags: UInt8, code: TrustError.Code) async throws {
        func field(_ bytes: [UInt8]) -> [UInt8] {
            [0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
        }
        func field(_ text: String) -> [UInt8] { field(Array(text.utf8)) }
        let kind = "sk-ssh-ed25519@openssh.com"
        let key = field(kind) + field([UInt8](repeating: 1, count: 32)) + field("ssh:")
        let raw = field(kind) + field([UInt8](repeating: 2, count: 64)) + [flags, 0, 0, 0, 9]
        let blob =
            Array("SSHSIG".utf8) + [0, 0, 0, 1] + field(key) + field("handrail-act") + field([])
            + field("sha512") + field(raw)
        let body = Array(Data(blob).base64EncodedString())
        let lines = stride(from: 0, to: body.count, by: 70).map {
            String(body[$0..<min($0 + 70, body.count)])
        }
        let text =
            (["-----BEGIN SSH SIGNATURE-----"] + lines + ["-----END SSH SIGNATURE-----", ""])
            .joined(separator: "\n")
        let signatures = OpenSSHSignatures(
            agent: SigningAgent(socket: nil), place: FileManager.default.temporaryDirectory.path)
        do {
            _ = try await signatures.key(signing: statement, signature: text, namespace: .act)
            Issue.record("it counts")
        } catch {
            #expect(error.code == code)
            #expect(error.message.contains("touch") == (flags == 0))
        }
    }
}
