import Runbooks

/// How far a run has come among its waves.
package struct WaveProgress: Sendable, Hashable {
    /// Where the wave is that the run is at.
    package enum Phase: Sendable, Hashable {
        /// It has not begun.
        case due
        /// Its targets are started.
        case running
        /// All of them have ended, and what lies after it has not begun.
        case ended
        /// It waits for time to pass.
        case soaking(until: Timestamp)
        /// Its health is not as it should be, or nobody knows; a person decides.
        case unwell
        /// Everything after it is done.
        case passed
        /// And a person said that the next one may start.
        case promoted
    }

    /// How far what comes before and after the wave's targets is done, where there is anything.
    package enum Bracket: Sendable, Hashable {
        /// Nothing was begun, or all of it was given back.
        case closed
        /// `before_wave` is under way.
        case opening
        /// Targets may start; `after_wave` is owed.
        case open
        /// `before_wave` did not end well: no target starts, and `after_wave` is owed.
        case broken
        /// `after_wave` is under way.
        case closing
    }

    /// Which wave the run is at, from 0.
    package internal(set) var index = 0
    /// Where that wave is.
    package internal(set) var phase: Phase
    /// How many targets of each wave ended in a way that counts against `stop_at`.
    package internal(set) var failures: [Int]
    /// Targets whose failures a person has accepted by going on after a stop; they count no more.
    package internal(set) var accepted: Set<TargetName> = []
    /// How many targets were left out, since they couldn't be reached.
    package internal(set) var leftOut = 0
    /// Why the run stopped by itself, where it wasn't for the number of failures.
    package internal(set) var stop: String?
    /// How far what comes before and after the wave's targets is done.
    package internal(set) var bracket = Bracket.closed
    /// How often the wave has been entered.
    package internal(set) var round = 0
    /// What the health checks said last, and why; nil before they were asked after this wave.
    package internal(set) var health: Health?

    /// What the health checks said.
    package struct Health: Sendable, Hashable {
        /// The worst of them.
        package let verdict: HealthVerdict
        /// What those said that are not well.
        package let reason: String
    }

    init(count: Int, phase: Phase) {
        failures = Array(repeating: 0, count: max(1, count))
        self.phase = phase
    }

    mutating func apply(_ event: WaveEvent, hasMoreAfter: Bool) {
        switch event {
        case .started(let index):
            // A run that was made again from its trail may not have its plan's waves.
            if failures.indices.contains(index) { self.index = index }
            phase = .running
            health = nil
            (bracket, round) = (.closed, 0)
        case .ended: phase = hasMoreAfter ? .ended : .passed
        case .soaking(_, let until): phase = .soaking(until: until)
        case .healthTold(_, let verdict, let reason, let isLast):
            health = Health(verdict: verdict, reason: reason)
            switch verdict {
            case .failed: phase = .unwell
            case .inconclusive: if isLast { phase = .unwell }
            case .ok, .warning: if isLast { phase = .passed }
            }
        case .passed: phase = .passed
        case .promoted: phase = .promoted
        case .stopped(_, let reason): stop = reason
        case .leftOut: leftOut += 1
        }
    }

    /// A person goes on after a stop: what has failed so far counts no more.
    mutating func accept(_ failed: [TargetName]) {
        accepted.formUnion(failed)
        failures = Array(repeating: 0, count: failures.count)
        stop = nil
        if phase == .unwell { phase = .passed }
    }
}
