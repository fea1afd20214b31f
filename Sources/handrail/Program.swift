import Runbooks
import Runner
import Subprocess

/// Another program, run to its end with a limit on its time and its output.
struct Program: Sendable {
    /// The most bytes that are taken of each stream.
    private static let outputLimit = 1 << 20

    /// What became of it.
    enum Ending: Sendable, Hashable {
        case exited(Int32, output: String, error: String)
        /// There is no such program in PATH, or it can't be started.
        case notStarted(String)
        case timedOut

        /// Whether it exited with 0.
        var isSuccess: Bool { if case .exited(0, _, _) = self { true } else { false } }
    }

    let name: String
    var arguments: [String] = []
    /// The folder it runs in; the command's own when nil.
    var folder: String?
    var limit: Duration = .seconds(10)
    /// All of its environment; the command's own when nil.
    var environment: [String: String]?

    /// Runs it; it is ended when the limit is over.
    func run(_ world: World) async -> Ending {
        await withTaskGroup(of: Ending?.self) { group in
            group.addTask { await spawn() }
            group.addTask {
                do {
                    try await world.sleep(limit)
                    return .timedOut
                } catch {
                    // The program was faster.
                    return nil
                }
            }
            defer { group.cancelAll() }
            for await ending in group {
                if let ending { return ending }
            }
            return .timedOut
        }
    }

    private var surroundings: Environment {
        guard let environment else { return .inherit }
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment {
            Environment.Key(rawValue: name).map { variables[$0] = value }
        }
        return .custom(variables)
    }

    private func spawn() async -> Ending {
        do {
            let result = try await Subprocess.run(
                name.hasPrefix("/") ? .path(.init(name)) : .name(name),
                arguments: Arguments(arguments), environment: surroundings,
                workingDirectory: folder.map { .init($0) },
                output: .string(limit: Self.outputLimit), error: .string(limit: Self.outputLimit))
            let (output, error) = (result.standardOutput, result.standardError)
            switch result.terminationStatus {
            case .exited(let code): return .exited(Int32(code), output: output, error: error)
            case .signaled(let signal):
                return .exited(128 + Int32(signal), output: output, error: error)
            }
        } catch is CancellationError {
            return .timedOut
        } catch {
            return .notStarted("\(error)")
        }
    }
}
