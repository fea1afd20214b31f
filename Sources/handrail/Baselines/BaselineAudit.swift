import Runbooks
import Runner

/// One audit: a run of a baseline on some of its targets, led by this process to its end.
struct BaselineAudit: Sendable {
    let session: Session
    let reach: ReachOptions

    /// Looks at every item, and records what was seen.
    ///
    /// - Returns: the run as it ended, and the trail's head.
    /// - Throws: `Failure` where a gate is closed; what a run throws.
    func run(_ baseline: RunbookID, on targets: [TargetName]) async throws
        -> (run: RunMachine, trail: String?, home: OpenedHome)
    {
        let prepared = try await Preparation(
            session: session, subject: .of(baseline, on: targets, reach)
        ).prepare()
        guard prepared.gates.isOpen else { throw Failure.closed(prepared.gates) }
        let home = try await session.openHome()
        try await TrailGate(session: session, home: home).refuseWhenClosed()
        try await home.refuseOlderThanRestoration(prepared.plan)
        return try await Reach(session: session, options: reach).withExecutor(
            for: prepared.plan, files: prepared.files, secrets: [:]
        ) { executor, sessions in
            let id = session.newRunID()
            let shown = await Looking(session: session, prepared: prepared, noProbe: false)
                .look(with: executor, run: id)
            try await session.noteTrust(in: home)
            let signer = try await ActSigning(session: session, home: home).sign(
                prepared.gates.passage.verb, about: prepared.plan, run: id)
            let lease = try session.newLease()
            let record = try await RunOpening(
                session: session, home: home, prepared: prepared, shown: shown, ticket: nil,
                decision: StartDecision(shown, earlier: nil), signer: signer
            ).open(id, lease: lease)
            session.console.note(session.console.errorStyle.paint("run \(record.id)", .faint))
            let last = try await LeadRun(
                session: session, home: home, lease: lease, executor: executor,
                sessions: sessions, secrets: [:]
            ).lead(RunMachine(record: record))
            return (last, await home.anchor(telling: session.console), home)
        }
    }
}

extension SubjectOptions {
    /// A baseline on targets that are chosen already.
    static func of(
        _ baseline: RunbookID, on targets: [TargetName], _ reach: ReachOptions
    ) -> SubjectOptions {
        // WHY NOT parse: what completes asynchronously can't be parsed by itself (ArgumentParser).
        var subject = SubjectOptions()
        subject.subject = baseline.rawValue
        subject.targets = .none
        subject.targets.limit = [targets.map(\.rawValue).joined(separator: ",")]
        var parameters = ParameterOptions()
        (parameters.set, parameters.params) = ([], nil)
        subject.parameters = parameters
        subject.reach = reach
        subject.alert = nil
        return subject
    }
}
