import Runbooks
import Runner

/// Reaches a run that was started before: tells its leader, or leads it on when there is none.
struct Takeover: Sendable {
    let session: Session
    let home: OpenedHome
    let id: RunID
    let parameters: ParameterOptions
    let reach: ReachOptions

    init(
        session: Session, home: OpenedHome, id: String,
        parameters: ParameterOptions, reach: ReachOptions
    ) throws {
        guard let name = RunID(rawValue: id) else {
            throw Failure(
                .invalidInput, code: "run", "\(printableExcerpt(id)) is no run's id.",
                hint: "'handrail history' lists the runs; an id looks like r-20261123-0714-k3f9")
        }
        self.session = session
        self.home = home
        self.id = name
        self.parameters = parameters
        self.reach = reach
    }

    /// The run as it is recorded now.
    ///
    /// - Throws: `JournalError`.
    func machine() async throws -> RunMachine {
        RunMachine(
            record: try await home.journal.record(of: id),
            events: try await home.journal.events(of: id, after: 0))
    }

    /// Posts a command; when nobody leads the run, leads it on in this process.
    ///
    /// - Returns: success when a living leader was told, else the code for how the run ended.
    /// - Throws: `Failure`, `JournalError`.
    func tellOrLead(_ verb: PersonCommand.Verb?) async throws -> ExitCode {
        if let verb {
            let actor = ActorIdentity.current(session.world)
            let command = PersonCommand(verb: verb, actor: actor)
            if let problem = try await machine().objection(to: command) {
                throw Failure(
                    .refused, code: "command",
                    "\(verb.word) of \(id) was refused: \(problem).",
                    hint: "'handrail status \(id)' shows where it stands")
            }
            try await home.journal.post(command, to: id, at: session.world.now())
        }
        let lease = try session.newLease()
        let isLeader = try await home.journal.takeOver(
            id, lease: lease, now: session.world.now(), until: session.leaseEnd)
        guard isLeader else { return told(verb) }
        return try await lead(lease)
    }

    private func told(_ verb: PersonCommand.Verb?) -> ExitCode {
        let words = verb.map { "The process that leads \(id) was told: \($0.word)." }
        session.console.note(
            (words ?? "Another process leads \(id).") + " 'handrail watch \(id)' follows it.")
        if session.console.isJSON { session.console.json(ToldDocument(run: id, verb: verb?.word)) }
        return verb == nil ? .refused : .success
    }

    /// Leads the run on with a lease that this process holds.
    ///
    /// - Throws: `Failure`, `JournalError`.
    func lead(_ lease: Lease) async throws -> ExitCode {
        // Read again: what another leader recorded until now counts.
        let machine = try await machine()
        let secrets: [ParameterName: Secret]
        let files: [Digest: [UInt8]]
        do {
            secrets = try await ParameterIntake.secretsAgain(
                of: machine.plan, session, parameters)
            files = try await storedFiles(of: machine.plan)
        } catch {
            try await home.journal.release(lease, of: id)
            throw error
        }
        let started = session.world.now()
        session.console.note(
            session.console.errorStyle.paint("leading \(id) on from here", .faint))
        let last = try await Reach(session: session, options: reach).withExecutor(
            for: machine.plan, files: files, secrets: secrets
        ) { executor, sessions in
            try await LeadRun(
                session: session, home: home, lease: lease, executor: executor,
                sessions: sessions, secrets: secrets
            ).lead(machine)
        }
        return session.recap(last, since: started)
    }

    private func storedFiles(of plan: Plan) async throws -> [Digest: [UInt8]] {
        var files: [Digest: [UInt8]] = [:]
        for file in plan.runbook.files {
            files[file.sha256] = try await home.store.get(file.sha256)
        }
        return files
    }
}

/// The JSON answer when a living leader was told.
struct ToldDocument: Encodable, Sendable {
    var format = 1
    let run: RunID
    let verb: String?
}
