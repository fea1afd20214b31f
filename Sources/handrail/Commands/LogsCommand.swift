import ArgumentParser
import Runbooks
import Runner

/// `handrail logs`: what the attempts of a run wrote.
struct LogsCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "What a run's attempts wrote, in the order in which they ended.",
        discussion: """
            Lines with │ are standard output, those with ! standard error. Only printable text is \
            shown, whatever a target wrote.

            Example: handrail logs last --failed --group
            """)

    @OptionGroup var run: RunIDArgument

    @Option(
        help: ArgumentHelp("Only this target.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: String?

    @Option(help: ArgumentHelp("Only this step.", valueName: "step"))
    var step: String?

    @Flag(help: "Only what failed.")
    var failed = false

    @Flag(help: "Show what went the same way on several targets once.")
    var group = false

    @Flag(help: "Show all that was kept, not only the end of long outputs.")
    var full = false

    @Flag(name: [.short, .long], help: "Go on showing attempts as they end; Ctrl-C just leaves.")
    var follow = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses what can't be combined.
    func validate() throws {
        if follow, group { throw ValidationError("--group needs all attempts: leave out -f.") }
    }

    /// Shows the attempts, and follows the run when asked to.
    func perform(_ session: Session) async throws -> ExitCode {
        let (home, folded) = try await session.openRun(run.run)
        let filter = try self.filter(folded.machine.plan)
        let console = session.console
        guard follow else {
            let logs = try await complete(filter.attempts(in: folded.events), home, folded.summary)
            let view = LogView(time: ShownTime(session.world), style: console.style)
            if console.isJSON {
                console.json(LogDocument(run: folded.summary.id, attempts: logs))
            } else {
                console.lines(group ? view.grouped(logs) : logs.flatMap(view.lines))
                if logs.isEmpty { console.note(failed ? "Nothing failed." : "No attempt fits.") }
            }
            return .success
        }
        let id = folded.summary.id
        let ending = try await session.unless([.interrupt]) {
            try await follow(folded, filter, home, session)
        }
        console.note(ending ?? "left; the run goes on: handrail logs \(id) -f")
        return .success
    }

    /// Shows attempts until the run has ended, or nobody leads it any more.
    ///
    /// - Returns: why it ended, in a sentence.
    private func follow(
        _ folded: FoldedRun, _ filter: LogFilter, _ home: OpenedHome, _ session: Session
    ) async throws -> String {
        let id = folded.summary.id
        var events = folded.events
        // By key: with --failed an attempt fits only once its step was judged.
        var shown: Set<AttemptKey> = []
        while true {
            // Looked at before the events: what a leader wrote before it ended is among them.
            let isLed = try await RunReference(id.rawValue).resolve(in: home.journal).isLed
            let last = events.last?.sequence ?? 0
            events += try await home.journal.events(of: id, after: last)
            let fitting = filter.attempts(in: events).filter { shown.insert($0.key).inserted }
            for log in try await complete(fitting, home, folded.summary) {
                show(log, of: id, session)
            }
            if case .closed(let state, _)? = events.last?.event {
                return "Run \(id) has ended: \(state.word)."
            }
            guard isLed else { return "Nobody leads run \(id) now: handrail resume \(id)" }
            try await session.world.sleep(.milliseconds(300))
        }
    }

    private func show(_ log: AttemptLog, of run: RunID, _ session: Session) {
        if session.console.isJSON {
            session.console.json(LogLine(run: run, attempt: log))
        } else {
            let view = LogView(time: ShownTime(session.world), style: session.console.style)
            session.console.lines(view.lines(log))
        }
    }

    private func complete(
        _ logs: [AttemptLog], _ home: OpenedHome, _ run: RunSummary
    ) async throws -> [AttemptLog] {
        guard full else { return logs }
        var complete: [AttemptLog] = []
        for var log in logs {
            log.stdout = try await whole(log.stdout, home, run)
            log.stderr = try await whole(log.stderr, home, run)
            complete.append(log)
        }
        return complete
    }

    /// All that was kept of a stream; where it was pruned since, its end, and when that was.
    private func whole(
        _ stream: AttemptLog.Stream, _ home: OpenedHome, _ run: RunSummary
    ) async throws -> AttemptLog.Stream {
        guard let stored = stream.stored else { return stream }
        var stream = stream
        switch await kept(stored, home) {
        case .success(let bytes):
            stream.text = printable(bytes, keepNewlines: true)
            stream.stored = nil
        case .failure(let error):
            guard error.code == .notFound, let closed = run.closed,
                let pruned = try await home.journal.pruned(closed: closed)
            else { throw error }
            stream.pruned = pruned
        }
        return stream
    }

    private func kept(
        _ digest: Digest, _ home: OpenedHome
    ) async -> Result<[UInt8], JournalError> {
        do {
            return .success(try await home.store.get(digest))
        } catch {
            return .failure(error)
        }
    }

    private func filter(_ plan: Plan) throws -> LogFilter {
        var filter = LogFilter(failedOnly: failed)
        filter.target = try on.map { try PlanNames.place($0, of: plan) }
        filter.step = try step.map { try PlanNames.step($0, of: plan) }
        return filter
    }
}

/// Names of a plan's parts as people give them; a wrong one is refused with the nearest.
enum PlanNames {
    /// The target of this name.
    ///
    /// - Throws: `Failure` (invalidInput).
    static func target(_ name: String, of plan: Plan) throws -> TargetName {
        if let known = plan.targets.first(where: { $0.name.rawValue == name }) { return known.name }
        let names = plan.targets.map(\.name.rawValue)
        throw Failure(
            .invalidInput, code: "run.unknownTarget",
            "\(printableExcerpt(name)) is no target of this run.",
            hint: nearestName(to: name, among: names).map { "did you mean \($0)?" }
                ?? "its targets: \(CountText.listed(names, limit: 10))")
    }

    /// The target of this name, or what is done once: `before_wave:1`, `once:migrate`.
    ///
    /// - Throws: `Failure` (invalidInput).
    static func place(_ name: String, of plan: Plan) throws -> TargetName {
        let known = TargetName(recorded: name)
        let waves = plan.wavesOfTargets.indices
        if let list = known?.waveList, !plan.sequence(of: list.kind).isEmpty,
            waves.contains(list.wave)
        {
            return list.name
        }
        if let shared = known?.sharedStep, let step = plan.step(shared.step),
            step.scope != nil || step.action.person?.perWave == true,
            shared.wave.map(waves.contains) ?? true
        {
            return shared.name
        }
        return try target(name, of: plan)
    }

    /// The targets of the wave of this number, from 1, or of this name.
    ///
    /// - Throws: `Failure` (invalidInput).
    static func wave(_ text: String, of plan: Plan) throws -> [TargetName] {
        guard let waves = plan.waves else {
            throw Failure(
                .invalidInput, code: "run.unknownWave", "This run has no waves.",
                hint: "name targets: --on, or --limit")
        }
        if let number = Int(text), waves.indices.contains(number - 1) {
            return waves[number - 1].targets
        }
        if let named = waves.first(where: { $0.name == text }) { return named.targets }
        let names = waves.enumerated().map { "\($0 + 1) (\($1.name))" }
        throw Failure(
            .invalidInput, code: "run.unknownWave",
            "\(printableExcerpt(text)) is no wave of this run.",
            hint: nearestName(to: text, among: waves.map(\.name)).map { "did you mean \($0)?" }
                ?? "its waves: \(CountText.listed(names, limit: 10))")
    }

    /// The step, or the item of a step, of this id.
    ///
    /// - Throws: `Failure` (invalidInput).
    static func step(_ id: String, of plan: Plan) throws -> StepID {
        let listed = WaveList.Kind.allCases.flatMap(plan.sequence).map(\.id)
        let all = plan.steps.map(\.id) + PlanSequences(plan).allSteps.map(\.id) + listed
        if let known = all.first(where: { $0.rawValue == id }) { return known }
        let ids = all.map(\.rawValue)
        throw Failure(
            .invalidInput, code: "run.unknownStep",
            "\(printableExcerpt(id)) is no step of \(plan.runbook.id).",
            hint: nearestName(to: id, among: ids).map { "did you mean \($0)?" }
                ?? "its steps: \(CountText.listed(ids, limit: 20))")
    }
}
