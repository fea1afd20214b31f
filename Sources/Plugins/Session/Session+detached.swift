import Runbooks
import Runner

/// Steps that outlive the session (docs/detached-steps.md, section 3).
extension Session {
    /// How long after a step's own end was due its session is given up.
    private static let slack = Duration.seconds(30)

    /// Opens the run on the target's spool, or only looks whether it is there.
    ///
    /// What was answered once holds for the session's life.
    func openSpool(
        _ target: PlannedTarget, _ token: String, isNew: Bool
    ) async throws(Failure) -> OpenedSpool {
        if let spool, spool.run == .open { return spool }
        if !hasStaged("in/spool.sh") {
            try await stage(SessionRequest.spool, at: "in/spool.sh", isProgram: true)
            try await stage(SessionRequest.supervisor, at: "in/supervisor.sh", isProgram: true)
        }
        let nonce = Nonce.random()
        let mode = isNew ? "open" : "look"
        let request = SessionRequest.line(
            "spool", nonce, mode, target.name.rawValue, token, target.spool ?? "-")
        let frame = try await answer(to: request, nonce)
        guard let answered = OpenedSpool(frame) else { throw spoolRefusal(frame, target.name) }
        spool = answered
        return answered
    }

    /// Starts a step under a claim that nobody had, and follows it to its end.
    ///
    /// - Throws: `claim` when the claim was there already; `lost` says nothing about the step.
    func detach(
        _ invocation: Invocation, as claim: String, timeout: Duration, stopper: Stopper,
        grace: StopGrace, live: Exchange.Live?
    ) async throws(Failure) -> Exchange.StepResult {
        let nonce = Nonce.random()
        let request = SessionRequest.detach(
            nonce, invocation, claim: claim, timeoutSeconds: Self.seconds(timeout),
            graceSeconds: Self.seconds(grace.beforeKill))
        return try await result(
            of: request, nonce, within: timeout + grace.beforeKill + Self.slack, stopper, grace,
            live, about: invocation.words.joined(separator: " "))
    }

    /// Follows a step that was claimed before to its end, its output from where an earlier session
    /// came to.
    ///
    /// - Throws: `claim` when there is nothing to wait for; `lost` with how far this one came.
    func await(
        _ claim: String, from fetched: Exchange.Fetched, timeout: Duration, stopper: Stopper,
        grace: StopGrace, live: Exchange.Live?
    ) async throws(Failure) -> Exchange.StepResult {
        let nonce = Nonce.random()
        return try await result(
            of: SessionRequest.line("await", nonce, claim, "\(fetched.count)", "0"), nonce,
            within: timeout + grace.beforeKill + Self.slack, stopper, grace, live,
            from: fetched, about: claim)
    }

    /// Where a claim stands.
    func state(of claim: String) async throws(Failure) -> ClaimState {
        try await claimState("state", claim)
    }

    /// Sees to it that a claim never starts; whether that is so now.
    ///
    /// - Returns: nil when it will never start; else where it stands.
    func void(_ claim: String) async throws(Failure) -> ClaimState? {
        let nonce = Nonce.random()
        let frame = try await answer(to: SessionRequest.line("void", nonce, claim), nonce)
        if frame.verb == "void", frame.words.count > 1, frame.words[1] == "yes" { return nil }
        guard let state = ClaimState(frame) else { throw refusal(frame, about: claim) }
        return state
    }

    /// Ends what lives of a claim.
    func endClaim(_ claim: String, within seconds: Int) async throws(Failure) -> ClaimState {
        try await claimState("endclaim", claim, "\(seconds)")
    }

    /// Removes what the run keeps on this target; whether nothing of it lives there any more.
    func clean() async throws(Failure) -> Bool {
        let nonce = Nonce.random()
        let frame = try await answer(to: SessionRequest.line("clean", nonce), nonce)
        guard frame.verb == "clean" else { throw refusal(frame, about: "the run's spool") }
        spool = nil
        return frame.words.count > 1 && frame.words[1] == "yes"
    }

    private func claimState(
        _ verb: String, _ claim: String, _ more: String...
    ) async throws(Failure) -> ClaimState {
        let nonce = Nonce.random()
        let words = ([claim] + more).joined(separator: " ")
        let frame = try await answer(to: SessionRequest.line(verb, nonce, words), nonce)
        guard let state = ClaimState(frame) else { throw refusal(frame, about: claim) }
        return state
    }

    private func result(
        of request: [UInt8], _ nonce: Nonce, within limit: Duration, _ stopper: Stopper,
        _ grace: StopGrace, _ live: Exchange.Live?,
        from fetched: Exchange.Fetched = Exchange.Fetched(), about what: String
    ) async throws(Failure) -> Exchange.StepResult {
        let latch = Latch<Exchange.Reply>()
        channel.ask(
            nonce, takeUnsent() + request,
            awaiting: [Exchange.Awaited(latch, live: live, goingOn: fetched)], isAnnounced: true)
        switch await followed(latch, nonce, limit, stopper, grace) {
        case .ended(let result):
            guard result.spooled != nil else { throw hangUp("an end that no spool has") }
            return result
        case .frame(let frame):
            if let state = ClaimState(frame) { throw .claim(state) }
            if frame.words.contains("noscript") { forgetStaged() }
            throw refusal(frame, about: what)
        case .lost(let end, let partial): throw .lost(describeEnd(end), partial)
        case .confused(let what): throw hangUp(what)
        case .rest: throw hangUp("a rest where nothing was to follow")
        case nil: throw .abandoned
        }
    }

    /// Waits for the answer; passes on that the step is to end, and gives the session up that
    /// doesn't tell in time.
    private func followed(
        _ latch: Latch<Exchange.Reply>, _ nonce: Nonce, _ limit: Duration, _ stopper: Stopper,
        _ grace: StopGrace
    ) async -> Exchange.Reply? {
        let (channel, clock) = (channel, clock)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard await stopper.wait() != nil else { return }
                stopper.passOn()
                channel.tell(SessionRequest.line("cancel", nonce))
                if await clock.pause(grace.beforeKill + Self.slack) { channel.hangUp() }
            }
            group.addTask { if await clock.pause(limit) { channel.hangUp() } }
            let reply = await latch.wait()
            group.cancelAll()
            return reply
        }
    }

    private func spoolRefusal(_ frame: Frame, _ target: TargetName) -> Failure {
        guard frame.verb == "err", frame.words.count > 2, frame.words[1] == "nospool" else {
            return refusal(frame, about: "the spool")
        }
        let more = frame.words.dropFirst(3).joined(separator: " ")
        let reason: String =
            switch frame.words[2] {
            case "unsafe":
                "\(more) is not a directory of mode 0700 that belongs to \(greeting.user) alone. "
                    + "Remove it, or set its owner and mode, and try again."
            case "write":
                "the spool of \(greeting.user) can't be made or written (disk full, no inodes, "
                    + "over quota, or read-only)."
            case "network":
                "the spool of \(greeting.user) lies on a network file system (\(more)), where "
                    + "another machine could claim the same step. Give the account a local home."
            case "nogroup": "one of setsid, python3 or perl is needed there."
            case "noproc": "it has no /proc to tell its processes by."
            case "notool": "the program \(more) is needed there."
            case "killed":
                "systemd ends there what a login leaves behind (KillUserProcesses=yes in "
                    + "logind.conf; lingering doesn't change that). Set it to no there."
            default: "it says: \(printableExcerpt(frame.words.joined(separator: " ")))."
            }
        return .notStarted(
            "A step that must survive its connection can't be started on \(target): \(reason)")
    }

    /// Whole seconds, rounded up.
    private static func seconds(_ duration: Duration) -> Int {
        Int((max(0, duration.inMilliseconds) + 999) / 1000)
    }
}
