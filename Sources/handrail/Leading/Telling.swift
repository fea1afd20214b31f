import Audit
import Runbooks
import Runner

/// Tells a run what a person wants, and finds out whether it was done.
///
/// A living leader takes the command from the inbox. Where nobody leads the run, this process
/// takes the lease, records the command, and leads the run on where the command needs it.
struct Telling: Sendable {
    /// How long a living leader may take to answer: it reads its inbox four times a second.
    private static let patience: Duration = .seconds(5)
    /// How much longer to try for the lease of one that doesn't answer: a lease, and a little.
    private static let overtaking: Duration = .seconds(12)
    private static let interval: Duration = .milliseconds(100)
    /// How long the lease holds that is taken to record one command.
    private static let lease: Duration = .seconds(10)

    /// What became of a command.
    enum Reply: Sendable, Equatable {
        /// It is recorded.
        case taken
        case refused(String)
        /// It waits in the inbox; the leader has not taken it in time.
        case posted
    }

    let session: Session
    let home: OpenedHome
    let folded: FoldedRun
    let leading: LeadingOptions

    private var run: RunID { folded.summary.id }

    /// When journal and trail are compared before a run is told something.
    enum TrailCheck: Sendable {
        case always
        /// A leader that is alive can always be told to stop: it records by itself, or can't.
        case unlessLed
        /// The caller asks `TrailGate`.
        case byCaller
    }

    /// Opens a run to tell it something.
    ///
    /// - Throws: `Failure`, `JournalError` (closed).
    static func of(
        _ text: String, _ session: Session, _ leading: LeadingOptions,
        trail check: TrailCheck = .always
    ) async throws -> Telling {
        let (home, folded) = try await session.openRun(text, toWrite: true)
        if check == .always || (check == .unlessLed && !folded.summary.isLed) {
            try await home.refuseWhenTrailDiffers()
        }
        guard !folded.summary.state.isTerminal else {
            throw JournalError.closed(folded.summary.id, folded.summary.state)
        }
        return Telling(session: session, home: home, folded: folded, leading: leading)
    }

    /// What takes the run's secrets out of what a person writes about it.
    ///
    /// - Throws: `Failure` when a secret is neither given nor can be asked for.
    func redactor() async throws -> Redactor {
        try await SpokenSecrets(of: folded.machine.plan, session, leading.parameters).redactor
    }

    /// Refuses what the run can't take now, before a person is asked for anything else.
    ///
    /// - Throws: `Failure` (invalidInput).
    func refuseUnlessPossible(_ verb: PersonCommand.Verb) throws {
        try session.permit(
            verb.permission, on: ActSubject(folded.machine.plan), isStopping: verb.isStopping)
        let command = PersonCommand(verb: verb, actor: session.actor)
        if let problem = folded.machine.objection(to: command) { throw refusal(verb, problem) }
    }

    /// Tells the run, and shows what became of it.
    ///
    /// `follow` is said where another process leads the run, and needn't be where this one does.
    func tell(
        _ verb: PersonCommand.Verb, done: [String], follow: [String] = []
    ) async throws -> ExitCode {
        // What can't be is refused before anybody is asked to sign it.
        if !verb.isStopping { try refuseUnlessPossible(verb) }
        let signer = try await permitted(verb)
        let command = PersonCommand(verb: verb, actor: signer?.rawValue ?? session.actor)
        if let problem = folded.machine.objection(to: command) {
            guard verb == .abort, isAbortLeft else { throw refusal(verb, problem) }
            return try await leadOn()
        }
        var posted = 0
        if folded.summary.isLed {
            try await home.journal.post(command, to: run, at: session.world.now())
            posted = try await inboxID(of: command)
            let reply = try await answer(to: command, posted, within: Self.patience)
            if reply != .posted { return try show(reply, verb, done + follow) }
        }
        return try await takeOver(command, posted, done, follow)
    }

    /// Refuses what the person may not do, and has them sign it where trust asks for that.
    ///
    /// - Returns: whose signature it is; nil where none is needed.
    /// - Throws: `Failure` (refused), `TrustError`, `JournalError`.
    func permitted(_ verb: PersonCommand.Verb) async throws -> PersonID? {
        let plan = folded.machine.plan
        try session.permit(
            verb.permission, on: ActSubject(plan), isStopping: verb.isStopping)
        guard !verb.isStopping else { return nil }
        try await session.noteTrust(in: home)
        let signer = try await ActSigning(session: session, home: home).sign(
            verb.permission, arguments: verb.arguments, about: plan, run: run)
        if letsTargetsStart(verb) {
            try await refuseApprover(signer?.rawValue ?? session.actor, verb.permission)
        }
        return signer
    }

    /// Whether a command lets targets start: by itself, or since this process would lead the run on.
    private func letsTargetsStart(_ verb: PersonCommand.Verb) -> Bool {
        switch verb {
        case .resume, .promote: true
        case .answer, .confirm, .settle: !folded.summary.isLed
        default: false
        }
    }

    /// Refuses who approved what the run does: letting targets start is starting them.
    private func refuseApprover(_ actor: String, _ verb: Verb) async throws {
        let record = folded.machine.record
        guard record.descent?.kind != .rollback,
            let refusal = FourEyes(of: record).refusal(
                of: actor, verb, standing: await session.standing(of: record.change))
        else { return }
        throw Failure(
            .refused, code: "fourEyes", refusal.reason + ".", hint: refusal.hint)
    }

    /// Whether an abort was told before, by a process that could not end the run.
    private var isAbortLeft: Bool {
        let machine = folded.machine
        return machine.isAbortRequested && !folded.summary.isLed
            && (!machine.runningTargets.isEmpty || machine.owed.isEmpty)
    }

    /// Leads the run on in this process, when nobody does.
    ///
    /// - Throws: `Failure` (refused) when another process leads it.
    func leadOn() async throws -> ExitCode {
        let lease = try session.newLease()
        session.passCrashPoint("takeover-before")
        let isOurs = try await home.journal.takeOver(
            run, lease: lease, now: session.world.now(), until: session.leaseEnd)
        session.passCrashPoint("takeover-after")
        guard isOurs else {
            throw Failure(
                .refused, code: "run.led", "Another process leads the run \(run).",
                hint: "'handrail watch \(run)' follows it; if that process hangs, the run can be "
                    + "taken over 10 s after it last moved")
        }
        return try await takeover.lead(lease)
    }

    private var takeover: Takeover {
        Takeover(session: session, home: home, id: run, leading: leading)
    }

    private func refusal(_ verb: PersonCommand.Verb, _ problem: String) -> Failure {
        let text =
            problem.hasPrefix(verb.word + ": ")
            ? String(problem.dropFirst(verb.word.count + 2)) : problem
        return Failure(
            .invalidInput, code: "run.refused",
            "The run \(run) can't take '\(verb.word)': \(text).",
            hint: "'handrail status \(run)' shows what waits")
    }

    private func inboxID(of command: PersonCommand) async throws -> Int {
        let waiting = try await home.journal.inbox(of: run, after: folded.machine.inboxSeen)
        return waiting.last { $0.1 == command }?.id ?? 0
    }

    /// Waits until the leader has recorded the command or refused it.
    private func answer(
        to command: PersonCommand, _ id: Int, within limit: Duration
    ) async throws -> Reply {
        var last = folded.events.last?.sequence ?? 0
        let end = session.world.now().adding(limit)
        while session.world.now() < end {
            // Looked at before the events: what a leader wrote before it ended is among them.
            let isLed = try await isLed()
            for recorded in try await home.journal.events(of: run, after: last) {
                last = recorded.sequence
                switch recorded.event {
                case .commanded(let taken, let taken_id) where taken == command:
                    if id == 0 || taken_id == id { return .taken }
                case .refused(let refused, let reason):
                    let isOurs = id == 0 ? reason.hasPrefix(command.verb.word) : refused == id
                    if isOurs { return .refused(reason) }
                default: break
                }
            }
            guard isLed else { break }
            try await session.world.sleep(Self.interval)
        }
        return .posted
    }

    private func isLed() async throws -> Bool {
        try await RunReference(run.rawValue).resolve(in: home.journal).isLed
    }

    /// Records the command as the run's leader, and leads on where that is needed.
    ///
    /// A leader that doesn't answer may be stopped: once its lease has run out, the run is ours.
    private func takeOver(
        _ command: PersonCommand, _ posted: Int, _ done: [String], _ follow: [String]
    ) async throws -> ExitCode {
        let lease = try session.newLease()
        let end = session.world.now().adding(Self.overtaking)
        var isTold = false
        while true {
            let now = session.world.now()
            let isOurs = try await home.journal.takeOver(
                run, lease: lease, now: now, until: now.adding(Self.lease))
            if isOurs { break }
            guard posted > 0, now < end else {
                if posted == 0 { try await home.journal.post(command, to: run, at: now) }
                return try show(.posted, command.verb, [])
            }
            if !isTold {
                session.console.note(
                    "The process that leads \(run) doesn't answer; waiting for its lease to end …")
                isTold = true
            }
            let reply = try await answer(to: command, posted, within: .milliseconds(500))
            if reply != .posted { return try show(reply, command.verb, done + follow) }
        }
        return try await lead(with: lease, command, posted, done)
    }

    private func lead(
        with lease: Lease, _ command: PersonCommand, _ posted: Int, _ done: [String]
    ) async throws -> ExitCode {
        do {
            try await record(command, posted, lease)
            // What a person did is in the trail before anything follows from it.
            try await home.sealRecorded("'\(command.verb.word)'")
        } catch {
            await giveUp(lease)
            throw error
        }
        guard command.verb.needsLeader else {
            await giveUp(lease)
            return try show(.taken, command.verb, done)
        }
        session.console.errors(done)
        return try await takeover.lead(lease)
    }

    /// Gives the lease back, which changes nothing about what was recorded: one that can't be given
    /// back, on a full disk for instance, ends by itself.
    private func giveUp(_ lease: Lease) async {
        do {
            try await home.journal.release(lease, of: run)
        } catch {
            session.console.note(
                "The run \(run) can't be told or led for another 10 s: "
                    + "the lease could not be given back.")
        }
    }

    /// Makes the command durable without starting anything: what follows from it is found by
    /// whoever leads the run on.
    private func record(
        _ command: PersonCommand, _ posted: Int, _ lease: Lease
    ) async throws {
        // Read again: another leader may have gone on in between.
        let summary = try await RunReference(run.rawValue).resolve(in: home.journal)
        var machine = try await FoldedRun(summary, in: home.journal).machine
        if let problem = machine.objection(to: command) { throw refusal(command.verb, problem) }
        let now = session.world.now()
        let quiet = machine.decide(.leaving, at: now)
        let decision = machine.decide(.command(command, inboxID: posted), at: now)
        _ = try await home.journal.append(
            quiet.events + decision.events, to: run, at: now, lease: lease)
    }

    private func show(
        _ reply: Reply, _ verb: PersonCommand.Verb, _ done: [String]
    ) throws -> ExitCode {
        let isTaken = reply == .taken
        if case .refused(let reason) = reply { throw refusal(verb, reason) }
        if session.console.isJSON {
            session.console.json(
                ReplyDocument(
                    run: run, command: verb.word, reply: isTaken ? "taken" : "posted"))
        } else {
            session.console.lines(
                isTaken
                    ? done
                    : [
                        "The process that leads \(run) has not answered; '\(verb.word)' waits for it."
                    ]
            )
        }
        return isTaken ? .success : .waiting
    }
}

/// The JSON form of what became of a command.
struct ReplyDocument: Encodable, Sendable {
    var format = 1
    let run: RunID
    let command: String
    /// `taken`, or `posted` while the leader has not taken it.
    let reply: String
}

extension PersonCommand.Verb {
    /// Whether something has to be done on targets, or decided, because of it.
    fileprivate var needsLeader: Bool {
        switch self {
        case .abort, .resume, .promote, .answer, .confirm, .pay, .paidByHand, .settle, .handOver:
            true
        case .pause, .note: false
        }
    }
}
