import Runbooks
import Testing

@testable import Runner

/// What plans say of the groups that their targets belong to.
struct ProtectedPlanTests {
    private func fixture(
        _ rules: [ProtectRule], effect: Effect = .once
    ) throws -> PlanFixture {
        var fixture = try PlanFixture(
            steps: [PlanFixture.step("s", effect, .run(PlanFixture.script()))])
        fixture.targets = [try PlanFixture.target("t0", labels: ["role": ["web"]])]
        fixture.others = [
            try PlanFixture.target("t9", labels: ["role": ["web"]]),
            try PlanFixture.target("t5", labels: ["role": ["db"]]),
            try PlanFixture.target("t7", environment: "live", labels: ["role": ["web"]]),
        ]
        fixture.protect = rules
        return fixture
    }

    @Test func aPlanHasTheGroupsOfItsTargetsWithAllMembers() throws {
        let plan = try fixture([ProtectRule(per: ["role"], limit: .percent(50))]).plan()
        #expect(
            plan.protection == [
                ProtectedGroup(
                    marks: [ProtectedGroup.Mark(label: "role", value: "web")], maxUnavailable: 1,
                    members: [RunFixture.target("t0"), RunFixture.target("t9")])
            ])
        let text = String(decoding: try CanonicalJSON.bytes(of: plan), as: UTF8.self)
        #expect(
            text.contains(
                #""protection":[{"marks":[{"label":"role","value":"web"}],"max_unavailable":1,"#
                    + #""members":["t0","t9"]}]"#))
    }

    @Test func withoutRulesAndForReadingItSaysNothing() throws {
        let rule = ProtectRule(per: ["role"], limit: .count(1))
        for plan in [
            try fixture([]).plan(), try fixture([rule], effect: .read).plan(),
            try fixture([ProtectRule(per: ["none"], limit: .count(1))]).plan(),
        ] {
            #expect(plan.protection == nil)
            let text = String(decoding: try CanonicalJSON.bytes(of: plan), as: UTF8.self)
            #expect(!text.contains("protection"))
        }
    }

    @Test func aTargetWithoutALabelIsRefusedWhereItIsRequired() throws {
        let rule = ProtectRule(per: ["role", "none"], limit: .count(1), requiresLabels: true)
        let error = #expect(throws: PlanError.self) { _ = try fixture([rule]).plan() }
        #expect(error?.code == .unprotected)
        #expect(error?.message.contains("t0 has no label 'none'") == true)
        _ = try fixture([rule], effect: .read).plan()
    }
}
