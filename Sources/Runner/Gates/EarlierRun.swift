import Runbooks

/// A run of a runbook in the environment before, as gate 2 looks at it.
package struct EarlierRun: Sendable, Hashable {
    /// How many runs of a runbook in an environment are looked at, the newest ones.
    package static let mostLookedAt = 200

    /// What people type to name the run.
    package let id: RunID
    /// Its plan: runs of one plan are judged together.
    package let plan: PlanID
    /// Among the runs of its plan, from 1.
    package let number: Int
    /// The digest of the runbook that ran.
    package let digest: Digest
    /// Where it is in its life, or how it ended.
    package let state: RunState
    /// Whether it helped; nil while it hasn't ended.
    package let resolution: RunResolution?
    /// When it was opened.
    package let opened: Timestamp
    /// When it ended; nil while it hasn't.
    package let ended: Timestamp?
    /// How targets ended; of one of another version nothing is known.
    package let outcomes: [TargetName: Outcome]
    /// The labels that its plan has of its targets; of one of another version nothing is known.
    package let labels: [TargetName: [String: [String]]]

    package init(
        id: RunID, plan: PlanID, number: Int = 1, digest: Digest, state: RunState,
        resolution: RunResolution? = nil, opened: Timestamp, ended: Timestamp?,
        outcomes: [TargetName: Outcome] = [:],
        labels: [TargetName: [String: [String]]] = [:]
    ) {
        self.id = id
        self.plan = plan
        self.number = number
        self.digest = digest
        self.state = state
        self.resolution = resolution
        self.opened = opened
        self.ended = ended
        self.outcomes = outcomes
        self.labels = labels
    }
}

/// What is known of a runbook's runs in the environment before.
package enum EarlierRuns: Sendable {
    /// The environment before as it is now: where the runbook could be run.
    package struct Place: Sendable {
        /// Its targets in the inventory.
        package let targets: [Target]
        /// Whether a change is needed there for what needs one here.
        package let needsChange: Bool

        package init(targets: [Target] = [], needsChange: Bool = false) {
            self.targets = targets
            self.needsChange = needsChange
        }
    }

    /// Nobody asked: a gate that needs to know is closed.
    case notAsked
    /// The journal can't be asked, and why.
    case unreadable(String)
    /// The newest first.
    case known([EarlierRun], in: Place)
}

extension Plan {
    /// The labels that it has of its targets, by their names.
    package var labelsOfTargets: [TargetName: [String: [String]]] {
        Dictionary(targets.map { ($0.name, $0.labels) }, uniquingKeysWith: { first, _ in first })
    }
}
