import Foundation
import Runbooks
import Runner

/// Signatures as stock OpenSSH makes and checks them.
///
/// Ed25519 is checked in process; everything else by `ssh-keygen`. Private keys are never read: the
/// agent holds them, or `ssh-keygen` is given the file that the person named.
package struct OpenSSHSignatures: StatementSigning, StatementChecking {
    /// How long a person has for a passphrase, or for touching their key.
    private static let signing: Duration = .seconds(60)
    /// How long a check may take.
    private static let checking: Duration = .seconds(60)

    private let agent: SigningAgent
    private let keyFiles: [String]
    private let place: String

    /// Makes one; nothing is looked at yet.
    ///
    /// - Parameters:
    ///   - agent: where keys are looked for first.
    ///   - keyFiles: files of private keys that the person named; looked at for keys that the agent
    ///     hasn't.
    ///   - place: a folder for files that live as long as a call.
    package init(agent: SigningAgent, keyFiles: [String] = [], place: String) {
        self.agent = agent
        self.keyFiles = keyFiles
        self.place = place
    }

    // --- signing --------------------------------------------------------------------------------

    /// Signs through the agent where it holds the key, else with one of the files.
    package func sign(
        _ statement: [UInt8], namespace: SignatureNamespace, with key: PersonKey
    ) async throws(TrustError) -> String {
        let folder = try BriefFolder(in: place)
        defer { folder.remove() }
        let source = try await source(of: key.key, folder)
        let program = OpenSSHProgram(
            name: "ssh-keygen",
            arguments: ["-Y", "sign", "-q", "-n", namespace.rawValue, "-f", source.path],
            input: statement, agent: source.isAgent ? agent.socket : nil, limit: Self.signing)
        guard case .exited(let status, let output, let problem) = try await program.run() else {
            throw TrustError(
                .declined, "Nothing was signed within \(Self.signing.components.seconds) s.",
                hint: "A hardware key waits for a touch, and a key's file for its passphrase.")
        }
        guard status == 0 else {
            let end = problem.split(separator: "\n").last.map(String.init) ?? "it says nothing"
            throw TrustError(
                .declined,
                "Nothing was signed by \(key.fingerprint): "
                    + printable(end.utf8.prefix(200), keepNewlines: false) + ".",
                hint: source.isAgent
                    ? "Look what the agent asks for." : "Look at \(source.path).")
        }
        // Whatever signed, it was asked for this key.
        let signed = try await self.key(
            signing: statement, signature: output, namespace: namespace)
        guard signed == key.key else {
            throw TrustError(
                .noKey,
                "\(source.path) is another key's file: \(signed.fingerprint) signed, and "
                    + "\(key.fingerprint) was asked for.", hint: "Name that key's file.")
        }
        return output
    }

    /// What `ssh-keygen` is given: the public key where the agent holds the other half.
    private func source(
        of key: SigningKey, _ folder: BriefFolder
    ) async throws(TrustError) -> (path: String, isAgent: Bool) {
        if try await agent.keys().contains(key) {
            return (try folder.write(Array((key.line + "\n").utf8), as: "key.pub"), true)
        }
        for path in keyFiles {
            if try await Self.isFile(path, of: key) { return (path, false) }
        }
        // A file without its .pub beside it: ssh-keygen reads it, and what comes out is compared.
        if keyFiles.count == 1, access(keyFiles[0] + ".pub", F_OK) != 0 {
            return (keyFiles[0], false)
        }
        throw TrustError(
            .noKey,
            "The key \(key.fingerprint) is neither in an agent nor in a file that was named.",
            hint: agent.socket == nil
                ? "There is no agent (SSH_AUTH_SOCK is not set): start one and 'ssh-add' the key, "
                    + "or name its file." : "'ssh-add' the key, or name its file.")
    }

    /// Whether the public key beside a private one is the key that is looked for.
    private static func isFile(_ path: String, of key: SigningKey) async throws(TrustError) -> Bool
    {
        let program = OpenSSHProgram(
            name: "ssh-keygen", arguments: ["-l", "-f", path + ".pub"], agent: nil, limit: checking)
        guard case .exited(0, let output, _) = try await program.run() else { return false }
        return output.split(separator: " ").contains(Substring(key.fingerprint.rawValue))
    }

    // --- checking -------------------------------------------------------------------------------

    /// The key that truly signed.
    package func key(
        signing statement: [UInt8], signature: String, namespace: SignatureNamespace
    ) async throws(TrustError) -> SigningKey {
        guard let form = SSHSignatureForm(text: signature) else { throw .malformedSignature }
        guard form.namespace == namespace.rawValue else {
            throw .wrongNamespace(form.namespace, namespace)
        }
        guard form.isTouched else {
            throw TrustError(
                .wrongSignature,
                "The hardware key \(form.key.fingerprint) signed without anybody's touch.",
                hint: "Make the key without 'no-touch-required', and sign anew.")
        }
        if form.key.kind == .ed25519 {
            guard let signature = SSHSignature(text: signature),
                signature.publicKey.blob == form.key.blob
            else { throw .malformedSignature }
            guard signature.holds(for: statement, namespace: namespace.rawValue) else {
                throw .wrongSignature(form.key.fingerprint)
            }
            return form.key
        }
        try await check(statement, signature, namespace, form.key)
        return form.key
    }

    /// Asks `ssh-keygen` about a signature of a kind that isn't checked here.
    private func check(
        _ statement: [UInt8], _ signature: String, _ namespace: SignatureNamespace,
        _ key: SigningKey
    ) async throws(TrustError) {
        let folder = try BriefFolder(in: place)
        defer { folder.remove() }
        let path = try folder.write(Array(signature.utf8), as: "signature")
        let program = OpenSSHProgram(
            name: "ssh-keygen",
            arguments: ["-Y", "check-novalidate", "-n", namespace.rawValue, "-s", path],
            input: statement, agent: nil, limit: Self.checking)
        guard case .exited(let status, let output, let problem) = try await program.run() else {
            throw TrustError(
                .noProgram, "'ssh-keygen' took more than \(Self.checking.components.seconds) s.",
                hint: "Look whether it works: ssh-keygen -Y check-novalidate.")
        }
        let said = "Good \"\(namespace.rawValue)\" signature with "
        if status == 0, output.hasPrefix(said),
            output.split(whereSeparator: \.isWhitespace).contains(
                Substring(key.fingerprint.rawValue))
        {
            return
        }
        guard status == 255 || status == 1 else {
            let end = problem.split(separator: "\n").last.map(String.init) ?? "it says nothing"
            throw TrustError(
                .noProgram,
                "'ssh-keygen' could not look at a signature: "
                    + printable(end.utf8.prefix(200), keepNewlines: false) + ".",
                hint: "Is it OpenSSH 8.2 or newer?")
        }
        throw .wrongSignature(key.fingerprint)
    }
}
