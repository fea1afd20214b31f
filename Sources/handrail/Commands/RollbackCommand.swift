import ArgumentParser
import Runbooks
import Runner

/// `handrail rollback`: undoes what a run has changed.
struct RollbackCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Undoes what a run and its retries have changed, the last first.",
        discussion: """
            Each undo looks first: what somebody has changed since is left alone, and named with \
            how it was before, how the run left it, and how it is now. What can't be undone is \
            listed. Where one fails, no further target is undone unless --keep-going is given, or \
            the runbook says keep_going; 'handrail rollback' again goes on with what is left.

            Example: handrail rollback last --failed
            Example: handrail rollback last --wave 3
            """)

    @OptionGroup var run: RunIDArgument

    @Flag(help: "Only targets that did not end well.")
    var failed = false

    @Option(
        help: ArgumentHelp("Only this target; several may be given.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only these of its targets, as for run: names, patterns, groups or an expression.",
            valueName: "targets"), completion: .custom(Completions.limits))
    var limit: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only the targets of this wave, by its number or name; several may be given.",
            valueName: "wave"))
    var wave: [String] = []

    @Flag(
        inversion: .prefixedNo,
        help: "Go on with further targets after one has failed; as the runbook says by itself.")
    var keepGoing: Bool?

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup(title: "Parameters and reaching targets") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows what would be undone where, asks, and leads the child run.
    func perform(_ session: Session) async throws -> ExitCode {
        let (home, folded) = try await session.openRun(run.run, toWrite: true)
        try await home.refuseWhenTrailDiffers()
        let chain = try await RunChain(of: folded, in: home.journal)
        let targets = try await targets(of: chain, session)
        let starts: [TargetStart]
        switch chain.rollback(targets) {
        case .success(let found): starts = found
        case .failure(let problem): throw Failure(problem, "rollback", chain.newest.record.id)
        }
        let plan = chain.newest.plan
        let descent = RunDescent(
            kind: .rollback, parent: chain.newest.record.id, starts: starts,
            keepsGoing: keepGoing ?? plan.rollout.keepsGoing ?? false)
        let child = ChildRun(session: session, home: home, chain: chain, leading: leading)
        try await child.confirm(
            RollbackText(descent: descent, plan: plan).lines(
                session.console.errorStyle, width: session.console.errorWidth ?? 100),
            starts.map(\.target), "undo \(plan.runbook.id) in \(plan.environment.name)",
            isConfirmed: yes)
        return try await child.lead(descent)
    }

    private func targets(of chain: RunChain, _ session: Session) async throws -> [TargetName] {
        let plan = chain.newest.plan
        var targets = plan.targets.map(\.name)
        if !on.isEmpty {
            let named = try on.map { try PlanNames.target($0, of: plan) }
            targets = targets.filter(named.contains)
        }
        if failed { targets = targets.filter(chain.failed.contains) }
        if !wave.isEmpty {
            let chosen = try Set(wave.flatMap { try PlanNames.wave($0, of: plan) })
            targets = targets.filter(chosen.contains)
        }
        guard !limit.isEmpty else { return targets }
        let opened = try await session.openLibrary()
        let terms = try await TargetIntake(session: session, options: .none).terms(limit)
        let selected = try Selection.resolve(
            inventory: opened.library.inventory, rule: TargetRule(pick: .many), limits: terms
        ).get()
        let names = Set(selected.targets.map(\.name))
        return targets.filter(names.contains)
    }
}

/// What a rollback would do, in words.
struct RollbackText: Sendable {
    let descent: RunDescent
    let plan: Plan

    /// One line for each target, the first to be undone first; then what can't be undone.
    ///
    /// Of many targets those of which the same is done have one line.
    func lines(_ style: Style, width: Int) -> [String] {
        let count = CountText.of(descent.starts.count, "target")
        var lines = [
            style.paint("Rollback of \(descent.parent)", .strong) + " on \(count)"
                + (descent.keepsGoing ? ", also after a failure" : "")
        ]
        lines += targets(width)
        var seen: Set<StepID> = []
        for step in descent.starts.flatMap(\.undone).map(\.step) where seen.insert(step).inserted {
            guard let why = obstacle(of: step) else { continue }
            lines += TextWidth.wrapped("  not undone: \(step) (\(why))", width: width, indent: 4)
                .map { style.paint($0, .warning) }
        }
        return lines + [""]
    }

    private func targets(_ width: Int) -> [String] {
        var alike: [(does: String, targets: [TargetName])] = []
        for start in descent.starts {
            let does = act(start)
            if descent.starts.count > ProgressView.mostTargetsByLine,
                let place = alike.firstIndex(where: { $0.does == does })
            {
                alike[place].targets.append(start.target)
            } else {
                alike.append((does, [start.target]))
            }
        }
        return alike.flatMap { does, targets in
            let head =
                targets.count == 1
                ? "\(targets[0])  \(does)"
                : "\(CountText.of(targets.count, "target")): \(does), in this order: "
                    + TargetList.text(targets, limit: 12)
            return TextWidth.wrapped("  \(head)", width: width, indent: 4)
        }
    }

    /// What is done to a target.
    private func act(_ start: TargetStart) -> String {
        let steps = start.undone.map(\.step).compactMap(words)
        let owed = start.owed.map(\.rawValue).joined(separator: ", ")
        let parts =
            (steps.isEmpty ? [] : ["undoes \(steps.joined(separator: ", "))"])
            + (owed.isEmpty ? [] : ["gives back \(owed)"])
        return parts.isEmpty ? nothing(start) : parts.joined(separator: "; ")
    }

    /// What is said of a target where nothing is undone.
    private func nothing(_ start: TargetStart) -> String {
        start.undone.contains { obstacle(of: $0.step) != nil }
            ? "nothing can be undone" : "nothing needs to be undone"
    }

    /// A step that is undone, and how; nil for one that can't be, or needn't.
    private func words(_ id: StepID) -> String? {
        guard let step = plan.step(id), let undo = PlannedUndo(undoing: step),
            undo.notUndone == nil, !undo.isNeedless(in: plan)
        else { return nil }
        return "\(id) (\(undo.way))"
    }

    private func obstacle(of id: StepID) -> String? {
        guard let step = plan.step(id), !step.isGivenBack else { return nil }
        return PlannedUndo(undoing: step)?.notUndone
    }
}
