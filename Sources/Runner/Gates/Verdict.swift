import Runbooks

/// One of the eight things that must allow a run (docs/semantics.md, "Gates").
package enum Gate: Int, Sendable, Codable, CaseIterable {
    case content = 1
    case environment, role, scope, change, window, fourEyes, protection

    /// The name that people see.
    package var name: String {
        switch self {
        case .content: "content"
        case .environment: "environment"
        case .role: "role"
        case .scope: "scope"
        case .change: "change"
        case .window: "window"
        case .fourEyes: "four eyes"
        case .protection: "locks and protection"
        }
    }

    /// The policy that decides whether the gate stops anything; nil for those that always bind.
    package func policy(of environment: EnvironmentRule) -> PolicyLevel? {
        switch self {
        case .content: environment.content
        case .environment:
            environment.after.map { $0.policy.stricter(of: environment.content) }
                ?? environment.content
        case .change, .window, .fourEyes: environment.change
        case .role, .scope, .protection: nil
        }
    }
}

/// What a gate answers.
package enum Verdict: Sendable, Codable, Hashable {
    case open(rule: String)
    /// Closed now, and open without anybody's act later: why, with the instant in words too.
    case waiting(for: String, until: Timestamp)
    /// All reasons at once, each one sentence.
    case refused([String])
    /// The gate has nothing to say here, by the rule named.
    case notApplicable(NotApplicable)

    /// Why a gate has nothing to say.
    package enum NotApplicable: String, Sendable, Codable, CaseIterable {
        case policyOff = "policy off"
        case notBuilt = "not built"
        /// What runs doesn't pass this gate (the table "what runs").
        case notNeeded = "not needed for what runs"
        /// No environment comes before this one.
        case firstEnvironment = "first environment"
        /// Two people have signed in its place, or will before it starts.
        case brokenGlass = "replaced by breaking the glass"
    }

    /// The one wording, used by terminal, JSON and records alike.
    package var text: String {
        switch self {
        case .open(let rule): "open (\(rule))"
        case .waiting(let what, _): "waiting: \(what)"
        case .refused(let reasons): "refused: " + reasons.joined(separator: "; ")
        case .notApplicable(let rule): "not applicable (\(rule.rawValue))"
        }
    }
}

/// What kind of thing runs, which decides the gates it passes.
package enum Passage: String, Sendable, Codable, CaseIterable {
    /// Only steps that read, and baselines.
    case reading
    /// A resolution on at most `targets.max` targets, with nothing irreversible.
    case resolution
    case everythingElse
    /// What two people start without a change, whatever it is.
    case brokenGlass
    /// Undoing, or giving back, what a run has started.
    case undoing

    /// The gates that it passes.
    package var gates: Set<Gate> {
        switch self {
        case .reading: [.content, .role, .scope]
        case .resolution: [.content, .environment, .role, .scope, .protection]
        case .everythingElse: Set(Gate.allCases)
        case .brokenGlass: [.content, .role, .scope, .fourEyes, .protection]
        case .undoing: [.role, .protection]
        }
    }

    /// What running a plan is.
    package init(of plan: Plan, runbook: Runbook) {
        if plan.runbook.kind == .baseline || plan.isReadOnly {
            self = .reading
        } else if plan.runbook.kind == .resolution, !plan.hasIrreversibleStep,
            plan.targets.count <= runbook.targets.max
        {
            self = .resolution
        } else {
            self = .everythingElse
        }
    }
}

extension Plan {
    /// Whether none of its steps changes anything.
    package var isReadOnly: Bool { (steps + listedSteps).allSatisfy { $0.effect == .read } }

    /// Whether one of its steps can't be undone.
    package var hasIrreversibleStep: Bool {
        (steps + listedSteps).contains { $0.effect == .irreversible }
    }
}
