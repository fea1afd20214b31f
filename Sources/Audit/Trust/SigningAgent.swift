import Runner

/// The ssh-agent of whoever calls: which keys it could sign with.
package struct SigningAgent: Sendable {
    /// How long it may take to answer.
    private static let limit: Duration = .seconds(10)

    /// Its socket, as `SSH_AUTH_SOCK` says it; nil without an agent.
    package let socket: String?

    /// The agent behind a socket.
    package init(socket: String?) { self.socket = socket.flatMap { $0.isEmpty ? nil : $0 } }

    /// The keys that it holds, in its order; none without an agent, or where it doesn't answer.
    ///
    /// - Throws: `TrustError` (`noProgram`).
    package func keys() async throws(TrustError) -> [SigningKey] {
        guard let socket else { return [] }
        let program = OpenSSHProgram(
            name: "ssh-add", arguments: ["-L"], agent: socket, limit: Self.limit)
        guard case .exited(0, let output, _) = try await program.run() else { return [] }
        return output.split(separator: "\n").compactMap { line in
            // Certificates and kinds that can't sign here.
            try? SigningKey(line: String(line))
        }
    }
}
