import ArgumentParser
import Runbooks
import Runner

/// `handrail retry`: goes on where targets of a run did not end well.
struct RetryCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Goes on with targets that did not end well, at the step that failed there.",
        discussion: """
            A run of its own, by the same plan: what ended well isn't done again, and what was \
            found and answered stays. A step that may run once only is started again only when you \
            name it with --from.

            Example: handrail retry last --failed
            """)

    @OptionGroup var run: RunIDArgument

    @Flag(help: "All targets that failed, timed out, were unreachable or aborted.")
    var failed = false

    @Option(
        help: ArgumentHelp(
            "This target; several may be given. Also one that was never started.",
            valueName: "target"), completion: .custom(Completions.targets))
    var on: [String] = []

    @Option(
        help: ArgumentHelp(
            "Begin at this step on each of them: the one that did not end well, or one before.",
            valueName: "step"))
    var from: String?

    @Flag(help: "Don't ask. It never answers a question of the runbook, and opens no gate.")
    var yes = false

    @OptionGroup(title: "Parameters and reaching targets") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses a command line that names no targets.
    func validate() throws {
        guard failed || !on.isEmpty else {
            throw ValidationError("Say which targets: --failed, or --on TARGET.")
        }
    }

    /// Makes the plan again, asks, and leads the child run.
    func perform(_ session: Session) async throws -> ExitCode {
        let (home, folded) = try await session.openRun(run.run, toWrite: true)
        try await home.refuseWhenTrailDiffers()
        let chain = try await RunChain(of: folded, in: home.journal)
        let plan = folded.machine.plan
        guard !plan.isAudit else {
            throw Failure(
                .invalidInput, code: "retry.audit",
                "An audit is made anew, and nothing of it is gone on with.",
                hint: "handrail run \(plan.runbook.id)")
        }
        let named = try on.map { try PlanNames.target($0, of: plan) }
        let step = try from.map { try PlanNames.step($0, of: plan) }
        let targets =
            on.isEmpty
            ? chain.failed.filter { chain.rollback(of: $0) == nil }
            : plan.targets.map(\.name).filter(named.contains)
        let starts: [TargetStart]
        switch chain.retry(targets, from: step) {
        case .success(let found): starts = found
        case .failure(let problem): throw Failure(problem, "retry", chain.newest.record.id)
        }
        let prepared = try await prepared(plan, chain.newest.record, session)
        let gates = await gates(of: prepared, chain.newest.record.id, targets, session)
        guard gates.isOpen else { throw Failure.closed(gates) }
        try await home.refuseOlderThanRestoration(prepared.plan)
        try await TrailGate(session: session, home: home).refuseWhenClosed()
        let child = ChildRun(session: session, home: home, chain: chain, leading: leading)
        try await child.confirm(
            lines(starts, chain, session), targets,
            "retry \(plan.runbook.id) in \(plan.environment.name)", isConfirmed: yes)
        return try await child.lead(
            RunDescent(
                kind: .retry, parent: chain.newest.record.id, starts: starts,
                shared: chain.sharedEnds),
            secrets: prepared.parameters.secrets)
    }

    /// All gates, asked anew; what the parent still holds is handed over.
    private func gates(
        of prepared: PreparedPlan, _ parent: RunID, _ targets: [TargetName], _ session: Session
    ) async -> GateReport {
        var locks = await session.lockState(of: prepared.plan)
        if case .known(let held, let standings) = locks {
            locks = .known(held.filter { $0.run != parent }, standings: standings)
        }
        let others = prepared.plan.targets.map(\.name).filter { !targets.contains($0) }
        return GateReport.evaluate(
            prepared.plan, runbook: prepared.runbook, actor: session.actor,
            locks: locks, leftOut: Set(others),
            facts: session.changeFacts(
                of: prepared.opened, at: session.world.now(),
                in: prepared.plan.environment.name,
                standing: await session.standing(of: prepared.change)),
            trust: session.trustState(),
            earlier: await session.earlierRuns(of: prepared.plan, in: prepared.opened.library))
    }

    private func prepared(
        _ plan: Plan, _ record: RunRecord, _ session: Session
    ) async throws -> PreparedPlan {
        // WHY NOT parse: what completes asynchronously can't be parsed by itself (ArgumentParser).
        var subject = SubjectOptions()
        subject.subject = plan.runbook.id.rawValue
        subject.targets = .none
        subject.parameters = leading.parameters
        subject.reach = leading.reach
        subject.alert = nil
        return try await Preparation(session: session, subject: subject).prepare(again: record)
    }

    /// What would be done where.
    private func lines(
        _ starts: [TargetStart], _ chain: RunChain, _ session: Session
    ) -> [String] {
        let style = session.console.errorStyle
        let names = CountText.of(starts.count, "target")
        var lines = [
            style.paint("Retry of \(chain.newest.record.id)", .strong) + " on \(names)"
        ]
        for start in starts {
            let first = start.step?.rawValue ?? "what must hold in the end"
            let again =
                start.reopened.isEmpty
                ? "" : ", after \(start.reopened.map(\.rawValue).joined(separator: ", ")) again"
            let held =
                start.owed.isEmpty
                ? "" : "; gives back \(start.owed.map(\.rawValue).joined(separator: ", "))"
            let was = chain.outcome(of: start.target).map { "\($0.word), " } ?? "never started, "
            lines += TextWidth.wrapped(
                "  \(start.target)  \(was)begins at \(first)\(again)\(held)",
                width: session.console.errorWidth ?? 100, indent: 4)
        }
        return lines + [""]
    }
}
