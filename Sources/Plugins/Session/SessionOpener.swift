import Runner

/// Opens sessions: not too many at once, and again when a refusal may pass.
struct SessionOpener: Sendable {
    /// A process to run for as long as its session lives.
    struct Launch: Sendable {
        let command: SessionCommand
        let channel: Channel
    }

    /// The pauses before the second and the third try, without their jitter.
    private static let pauses: [Duration] = [.milliseconds(500), .seconds(1)]

    let transport: SessionTransport
    let limiter: ConnectionLimiter
    let clock: ExecutorClock
    /// Hands a process to the task that runs it.
    let launch: @Sendable (Launch) -> Void
    /// A number from 0 up to 1, anew each time: spreads the tries of many targets.
    let jitter: @Sendable () -> Double

    /// Opens a session on a target; nil when the calling task was cancelled.
    func open(_ target: PlannedTarget) async -> Result<Session, SessionTransport.Refusal>? {
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
        let channel = Channel()
        let nonce = Nonce.random()
        let first = Self.start(channel, nonce)
        launch(Launch(command: command, channel: channel))
        let reply = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                if await clock.pause(transport.openLimit) { channel.hangUp() }
            }
            var reply = await first.wait()
            if case .frame(let frame) = reply, frame.verb == "again" {
                reply = await Self.start(channel, nonce, isRepeated: true).wait()
            }
            group.cancelAll()
            return reply
        }
        switch reply {
        case .frame(let frame):
            if let greeting = SessionGreeting(frame) {
                return .success(session(greeting, channel, target))
            }
            channel.hangUp()
            return .failure(refusal(frame, target))
        case .lost(let end, _):
            return .failure(transport.explain(target, end))
        case .ended, .confused:
            channel.hangUp()
            return .failure(
                refusal(Frame(words: ["an answer that is none"]), target))
        case nil:
            channel.hangUp()
            return nil
        }
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
