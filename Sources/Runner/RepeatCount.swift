import Runbooks

/// The runs that count against a runbook's `repeat`, on one target or on all.
package struct RepeatCount: Sendable, Hashable {
    /// A past run on one of its targets, as a journal has it.
    package struct PastRun: Sendable, Hashable {
        /// Which run it was.
        package let run: RunID
        /// Who started it.
        package let actor: String
        /// When it was opened.
        package let opened: Timestamp
        /// One of its targets.
        package let target: TargetName
        /// How that target ended; nil while it hasn't, and when it was never started.
        package let outcome: Outcome?
        /// Whether the run has not ended.
        package let isOpen: Bool

        package init(
            run: RunID, actor: String, opened: Timestamp, target: TargetName, outcome: Outcome?,
            isOpen: Bool
        ) {
            (self.run, self.actor, self.opened) = (run, actor, opened)
            (self.target, self.outcome, self.isOpen) = (target, outcome, isOpen)
        }

        /// Whether the fix was tried there: not when nothing was to be done, or could be.
        var counts: Bool {
            switch outcome {
            case nil: isOpen
            case .changed, .failed, .timedOut, .aborted, .unknown: true
            case .satisfied, .ok, .unreachable, .skipped: false
            }
        }
    }

    /// Where they are counted; nil for everywhere.
    package let target: TargetName?
    /// The runs that count, the newest first.
    package let runs: [PastRun]
    /// The rule that they count against.
    package let rule: RepeatRule

    /// Counts what a plan's rule counts, for the targets that it would start.
    ///
    /// - Parameters:
    ///   - plan: the plan of the run that is to be opened.
    ///   - leftOut: its targets that are not started.
    ///   - past: the runs of its runbook within the rule's time, in any order.
    /// - Returns: one count for each target, or one for all; empty without a rule.
    package static func of(
        _ plan: Plan, leftOut: Set<TargetName>, past: [PastRun]
    ) -> [RepeatCount] {
        guard let rule = plan.repeatRule else { return [] }
        let counted = past.filter(\.counts).sorted {
            ($1.opened, $1.run.rawValue) < ($0.opened, $0.run.rawValue)
        }
        switch rule.per {
        case .target:
            return plan.targets.map(\.name).filter { !leftOut.contains($0) }.map { name in
                RepeatCount(target: name, runs: counted.filter { $0.target == name }, rule: rule)
            }
        case .runbook:
            var seen: Set<RunID> = []
            let runs = counted.filter { seen.insert($0.run).inserted }
            return [RepeatCount(target: nil, runs: runs, rule: rule)]
        }
    }

    /// From which instant on runs are looked at, for a run that is opened at another.
    package static func since(_ rule: RepeatRule, at: Timestamp) -> Timestamp {
        at.adding(.milliseconds(-rule.withinMilliseconds))
    }

    /// Whether one more is one too many.
    package var isUsedUp: Bool { runs.count >= rule.atMost }

    /// Such as `1 of 2 times within 24h`.
    package var words: String { "\(runs.count) of \(limit)" }

    /// Such as `2 times within 24h`.
    var limit: String {
        "\(rule.atMost) times within "
            + formatDuration(.milliseconds(rule.withinMilliseconds))
    }
}

/// A run that counts, with all the targets on which it does.
private struct NamedRun {
    /// Targets that are named.
    private static let mostTargets = 3

    let run: RepeatCount.PastRun
    let targets: [TargetName]

    /// The runs of several counts, each once, the newest first.
    static func of(_ counts: [RepeatCount]) -> [NamedRun] {
        var targets: [RunID: [TargetName]] = [:]
        for run in counts.flatMap(\.runs) { targets[run.run, default: []].append(run.target) }
        var seen: Set<RunID> = []
        return counts.flatMap(\.runs)
            .sorted { ($1.opened, $1.run.rawValue) < ($0.opened, $0.run.rawValue) }
            .filter { seen.insert($0.run).inserted }
            .map { NamedRun(run: $0, targets: targets[$0.run] ?? []) }
    }

    func words(isForSeveral: Bool) -> String {
        "\(run.run)\(isForSeveral ? " on " + Self.listed(targets) : "") by \(run.actor)"
    }

    static func listed(_ targets: [TargetName]) -> String {
        targets.prefix(mostTargets).map(\.rawValue).joined(separator: ", ")
            + (targets.count > mostTargets ? ", … +\(targets.count - mostTargets)" : "")
    }
}

extension JournalError {
    /// Runs that an error names.
    private static let namedRuns = 5

    /// The refusal when a run would be one too many; nil when it would not.
    package static func repeated(_ plan: Plan, _ counts: [RepeatCount]) -> JournalError? {
        let used = counts.filter(\.isUsedUp)
        guard let first = used.first else { return nil }
        let runs = NamedRun.of(used)
        guard let newest = runs.first else { return nil }
        let named = runs.prefix(namedRuns).map { $0.words(isForSeveral: used.count > 1) }
        let rest = runs.count - namedRuns
        let isNamed = plan.onFailure?.escalate != nil
        let place = NamedRun.listed(used.compactMap(\.target))
        let times =
            used.allSatisfy { $0.runs.count == first.runs.count }
            ? first.words : "as often as it may be, \(first.limit),"
        return JournalError(
            .repeated,
            "\(plan.runbook.id) was run \(times)\(place.isEmpty ? "" : " on ")\(place)"
                + ", which is all that its runbook allows: \(named.joined(separator: ", "))"
                + "\(rest > 0 ? ", … +\(rest)" : "").",
            hint: "The same fix again won't help. Hand it over: "
                + "handrail escalate \(newest.run.run)\(isNamed ? "" : " --to …") --note '…'")
    }
}
