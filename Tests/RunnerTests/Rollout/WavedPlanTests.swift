import Runbooks
import Testing

@testable import Runner

/// What plans say of waves.
struct WavedPlanTests {
    private func fixture(_ waves: WaveRule?) throws -> PlanFixture {
        var fixture = try PlanFixture(
            steps: [PlanFixture.step("s", .once, .run(PlanFixture.script()))])
        fixture.kind = .change
        fixture.rule = TargetRule(pick: .many, max: 10)
        fixture.targets = [
            try PlanFixture.target("a", labels: ["role": ["web"]]),
            try PlanFixture.target("b", labels: ["role": ["db"], "canary": ["true"]]),
            try PlanFixture.target("c", labels: ["role": ["web"]]),
        ]
        fixture.waves = waves
        return fixture
    }

    private func text(_ plan: Plan) throws -> String {
        String(decoding: try CanonicalJSON.bytes(of: plan), as: UTF8.self)
    }

    @Test func aPlanWithoutWavesSaysNothingOfThem() throws {
        let text = try text(fixture(nil).plan())
        #expect(text.contains(#""rollout":{"maxInFlight":50,"stopAtFailures":1},"#))
        #expect(!text.contains("waves"))
    }

    @Test func theWavesStandInThePlanAndTargetsFollowThem() throws {
        let rule = WaveRule.entries([
            WaveEntry(
                name: "web", select: try PlanFixture.parse("role = web"), size: .count(1)),
            WaveEntry(name: "others"),
        ])
        let plan = try fixture(rule).plan()
        #expect(plan.waves?.map(\.name) == ["web 1/2", "web 2/2", "others"])
        #expect(plan.targets.map(\.name.rawValue) == ["a", "c", "b"])
        #expect(
            try text(plan).contains(
                #""waves":[{"name":"web 1/2","targets":["a"]},{"name":"web 2/2","targets":["c"]},"#
                    + #"{"name":"others","targets":["b"]}]"#))
        #expect(plan.targets.first?.labels == ["role": ["web"]], "what the waves look at is shown")
        #expect(plan.wavesOfTargets.map(\.count) == [1, 1, 1])
    }

    @Test func allTargetsThatNoWaveSelectsAreNamedAtOnce() throws {
        let rule = WaveRule.entries([
            WaveEntry(name: "db", select: try PlanFixture.parse("role = db"))
        ])
        let error = #expect(throws: PlanError.self) { _ = try fixture(rule).plan() }
        #expect(error?.code == .outsideWaves)
        #expect(error?.message.contains("selects a, c:") == true)
    }

    @Test func groupsAreKeptApartByTheRulesOfTheHouse() throws {
        var one = try fixture(.sizes([nil]))
        one.protect = [ProtectRule(per: ["role"], limit: .count(1))]
        let plan = try one.plan()
        #expect(plan.waves?.map { $0.targets.map(\.rawValue) } == [["b", "a"], ["c"]])
        #expect(plan.waves?.map(\.putOff) == [["role = web"], nil])
    }

    @Test func aHealthChecksParametersAreRendered() throws {
        var one = try fixture(nil)
        one.parameters = [
            Parameter(name: try .named("load"), kind: .integer, description: "L")
        ]
        one.values = [try .named("load"): .integer(8)]
        one.rollout.health = [
            HealthCheck(
                place: .target, convention: .nagios,
                script: PlanFixture.script(
                    PlanFixture.name("load"), PlanFixture.name("target.role")),
                name: "check_load")
        ]
        let plan = try one.plan()
        #expect(
            plan.rollout.health?.first?.script.arguments
                == [.text("8"), PlanFixture.name("target.role")])
        #expect(plan.targets.first?.labels == ["role": ["db"]])
    }
}
