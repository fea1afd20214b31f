import Runbooks
import Runner
import Testing

struct SigningKeyTests {
    @Test(arguments: [
        (TrustSamples.anna, SigningKey.Kind.ed25519), (TrustSamples.ecdsa256, .ecdsa256),
        (TrustSamples.ecdsa384, .ecdsa384), (TrustSamples.ecdsa521, .ecdsa521),
        (TrustSamples.rsa2048, .rsa),
    ])
    func readsWhatSSHKeygenWrites(sample: TrustSamples.Sample, kind: SigningKey.Kind) throws {
        let key = try SigningKey(line: sample.line + " anna@office")
        #expect(key.kind == kind)
        #expect(key.fingerprint.rawValue == sample.fingerprint)
        #expect(key.line == sample.line)
        #expect(SigningKey(blob: key.blob) == key)
    }

    /// What ssh-keygen would make for hardware, by its fields (PROTOCOL.u2f).
    @Test func readsKeysOfHardware() throws {
        func field(_ bytes: [UInt8]) -> [UInt8] { [0, 0, 0, UInt8(bytes.count)] + bytes }
        func field(_ text: String) -> [UInt8] { field(Array(text.utf8)) }
        let point = [4] + [UInt8](repeating: 7, count: 64)
        let ed = field("sk-ssh-ed25519@openssh.com") + field([UInt8](repeating: 1, count: 32))
        let ec = field("sk-ecdsa-sha2-nistp256@openssh.com") + field("nistp256") + field(point)
        #expect(SigningKey(blob: ed + field("ssh:"))?.kind == .hardwareEd25519)
        #expect(SigningKey(blob: ec + field("ssh:"))?.kind == .hardwareECDSA)
        #expect(SigningKey(blob: ed) == nil)
        #expect(SigningKey(blob: ec + field("ssh:") + field("")) == nil)
    }

    @Test(arguments: [
        ("", "must be a line of a .pub file: its kind, and its text"),
        ("ssh-ed25519", "must be a line of a .pub file: its kind, and its text"),
        ("ssh-dss AAAA", "is of the kind 'ssh-dss', which can't sign here"),
        ("ssh-ed25519 A", "has a text that is no base64"),
        ("ssh-ed25519 AAAA", "has a text that is no ssh-ed25519 key"),
        (
            "ecdsa-sha2-nistp256 " + TrustSamples.anna.line.dropFirst(12),
            "has a text that is no ecdsa-sha2-nistp256 key"
        ),
        (TrustSamples.anna.line + "AAAA", "has a text that is no ssh-ed25519 key"),
        (TrustSamples.rsa1024.line, "has a text that is no ssh-rsa key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "is a private one, or a file of another form"),
    ])
    func refusesWhatIsNone(line: String, message: String) {
        #expect(throws: SigningKey.Problem.self) { try SigningKey(line: line) }
        do {
            _ = try SigningKey(line: line)
        } catch {
            #expect(error.message == message)
        }
    }

    /// Cut anywhere, or with any byte changed in its fields' lengths, a key is none or another one.
    @Test func isNeverReadFromAPart() throws {
        for sample in [TrustSamples.anna, TrustSamples.ecdsa521, TrustSamples.rsa2048] {
            let blob = try TrustSamples.key(sample).blob
            for count in 0..<blob.count {
                #expect(SigningKey(blob: Array(blob.prefix(count))) == nil)
            }
            #expect(SigningKey(blob: blob + [0]) == nil)
        }
    }

    @Test(arguments: [
        "", "SHA256:", "SHA256:abc", "MD5:0YOo4vEWU5/bL/IOsq0wDTBHTv08SkoCyiuyvfQQen",
    ])
    func fingerprintsHaveOneForm(text: String) {
        #expect(KeyFingerprint(rawValue: text) == nil)
        #expect(KeyFingerprint(rawValue: TrustSamples.anna.fingerprint) != nil)
    }
}
