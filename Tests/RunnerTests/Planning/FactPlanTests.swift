import Runbooks
import Runner
import Testing

/// Facts in plans (docs/semantics.md, "Facts").
struct FactPlanTests {
    @Test func thePlanHasEveryChoiceAndNoAnswer() throws {
        let plan = try FactFixture.plan()
        #expect(plan.steps.map(\.id.rawValue) == ["fact-os", "reload", "rotate"])
        let asked = plan.steps[0]
        #expect(asked.isFact && asked.effect == .read && asked.timeout == .seconds(20))
        #expect(asked.outputs.map(\.constraints.choices) == [["debian12", "debian13"]])
        #expect(plan.values?.first?.picks.map(\.text) == [.text("exim4"), .text("postfix")])
        let text = String(decoding: try CanonicalJSON.bytes(of: plan), as: UTF8.self)
        #expect(text.contains("\"fact\":true"))
        #expect(text.contains("\"choices\":[\"debian12\",\"debian13\"]"))
        // The digest is that of what may be answered: another choice is another plan.
        var wider = try FactFixture.fixture()
        wider.facts[0].choices.append("debian14")
        wider.rules[0].picks.append(ValueRule.Pick(when: nil, text: .text("postfix")))
        let digest = try Digest.sha256(ofCanonical: plan)
        #expect(try Digest.sha256(ofCanonical: wider.plan()) != digest)
        #expect(try Digest.sha256(ofCanonical: FactFixture.plan()) == digest)
    }

    @Test func aPlanWithoutFactsSaysNothingOfThem() throws {
        let step = try PlanFixture.step("a", .once, .run(PlanFixture.script()))
        let plan = try PlanFixture(steps: [step]).plan()
        let text = String(decoding: try CanonicalJSON.bytes(of: plan), as: UTF8.self)
        #expect(!text.contains("fact"))
    }

    @Test func aChoiceWithoutAValueIsAnErrorOfThePlan() throws {
        var fixture = try FactFixture.fixture()
        fixture.targets = [
            try PlanFixture.target("new", labels: ["role": ["hub"]]),
            try PlanFixture.target("old", labels: ["role": ["edge"]]),
            try PlanFixture.target("older"),
        ]
        fixture.rules[0].picks[1].when = try PlanFixture.parse(
            "facts.os = debian13 and target.role = hub")
        guard case .failure(let error) = try fixture.builder().plan() else {
            Issue.record("there is a plan")
            return
        }
        #expect(error.code == .noValue)
        #expect(
            error.message
                == "web.restart says nothing of 'unit' for old, older: none of its conditions holds "
                + "there with facts.os = debian13 (values)")
        #expect(error.hint?.contains("or one for this choice") == true)
    }

    @Test func whatAFactIsAskedWithStandsInThePlan() throws {
        var fixture = try FactFixture.fixture()
        fixture.parameters = [Parameter(name: try .named("level"), kind: .string)]
        fixture.values = [try .named("level"): .string("7")]
        fixture.targets = [try PlanFixture.target("a", labels: ["rack": ["r1"], "role": ["x"]])]
        fixture.facts[0].script.arguments = [
            PlanFixture.name("level"), PlanFixture.name("target.rack"),
        ]
        let plan = try fixture.plan()
        #expect(plan.targets[0].labels == ["rack": ["r1"]])
        guard case .run(let call) = plan.steps[0].action else {
            Issue.record("it asks nothing")
            return
        }
        #expect(call.arguments == [.text("7"), PlanFixture.name("target.rack")])
    }

    @Test(
        arguments: [("debian12", "exim4"), ("debian13", "postfix"), (nil, nil)]
            as [(String?, String?)])
    func aValueIsWhatTheAnswerPicks(answer: String?, unit: String?) throws {
        let plan = try FactFixture.plan()
        let outputs: [StepID: [String: String]] =
            answer.map { [plan.steps[0].id: ["os": $0]] } ?? [:]
        let resolver = ValueResolver(plan)
        let rule = try #require(plan.values?.first)
        let target = plan.targets[0]
        let open = PickedValue.open([Expression.Name(parts: ["facts", "os"])])
        #expect(
            resolver.picked(rule, on: target, outputs) == (unit.map(PickedValue.text) ?? open))
        let resolved = resolver.resolved(
            PlanFixture.script(PlanFixture.name("unit"), PlanFixture.name("facts.os")),
            target: target, outputs: outputs, answers: [:])
        switch resolved {
        case .success(let call):
            #expect(call.arguments == [.text(unit ?? ""), .text(answer ?? "")])
        case .failure(let missing):
            #expect(answer == nil)
            #expect(
                missing.message == "the value 'unit' turns on facts that are not known on a")
        }
        let scope = resolver.scope(target: target, outputs: outputs, answers: [:], outcomes: [:])
        for (text, holds) in [
            ("facts.os = debian12", answer == "debian12"),
            ("facts.os != debian12", answer == "debian13"),
            ("facts.os not in [debian12]", answer == "debian13"),
            ("has facts.os", answer != nil), ("unit = exim4", answer == "debian12"),
        ] {
            #expect(try PlanFixture.parse(text).holds(in: scope) == holds, "\(text)")
        }
    }
}

/// A runbook with a fact, which picks a value and decides about a step.
enum FactFixture {
    static func fixture() throws -> PlanFixture {
        var fixture = try PlanFixture(
            targets: ["a", "b"],
            steps: [
                PlanFixture.step("reload", .idempotent, .run(PlanFixture.script())) {
                    $0.action = .run(
                        ScriptCall(
                            program: .inline("reload"), arguments: [PlanFixture.name("unit")]))
                },
                PlanFixture.step(
                    "rotate", .idempotent, .run(ScriptCall(program: .inline("rotate")))
                ) { $0.when = try PlanFixture.parse("facts.os = debian13") },
            ])
        fixture.rule = TargetRule(pick: .many)
        fixture.facts = [
            Fact(
                name: try .named("os"), script: ScriptCall(program: .inline("os")),
                choices: ["debian12", "debian13"])
        ]
        fixture.rules = [
            ValueRule(
                name: try .named("unit"),
                picks: [
                    .init(when: try PlanFixture.parse("facts.os = debian12"), text: .text("exim4")),
                    .init(
                        when: try PlanFixture.parse("facts.os = debian13"), text: .text("postfix")),
                ])
        ]
        return fixture
    }

    static func plan() throws -> Plan { try fixture().plan() }
}
