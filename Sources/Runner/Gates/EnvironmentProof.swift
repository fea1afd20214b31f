import Runbooks

/// A plan's runs in the environment before, judged together: a run and its retries are one.
struct EnvironmentProof: Sendable, Hashable {
    /// The newest of the runs.
    let run: EarlierRun
    /// When the newest ended, which is when it succeeded.
    let ended: Timestamp
    /// The targets that have gone through it, by name, with the labels of the plan.
    let targets: [TargetName: [String: [String]]]

    /// What runs of one plan prove; the reason is a clause about the newest of them.
    ///
    /// `changes`: whether the runbook changes anything; then a target on which nothing was to be done
    /// proves nothing.
    static func judge(
        _ runs: [EarlierRun], changes: Bool
    ) -> Result<EnvironmentProof, Refusal> {
        let ordered = runs.sorted { $0.number < $1.number }
        guard let newest = ordered.last else { return .failure(Refusal(run: nil, why: "")) }
        func refused(_ why: String) -> Result<EnvironmentProof, Refusal> {
            .failure(Refusal(run: newest, why: why))
        }
        guard let ended = newest.ended else { return refused("hasn't ended") }
        guard newest.state == .succeeded else { return refused(words(newest.state)) }
        guard newest.resolution != .unresolved else {
            return refused("succeeded, and did not help")
        }
        var last: [TargetName: Outcome] = [:]
        var changed: Set<TargetName> = []
        for run in ordered {
            let isTakenBack = [.rolledBack, .rollbackFailed].contains(run.state)
            // Of an abort that isn't the first run nobody knows here whether it was undoing.
            let isDoubtful = isTakenBack || run.state == .aborted && run.number > 1
            for (target, outcome) in run.outcomes {
                last[target] = isDoubtful ? .aborted : outcome
                if outcome == .changed { changed.insert(target) }
            }
            if isTakenBack { return refused("was rolled back in part (\(run.id))") }
        }
        let bad = last.filter { !$0.value.isGood }.keys.sorted()
        guard bad.isEmpty else {
            return refused("left \(bad.prefix(3).map(\.rawValue).joined(separator: ", ")) undone")
        }
        // Whom nothing was done on has not gone through it: its guards held, or nothing applied.
        let through = last.filter { $0.value != .skipped && (!changes || changed.contains($0.key)) }
            .keys
        guard !through.isEmpty else { return refused("did nothing anywhere") }
        var labels: [TargetName: [String: [String]]] = [:]
        for run in ordered { labels.merge(run.labels) { _, later in later } }
        return .success(
            EnvironmentProof(
                run: newest, ended: ended,
                targets: Dictionary(uniqueKeysWithValues: through.map { ($0, labels[$0] ?? [:]) })))
    }

    /// Why runs of a plan prove nothing.
    struct Refusal: Error, Sendable {
        let run: EarlierRun?
        let why: String
    }

    private static func words(_ state: RunState) -> String {
        switch state {
        case .failed: "failed"
        case .rolledBack: "was rolled back"
        case .rollbackFailed: "was rolled back in part"
        case .aborted: "was aborted"
        case .succeeded: "succeeded"
        case .pending, .waiting, .running, .paused, .needsPerson, .rollingBack: "hasn't ended"
        }
    }
}
