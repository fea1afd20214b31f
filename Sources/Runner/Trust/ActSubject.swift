import Runbooks

/// What an act is about, as roles bound it; what it isn't about sets no bound.
package struct ActSubject: Sendable, Hashable {
    /// The environment; nil for an act that is about none.
    package let environment: String?
    /// The runbook; nil for an act that is about none.
    package let runbook: RunbookID?
    /// The targets, every one of which must be covered.
    package let targets: [TargetName]

    package init(
        environment: String? = nil, runbook: RunbookID? = nil, targets: [TargetName] = []
    ) {
        self.environment = environment
        self.runbook = runbook
        self.targets = targets
    }

    /// What a plan is about.
    package init(_ plan: Plan) {
        self.init(
            environment: plan.environment.name, runbook: plan.runbook.id,
            targets: plan.targets.map(\.name))
    }

    /// An act about nothing that roles bound.
    package static let anything = ActSubject()
}
