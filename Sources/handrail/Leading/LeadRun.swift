import Audit
import Runbooks
import Runner

/// Leads a run in this process, and shows it: what run, resume, pay and abort share.
struct LeadRun: Sendable {
    let session: Session
    let home: OpenedHome
    /// This process's lease: the run was opened with it, or taken over.
    let lease: Lease
    let executor: any Executor
    /// The sessions that the executor opens.
    let sessions: SessionLedger
    let secrets: [ParameterName: Secret]
    /// Whether a person is asked before each step.
    var isStepByStep = false

    /// Leads until the run has ended, is paused, or waits for a person with nothing under way.
    ///
    /// Ctrl-C pauses at first and aborts the second time; SIGTERM ends the leading, not the run;
    /// SIGHUP goes on without the terminal.
    /// - Throws: `JournalError` (leaseLost), `Failure` (waiting) when nothing could be recorded any
    ///   more: nothing was started after that.
    func lead(_ machine: RunMachine) async throws -> RunMachine {
        let console = session.console
        let view = ProgressView(
            style: console.errorStyle, width: console.errorWidth,
            zoneOffset: session.world.zoneOffset)
        let board = ProgressBoard(machine, view: view, now: session.world.now)
        let screen = ProgressScreen(
            board, console: console, view: view, started: session.world.now())
        let pushed = try await pushedTrail(for: machine)
        let ports = ports(trail: pushed ?? home.trail)
        let loop = RunLoop(
            executor: ports.executor, journal: ports.journal, trail: ports.trail,
            store: ports.store, lease: lease, secrets: secrets, now: session.world.now,
            sleep: session.world.sleep,
            observe: { [sessions] _, events in
                sessions.take(events)
                board.note(events)
            },
            holding: { board.say(Self.holding($0)) },
            asking: isStepByStep
                ? StepByStep(
                    plan: machine.plan, screen: screen, console: console,
                    actor: session.actor) : nil,
            gates: LiveGates(session: session, record: machine.record))
        sessions.beginLeading()
        sessions.tellReach(board.noteReach)
        let desk = QuestionDesk(
            board: board, screen: screen, console: console,
            actor: session.actor,
            redactor: Redactor(secrets: Array(secrets.values)), tell: loop.tell)
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await opened in sessions.opened {
                    loop.tell(.sessionOpened(opened.target, opened.proof))
                }
            }
            group.addTask { await obeySignals(loop, board, screen) }
            group.addTask { await screen.run() }
            group.addTask { await desk.run() }
            group.addTask {
                await pushed?.run { foreign in
                    board.say(TrailGate.diverged(foreign))
                    let pause = PersonCommand(verb: .pause, actor: TrailEvent.engine)
                    loop.tell(.command(pause, inboxID: 0))
                }
            }
            let result: Result<RunMachine, any Error>
            do {
                result = .success(try await loop.lead(machine))
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            return result
        }
        await screen.finish()
        if let left = await pushed?.finish(within: Self.patience(after: result)) {
            console.warn(left.problem, hint: left.hint)
        }
        let last = try result.mapError { interruption(of: board.run, $0) }.get()
        session.passCrashPoint("release-before")
        if !last.state.isTerminal { try await home.journal.release(lease, of: last.record.id) }
        session.passCrashPoint("release-after")
        return last
    }

    /// What the loop works with.
    private struct Ports {
        var executor: any Executor
        var journal: any Journal
        var trail: any Trail
        var store: any ContentStore
    }

    private func ports(trail: any Trail) -> Ports {
        var ports = Ports(
            executor: executor, journal: home.journal, trail: trail, store: home.store)
        #if DEBUG
            let wanted = session.world.environment["HANDRAIL_CRASH_AT"]
            if let points = CrashPoints(wanted, end: session.world.endAtOnce) {
                ports = Ports(
                    executor: CrashingExecutor(base: ports.executor, points: points),
                    journal: CrashingJournal(base: ports.journal, points: points),
                    trail: CrashingTrail(base: ports.trail, points: points),
                    store: CrashingStore(base: ports.store, points: points))
            }
        #endif
        return ports
    }

    /// How long the last push may take: somebody who ended the run, or this process, waits for it.
    private static func patience(after result: Result<RunMachine, any Error>) -> Duration? {
        guard case .success(let run) = result else { return .seconds(5) }
        let isLeft = run.state == .running || run.state == .pending
        return run.isAbortRequested || isLeft ? .seconds(5) : nil
    }

    /// What is said while nothing can be recorded, and once it can be again.
    private static func holding(_ refusal: JournalError?) -> String {
        guard let refusal else { return "recorded again: the run goes on" }
        guard refusal.code != .unreachable else {
            return "\(refusal.message) It is tried again every second, and no step starts "
                + "meanwhile. Aborting the run doesn't wait for it."
        }
        return "\(refusal.message) Nothing more starts until there is room; what targets tell is "
            + "held here. Free space now: this process ending would lose it."
    }

    /// The trail with its remote; nil where it goes nowhere.
    ///
    /// Where nobody can say where it goes, an abort is completed without; nothing else is.
    /// - Throws: `Failure`, with the lease given back.
    private func pushedTrail(for machine: RunMachine) async throws -> PushedTrail? {
        do {
            return try PushedTrail.of(session, home)
        } catch {
            let (failure, id) = (Failure(error), machine.record.id)
            guard machine.isAbortRequested else {
                try await home.journal.release(lease, of: id)
                throw Failure(
                    failure.exit, code: failure.code,
                    failure.message + " Nobody leads the run \(id) now; nothing more was started.",
                    hint: (failure.hint.map { $0 + "; then " } ?? "") + "handrail resume \(id)",
                    diagnostics: failure.diagnostics)
            }
            session.console.warn(
                failure.message + " The run is ended here all the same; its trail is not pushed.",
                hint: failure.hint)
            return nil
        }
    }

    private func obeySignals(
        _ loop: RunLoop, _ board: ProgressBoard, _ screen: ProgressScreen
    ) async {
        let actor = session.actor
        var interrupts = 0
        for await signal in session.world.signals([.interrupt, .terminate, .hangUp]) {
            switch signal {
            case .interrupt:
                interrupts += 1
                let verb: PersonCommand.Verb = interrupts == 1 ? .pause : .abort
                guard interrupts <= 2 else { continue }
                let command = PersonCommand(verb: verb, actor: actor)
                await screen.say(
                    Self.answer(toInterrupt: interrupts, board.run)
                        + (await waitingStep(screen, board.run, command)))
                for line in interrupts == 1 ? PauseCommand.stops(of: board.run) : [] {
                    await screen.say(line)
                }
                loop.tell(.command(command, inboxID: 0))
            case .terminate:
                await screen.say("asked to end: nothing more starts here; the run can be resumed.")
                loop.tell(.leaving)
            case .hangUp: await screen.detach()
            }
        }
    }

    /// What to add while `--step-by-step` asks, and the run goes nowhere before the answer.
    private func waitingStep(
        _ screen: ProgressScreen, _ run: RunMachine, _ command: PersonCommand
    ) async -> String {
        guard isStepByStep, command.verb == .pause, await screen.isAsking else { return "" }
        var ahead = run
        let decision = ahead.decide(.command(command, inboxID: 0), at: session.world.now())
        guard !decision.isEnd else { return "" }
        return " The question still waits: 'yes' does this step first, 'abort' ends the run."
    }

    private static func answer(toInterrupt number: Int, _ run: RunMachine) -> String {
        guard number == 1 else { return "Ctrl-C: aborting. Steps under way are ended." }
        let waits =
            RunReport(run: run).openQuestions.isEmpty
            ? "" : " The question still waits: answer it, or say 'later'."
        return "Ctrl-C: pausing. Once more aborts: steps under way are ended." + waits
    }

    /// A journal that takes no more leaves the run open: somebody has to make it go on.
    private func interruption(of run: RunMachine, _ error: any Error) -> any Error {
        guard let error = error as? JournalError, error.code != .leaseLost else { return error }
        let id = run.record.id
        guard !run.state.isTerminal else {
            return Failure(
                .waiting, code: "journal.\(error.code)",
                "\(error.message) The run \(id) has ended as \(run.state.rawValue), and the trail "
                    + "lacks its last events: the next run seals them.",
                hint: error.hint ?? "handrail status \(id)")
        }
        return Failure(
            .waiting, code: "journal.\(error.code)",
            "\(error.message) The run \(id) has not ended, and nobody leads it now.",
            hint: (error.hint.map { $0 + " " } ?? "")
                + "Once that is mended: handrail resume \(id)")
    }
}

extension Session {
    /// A lease for this process.
    ///
    /// - Throws: `JournalError` (io).
    func newLease() throws -> Lease {
        let nonce = world.randomBytes(8).map { String($0, radix: 16) }.joined()
        return try ProcessLife.lease(nonce: nonce)
    }

    /// How long a lease holds before it must be renewed.
    var leaseEnd: Timestamp { world.now().adding(RunLoop.Limits().lease) }

    /// Shows what a run came to, and where the trail ends that holds it.
    ///
    /// - Parameters:
    ///   - run: the run as it stands.
    ///   - ended: when it came to that; nil when nobody knows.
    ///   - home: has the runs that it goes on from.
    ///   - trail: the trail's head; nil when it isn't known.
    ///   - picks: what the library says of runbooks that mend: one target at a time, or several.
    /// - Returns: the exit code for it.
    func recap(
        _ run: RunMachine, ended: Timestamp?, in home: OpenedHome, trail: String? = nil,
        picks: [RunbookID: TargetRule.Pick] = [:]
    ) async -> ExitCode {
        if console.isJSON {
            console.json(RunDocument(run, trail: trail))
        } else {
            // Counted from the run's start: whoever leads it to its end may be the third to do so.
            let view = RecapView(
                report: RunReport(run: run), style: console.style, width: console.width ?? 100,
                milliseconds: ended.map { $0.since(run.record.opened) }, trail: trail,
                chain: await chain(of: run, in: home), picks: picks)
            console.lines(view.lines)
        }
        return ExitCode(run)
    }

    /// A run with those that it goes on from; nil where they can't be read, which hides nothing of
    /// the run itself.
    private func chain(of run: RunMachine, in home: OpenedHome) async -> RunChain? {
        guard run.record.descent != nil, run.state.isTerminal else { return nil }
        do {
            let summary = try await RunReference(run.record.id.rawValue).resolve(in: home.journal)
            return try await RunChain(
                of: FoldedRun(summary, in: home.journal), in: home.journal)
        } catch {
            return nil
        }
    }
}
