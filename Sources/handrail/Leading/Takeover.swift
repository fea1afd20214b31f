import Runbooks
import Runner

/// Leads a run on that another process has opened, with what the journal and the store keep of it.
struct Takeover: Sendable {
    let session: Session
    let home: OpenedHome
    let id: RunID
    let leading: LeadingOptions
    /// The run's secrets, where they are known already.
    var secrets: [ParameterName: Secret]?
    /// Whether this command has opened the run, so that nobody led it before.
    var isNew = false

    /// Leads the run on with a lease that this process holds.
    ///
    /// - Throws: `Failure`, `JournalError`.
    func lead(_ lease: Lease) async throws -> ExitCode {
        // Read again: what another leader recorded until now counts.
        let machine = RunMachine(
            record: try await home.journal.record(of: id),
            events: try await home.journal.events(of: id, after: 0))
        try await reclaim(machine, lease)
        let secrets: [ParameterName: Secret]
        let files: [Digest: [UInt8]]
        do {
            // Who ends a run need not know its secrets, unless a script has to give something back:
            // nothing else runs on a target.
            let isOver = machine.isAbortRequested && !machine.owesAnything
            if isOver || !machine.usesSecrets {
                secrets = [:]
            } else if let known = self.secrets {
                secrets = known
            } else {
                secrets = try await ParameterIntake.secretsAgain(
                    of: machine.plan, session, leading.parameters)
            }
            files = try await storedFiles(of: machine.plan)
            try await takeOverDebts(of: machine)
        } catch {
            try await home.journal.release(lease, of: id)
            throw error
        }
        if !isNew {
            session.console.note(
                session.console.errorStyle.paint("leading \(id) on from here", .faint))
        }
        let last = try await Reach(session: session, options: leading.reach).withExecutor(
            for: machine.plan, files: files, secrets: secrets
        ) { executor, sessions in
            try await LeadRun(
                session: session, home: home, lease: lease, executor: executor,
                sessions: sessions, secrets: secrets
            ).lead(machine)
        }
        let stopped = StoppedRun(
            session: session, home: home, run: last, leading: leading, secrets: secrets)
        if let code = try await stopped.undo() { return code }
        return await session.recap(
            last, ended: session.world.now(), in: home,
            trail: await home.anchor(telling: session.console))
    }

    /// Sees to it that the run holds the targets that it is at work on.
    ///
    /// It does, unless the journal is older than locks, or was restored: then another run may have
    /// taken one. Who ends the run is told, and goes on.
    /// - Throws: `Failure` (refused), with the lease given back.
    private func reclaim(_ machine: RunMachine, _ lease: Lease) async throws {
        let deferred = try await home.journal.reclaim(
            machine.targetsAtWork, for: id, at: session.world.now(), lease: lease)
        guard !deferred.isEmpty else { return }
        let reasons = deferred.sorted { $0.key < $1.key }.map(\.value.text)
        let text = reasons.joined(separator: "; ")
        guard !machine.isAbortRequested else { return session.console.warn(text) }
        try await home.journal.release(lease, of: id)
        throw Failure(
            .refused, code: "locked", "The run \(id) can't go on: \(text).",
            hint: "'handrail abort \(id)' ends it as it stands")
    }

    /// Has the run that this one goes on from ended, where what it owes is given back by this one.
    ///
    /// Done again by each leader until it is: the child is recorded first, so nothing that is owed
    /// is ever without a run that lists it.
    private func takeOverDebts(of machine: RunMachine) async throws {
        guard let parent = machine.record.descent?.parent else { return }
        let summary = try await RunReference(parent.rawValue).resolve(in: home.journal)
        guard !summary.state.isTerminal else { return }
        var owing = try await FoldedRun(summary, in: home.journal).machine
        let command = PersonCommand(
            verb: .handOver(id), actor: machine.record.actor)
        guard owing.objection(to: command) == nil else { return }
        let lease = try session.newLease()
        let now = session.world.now()
        guard
            try await home.journal.takeOver(
                parent, lease: lease, now: now, until: session.leaseEnd)
        else {
            throw Failure(
                .refused, code: "run.led", "Another process leads the run \(parent).",
                hint: "'handrail watch \(parent)' follows it; then: handrail resume \(id)")
        }
        let decision = owing.decide(.command(command, inboxID: 0), at: now)
        _ = try await home.journal.append(decision.events, to: parent, at: now, lease: lease)
        if !owing.state.isTerminal { try await home.journal.release(lease, of: parent) }
        try await home.sealRecorded("'hand over'")
    }

    private func storedFiles(of plan: Plan) async throws -> [Digest: [UInt8]] {
        var files: [Digest: [UInt8]] = [:]
        for file in plan.runbook.files {
            files[file.sha256] = try await home.store.get(file.sha256)
        }
        return files
    }
}
