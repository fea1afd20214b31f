import Runbooks

/// The items of a baseline on one target, with its parameters' defaults: what a timer gives them.
struct BaselineValues: Sendable {
    private let runbook: Runbook
    private let target: Target

    init(_ runbook: Runbook, _ target: Target) {
        (self.runbook, self.target) = (runbook, target)
    }

    /// What names mean in an item's `when`.
    var scope: Scope {
        Scope(lookUp: { [runbook, target] in runbook.values(of: $0, target) })
    }

    /// The items of a step on the target, each a step of its own.
    func items(_ step: Step) -> [Step] {
        var step = step
        if case .reference(let name)? = step.forEach, name.parts.count == 1 {
            step.forEach = .texts(runbook.values(of: name, target) ?? [])
        }
        return step.items(labels: target.labels)
    }

    /// What mends an item; nil where nothing is named.
    func fix(of item: StepID) -> BaselineReport.Fix? {
        runbook.fix(of: item, on: target).map {
            BaselineReport.Fix(runbook: $0.runbook, values: $0.values)
        }
    }
}
