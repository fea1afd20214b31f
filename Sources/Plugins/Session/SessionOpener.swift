import Runbooks
import Runner
import Synchronization

/// Opens sessions: not too many at once, and again when a refusal may pass.
struct SessionOpener: Sendable {
    /// A process to run for as long as its session lives.
    struct Launch: Sendable {
        let command: SessionCommand
        let channel: Channel
    }

    /// How long a session that didn't greet in time may take to end by itself, once its standard
    /// input has ended.
    private static let inputGrace: Duration = .seconds(5)

    /// The pauses before the second and the third try, without their jitter.
    private static let pauses: [Duration] = [.milliseconds(500), .seconds(1)]

    let transport: SessionTransport
    let limiter: ConnectionLimiter
    let clock: ExecutorClock
    /// How what steps write is kept.
    let keeping: OutputKeeping
    /// Hands a process to the task that runs it.
    let launch: @Sendable (Launch) -> Void
    /// A number from 0 up to 1, anew each time: spreads the tries of many targets.
    let jitter: @Sendable () -> Double
    /// What was proved of targets' start-up files: that costs the whole limit, so once is enough.
    private let proved = ProvedRefusals()

    init(
        transport: SessionTransport, limiter: ConnectionLimiter, clock: ExecutorClock,
        keeping: OutputKeeping,
        launch: @escaping @Sendable (Launch) -> Void, jitter: @escaping @Sendable () -> Double
    ) {
        (self.transport, self.limiter, self.clock) = (transport, limiter, clock)
        (self.keeping, self.launch, self.jitter) = (keeping, launch, jitter)
    }

    /// Opens a session on a target; nil when the calling task was cancelled.
    func open(_ target: PlannedTarget) async -> Result<Session, SessionTransport.Refusal>? {
        if let refusal = proved[target.name] { return .failure(refusal) }
        for pause in Self.pauses {
            guard let result = await tryOnce(target) else { return nil }
            guard case .failure(let refusal) = result, refusal.isTransient else { return result }
            guard await clock.pause(pause * (1 + jitter())) else { return nil }
        }
        return await tryOnce(target)
    }

    private func tryOnce(
        _ target: PlannedTarget
    ) async -> Result<Session, SessionTransport.Refusal>? {
        guard await limiter.begin() else { return nil }
        let command: SessionCommand
        do {
            command = try await transport.command(target)
        } catch {
            // No connection was tried, so it says nothing about how many are too many.
            limiter.end(wentWell: true)
            return .failure(error)
        }
        let result = await greet(target, command)
        limiter.end(wentWell: (try? result?.get()) != nil)
        return result
    }

    private func greet(
        _ target: PlannedTarget, _ command: SessionCommand
    ) async -> Result<Session, SessionTransport.Refusal>? {
        let channel = Channel(keeping)
        let nonce = Nonce.random()
        let first = Self.start(channel, nonce)
        launch(Launch(command: command, channel: channel))
        let isLate = Latch<Void>()
        let reply = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard await clock.pause(transport.openLimit) else { return }
                isLate.set(())
                // Who has read the session's first line, and waits for more, goes on now.
                channel.endInput()
                if await clock.pause(Self.inputGrace) { channel.hangUp() }
            }
            var reply = await first.wait()
            if case .frame(let frame) = reply, frame.verb == "again" {
                reply = await Self.start(channel, nonce, isRepeated: true).wait()
            }
            group.cancelAll()
            return reply
        }
        switch reply {
        case .frame where isLate.value != nil:
            // Its input has ended, so it can't be used.
            channel.hangUp()
            return .failure(
                transport.explain(target, SessionEnd(status: "signal 15", standardError: "")))
        case .lost(let end, _) where isLate.value != nil:
            guard Self.isByItself(end) else {
                // We ended it, whatever its program makes of that.
                return .failure(
                    transport.explain(
                        target,
                        SessionEnd(status: "signal 15", standardError: end.standardError)))
            }
            let refusal = inputWasRead(target, end)
            proved[target.name] = refusal
            return .failure(refusal)
        case .frame(let frame):
            if let greeting = SessionGreeting(frame) {
                return .success(session(greeting, channel, target))
            }
            channel.hangUp()
            return .failure(refusal(frame, target))
        case .lost(let end, _):
            return .failure(transport.explain(target, end))
        case .ended, .confused, .rest:
            channel.hangUp()
            return .failure(
                refusal(Frame(words: ["an answer that is none"]), target))
        case nil:
            channel.hangUp()
            return nil
        }
    }

    /// Whether a session ended with an exit status of its own: ssh gives 255 for what befell ssh.
    private static func isByItself(_ end: SessionEnd) -> Bool {
        guard let status = end.status else { return false }
        return status != "255" && !status.hasPrefix("signal")
    }

    /// It ended when its standard input did, and never greeted: something else had read that.
    private func inputWasRead(
        _ target: PlannedTarget, _ end: SessionEnd
    ) -> SessionTransport.Refusal {
        let said = end.standardError.split(whereSeparator: \.isNewline).last.map {
            " It wrote: " + printableExcerpt(String($0), limit: 300)
        }
        return SessionTransport.Refusal(
            ending: .unreachable(
                "On \(target.name) something reads the standard input of a session before its "
                    + "shell does, and waits for more: a start-up file of the account, such as "
                    + "~/.bashrc, or its login shell. Let what reads there run for people only "
                    + "('case $- in *i*) … ;; esac'), or give it '</dev/null'."
                    + (said ?? "")),
            isTransient: false)
    }

    private static func start(
        _ channel: Channel, _ nonce: Nonce, isRepeated: Bool = false
    ) -> Latch<Exchange.Reply> {
        channel.ask(
            nonce, SessionRequest.start(nonce, graceSeconds: 5, isRepeated: isRepeated))
    }

    private func session(
        _ greeting: SessionGreeting, _ channel: Channel, _ target: PlannedTarget
    ) -> Session {
        let describe = transport.describeLoss
        return Session(greeting: greeting, channel: channel, clock: clock) { describe(target, $0) }
    }

    private func refusal(_ frame: Frame, _ target: PlannedTarget) -> SessionTransport.Refusal {
        let reason =
            switch frame.words.count > 1 ? frame.words[1] : "" {
            case "nodir":
                "No private directory could be made on \(target.name): disk full, or /tmp, "
                    + "/var/tmp and the home directory are not writable."
            case "nogroup":
                "A session on \(target.name) needs one of setsid, python3 or perl there."
            default:
                "The shell of \(target.name) gave an odd answer: "
                    + frame.words.prefix(8).joined(separator: " ")
            }
        return SessionTransport.Refusal(ending: .notStarted(reason), isTransient: false)
    }
}

/// Refusals that no further try changes, by target, for as long as the executor lives.
///
/// A class, since a lock can't be copied.
private final class ProvedRefusals: Sendable {
    private let known = Mutex<[TargetName: SessionTransport.Refusal]>([:])

    subscript(target: TargetName) -> SessionTransport.Refusal? {
        get { known.withLock { $0[target] } }
        set { known.withLock { $0[target] = newValue } }
    }
}
