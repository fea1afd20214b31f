import Runbooks

/// The plan of a change: what approvals name, and what its runs have to be equal to.
///
/// The plan itself and its forecast are in the content store, under their digests.
package struct ChangePlan: Sendable, Codable, Hashable {
    /// The id that every run of the change has in its plan.
    package let planID: PlanID
    /// SHA-256 over the plan's canonical JSON.
    package let digest: Digest
    /// Of the forecast that was made with it; nil where nobody looked at the targets.
    package let forecastDigest: Digest?
    /// Of that forecast without diffs and outputs, which the trail keeps.
    package let forecastOutline: Digest?
    /// What runs.
    package let runbook: RunbookID
    /// The runbook's title.
    package let title: String
    /// The name of the plan's one environment.
    package let environment: String
    /// The library's own id.
    package let libraryID: String
    /// How many targets there are.
    package let targetCount: Int
    /// Steps that may change something and that the plan can't undo, the first ones by name.
    package let notUndone: [String]
    /// From this instant on no run of it can start.
    package let expires: Timestamp
    /// Who wrote the version of the runbook, as it was when the change was opened; nil where nobody
    /// asked.
    package let written: Authorship?

    /// How many steps are named of those that can't be undone.
    package static let namedSteps = 20

    package init(
        _ plan: Plan, digest: Digest, forecastDigest: Digest? = nil,
        forecastOutline: Digest? = nil, written: Authorship? = nil
    ) {
        planID = plan.planID
        self.digest = digest
        self.forecastDigest = forecastDigest
        self.forecastOutline = forecastOutline
        runbook = plan.runbook.id
        title = plan.runbook.title
        environment = plan.environment.name
        libraryID = plan.libraryID
        targetCount = plan.targets.count
        let kept = plan.rollback.filter { $0.notUndone != nil }
        notUndone = kept.prefix(Self.namedSteps).map(\.step.rawValue)
        expires = plan.expires
        self.written = written
    }
}
