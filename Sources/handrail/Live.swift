import Audit
import Calendars
import Foundation
import Runner
import Synchronization

// The only file with the machine's clock, randomness, signals and terminal.

extension World {
    /// This process's own world.
    static let live: World = {
        // A closed pipe is an error of write(2) then, and the run goes on.
        signal(SIGPIPE, SIG_IGN)
        let made = World(
            environment: ProcessInfo.processInfo.environment,
            terminal: .live,
            now: { Timestamp(milliseconds: LiveClock.milliseconds(CLOCK_REALTIME)) },
            sinceBoot: { LiveClock.milliseconds(CLOCK_BOOTTIME) },
            sleep: { try await Task.sleep(for: $0) },
            randomBytes: KernelRandom.bytes,
            account: LiveAccount.current,
            hostName: LiveMachine.name,
            workingFolder: { FileManager.default.currentDirectoryPath },
            signals: LiveSignals.stream,
            zoneOffset: { time in
                TimeZone.current.secondsFromGMT(
                    for: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
            }, zones: ZoneFolder())
        #if DEBUG
            var world = made
            world.endAtOnce = { kill(getpid(), SIGKILL) }
            return world
        #else
            return made
        #endif
    }()
}

/// The machine's clocks.
private enum LiveClock {
    static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else {
            preconditionFailure("clock_gettime of \(clock) can't fail (clock_gettime(2))")
        }
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// The account by the real uid.
private enum LiveAccount {
    static func current() -> Account {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let uid = getuid()
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &result) == 0, result != nil,
            let name = entry.pw_name, let folder = entry.pw_dir
        else { return Account(name: "uid \(uid)", homeFolder: "/") }
        return Account(name: String(cString: name), homeFolder: String(cString: folder))
    }
}

/// The machine's own name.
private enum LiveMachine {
    static func name() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "controller" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Signals as a stream.
private enum LiveSignals {
    /// Which signals came since somebody looked, one bit each.
    ///
    /// WHY NOT in the stream: a signal handler may touch nothing but a lock-free atomic
    /// (signal-safety(7)), and is given nothing to find it by.
    private static let arrived = Atomic<UInt32>(0)
    private static let interval = Duration.milliseconds(50)

    static func stream(_ wanted: [ProcessSignal]) -> AsyncStream<ProcessSignal> {
        // Made before a handler needs it.
        _ = arrived.bitwiseAnd(~mask(wanted), ordering: .relaxed)
        for kind in wanted { catchSignal(kind.rawValue) }
        return AsyncStream { continuation in
            let task = Task {
                while !Task.isCancelled {
                    let seen = arrived.bitwiseAnd(~mask(wanted), ordering: .relaxed).oldValue
                    for kind in wanted where seen & mask([kind]) != 0 { continuation.yield(kind) }
                    do { try await Task.sleep(for: interval) } catch { break }
                }
            }
            continuation.onTermination = { _ in
                task.cancel()
                for kind in wanted { signal(kind.rawValue, SIG_DFL) }
            }
        }
    }

    private static func mask(_ kinds: [ProcessSignal]) -> UInt32 {
        kinds.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    private static func catchSignal(_ number: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            LiveSignals.arrived.bitwiseOr(1 << UInt32(number), ordering: .relaxed)
        }
        action.sa_flags = SA_RESTART
        sigaction(number, &action, nil)
    }
}

extension World.Terminal {
    /// Standard input, output and error of this process.
    fileprivate static let live = World.Terminal(
        isInputTerminal: isatty(STDIN_FILENO) == 1, isOutputTerminal: isatty(STDOUT_FILENO) == 1,
        isErrorTerminal: isatty(STDERR_FILENO) == 1,
        columns: { size()?.columns ?? 80 }, rows: { size()?.rows ?? 24 },
        write: { LiveOutput.put($0, on: STDOUT_FILENO) },
        writeError: { LiveOutput.put($0, on: STDERR_FILENO) },
        readLine: { isHidden in try await LineReader.standard.line(isHidden: isHidden) },
        discardTyped: { await LineReader.standard.discard() },
        readAll: { limit in try await LineReader.standard.all(limit) })

    private static func size() -> (columns: Int, rows: Int)? {
        var size = winsize()
        for descriptor in [STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO]
        where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
            return (Int(size.ws_col), max(1, Int(size.ws_row)))
        }
        return nil
    }
}

/// Writing to a descriptor until all is written, or nobody can read it any more.
private enum LiveOutput {
    static func put(_ text: String, on descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&state, 1, 1000)
            } else if errno != EINTR {
                return
            }
        }
    }
}

/// Reads standard input without holding a thread: what was read ahead is kept for the next call.
///
/// An actor, because it owns the bytes read ahead and the terminal's settings.
private actor LineReader {
    static let standard = LineReader()

    /// The longest line that is taken, in bytes.
    private static let longestLine = 1 << 20
    private var buffer: [UInt8] = []
    private var isAtEnd = false

    func line(isHidden: Bool) async throws -> String? {
        guard isHidden else { return try await nextLine() }
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return try await nextLine() }
        var hidden = settings
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }
        // While nothing is echoed, Ctrl-C must give the terminal back first.
        return try await withThrowingTaskGroup(of: String??.self) { group in
            group.addTask { .some(try await self.nextLine()) }
            group.addTask {
                for await _ in LiveSignals.stream([.interrupt, .terminate]) { break }
                return .none
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let line = first else {
                throw CancellationError()
            }
            return line
        }
    }

    /// Forgets what a terminal has sent already; a pipe's bytes are answers, and stay.
    func discard() {
        guard isatty(STDIN_FILENO) == 1 else { return }
        tcflush(STDIN_FILENO, TCIFLUSH)
        buffer = []
    }

    func all(_ limit: Int) async throws -> [UInt8]? {
        while !isAtEnd, buffer.count <= limit { try await fill() }
        defer { buffer = [] }
        return buffer.count > limit ? nil : buffer
    }

    private func nextLine() async throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[..<end]
                buffer.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            if isAtEnd || buffer.count > Self.longestLine {
                defer { buffer = [] }
                return buffer.isEmpty ? nil : String(decoding: buffer, as: UTF8.self)
            }
            try await fill()
        }
    }

    private func fill() async throws {
        var state = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while poll(&state, 1, 0) == 0 { try await Task.sleep(for: .milliseconds(30)) }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = read(STDIN_FILENO, &chunk, chunk.count)
        if count > 0 {
            buffer += chunk.prefix(count)
        } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
            isAtEnd = true
        }
    }
}
