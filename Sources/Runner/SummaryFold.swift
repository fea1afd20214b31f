import Runbooks

/// What a run's summary takes from its events; every journal folds them with this.
package struct SummaryFold: Sendable, Hashable {
    /// Where the run is in its life.
    package private(set) var state: RunState
    /// Whether it helped; nil while it is open.
    package private(set) var resolution: RunResolution?
    /// When the run was closed; nil while it is open.
    package private(set) var closed: Timestamp?
    /// How targets ended, among the events folded since this value was made.
    package private(set) var outcomes: [TargetName: Outcome] = [:]
    /// The commands whose effect was recorded since this value was made, with that event's number.
    package private(set) var doneCommands: [Int: Int] = [:]

    package init(
        state: RunState = .pending, resolution: RunResolution? = nil, closed: Timestamp? = nil
    ) {
        self.state = state
        self.resolution = resolution
        self.closed = closed
    }

    /// Takes what the summary keeps of one event; most events leave it alone.
    package mutating func fold(_ recorded: RecordedEvent) {
        switch recorded.event {
        case .stateChanged(let next, _):
            state = next
        case .closed(let last, let helped):
            state = last
            resolution = helped
            closed = recorded.at
        case .targetEnded(let target, let outcome) where target.isTarget:
            outcomes[target] = outcome
        case .commanded(_, let id), .refused(let id, _):
            doneCommands[id] = recorded.sequence
        default:
            break
        }
    }
}

/// A lease with its end.
package struct HeldLease: Sendable, Hashable {
    /// Who holds it.
    package let lease: Lease
    /// From this instant on anybody may take it.
    package let until: Timestamp

    package init(lease: Lease, until: Timestamp) {
        self.lease = lease
        self.until = until
    }

    /// Whether another process may lead the run from now on.
    package func canBeTaken(
        by next: Lease, now: Timestamp, isProvedDead: (Lease) -> Bool
    ) -> Bool {
        lease == next || until <= now || isProvedDead(lease)
    }
}
