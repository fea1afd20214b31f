import Runbooks
import Runner
import Synchronization

/// Carries out attempts in sessions, whatever program leads to the target's shell.
///
/// A class, because it owns the sessions' lives: one line per target from the first attempt to
/// `shutDown`.
final class SessionExecutor: Sendable {
    private let opener: SessionOpener
    let files: RunbookFiles
    private let notices: @Sendable (ExecutorNotice) -> Void
    private let recorded: @Sendable (_ proof: String) async -> Void
    let clock: ExecutorClock
    let grace: StopGrace
    private let launches: AsyncStream<SessionOpener.Launch>
    private let launching: AsyncStream<SessionOpener.Launch>.Continuation
    private let lines = Mutex<[TargetName: TargetLine]>([:])
    private let seats = SeatRegister()
    /// When the attempt of a target was last to be ended.
    private let cancels = Mutex<[TargetName: Duration]>([:])

    init(
        transport: SessionTransport, files: RunbookFiles, limiter: ConnectionLimiter,
        notices: @escaping @Sendable (ExecutorNotice) -> Void,
        recorded: @escaping @Sendable (_ proof: String) async -> Void, clock: ExecutorClock,
        grace: StopGrace, keeping: OutputKeeping = .inMemory,
        jitter: @escaping @Sendable () -> Double
    ) {
        let (launches, launching) = AsyncStream.makeStream(of: SessionOpener.Launch.self)
        self.launches = launches
        self.launching = launching
        self.files = files
        self.notices = notices
        self.recorded = recorded
        self.clock = clock
        self.grace = grace
        opener = SessionOpener(
            transport: transport, limiter: limiter, clock: clock, keeping: keeping,
            launch: { launching.yield($0) }, jitter: jitter)
    }

    /// Runs the sessions' processes until `shutDown`, or until the calling task is cancelled.
    func serve() async {
        await withDiscardingTaskGroup { group in
            for await launch in launches {
                group.addTask { [clock] in
                    await SessionProcess.run(launch.command, on: launch.channel, clock: clock)
                }
            }
        }
    }

    /// Carries out one attempt.
    func perform(_ request: AttemptRequest) async -> AttemptReport {
        let begun = clock.now()
        let line = line(of: request.target.name)
        let stopper = Stopper()
        await line.attend(stopper)
        var report = await attempt(request, line, stopper)
        await line.attend(nil)
        report.durationMilliseconds = (clock.now() - begun).inMilliseconds
        return report
    }

    /// Ends the attempt under way on a target.
    ///
    /// It may come before the attempt that it is about is followed here: what an earlier leader
    /// began looks for that itself.
    func cancel(_ target: TargetName) async {
        cancels.withLock { $0[target] = clock.now() }
        await existingLine(of: target)?.stop()
    }

    /// Whether a target's attempt was to be ended a moment ago.
    func wasJustCancelled(_ target: TargetName) -> Bool {
        cancels.withLock { $0[target].map { clock.now() - $0 < .seconds(5) } ?? false }
    }

    /// Ends a target's session in order.
    func close(_ target: TargetName) async {
        await lines.withLock { $0.removeValue(forKey: target) }?.close()
    }

    /// Ends all sessions: in order within 10 s, then by force.
    func shutDown() async {
        let all = lines.withLock { lines in
            defer { lines = [:] }
            return Array(lines.values)
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { closing in
                    for line in all { closing.addTask { await line.close() } }
                }
            }
            group.addTask { [clock] in _ = await clock.pause(.seconds(10)) }
            await group.next()
            group.cancelAll()
        }
        for line in all { await line.hangUp() }
        launching.finish()
    }

    /// A target's line, if an attempt was made there.
    func existingLine(of target: TargetName) -> TargetLine? { lines.withLock { $0[target] } }

    func line(of target: TargetName) -> TargetLine {
        lines.withLock { lines in
            if let line = lines[target] { return line }
            let line = TargetLine(opener: opener) { [notices, opener] target, greeting in
                guard !opener.transport.endsWithController else { return }
                notices(.sessionOpened(target.name, greeting.proof))
            }
            lines[target] = line
            return line
        }
    }

    func attempt(
        _ request: AttemptRequest, _ line: TargetLine, _ stopper: Stopper
    ) async -> AttemptReport {
        if request.detachment != nil, request.mode != .probe, !opener.transport.endsWithController {
            var attempt = DetachedAttempt(
                request: request, executor: self, line: line, stopper: stopper)
            return await attempt.report()
        }
        switch await ready(request, line, stopper) {
        case .failure(let refusal): return AttemptReport(ending: refusal.ending)
        case .success(let session):
            guard !request.isGreeting else { return AttemptReport(ending: .exited(0)) }
            var performance = Performance(
                request: request, session: session, files: files, stopper: stopper, clock: clock,
                grace: grace, live: live(request.key))
            return await performance.report()
        }
    }

    /// Why an attempt has no session to start in.
    struct NoSession: Error {
        let ending: Ending
        /// Whether trying again can't help.
        var isFinal = true
    }

    /// The session in which an attempt may start.
    func ready(
        _ request: AttemptRequest, _ line: TargetLine, _ stopper: Stopper, isProving: Bool = true
    ) async -> Result<Session, NoSession> {
        let opening = await line.session(
            for: request.target, earlier: request.previousSessions, stopper: stopper,
            isProving: isProving)
        switch opening {
        case .session(let session):
            await recorded(session.greeting.proof)
            guard !Task.isCancelled else {
                return .failure(NoSession(ending: Performance.abandoned))
            }
            if let problem = twin(of: request, session) {
                return .failure(NoSession(ending: .notStarted(problem)))
            }
            return .success(session)
        case .refused(let ending, let isFinal):
            return .failure(NoSession(ending: ending, isFinal: isFinal))
        case .stopped: return .failure(NoSession(ending: .cancelled))
        case .abandoned: return .failure(NoSession(ending: Performance.abandoned))
        }
    }

    /// Why nothing may be started, when another target of the run is the same one.
    private func twin(of request: AttemptRequest, _ session: Session) -> String? {
        guard !opener.transport.endsWithController, let seat = session.greeting.seat else {
            return nil
        }
        return seats.take(
            seat, for: request.target.name, isRehearsal: request.isRehearsal)
    }

    /// Tells that the run was opened on a target's spool, and waits until that is recorded.
    func noteSpool(_ spool: OpenedSpool, of target: TargetName, in session: Session) async {
        let identity = SessionIdentity(proof: session.greeting.proof, spoolID: spool.id)
        notices(.sessionOpened(target, identity.text))
        await recorded(identity.text)
    }

    /// Tells whether a target on which something runs can be reached.
    func noteReach(of target: TargetName, lost: String?) { notices(.reach(target, lost: lost)) }

    func live(_ key: AttemptKey) -> Exchange.Live {
        { [notices] bytes, isError in
            notices(.output(key, bytes: bytes, isError: isError))
        }
    }
}

/// The files that a run's steps may use, and where their bytes are.
package struct RunbookFiles: Sendable {
    /// The plan's list.
    package let listed: [PlannedRunbook.File]
    /// The bytes of a digest; called when a session first needs them.
    package let bytes: @Sendable (Digest) async -> [UInt8]
    /// Which of them a subshell may read: looked at once, not once a session.
    let shared = SharedShell.Known()

    package init(
        listed: [PlannedRunbook.File], bytes: @escaping @Sendable (Digest) async -> [UInt8]
    ) {
        self.listed = listed
        self.bytes = bytes
    }
}
