import Audit
import Runbooks
import Runner

/// What a home remembers of runbooks: their runs, and the warnings that stand.
struct HomeMemory: Sendable {
    /// Nothing: a home that is not there yet.
    static let empty = HomeMemory(runs: [], flags: [])
    /// How many runs are looked through.
    static let mostRuns = 5000

    /// The newest first.
    let runs: [RunSummary]
    let flags: [RaisedFlag]
    /// Why nothing is known of earlier runs; nil where it is.
    private(set) var problem: Failure?
    private let uses: [RunbookID: PastUse]

    init(runs: [RunSummary], flags: [RaisedFlag]) {
        (self.runs, self.flags) = (runs, flags)
        uses = PastUse.of(runs)
    }

    /// A home whose journal can't be read: nothing is known, and that is said.
    init(unreadable problem: Failure) {
        self.init(runs: [], flags: [])
        self.problem = problem
    }

    /// How often a runbook was run here, and helped.
    func use(of runbook: RunbookID) -> PastUse { uses[runbook] ?? PastUse() }

    /// The warnings of a runbook, the newest first.
    func flags(of runbook: RunbookID) -> [RaisedFlag] { flags.filter { $0.runbook == runbook } }

    /// Runs of a runbook on any of these targets, the newest first.
    func earlier(_ runbook: RunbookID, on targets: [TargetName]) -> [RunSummary] {
        let names = Set(targets)
        return runs.filter { $0.runbook == runbook && !names.isDisjoint(with: $0.targets) }
    }
}

extension Session {
    /// What the home remembers; nothing without a home.
    func homeMemory() async throws -> HomeMemory {
        guard let home = try await homeToRead() else { return .empty }
        return HomeMemory(
            runs: try await home.journal.runs(matching: RunFilter(limit: HomeMemory.mostRuns)),
            flags: try await home.journal.flags())
    }

    /// The same for what is about the library, and shows history beside it: a home that can't be
    /// read is a warning.
    func homeMemoryIfReadable() async throws -> HomeMemory {
        do {
            return try await homeMemory()
        } catch  where error is JournalError || error is HomeError {
            let failure = Failure(error)
            console.warn(
                failure.message + " What ran here before, and which runbooks are flagged, can't "
                    + "be shown.", hint: failure.hint)
            return HomeMemory(unreadable: failure)
        }
    }
}

/// Who ran a runbook here before, and what came of it.
struct EarlierText: Sendable {
    /// Runs that are named.
    private static let named = 3

    let runs: [RunSummary]
    /// The targets that it is about now.
    let targets: [TargetName]
    let time: ShownTime

    /// A sentence for each of the newest, wrapped; in red what ran within a day.
    func lines(_ style: Style, width: Int, indent: Int = 0) -> [String] {
        let rest = runs.count - Self.named
        let more = rest > 0 ? "and \(CountText.of(rest, "time")) before" : nil
        return runs.prefix(Self.named).flatMap { run in
            let tone: Tone = time.now.since(run.opened) < 86_400_000 ? .bad : .plain
            return TextWidth.wrapped(line(run), width: width, indent: indent)
                .map { style.paint($0, tone) }
        } + (more.map { TextWidth.wrapped($0, width: width, indent: indent) } ?? [])
    }

    private func line(_ run: RunSummary) -> String {
        let common = run.targets.filter(targets.contains)
        let place = targets.count == 1 ? "here" : "on " + TargetList.text(common, limit: 3)
        let actor = SafeText.line(run.actor)
        let isUndone = run.goesOnAs == .rollback
        let end = isUndone ? run.state.word : run.resolution?.rawValue ?? run.state.word
        let act = isUndone ? "undone" : "run"
        let when =
            time.now.since(run.opened) < 86_400_000
            ? "Already \(act) \(place) \(time.day(run.opened)) by \(actor) at \(time.clock(run.opened))"
            : "\(isUndone ? "Undone" : "Run") \(place) before, \(time.ago(run.opened)), by \(actor)"
        return "\(when): \(end) (\(run.id))"
    }
}

/// Warnings of a runbook in words.
enum FlagText {
    /// Such as `FLAGGED 3 h ago by anna: it deletes mail`; a long reason is cut.
    static func line(_ flag: RaisedFlag, _ time: ShownTime) -> String {
        let why = ShortText.of(flag.why)
        let more =
            why == SafeText.line(flag.why)
            ? "" : " ('handrail show \(flag.runbook)' has all of it)"
        return head(flag, time) + why + more
    }

    private static func head(_ flag: RaisedFlag, _ time: ShownTime) -> String {
        "FLAGGED \(time.ago(flag.at)) by \(SafeText.line(flag.actor)): "
    }

    /// Each warning, painted and wrapped; its reason whole, or cut as `line` does.
    static func lines(
        _ flags: [RaisedFlag], _ time: ShownTime, _ style: Style, width: Int, indent: Int = 0,
        isWhole: Bool = false
    ) -> [String] {
        flags.flatMap { flag in
            let text =
                isWhole ? head(flag, time) + SafeText.line(flag.why) : line(flag, time)
            return TextWidth.wrapped(text, width: width, indent: indent)
                .map { style.paint($0, .bad) }
        }
    }
}
