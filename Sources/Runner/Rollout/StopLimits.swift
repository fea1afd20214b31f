import Runbooks

/// At how many failures a run stops by itself, as numbers (docs/rollout.md, "Within a wave").
package struct StopLimits: Sendable, Hashable {
    /// How many targets each wave has.
    package let sizes: [Int]
    /// The failures of the whole run at which it stops (`>=`); nil where only waves are counted.
    package let ofRun: Int?
    /// The failures of each wave at which the run stops (`>=`); nil where only the run's count.
    package let ofWaves: [Int?]
    /// How many targets may be left out since they were unreachable before their first step.
    package let leaveOut: Int
    private let maxInFlight: Int

    /// The limits of a rollout over waves of these sizes, each one at least.
    package init(_ rollout: Rollout, sizes: [Int]) {
        self.sizes = sizes
        ofRun = rollout.stopAtFailures
        leaveOut = rollout.leaveOut?.roundedDown(of: sizes.reduce(0, +)) ?? 0
        maxInFlight = max(1, rollout.maxInFlight)
        ofWaves = sizes.enumerated().map { index, size in
            let amounts = [index == 0 ? rollout.stopAtFirstWave : nil, rollout.stopAtWave]
            let least = amounts.compactMap { $0?.roundedUp(of: size) }.min()
            return least ?? (rollout.stopAtFailures == nil ? 1 : nil)
        }
    }

    /// A limit that failures have come to.
    package struct Reached: Sendable, Hashable {
        /// How many there are.
        package let failures: Int
        /// How many stop.
        package let limit: Int
    }

    /// The limit at or above which failures are, of the wave, or of the run with them; nil while
    /// further targets may start.
    package func reached(inWave index: Int, failures: Int, ofRun total: Int) -> Reached? {
        if let ofRun, total >= ofRun { return Reached(failures: total, limit: ofRun) }
        guard ofWaves.indices.contains(index), let limit = ofWaves[index], failures >= limit else {
            return nil
        }
        return Reached(failures: failures, limit: limit)
    }

    /// How many targets can break before the run stops: no run breaks more, and some run breaks
    /// as many.
    ///
    /// `starting` is how many targets of each wave are started, where a person left some out.
    package func worstCase(starting: [Int]? = nil) -> Int {
        var broken = 0
        var worst = 0
        for (index, count) in (starting ?? sizes).enumerated() where count > 0 {
            let limit = min(ofWaves[index] ?? .max, ofRun.map { $0 - broken } ?? .max, count)
            worst = max(worst, broken + min(count, limit - 1 + maxInFlight))
            // A wave without a success stops, so one that goes on has one.
            broken += limit - 1
        }
        return worst
    }
}

extension StopLimits {
    /// The limits of a plan; without waves all of its targets are one.
    package init(_ plan: Plan) {
        self.init(plan.rollout, sizes: plan.wavesOfTargets.map(\.count))
    }
}

extension Plan {
    /// The targets of each wave, in the order of their start; without waves all are one.
    package var wavesOfTargets: [[TargetName]] {
        guard let waves, !waves.isEmpty else { return [targets.map(\.name)] }
        return waves.map(\.targets)
    }
}
