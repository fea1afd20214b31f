import Runbooks

/// Where a run is among its waves, for whoever looks at it: people and programs are shown the same.
package struct WaveStanding: Sendable, Hashable {
    /// What the run is at, of the wave that it is at.
    package enum Phase: String, Sendable, Codable, CaseIterable {
        /// It has not begun, or was left, and will begin again.
        case due
        /// Its targets, or those of the next wave, wait for the gates.
        case gates
        /// `before_wave` is under way, or did not end well.
        case before = "before_wave"
        /// Its targets are at work.
        case running
        /// `after_wave` is under way.
        case after = "after_wave"
        /// All of its targets have ended, and what comes after it has not begun.
        case ended
        /// Nothing happens until an instant; from then on health is asked, where there is any.
        case soak
        /// Its health is asked, or is not as it should be.
        case health
        /// A person says whether the next one may start.
        case promotion
        /// Nothing more of it is done.
        case done
    }

    /// How far one wave has come.
    package struct Wave: Sendable, Hashable {
        /// What people call it: `front 1/3`; `all` without `waves`.
        package let name: String
        /// Its targets that the run is about.
        package let targets: Int
        /// Those that ended satisfied, changed or ok.
        package let endedWell: Int
        /// Those that ended otherwise.
        package let failed: Int
        /// Those that hold a place in flight.
        package let atWork: Int
        /// Those that were not started, and may wait for other runs.
        package let notStarted: Int
        /// Those that could not be reached before their first step (`reach`).
        package let leftOut: Int
    }

    /// Every wave of the plan, in order; of a rollback the last one is done first.
    package let waves: [Wave]
    /// Which one the run is at, from 0.
    package let index: Int
    /// What it is at.
    package let phase: Phase
    /// When a soak ends, or the gates may open by themselves; nil where nobody knows, or nothing is
    /// waited for.
    package let until: Timestamp?
    /// Why the run has stopped by itself; nil while it hasn't, and once a person has gone on.
    package let stop: String?
    /// What the health checks said last after this wave; nil before they were asked.
    package let health: WaveProgress.Health?

    /// The wave that the run is at.
    package var current: Wave { waves[index] }
}

extension RunMachine {
    /// Where the run is among its waves; nil for one that goes over none.
    package var waveStanding: WaveStanding? {
        guard hasWaves, waves.indices.contains(wave.index) else { return nil }
        let (phase, until) = wavePhase
        return WaveStanding(
            waves: waves.indices.map(standing(ofWave:)), index: wave.index, phase: phase,
            until: until,
            stop: wave.stop ?? (isThresholdReached ? "too many failures (stop_at)" : nil),
            health: wave.health)
    }

    private var wavePhase: (WaveStanding.Phase, Timestamp?) {
        if state.isTerminal { return (.done, nil) }
        switch wave.bracket {
        case .opening, .broken: return (.before, nil)
        case .closing: return (.after, nil)
        case .open, .closed: break
        }
        let isKeptOut = areGatesOpen == false && runningCount == keptAtStart
        switch wave.phase {
        case .due: return isKeptOut ? (.gates, gatesUntil) : (.due, nil)
        case .running:
            if isKeptOut { return (.gates, gatesUntil) }
            return (hasBeforeList && wave.bracket == .closed ? .due : .running, nil)
        case .ended: return (plan.rollout.soak == nil ? .health : .ended, nil)
        case .soaking(let until): return (.soak, until)
        case .unwell: return (.health, nil)
        case .passed, .promoted:
            if awaitsPromotion { return (.promotion, nil) }
            return isKeptOut && nextWave != nil ? (.gates, gatesUntil) : (.done, nil)
        }
    }

    /// Targets that were started and have begun nothing: closed gates keep them there.
    private var keptAtStart: Int {
        targets.count { name, target in isAtItsStart(name, target) && !target.hasUnderWay }
    }

    private func standing(ofWave index: Int) -> WaveStanding.Wave {
        let members = waves[index].compactMap { targets[$0] }
        let ended = members.filter { $0.outcome != nil && !$0.isLeftOut }
        let good = ended.count { $0.outcome?.isGood == true }
        return WaveStanding.Wave(
            name: plan.waves.flatMap { $0.indices.contains(index) ? $0[index].name : nil } ?? "all",
            targets: members.count, endedWell: good, failed: ended.count - good,
            atWork: members.count { $0.isRunning },
            notStarted: members.count { $0.phase == .notStarted },
            leftOut: members.count { $0.isLeftOut })
    }
}

/// What closed gates say.
extension RunMachine {
    /// Why no further target starts, in the gates' own words; empty while they are open, weren't
    /// asked, or nothing is left to be started.
    package var closedGates: [String] {
        guard areGatesOpen == false, !state.isTerminal, asksGates else { return [] }
        return GateAnswer.closedLines(gateLines)
    }
}
