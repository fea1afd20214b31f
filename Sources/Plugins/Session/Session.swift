import Runner

/// One open session on a target: what was staged in it, and how to run programs there.
///
/// Its calls are made one after the other, by the attempt that has the target; only `cancel`s
/// arrive beside them, through the attempt's `Stopper`.
actor Session {
    /// Why something could not be done in a session.
    enum Failure: Error, Sendable {
        /// Nothing was started, and the session lives.
        case notStarted(String)
        /// The session is gone; with what a step had written.
        case lost(String, Exchange.Partial)
        /// The claim of a detached step stands so: nothing was started by this request.
        case claim(ClaimState)
        /// The calling task was cancelled.
        case abandoned
    }

    /// What the session said when it started.
    nonisolated let greeting: SessionGreeting
    let channel: Channel
    let clock: ExecutorClock
    let describeEnd: @Sendable (SessionEnd) -> String
    /// Whether a step was asked for.
    private var hasRun = false
    /// The run on the target's spool, once it was opened in this session.
    var spool: OpenedSpool?
    /// The newest request whose steps follow one another by themselves.
    private var series: Nonce?
    /// Staged scripts that a subshell of the session may read.
    private var shared: Set<String> = []
    /// Paths that are in place.
    private var staged: Set<String> = []
    /// Files that go out with the next request, without an answer of their own.
    private var unsent: [UInt8] = []
    /// How many bytes may be on their way before an answer is awaited (section 4).
    private static let unansweredLimit = 24 << 10
    /// Programs written in documents, and values too long for a line, by their text.
    private var inlinePaths: [String: String] = [:]

    init(
        greeting: SessionGreeting, channel: Channel, clock: ExecutorClock,
        describeEnd: @escaping @Sendable (SessionEnd) -> String
    ) {
        self.greeting = greeting
        self.channel = channel
        self.clock = clock
        self.describeEnd = describeEnd
    }

    /// Whether the session still answers, as far as is known.
    nonisolated var isOpen: Bool { channel.isOpen }

    /// Whether a file is in place already.
    func hasStaged(_ path: String) -> Bool { staged.contains(path) }

    /// Puts a file in place; what is there under the same path is replaced.
    ///
    /// `isShared`: whether a subshell of the session may read it, as `SharedShell` says.
    func stage(
        _ bytes: [UInt8], at path: String, isProgram: Bool, isShared: Bool = false
    ) async throws(Failure) {
        guard SessionRequest.canStage(path) else {
            throw .notStarted(
                "The file \(path) can't be sent to a target. Use A-Z, a-z, 0-9, '.', '_' and '-' "
                    + "in its name, and 200 characters at most.")
        }
        if !path.hasPrefix("secret/"), SessionRequest.isShortText(bytes) {
            let quiet = SessionRequest.text(nil, bytes, path: path)
            if unsent.count + quiet.count <= Self.unansweredLimit {
                unsent += quiet
            } else {
                let nonce = Nonce.random()
                let request = SessionRequest.text(nonce, bytes, path: path)
                let frame = try await answer(to: request, nonce)
                guard frame.verb == "put" else { throw refusal(frame, about: path) }
            }
            staged.insert(path)
            if isShared { shared.insert(path) } else { shared.remove(path) }
            return
        }
        shared.remove(path)
        var offset = 0
        repeat {
            let end = min(offset + SessionRequest.longestPut, bytes.count)
            let nonce = Nonce.random()
            let frame = try await answer(
                to: SessionRequest.put(
                    nonce, bytes[offset..<end], isProgram: isProgram, isLast: end == bytes.count,
                    path: path), nonce)
            guard frame.verb == "put" else { throw refusal(frame, about: path) }
            offset = end
        } while offset < bytes.count
        if !path.hasPrefix("secret/") { staged.insert(path) }
    }

    /// The path of a program's or value's text, staged when it was not.
    func stageText(_ text: String) async throws(Failure) -> String {
        if let path = inlinePaths[text] { return path }
        let bytes = Array(text.utf8)
        // By its content, so that a spool that other sessions have filled never means another one.
        let path = "in/t\(Digest.sha256(of: bytes).rawValue.prefix(24))"
        try await stage(bytes, at: path, isProgram: true, isShared: SharedShell.admits(bytes))
        inlinePaths[text] = path
        return path
    }

    /// Runs a program to its end; when the stopper says so, ends it by TERM and then KILL.
    func run(
        _ invocation: Invocation, stopper: Stopper, grace: StopGrace, limit: OutputBuffer.Limit?,
        live: Exchange.Live?
    ) async throws(Failure) -> Exchange.StepResult {
        let nonce = Nonce.random()
        // The first step's bytes are told from the login's by a `begin`, later ones need none.
        let line =
            hasRun ? SessionRequest.step(nonce, invocation, isShared: isShared(invocation)) : nil
        hasRun = true
        let latch = channel.ask(
            nonce, takeUnsent() + (line ?? SessionRequest.run(nonce, invocation)),
            isAnnounced: line == nil, limit: limit, live: live)
        guard
            let result = try await follow(
                latch, of: nonce, stopper: stopper, grace: grace,
                about: invocation.words.joined(separator: " "))
        else { throw hangUp("a rest where nothing was to follow") }
        return result
    }

    /// Sends steps that follow one another by themselves, each once the one before it has ended
    /// with status 0; `follow` has their results, in order.
    ///
    /// - Returns: nil when nothing was sent, since one of them doesn't fit on a line.
    func send(
        _ invocations: [Invocation], live: [Exchange.Live]
    ) -> (nonce: Nonce, latches: [Latch<Exchange.Reply>])? {
        let nonce = Nonce.random()
        let isAnnounced = !hasRun
        guard
            let request = SessionRequest.steps(
                nonce, invocations, isAnnounced: isAnnounced, isShared: isShared)
        else { return nil }
        hasRun = true
        series = nonce
        let awaited = live.map { Exchange.Awaited(Latch(), live: $0) }
        channel.ask(
            nonce, takeUnsent() + request, awaiting: awaited, isAnnounced: isAnnounced)
        return (nonce, awaited.map(\.latch))
    }

    /// Nothing that was sent is taken to be there any more.
    func forgetStaged() {
        staged = []
        inlinePaths = [:]
    }

    /// Lets no step be started any more that was sent with others.
    func recall() {
        guard let series, channel.isBusy else { return }
        channel.tell(SessionRequest.line("recall", series))
    }

    /// Follows a step to its end; when the stopper says so, ends it by TERM and then KILL.
    ///
    /// - Returns: nil when it was not started, since it was sent with others.
    func follow(
        _ latch: Latch<Exchange.Reply>, of nonce: Nonce, stopper: Stopper, grace: StopGrace,
        about what: String
    ) async throws(Failure) -> Exchange.StepResult? {
        let reply = latch.value == nil ? await end(latch, nonce, stopper, grace) : latch.value
        switch reply {
        case .ended(let result): return result
        case .rest: return nil
        case .frame(let frame):
            if frame.words.contains("noscript") {
                // What was sent without an answer did not get there: the next attempt sends it all.
                forgetStaged()
            }
            throw refusal(frame, about: what)
        case .lost(let end, let partial): throw .lost(describeEnd(end), partial)
        case .confused(let what): throw hangUp(what)
        case nil: throw .abandoned
        }
    }

    /// Waits for a step's end, and sees to it once that is asked for.
    private func end(
        _ latch: Latch<Exchange.Reply>, _ nonce: Nonce, _ stopper: Stopper, _ grace: StopGrace
    ) async -> Exchange.Reply? {
        let channel = channel
        let clock = clock
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard await stopper.wait() != nil else { return }
                stopper.passOn()
                channel.tell(SessionRequest.line("cancel", nonce))
                guard await clock.pause(grace.beforeKill) else { return }
                channel.tell(SessionRequest.line("kill", nonce))
                guard await clock.pause(grace.beforeHangUp) else { return }
                channel.hangUp()
            }
            let reply = await latch.wait()
            group.cancelAll()
            return reply
        }
    }

    private func isShared(_ invocation: Invocation) -> Bool {
        [["sh"], ["/bin/sh"], ["/usr/bin/sh"]].contains(invocation.words)
            && invocation.script.map(shared.contains) == true
    }

    /// Whether the processes of an earlier session are gone; ends them when asked to.
    ///
    /// - Returns: true once it is proved, false when they live or nobody can say.
    func isGone(_ proof: String, endingWithin seconds: Int?) async throws(Failure) -> Bool {
        guard SessionGreeting.isProof(proof), !proof.contains(" - ") else { return false }
        guard proof.split(separator: " ").first != greeting.proof.split(separator: " ").first
        else { return true }
        let nonce = Nonce.random()
        let request =
            seconds.map { SessionRequest.line("endgroup", nonce, proof, "\($0)") }
            ?? SessionRequest.line("gone", nonce, proof)
        let frame = try await answer(to: request, nonce)
        return frame.words.count > 1 && frame.words[1] == "yes"
    }

    /// Ends the session in order: what was staged is removed, nothing is killed.
    ///
    /// A session whose step nobody follows any more can't be asked: its input is closed.
    func close() async {
        guard !channel.isBusy else { return channel.hangUp() }
        let nonce = Nonce.random()
        let latch = channel.ask(nonce, SessionRequest.line("bye", nonce))
        let clock = clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await latch.wait() }
            group.addTask { _ = await clock.pause(.seconds(5)) }
            await group.next()
            group.cancelAll()
        }
        channel.hangUp()
    }

    /// Gives the session up at once.
    nonisolated func hangUp() { channel.hangUp() }

    func answer(to request: [UInt8], _ nonce: Nonce) async throws(Failure) -> Frame {
        switch await channel.ask(nonce, takeUnsent() + request).wait() {
        case .frame(let frame): return frame
        case .lost(let end, let partial): throw .lost(describeEnd(end), partial)
        case .ended, .rest: throw hangUp("an end that was not asked for")
        case .confused(let what): throw hangUp(what)
        case nil: throw .abandoned
        }
    }

    func takeUnsent() -> [UInt8] {
        defer { unsent = [] }
        return unsent
    }

    func hangUp(_ what: String) -> Failure {
        channel.hangUp()
        return .lost("The session on the target broke the protocol: \(what).", Exchange.Partial())
    }

    private func hangUpAfter(_ why: String) -> Failure {
        channel.hangUp()
        return .notStarted(why)
    }

    func refusal(_ frame: Frame, about what: String) -> Failure {
        let word = frame.words.count > 1 ? frame.words[1] : frame.verb
        let more = frame.words.count > 2 ? frame.words[2] : what
        return switch frame.verb == "err" ? word : "" {
        case "nointerp":
            .notStarted(
                "The interpreter \(more) is not on the target (not found in PATH of "
                    + "\(greeting.user)). Install it there, or name another 'interpreter'.")
        case "noscript", "nostdin":
            .notStarted(
                "The file \(more) is not on the target: it could not be written there (disk full?), "
                    + "or was cleaned up.")
        case "nodir":
            hangUpAfter(
                "The session's directory \(greeting.directory) is gone from the target: a step "
                    + "has removed it. A new session is opened for the next attempt.")
        case "write":
            .notStarted(
                "\(what) could not be written below \(greeting.directory) on the target: disk "
                    + "full, no inodes left, or over quota.")
        case "nosecretdir":
            .notStarted("Neither /dev/shm nor /run on the target can hold a secret.")
        case "badenv":
            .notStarted("A variable named \(more) can't be given to a script. Rename it.")
        case "noitem":
            .notStarted("The script has too many arguments: 256 at most.")
        case "nosecret":
            .notStarted(
                "The secret in \(more) can only be the standard input of a step that survives its "
                    + "connection: it must not stay on the target.")
        case "nostart":
            .notStarted(
                "No process could be started for it on the target: too many of "
                    + "\(greeting.user) run, memory is short, or its values are over 1 MiB.")
        default:
            hangUp("an answer '\(frame.words.joined(separator: " "))'")
        }
    }
}
