// For SOCK_STREAM: libcurl's headers have it too, and in a release build it is theirs.
import CCurl
import Glibc
import Subprocess
import Synchronization

/// What is spawned for a session: a program whose standard input and output lead to a shell.
struct SessionCommand: Sendable, Hashable {
    var program: String
    var arguments: [String]
    /// The whole environment; the controller's own when nil.
    var environment: [String: String]?
}

/// Runs a session's process from its start to its end, in the calling task.
enum SessionProcess {
    /// How long a process that has closed its output may take to close its standard error.
    private static let errorGrace = Duration.seconds(1)
    /// How long it may take to go after TERM.
    private static let exitGrace = Duration.seconds(2)

    /// Spawns the process, serves the channel, and returns when the process is gone.
    ///
    /// The process leads a session of its own: the terminal's Ctrl-C doesn't reach it, and it
    /// can't ask there. It is ended, with its group, when the channel is hung up or the calling
    /// task is cancelled.
    static func run(_ command: SessionCommand, on channel: Channel, clock: ExecutorClock) async {
        do {
            let wires = try Wires()
            defer { if !channel.isStarted { wires.ours.close() } }
            let status = try await spawn(command, wires, on: channel, clock: clock)
            channel.finish { SessionEnd(status: status, standardError: text($0)) }
        } catch {
            let reason = "\(command.program) could not be started: \(error)"
            channel.finish { _ in SessionEnd(status: nil, standardError: reason) }
        }
    }

    private static func spawn(
        _ command: SessionCommand, _ wires: Wires, on channel: Channel, clock: ExecutorClock
    ) async throws -> String {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: exitGrace)
        ]
        let steps = options.teardownSequence
        let result = try await Subprocess.run(
            command.program.hasPrefix("/")
                ? .path(.init(command.program)) : .name(command.program),
            arguments: Arguments(command.arguments),
            environment: environment(command),
            platformOptions: options,
            input: .fileDescriptor(
                .init(rawValue: wires.theirs.input), closeAfterSpawningProcess: true),
            output: .fileDescriptor(
                .init(rawValue: wires.theirs.output), closeAfterSpawningProcess: true),
            error: .fileDescriptor(
                .init(rawValue: wires.theirs.error), closeAfterSpawningProcess: true)
        ) { execution in
            channel.start(
                input: wires.ours.input, output: wires.ours.output, error: wires.ours.error)
            _ = await channel.outputEnded.wait()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await channel.errorEnded.wait() }
                group.addTask { _ = await clock.pause(errorGrace) }
                await group.next()
                group.cancelAll()
            }
            await execution.teardown(using: steps)
        }
        return switch result.terminationStatus {
        case .exited(let code): "\(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }

    private static func environment(_ command: SessionCommand) -> Environment {
        guard let variables = command.environment else { return .inherit }
        var keyed: [Environment.Key: String] = [:]
        for (name, value) in variables { keyed[Environment.Key(stringLiteral: name)] = value }
        return .custom(keyed)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// The descriptors of one session: a socket pair for input, pipes for output and error.
///
/// A socket, because writing to one whose other end is gone raises no signal.
private struct Wires {
    /// The three descriptors of one side, open until `close`.
    struct End {
        var input: CInt
        var output: CInt
        var error: CInt

        func close() {
            for descriptor in [input, output, error] { Glibc.close(descriptor) }
        }
    }

    let ours: End
    let theirs: End

    init() throws {
        var pairs: [[CInt]] = []
        for kind in 0..<3 {
            var pair: [CInt] = [-1, -1]
            let made =
                kind == 0
                ? socketpair(
                    AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair)
                : pipe(&pair)
            guard made == 0 else {
                let reason = String(cString: strerror(errno))
                pairs.joined().forEach { Glibc.close($0) }
                throw WiringError(reason: reason)
            }
            // What is spawned gets its three streams only; this is for anybody else's processes.
            for descriptor in pair { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            pairs.append(pair)
        }
        ours = End(input: pairs[0][0], output: pairs[1][0], error: pairs[2][0])
        theirs = End(input: pairs[0][1], output: pairs[1][1], error: pairs[2][1])
    }
}

/// No descriptors could be had for a session.
private struct WiringError: Error, CustomStringConvertible {
    let reason: String
    var description: String { "no pipe for it: \(reason); is the limit of open files too low?" }
}
