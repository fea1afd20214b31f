import Audit
import Runbooks
import Runner

/// The form of `restore --json` (docs/json.md).
struct RestoreDocument: Encodable, Sendable {
    var format = 1
    /// What a trail never had, and the home hasn't either.
    struct Lost: Encodable, Sendable {
        let texts, values, nonces: Int
        let plans: [RunID]
        let older: [String]
    }

    let home: String
    /// `backup` or `trail`.
    let from: String
    let taken: Timestamp
    let runs: Int
    let openRuns: [RunID]
    let trail: String?
    let sealed: Bool
    let missing: Int
    /// What a trail never had, where one was read.
    let lost: Lost?
    /// Where the home is that was there before; nil without one.
    let aside: String?

    init(_ result: HomeRestore.Result) {
        (home, from) = (result.home, result.origin.rawValue)
        (taken, runs, openRuns) = (result.taken, result.runs, result.openRuns)
        (trail, sealed, missing) = (result.trail, result.isSealed, result.missing)
        aside = result.aside
        lost = result.rebuilt.map {
            Lost(
                texts: $0.lostTexts, values: $0.lostValues, nonces: $0.lostNonces,
                plans: $0.withoutPlan, older: $0.older)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case format, home, from, taken, runs, trail, sealed, missing, lost, aside
        case openRuns = "open_runs"
    }
}

/// What is said of a home that was restored.
struct RestoreView: Sendable {
    let result: HomeRestore.Result

    /// What is there now, what waits for people, and where the old home is.
    func lines(_ time: ShownTime) -> [String] {
        let source = result.origin == .backup ? "the backup" : "the trail"
        var lines = [
            "\(SafeText.line(result.home)) is restored from \(source) of \(time.both(result.taken)).",
            "  runs      \(result.runs), \(result.openRuns.count) of them open",
            "  trail     " + (result.trail.map { "ends at \($0)" } ?? "none yet"),
        ]
        if let aside = result.aside { lines.append("  before    kept in \(SafeText.line(aside))") }
        if result.missing > 0 {
            lines.append("  lost      \(CountText.of(result.missing, "event")) of a newer trail")
        }
        lines += lost
        if !result.isSealed {
            lines += [
                "The key that signs the trail is not there: put it back as "
                    + "\(SafeText.line(result.home))/keys/controller (mode 0600). Until then "
                    + "nothing more is recorded or started."
            ]
        }
        guard !result.openRuns.isEmpty else { return lines }
        return lines + [
            "",
            "These runs were open. They may have gone on since, so nothing of them that changes "
                + "anything is started again:",
        ] + result.openRuns.prefix(20).map { "  handrail status \($0)" } + [
            "Look at their targets, then 'handrail resume RUN' (asks guards, and ends each target) "
                + "or 'handrail abort RUN'."
        ]
    }

    /// What the trail never had: digests stand in its place.
    private var lost: [String] {
        guard let report = result.rebuilt else { return [] }
        var words: [String] = []
        if report.lostTexts > 0 {
            words.append(CountText.of(report.lostTexts, "output") + " (their digests are there)")
        }
        if report.lostValues > 0 {
            words.append("values that \(CountText.of(report.lostValues, "step")) gave")
        }
        if report.lostNonces > 0 {
            words.append("what was signed in \(CountText.of(report.lostNonces, "act"))")
        }
        if !report.withoutPlan.isEmpty {
            words.append(
                "the plans of "
                    + CountText.listed(report.withoutPlan.map(\.rawValue), limit: 3))
        }
        if !report.older.isEmpty {
            words.append(
                "runs older than the trail: "
                    + CountText.listed(report.older.map(SafeText.line), limit: 3))
        }
        words.append("commands that nobody had taken yet")
        return [
            "  rebuilt   \(CountText.of(report.lines, "event")) of the trail",
            "  not in it " + words.joined(separator: "; "),
        ]
    }
}
