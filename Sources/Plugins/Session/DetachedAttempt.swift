import Runbooks
import Runner

/// One attempt that outlives its session: started at most once, and followed through lost
/// connections until its outcome is known, or it is known why it can't be.
struct DetachedAttempt {
    /// How long beyond the step's own time a target that can't be reached is tried for.
    static let patience = Duration.seconds(600)
    /// How long it is tried for once the step is to be ended.
    static let stopPatience = Duration.seconds(15)
    /// Between two tries.
    static let pause = Duration.seconds(1)
    /// How long a target may be silent before people are told.
    static let silence = Duration.seconds(3)

    private let request: AttemptRequest
    private let detachment: Detachment
    private let executor: SessionExecutor
    private let line: TargetLine
    private let stopper: Stopper
    /// Whether the target may have been told to start it.
    private var mayHaveStarted: Bool
    /// The spool and the boot in which it may have been started: later ones prove nothing of it.
    private var known: KnownSpool?
    /// What came of its standard output before a session was lost.
    private var fetched = Exchange.Fetched()
    /// Since when a restart is awaited that was asked for.
    private var rebootSince: Duration?
    /// Since when the target can't be asked.
    private var lostSince: Duration?
    /// Whether people were told so.
    private var isLossTold = false

    init(
        request: AttemptRequest, executor: SessionExecutor, line: TargetLine, stopper: Stopper
    ) {
        guard let detachment = request.detachment else {
            preconditionFailure("an attempt that is not to be detached")
        }
        self.request = request
        self.detachment = detachment
        self.executor = executor
        self.line = line
        self.stopper = stopper
        mayHaveStarted = detachment.isRecovery
        known = detachment.knownSpool
        if detachment.isEnding { stopper.stop(.cancelled) }
    }

    /// Carries it out, or finds out what became of it.
    mutating func report() async -> AttemptReport {
        while true {
            // An attempt of an earlier leader was to be ended before this one began to follow it.
            if detachment.isRecovery, executor.wasJustCancelled(request.target.name) {
                stopper.stop(.cancelled)
            }
            // What is to be ended on the target needs a session all the same.
            let waiting = mayHaveStarted ? Stopper() : stopper
            let ready = await executor.ready(
                request, line, waiting, isProving: !mayHaveStarted)
            switch ready {
            case .failure(let refusal):
                if let ending = await unreached(refusal) { return AttemptReport(ending: ending) }
            case .success(let session):
                do throws(Session.Failure) {
                    if let report = try await pursue(session) { return report }
                } catch {
                    if let report = await failed(error) { return report }
                }
            }
        }
    }

    /// What a target that can't be asked means; nil when it is to be tried again.
    private mutating func unreached(_ refusal: SessionExecutor.NoSession) async -> Ending? {
        guard mayHaveStarted else { return refusal.ending }
        let why: String =
            switch refusal.ending {
            case .unreachable(let why), .notStarted(let why), .unknown(let why),
                .heldBack(let why):
                why
            case .exited, .timedOut, .cancelled: "The target could not be asked."
            }
        guard !Task.isCancelled else { return Performance.abandoned }
        guard !refusal.isFinal, hasPatience(why) else { return .unknown(Self.open(why)) }
        _ = await executor.clock.pause(Self.pause)
        return Task.isCancelled ? Performance.abandoned : nil
    }

    /// Whether a target that doesn't tell is to be asked again.
    private mutating func hasPatience(_ why: String) -> Bool {
        let now = executor.clock.now()
        let since = lostSince ?? now
        lostSince = since
        if !isLossTold, now - since >= Self.silence {
            isLossTold = true
            executor.noteReach(of: request.target.name, lost: why)
        }
        let limit =
            stopper.reason == nil
            ? request.timeout + executor.grace.beforeKill + Self.patience : Self.stopPatience
        return now - since < limit
    }

    /// What a session's failure means; nil when the target is to be asked again.
    private mutating func failed(_ failure: Session.Failure) async -> AttemptReport? {
        switch failure {
        case .notStarted(let why):
            return AttemptReport(
                ending: mayHaveStarted ? .unknown(Self.open(why)) : .notStarted(why))
        case .abandoned: return AttemptReport(ending: Performance.abandoned)
        case .claim: return nil
        case .lost(let why, let partial):
            fetched = partial.fetched ?? fetched
            guard mayHaveStarted else { return AttemptReport(ending: .unreachable(why)) }
            guard hasPatience(why) else {
                return AttemptReport(ending: .unknown(Self.open(why)))
            }
            // Against a target that takes every session and loses it at once.
            _ = await executor.clock.pause(.milliseconds(200))
            return nil
        }
    }

    /// Asks the target, and starts the attempt if it is proved that nothing was.
    ///
    /// - Returns: nil when it is to be asked again.
    private mutating func pursue(_ session: Session) async throws(Session.Failure) -> AttemptReport?
    {
        let name = request.target.name
        let isKnown = mayHaveStarted && known != nil
        let spool = try await session.openSpool(
            request.target, detachment.token, isNew: !isKnown)
        if let known, known.id != spool.id {
            let why =
                "\(name) is not as the run left it: its spool is a new one (installed again, or "
                + "restored?)."
            return AttemptReport(
                ending: mayHaveStarted ? .unknown(Self.open(why)) : .notStarted(why))
        }
        if await line.note(spool, session) {
            await executor.noteSpool(spool, of: name, in: session)
        }
        guard !Task.isCancelled else { return AttemptReport(ending: Performance.abandoned) }
        guard mayHaveStarted else {
            return try await start(session, known: spool)
        }
        let state = try await session.state(of: detachment.claim)
        lostSince = nil
        if isLossTold {
            isLossTold = false
            executor.noteReach(of: name, lost: nil)
        }
        switch state {
        case .running, .done:
            let report = try await follow(session)
            return try await finished(report, session)
        case .void: return held("it had not been begun")
        case .claimed where known == nil || known?.bootID == session.greeting.bootID:
            guard try await session.void(detachment.claim) == nil else { return nil }
            return held("it had not been begun")
        case .absent where known == nil || known?.bootID == session.greeting.bootID:
            guard detachment.mayStart, stopper.reason == nil else {
                guard try await session.void(detachment.claim) == nil else { return nil }
                return held("it had not been begun, and nothing more is to be started")
            }
            // Nobody has it: what follows is a start like the first.
            mayHaveStarted = false
            return nil
        case .absent, .claimed, .norun, .closed, .lost, .orphan, .busy, .elsewhere:
            // A script that restarts its target is settled by its guard or its `verify`.
            if case .reboot = request.action, state == .lost, hasRestarted(session) {
                return restarted(AttemptReport(ending: .exited(0)))
            }
            return unknown(state, session)
        }
    }

    private mutating func start(
        _ session: Session, known spool: OpenedSpool
    ) async throws(Session.Failure) -> AttemptReport? {
        guard stopper.reason == nil else { return held("it was not begun before it was to end") }
        guard spool.run == .open else {
            throw .notStarted("The run was cleaned up on \(request.target.name) already.")
        }
        var performance = performance(in: session)
        try await performance.stageRunbook()
        known = KnownSpool(id: spool.id, bootID: session.greeting.bootID)
        mayHaveStarted = true
        do throws(Session.Failure) {
            let report = try await performance.act()
            return try await finished(report, session)
        } catch {
            switch error {
            case .notStarted: mayHaveStarted = false
            case .claim(.busy): return try await earlier(session)
            case .claim(.elsewhere):
                mayHaveStarted = false
                throw .notStarted(
                    "What an earlier run of the same plan began on \(request.target.name) still "
                        + "runs there, and nothing is started beside it. Look there; it ends at "
                        + "its timeout at the latest.")
            case .claim, .lost, .abandoned: break
            }
            throw error
        }
    }

    /// An earlier attempt of the step lives: it is ended, and nothing is started beside it.
    private mutating func earlier(
        _ session: Session
    ) async throws(Session.Failure) -> AttemptReport? {
        mayHaveStarted = false
        // TERM and the grace come first; one that is deaf to TERM ends by KILL after it.
        let limit = executor.grace.beforeKill + executor.grace.beforeHangUp
        let number = request.key.number
        for other in 1..<number {
            let parts = detachment.claim.split(separator: ".").dropLast()
            let claim = parts.joined(separator: ".") + ".\(other)"
            _ = try await session.endClaim(claim, within: Int(limit.inMilliseconds / 1000))
            let state = try await session.state(of: claim)
            if [.running, .orphan].contains(state) {
                throw .notStarted(
                    "Attempt \(other) of this step still runs on \(request.target.name), and "
                        + "can't be ended.")
            }
        }
        return nil
    }

    private func follow(_ session: Session) async throws(Session.Failure) -> AttemptReport {
        let performance = performance(in: session)
        let result = try await session.await(
            detachment.claim, from: fetched, timeout: request.timeout, stopper: stopper,
            grace: executor.grace, live: executor.live(request.key))
        switch request.action {
        case .file, .service, .package: return performance.builtInReport(result)
        case .run, .reboot, .wait, .assert, .collect, .http, .manual, .ask, .stop:
            return AttemptReport(result, nil)
        }
    }

    private func performance(in session: Session) -> Performance {
        Performance(
            request: request, session: session, files: executor.files, stopper: stopper,
            clock: executor.clock, grace: executor.grace, live: executor.live(request.key),
            isDetached: true)
    }

    /// Whether the target has another boot than the one it may have been started in.
    private func hasRestarted(_ session: Session) -> Bool {
        known.map { $0.bootID != session.greeting.bootID } ?? false
    }

    /// What a step came to that was seen to end; nil while its restart is still to come.
    private mutating func finished(
        _ report: AttemptReport, _ session: Session
    ) async throws(Session.Failure) -> AttemptReport? {
        guard detachment.awaitsReboot, request.mode != .probe, report.ending == .exited(0) else {
            return report
        }
        if hasRestarted(session) { return restarted(report) }
        let now = executor.clock.now()
        let since = rebootSince ?? now
        rebootSince = since
        guard now - since < request.timeout else {
            return AttemptReport(
                ending: .timedOut, stdout: report.stdout, stderr: report.stderr)
        }
        guard stopper.reason == nil else {
            return AttemptReport(
                ending: .unknown("It was asked to restart, and had not yet when it was to end."))
        }
        _ = await executor.clock.pause(Self.pause)
        return Task.isCancelled ? AttemptReport(ending: Performance.abandoned) : nil
    }

    private func restarted(_ report: AttemptReport) -> AttemptReport {
        var report = report
        report.changed = true
        return report
    }

    private func held(_ why: String) -> AttemptReport { AttemptReport(ending: .heldBack(why)) }

    private func unknown(_ state: ClaimState, _ session: Session) -> AttemptReport {
        let name = request.target.name
        let why: String =
            switch state {
            case .lost where hasRestarted(session): "\(name) was restarted while the step ran."
            case .lost: "What watched over the step on \(name) was killed, and left no outcome."
            case .orphan:
                "What watched over the step on \(name) was killed; the step itself still runs."
            case .absent, .claimed:
                "\(name) was restarted, and has no trace of whether the step had begun."
            case .norun, .closed: "\(name) has no trace of the run any more."
            case .void, .running, .done, .busy, .elsewhere: "It can't be told."
            }
        return AttemptReport(ending: .unknown(why))
    }

    private static func open(_ why: String) -> String {
        why + " The step may have been started; whether it has ended is not known."
    }
}

extension SessionExecutor {
    /// Removes what the run keeps on a target, where a session of it is open.
    func clean(_ target: TargetName) async { await existingLine(of: target)?.clean() }
}
