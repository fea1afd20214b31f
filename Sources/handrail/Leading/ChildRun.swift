import Audit
import Runbooks
import Runner

/// Opens a run that goes on from another one, and leads it.
struct ChildRun: Sendable {
    let session: Session
    let home: OpenedHome
    let chain: RunChain
    let leading: LeadingOptions

    /// The run that it goes on from.
    private var parent: RunRecord { chain.newest.record }

    /// Records the child with its leader, and leads it to its end.
    ///
    /// `isByPlan`: the plan that a person started says so, and nobody is asked again; the child acts
    /// for that person.
    /// - Throws: `Failure`, `JournalError`.
    func lead(
        _ descent: RunDescent, secrets: [ParameterName: Secret]? = nil, isByPlan: Bool = false
    ) async throws -> ExitCode {
        let id = session.newRunID()
        let signer = isByPlan ? nil : try await permitted(descent.kind)
        let lease = try session.newLease()
        let begun = Set(descent.starts.map(\.target))
        let why =
            descent.kind == .retry ? "not among those that are retried" : "nothing is undone there"
        let leftOut = parent.plan.targets.map(\.name).filter { !begun.contains($0) }.map {
            LeftOutTarget(target: $0, reason: why)
        }
        let record = RunRecord(
            id: id, number: try await home.journal.nextRunNumber(for: parent.plan.planID),
            plan: parent.plan, planDigest: parent.planDigest, forecastDigest: nil,
            actor: isByPlan ? parent.actor : signer?.rawValue ?? session.actor,
            ticket: parent.ticket,
            alert: parent.alert, librarySource: parent.librarySource,
            opened: session.world.now(), leftOut: leftOut.isEmpty ? nil : leftOut,
            alertContent: parent.alertContent, descent: descent, gating: parent.gating,
            change: parent.change)
        try await home.journal.open(record, lease: lease, leaseUntil: session.leaseEnd)
        session.console.note(
            session.console.errorStyle.paint(
                "run \(id), which goes on from \(parent.id)", .faint))
        return try await Takeover(
            session: session, home: home, id: id, leading: leading, secrets: secrets, isNew: true
        ).lead(lease)
    }

    /// Refuses what the person may not do, and has them sign it where trust asks for that.
    ///
    /// Undoing goes on where trust can't be used.
    private func permitted(_ kind: RunDescent.Kind) async throws -> PersonID? {
        let verb: Verb = kind == .retry ? .retry : .rollback
        try session.permit(verb, on: ActSubject(parent.plan), isStopping: kind != .retry)
        try await session.noteTrust(in: home)
        return try await ActSigning(session: session, home: home).sign(
            verb, about: parent.plan, run: parent.id)
    }

    /// Shows what would be done, and has a person confirm it; `--yes` does where nobody can be asked.
    ///
    /// - Throws: `Failure` (aborted) when it isn't confirmed, (usage) when nobody can be asked.
    func confirm(
        _ lines: [String], _ targets: [TargetName], _ act: String, isConfirmed: Bool
    ) async throws {
        let console = session.console
        if !console.isJSON {
            console.errors(lines)
            if parent.plan.environment.isProduction {
                console.errors([
                    console.errorStyle.paint(
                        " PRODUCTION: \(parent.plan.environment.name) ", .alarm)
                ])
            }
        }
        guard !isConfirmed else { return }
        guard console.isInteractive else {
            throw Failure(
                .usage, code: "confirmation",
                "Nobody can confirm this: standard input is no terminal.",
                hint: "look at what it would do, then give --yes")
        }
        try await session.confirm(targets, act)
    }
}

extension RunChain {
    /// A run with those that it goes on from, and those that go on from it.
    ///
    /// - Throws: `JournalError`.
    init(of folded: FoldedRun, in journal: SQLiteJournal) async throws {
        let ids = try await journal.runs(of: folded.machine.plan.planID)
        guard ids.count > 1 else {
            self.init([folded.machine])
            return
        }
        var records: [RunID: RunRecord] = [:]
        for id in ids { records[id] = try await journal.record(of: id) }
        var path = [folded.summary.id]
        while let parent = path.first.flatMap({ records[$0]?.descent?.parent }),
            !path.contains(parent), records[parent] != nil
        {
            path.insert(parent, at: 0)
        }
        while let child = ids.last(where: { records[$0]?.descent?.parent == path.last }),
            !path.contains(child)
        {
            path.append(child)
        }
        var runs: [RunMachine] = []
        for id in path {
            guard let record = records[id] else { continue }
            runs.append(
                RunMachine(record: record, events: try await journal.events(of: id, after: 0)))
        }
        self.init(runs)
    }
}

extension Failure {
    /// Why a run can't go on from another one.
    init(_ problem: RunChain.Problem, _ verb: String, _ run: RunID) {
        self.init(
            .invalidInput, code: "run.\(verb)",
            "The run \(run) can't be "
                + (verb == "retry" ? "retried" : "rolled back") + ": \(problem.message).",
            hint: problem.hint)
    }
}
