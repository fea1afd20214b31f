import Runbooks

/// How long things take, in milliseconds (docs/rollout.md, "Time").
extension Rollout {
    /// What a wave of so many targets is expected to take, without its soak; nil where nothing is
    /// known of one target, neither by the runbook nor by `seen`: how long one took in past runs.
    package func expectedTime(ofTargets count: Int, seen: Int64? = nil) -> Int64? {
        guard let one = [expectedMilliseconds, seen].compactMap({ $0 }).max() else { return nil }
        let rounds = (Int64(count) + Int64(maxInFlight) - 1) / Int64(maxInFlight)
        return rounds * one
    }

    /// What is reserved before a wave starts: the wave, its soak and, where stopping undoes, undoing
    /// everything that was changed so far and in this wave.
    package func reservedTime(
        forWave count: Int, changedBefore: Int, seen: Int64? = nil
    ) -> Int64? {
        guard let wave = expectedTime(ofTargets: count, seen: seen) else { return nil }
        let undoing =
            onStop == .rollback
            ? expectedTime(ofTargets: changedBefore + count, seen: seen) ?? 0 : 0
        return wave + (soak?.milliseconds ?? 0) + undoing
    }
}

extension Rollout {
    /// What is reserved where nothing is known of one target, and the change says how long all of it
    /// takes: no wave takes longer than that, nor does undoing it.
    package func reservedTime(ofWhole milliseconds: Int64) -> Int64 {
        milliseconds * (onStop == .rollback ? 2 : 1) + (soak?.milliseconds ?? 0)
    }
}

extension Plan {
    /// What is reserved before its first wave starts, in milliseconds; nil where nobody knows how
    /// long a target takes.
    package func reservedForFirstWave(seen: Int64?) -> Int64? {
        rollout.reservedTime(
            forWave: wavesOfTargets.first?.count ?? 0, changedBefore: 0, seen: seen)
    }
}
