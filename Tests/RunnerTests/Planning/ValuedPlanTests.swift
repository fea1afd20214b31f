import Runbooks
import Runner
import Testing

/// Values that differ between targets (docs/format.md, "Values that differ").
struct ValuedPlanTests {
    private func fixture(_ picks: [ValueRule.Pick]) throws -> PlanFixture {
        var fixture = try PlanFixture(steps: [
            PlanFixture.step(
                "set", .idempotent, .run(PlanFixture.script(PlanFixture.name("swappiness")))
            ) { $0.when = try PlanFixture.parse("swappiness != 0") }
        ])
        fixture.targets = [
            try PlanFixture.target("old", labels: ["hardware": ["g5"], "rack": ["1"]]),
            try PlanFixture.target("new", labels: ["hardware": ["g9"]]),
        ]
        fixture.rule = TargetRule(pick: .many)
        fixture.rules = [ValueRule(name: try .named("swappiness"), picks: picks)]
        return fixture
    }

    private func pick(_ when: String?, _ text: String) throws -> ValueRule.Pick {
        ValueRule.Pick(when: try when.map(PlanFixture.parse), text: .text(text))
    }

    /// What the step's script is given on a target.
    private func given(_ plan: Plan, _ place: Int) throws -> Argument? {
        let resolved = try ValueResolver(plan).resolved(
            plan.steps[0].action, target: plan.targets[place], outputs: [:], answers: [:]
        ).get()
        guard case .run(let call) = resolved else { return nil }
        return call.arguments.first
    }

    @Test func theFirstPickThatHoldsIsTheTargetsOwn() throws {
        let plan = try fixture([pick("target.hardware = g5", "1"), pick(nil, "10")]).plan()
        #expect(plan.targets.map(\.name.rawValue) == ["new", "old"])
        #expect(try given(plan, 0) == .text("10"))
        #expect(try given(plan, 1) == .text("1"))
        #expect(
            plan.targets[1].labels == ["hardware": ["g5"]], "the plan has the label that it used")
        let scope = ValueResolver(plan).scope(
            target: plan.targets[1], outputs: [:], answers: [:], outcomes: [:])
        #expect(try PlanFixture.parse("swappiness = 1").holds(in: scope))
    }

    @Test func aTargetForWhichNothingHoldsIsAnErrorOfThePlan() throws {
        let fixture = try fixture([pick("target.hardware = g5", "1")])
        guard case .failure(let error) = try fixture.builder().plan() else {
            Issue.record("there is a plan")
            return
        }
        #expect(error.code == .noValue)
        #expect(error.message.contains("'swappiness' for new:"))
    }

    @Test func parametersStandInThePlanAsText() throws {
        var fixture = try fixture([
            ValueRule.Pick(
                when: try PlanFixture.parse("mode = soft"), text: PlanFixture.name("most")),
            pick(nil, "0"),
        ])
        fixture.parameters = try ["mode", "most"].map {
            Parameter(name: try .named($0), kind: .string)
        }
        fixture.values = [
            try .named("mode"): .string("soft"), try .named("most"): .string("42"),
        ]
        let plan = try fixture.plan()
        #expect(plan.values?.first?.picks.first?.text == .text("42"))
        #expect(try given(plan, 0) == .text("42"))
    }
}
