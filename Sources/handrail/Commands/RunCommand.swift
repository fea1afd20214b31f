import ArgumentParser
import Runbooks
import Runner

/// `handrail run`: plan, forecast, confirm, do it, and say whether it helped.
struct RunCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a runbook: shows the plan, asks, does it, and says whether it helped.",
        discussion: """
            Ctrl-C pauses the run at the next safe place; a second one aborts it. A closed \
            terminal leaves it running.
            """)

    @OptionGroup var subject: SubjectOptions

    @Flag(help: "Don't ask. It never answers a question of the runbook, and opens no gate.")
    var yes = false

    @Flag(help: "Run although the symptom was not found.")
    var despiteAbsentSymptom = false

    @Option(help: ArgumentHelp("The ticket that this run belongs to.", valueName: "ticket"))
    var ticket: String?

    @Option(
        help: ArgumentHelp(
            "Targets of the plan to leave out of this run, by name; needs --why.",
            valueName: "a,b"), completion: .custom(Completions.targets))
    var without: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Why they are left out; recorded.", valueName: "reason"))
    var why: String?

    @Flag(help: "Wait where a gate opens by itself, such as a window, and start then.")
    var wait = false

    @Flag(help: "Ask before each step; for one target, on a terminal.")
    var stepByStep = false

    @OptionGroup(title: "Without a change, by two people") var glass: BreakGlassOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Prepares, looks, confirms, and leads the run to its end.
    func perform(_ session: Session) async throws -> ExitCode {
        guard !session.options.workingTree else {
            throw Failure(
                .usage, code: "usage", "Runs use commits only, never a working tree.",
                hint: "commit, then run; 'handrail plan --working-tree' shows what would be done")
        }
        _ = try ticket.map { try SpokenText.name($0, "The ticket") }
        let asked = try glass.asked(session, subject, why: why, waits: wait)
        let prepared = try await Preparation(session: session, subject: subject, glass: asked)
            .prepare()
        try prepared.refuseNeedlessGlass()
        guard prepared.gates.isOpen || wait && prepared.gates.opensByItself else {
            throw Failure.closed(prepared.gates)
        }
        // An audit changes nothing: there is nothing to confirm.
        let isAudit = prepared.plan.isAudit
        if !yes, !isAudit, !session.console.isInteractive { throw unattended }
        let isWhyOfGlass = asked != nil && without.isEmpty
        let leftOut = try LeavingOut(names: without, reason: isWhyOfGlass ? nil : why)
            .targets(of: prepared.plan)
        try checkStepByStep(session, prepared.plan.targets.count - leftOut.count)
        let home = try await session.openHome()
        // Asked again when the run is opened; here nothing has been looked at yet.
        let repeats = try await home.journal.repeats(
            of: prepared.plan, leftOut: Set(leftOut.map(\.target)), at: session.world.now())
        if let refusal = JournalError.repeated(prepared.plan, repeats) { throw refusal }
        try await TrailGate(session: session, home: home).refuseWhenClosed()
        try await home.refuseOlderThanRestoration(prepared.plan)
        let reach = Reach(session: session, options: subject.reach)
        return try await reach.withExecutor(
            for: prepared.plan, files: prepared.files, secrets: prepared.parameters.secrets
        ) { executor, sessions in
            try await run(prepared, leftOut, repeats, session, home, executor, sessions)
        }
    }

    /// Looks, lets a person decide, and leads.
    private func run(
        _ prepared: PreparedPlan, _ leftOut: [LeftOutTarget], _ repeats: [RepeatCount],
        _ session: Session, _ home: OpenedHome, _ executor: any Executor, _ sessions: SessionLedger
    ) async throws -> ExitCode {
        let id = session.newRunID()
        let looking = Looking(
            session: session, prepared: prepared, noProbe: false, leftOut: leftOut)
        let (shown, decision) = try await session.interruptible {
            let shown = await looking.look(with: executor, run: id)
            return (shown, try await decide(shown, prepared.earlier, repeats, session))
        }
        try await prepared.refuseWhenLocked(
            session, leftOut: decision.leftOut, waits: wait, glass: glass.state)
        try await session.noteTrust(in: home)
        let broken = try await glass.breaking(session, home, why: why)?.broken(prepared, run: id)
        if let broken {
            // The second one took their time.
            try await prepared.refuseWhenLocked(
                session, leftOut: decision.leftOut, glass: .broken(broken))
        }
        let signer =
            broken != nil
            ? nil
            : try await ActSigning(session: session, home: home).sign(
                prepared.gates.passage.verb, about: prepared.plan, run: id)
        let lease = try session.newLease()
        let opening = RunOpening(
            session: session, home: home, prepared: prepared, shown: shown, ticket: ticket,
            decision: decision, waits: wait, signer: signer, glass: broken)
        let record = try await opening.open(id, lease: lease)
        session.console.note(
            session.console.errorStyle.paint(
                record.brokenGlass.map { GlassText.words($0) + "run \(record.id) " }
                    ?? "run \(record.id)", record.brokenGlass == nil ? .faint : .alarm))
        let last = try await LeadRun(
            session: session, home: home, lease: lease, executor: executor,
            sessions: sessions, secrets: prepared.parameters.secrets, isStepByStep: stepByStep
        ).lead(RunMachine(record: record))
        let leading = LeadingOptions.reaching(subject.reach)
        let stopped = StoppedRun(
            session: session, home: home, run: last, leading: leading,
            secrets: prepared.parameters.secrets)
        if let code = try await stopped.undo() { return code }
        return await session.recap(
            last, ended: session.world.now(), in: home,
            trail: await home.anchor(telling: session.console),
            picks: prepared.opened.library.picks)
    }

    private func checkStepByStep(_ session: Session, _ count: Int) throws {
        guard stepByStep else { return }
        guard session.console.isInteractive else {
            throw Failure(
                .usage, code: "usage",
                "--step-by-step asks before each step, and nobody can be asked here: standard "
                    + "input is no terminal, or --json is given.",
                hint: "leave it out, or run it on a terminal")
        }
        guard count == 1 else {
            throw Failure(
                .usage, code: "usage",
                "--step-by-step is for one target, and \(count) are selected.",
                hint: "name one with --on")
        }
    }

    private var unattended: Failure {
        Failure(
            .usage, code: "confirmation",
            "Nobody can confirm this run: standard input is no terminal.",
            hint: "look at it with 'handrail plan', then give --yes")
    }

    /// Shows the forecast, and lets the plan file's forecast, symptom and person decide.
    private func decide(
        _ shown: PlanSubject, _ planned: Forecast?, _ repeats: [RepeatCount],
        _ session: Session
    ) async throws -> StartDecision {
        let console = session.console
        var decision = StartDecision(shown, earlier: planned)
        if shown.plan.isAudit { return decision }
        if !console.isJSON {
            let view = PlanView(
                subject: shown, style: console.errorStyle,
                width: console.errorWidth ?? 100)
            console.errors(view.lines + [""])
        }
        var isAbsent = !SymptomCheck.absent(in: shown.forecast).isEmpty
        switch SymptomCheck.answer(
            shown.plan.symptom, shown.forecast, isDespite: despiteAbsentSymptom)
        {
        case .goOn: if despiteAbsentSymptom { isAbsent = false }
        case .ask where !yes: break
        case .ask:
            throw absent(
                "The symptom \(SymptomCheck.words(for: shown.forecast)), and nobody can be asked.")
        case .refuse(let why): throw absent(why)
        }
        // --yes was said to what the file shows: where something else is seen, a person is asked.
        let memory = try await session.homeMemory()
        if yes || !console.isInteractive {
            for flag in memory.flags(of: shown.plan.runbook.id) {
                console.warn(FlagText.line(flag, ShownTime(session.world)))
            }
        }
        if yes, decision.comparison == nil { return decision }
        if !console.isInteractive {
            console.errors(decision.lines(style: console.errorStyle))
            try decision.settleUnattended()
            return decision
        }
        try await Confirmation(
            session: session, subject: shown, memory: memory, repeats: repeats,
            isSymptomAbsent: isAbsent,
            decision: decision
        ).ask()
        return decision
    }

    private func absent(_ message: String) -> Failure {
        Failure(
            .refused, code: "symptomAbsent", message + " Nothing was started.",
            hint: "check the target; --despite-absent-symptom runs it all the same")
    }
}
