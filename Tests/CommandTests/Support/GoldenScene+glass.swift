import Runbooks
import Runner

@testable import handrail

extension GoldenScene {
    /// A plan in an environment that needs a change, of which somebody asks what breaking the glass
    /// would do.
    static func glassForecast() async throws -> PlanSubject {
        let scene = try await GoldenScene()
        var plan = scene.subject.plan
        plan.environment = EnvironmentRule(
            name: "lab", content: .off, change: .required, isProduction: false)
        plan.runbook.kind = .change
        func report(_ glass: GlassState?) -> GateReport {
            GateReport.evaluate(plan, runbook: scene.runbook, actor: "ann", glass: glass)
        }
        var subject = PlanSubject(
            plan: plan, digest: scene.subject.digest, librarySource: scene.subject.librarySource,
            gates: report(.asked(groups: [])), forecast: scene.subject.forecast, notProbed: nil,
            selected: scene.subject.selected, alert: nil, made: start)
        subject.withoutGlass = report(nil)
        return subject
    }
}
