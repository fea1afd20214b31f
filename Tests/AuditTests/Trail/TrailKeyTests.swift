import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// Keys and signatures, held against OpenSSH's own programs.
struct TrailKeyTests {
    private static let message = Array("tree 0000\n\nwhat is signed\n".utf8)

    @Test func theFileIsReadByOpenSSH() async throws {
        try await withTemporaryFolder { folder in
            let key = TrailKey()
            try Self.write(key.file(comment: "a home"), to: folder + "/key", mode: 0o600)
            let shown = try Tool.run(["ssh-keygen", "-y", "-f", folder + "/key"])
            #expect(shown.status == 0, "\(shown.error)")
            #expect(shown.output == key.publicKey.line + " a home\n")
            let listed = try Tool.run(["ssh-keygen", "-l", "-f", folder + "/key"])
            #expect(listed.output.contains(key.publicKey.fingerprint + " "))
        }
    }

    @Test func aFileOfOpenSSHIsRead() async throws {
        try await withTemporaryFolder { folder in
            let made = try Tool.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", folder + "/key"])
            #expect(made.status == 0, "\(made.error)")
            let key = try #require(TrailKey(file: Self.text(folder + "/key")))
            let line = try Self.text(folder + "/key.pub")
            #expect(key.publicKey == TrailPublicKey(line: line))
        }
    }

    @Test func aKeyWithAPassphraseOrOfAnotherKindIsNone() async throws {
        try await withTemporaryFolder { folder in
            for (name, options) in [
                ("locked", ["-t", "ed25519", "-N", "secret"]),
                ("other", ["-t", "ecdsa", "-N", ""]),
            ] {
                let path = folder + "/" + name
                let made = try Tool.run(["ssh-keygen", "-q", "-f", path] + options)
                #expect(made.status == 0, "\(made.error)")
                #expect(TrailKey(file: try Self.text(path)) == nil, "\(name)")
            }
        }
    }

    @Test func aChangedFileIsNoKey() throws {
        let file = Array(TrailKey().file(comment: "c").utf8)
        var same = 0
        for index in file.indices where file[index] != UInt8(ascii: "\n") {
            var changed = file
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : 65
            if TrailKey(file: String(decoding: changed, as: UTF8.self)) != nil { same += 1 }
        }
        // The check number and the comment say nothing of the key: a few dozen characters.
        #expect(same < 60)
    }

    @Test func openSSHAcceptsTheSignature() async throws {
        try await withTemporaryFolder { folder in
            let key = TrailKey()
            let signature = try SSHSignature(of: Self.message, namespace: "git", by: key)
            try Self.write(signature.text, to: folder + "/sig")
            try Self.write("home \(key.publicKey.line)\n", to: folder + "/allowed")
            let check = ["ssh-keygen", "-Y", "verify", "-f", folder + "/allowed", "-I", "home"]
            let text = String(decoding: Self.message, as: UTF8.self)
            let good = try Tool.run(check + ["-n", "git", "-s", folder + "/sig"], input: text)
            #expect(good.status == 0, "\(good.error)")
            let bad = try Tool.run(check + ["-n", "file", "-s", folder + "/sig"], input: text)
            #expect(bad.status != 0)
        }
    }

    @Test(arguments: ["sha256", "sha512"])
    func aSignatureOfOpenSSHHolds(hash: String) async throws {
        try await withTemporaryFolder { folder in
            let key = TrailKey()
            try Self.write(key.file(comment: ""), to: folder + "/key", mode: 0o600)
            try Data(Self.message).write(to: URL(fileURLWithPath: folder + "/text"))
            let signed = try Tool.run([
                "ssh-keygen", "-Y", "sign", "-q", "-O", "hashalg=\(hash)", "-n", "git", "-f",
                folder + "/key", folder + "/text",
            ])
            #expect(signed.status == 0, "\(signed.error)")
            let text = try Self.text(folder + "/text.sig")
            let signature = try #require(SSHSignature(text: text))
            #expect(signature.hash == hash)
            #expect(signature.publicKey == key.publicKey)
            #expect(signature.text == text)
            #expect(signature.holds(for: Self.message, namespace: "git"))
            #expect(!signature.holds(for: Self.message, namespace: "file"))
            #expect(!signature.holds(for: Self.message + [0], namespace: "git"))
        }
    }

    @Test func anyChangedCharacterIsRefused() throws {
        let key = TrailKey()
        let text = Array(try SSHSignature(of: Self.message, namespace: "git", by: key).text.utf8)
        for index in text.indices {
            for replacement in [UInt8(ascii: "A"), UInt8(ascii: "B")]
            where text[index] != replacement {
                var changed = text
                changed[index] = replacement
                let read = SSHSignature(text: String(decoding: changed, as: UTF8.self))
                let holds =
                    read.map {
                        $0.holds(for: Self.message, namespace: "git")
                            && $0.publicKey == key.publicKey
                    } ?? false
                #expect(!holds, "character \(index)")
            }
        }
    }

    @Test func theHomesKeyIsMadeOnceAndForItsOwnerAlone() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(at: folder + "/home")
            #expect(try TrailKeyFile.key(of: home) == nil)
            let made = try TrailKeyFile.makeKey(of: home, comment: "c")
            #expect(try TrailKeyFile.makeKey(of: home, comment: "c").publicKey == made.publicKey)
            #expect(try TrailKeyFile.key(of: home)?.publicKey == made.publicKey)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: home.path + "/keys")
                    == ["controller"])
            let path = home.path + "/keys/controller"
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600)
            #expect(chmod(path, 0o640) == 0)
            let error = #expect(throws: JournalError.self) { try TrailKeyFile.key(of: home) }
            #expect(error?.code == .io)
        }
    }

    private static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try #require(chmod(path, mode) == 0)
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }
}
