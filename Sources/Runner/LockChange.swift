import Runbooks

/// What an event does to the locks of its run: every journal keeps them by this.
package enum LockChange: Sendable, Hashable {
    /// The run is at work on the target: the lock is no longer its leader's alone.
    case began(TargetName)
    /// The run has ended there, and keeps the lock.
    case kept(TargetName, String)
    case freed(TargetName)
    /// The run is over.
    case allFreed
}

extension RunEvent {
    /// What it does to the locks of its run; nil for nothing.
    package var lockChange: LockChange? {
        switch self {
        // What is done once for several targets is done on none of them.
        case .targetStarted(let target) where !target.isTarget: nil
        case .targetEnded(let target, _) where !target.isTarget: nil
        case .targetStarted(let target), .reopened(let target, _, _, _): .began(target)
        case .targetEnded(let target, _), .unlocked(let target): .freed(target)
        case .lockKept(let target, let reason): .kept(target, reason)
        case .closed: .allFreed
        case .commanded(let command, _):
            // Something is given back there again.
            switch command.verb {
            case .pay(let target), .settle(let target, _, _, _):
                target.isTarget ? .began(target) : nil
            default: nil
            }
        default: nil
        }
    }
}

extension Outcome {
    /// Whether a run that ended so on a target makes what earlier runs of its plan left unknown there
    /// a thing of the past; one that failed may not have begun, beside what lives there still.
    package var supersedes: Bool { isGood && self != .skipped }
}

/// What the events of one commit do to locks in the end.
///
/// A target that ends, and whose lock is kept by the next event, is never free in between.
package struct LockChanges: Sendable {
    /// The last change of each target.
    package private(set) var byTarget: [TargetName: LockChange] = [:]
    /// Whether the run is over, and holds nothing any more.
    package private(set) var isOver = false

    package init(_ events: some Sequence<RunEvent>) {
        for change in events.lazy.compactMap(\.lockChange) {
            switch change {
            case .began(let target), .kept(let target, _), .freed(let target):
                byTarget[target] = change
            case .allFreed: isOver = true
            }
        }
    }

    /// Whether nothing changes.
    package var isEmpty: Bool { byTarget.isEmpty && !isOver }
}
