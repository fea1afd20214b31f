import Runner
import Subprocess

/// A program of OpenSSH's, run to its end with limits on its time and its output.
struct OpenSSHProgram: Sendable {
    /// The most that is taken of each stream, in bytes.
    private static let outputLimit = 256 << 10

    /// How it ended.
    enum Ending: Sendable {
        case exited(Int32, output: String, error: String)
        case timedOut
    }

    /// Its name, looked up in PATH, or its path.
    let name: String
    var arguments: [String] = []
    var input: [UInt8] = []
    /// The agent's socket; nil for none.
    let agent: String?
    let limit: Duration

    /// Runs it; it is ended when the limit is over.
    ///
    /// - Throws: `TrustError` (`noProgram`).
    func run() async throws(TrustError) -> Ending {
        let result = await withTaskGroup(of: Result<Ending, TrustError>?.self) { group in
            group.addTask { await spawn() }
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                    return .success(.timedOut)
                } catch {
                    // The program was faster.
                    return nil
                }
            }
            defer { group.cancelAll() }
            for await ending in group {
                if let ending { return ending }
            }
            return .success(.timedOut)
        }
        return try result.get()
    }

    private func spawn() async -> Result<Ending, TrustError> {
        let socket: Environment = .inherit.updating(["SSH_AUTH_SOCK": agent ?? ""])
        do {
            let result = try await Subprocess.run(
                name.hasPrefix("/") ? .path(.init(name)) : .name(name),
                arguments: Arguments(arguments), environment: socket, input: .array(input),
                output: .string(limit: Self.outputLimit), error: .string(limit: Self.outputLimit))
            let (output, error) = (result.standardOutput, result.standardError)
            let status: Int32 =
                switch result.terminationStatus {
                case .exited(let code): Int32(code)
                case .signaled(let signal): 128 + Int32(signal)
                }
            return .success(.exited(status, output: output, error: error))
        } catch is CancellationError {
            return .success(.timedOut)
        } catch {
            return .failure(
                TrustError(
                    .noProgram, "'\(name)' can't be started.",
                    hint: "It is part of OpenSSH (Debian's openssh-client).", cause: error))
        }
    }
}
