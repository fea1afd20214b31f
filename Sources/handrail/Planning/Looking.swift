import Plugins
import Runbooks
import Runner

/// Looks at the targets of a plan: the dry run.
struct Looking: Sendable {
    let session: Session
    let prepared: PreparedPlan
    /// Targets that a person left out: nobody looks at them.
    let leftOut: [LeftOutTarget]
    /// Why targets aren't looked at; nil when they are.
    let forbidden: String?

    init(
        session: Session, prepared: PreparedPlan, noProbe: Bool, leftOut: [LeftOutTarget] = []
    ) {
        self.session = session
        self.prepared = prepared
        self.leftOut = leftOut
        forbidden =
            noProbe
            ? "--no-probe"
            : !prepared.gates.allowsProbing
                ? "a gate is closed"
                : prepared.opened.isWorkingTree && prepared.plan.environment.content != .off
                    ? "--working-tree, where runbooks must be approved" : nil
    }

    /// What is shown and confirmed: the plan with its forecast.
    func look(with executor: any Executor, run: RunID) async -> PlanSubject {
        if forbidden == nil, !session.console.isJSON, !prepared.plan.isAudit {
            let count = prepared.plan.targets.count - leftOut.count
            session.console.note(
                session.console.errorStyle.paint(
                    "Looking at \(count == 1 ? "1 target" : "\(count) targets") …", .faint))
        }
        var asked = prepared.plan
        asked.targets.removeAll { target in leftOut.contains { $0.target == target.name } }
        let forecast = await DryRun.forecast(
            of: asked, run: run,
            probing: forbidden.map { .forbidden($0) } ?? .allowed,
            secrets: prepared.parameters.secrets, executor: executor)
        return PlanSubject(
            plan: prepared.plan, digest: prepared.digest,
            librarySource: prepared.opened.source, gates: prepared.gates, forecast: forecast,
            notProbed: forbidden, selected: prepared.selected,
            alert: prepared.alert, leftOut: leftOut, change: prepared.change,
            made: session.world.now())
    }
}
