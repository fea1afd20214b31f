import Runbooks
import Runner
import Testing

/// Gate 3 with a trust book.
struct RoleGateTests {
    private let at = TrustSamples.at

    /// Gate 3's line about a plan of the fixture's library, on `t0` in `lab`.
    private func line(
        _ effect: Effect, _ trust: TrustState, kind: RunbookKind = .resolution,
        isUndoing: Bool = false, starter: PersonID? = nil
    ) throws -> GateReport.Line {
        var fixture = try PlanFixture(
            targets: ["t0"], steps: [PlanFixture.step("s", effect, .run(PlanFixture.script()))])
        fixture.kind = kind
        fixture.environments = [
            EnvironmentRule(name: "lab", content: .off, change: .off, isProduction: false)
        ]
        let report = GateReport.evaluate(
            try fixture.plan(), runbook: try fixture.runbook(), actor: "ada",
            isUndoing: isUndoing, trust: trust, starter: starter)
        return try #require(report.lines.first { $0.gate == .role })
    }

    private func known(_ people: [Person], floors: [EnvironmentFloor]? = nil) -> TrustState {
        .known(TrustSamples.book(people, floors: floors), account: "ada", at: at)
    }

    @Test func withoutTrustTheAccountIsThePerson() throws {
        let line = try line(.once, .solo)
        #expect(line.verdict == .open(rule: "solo home: the account ada is the person"))
        #expect(!line.stops)
    }

    @Test func thePersonOfTheAccountNeedsTheRoleForThisKindOfRun() throws {
        let ada = try TrustSamples.person("ada", [RoleGrant(.operator)], accounts: ["ada"])
        let carl = try TrustSamples.person("carl", [RoleGrant(.implementer)])
        let trust = known([ada, carl])
        #expect(
            try line(.read, trust).verdict == .open(rule: "ada may run what only reads"))
        #expect(
            try line(.once, trust).verdict == .open(rule: "ada may run a resolution"))
        let refused = try line(.once, trust, kind: .change)
        #expect(refused.stops)
        guard case .refused(let reasons) = refused.verdict else {
            Issue.record("open")
            return
        }
        #expect(reasons.count == 1)
        #expect(reasons[0].hasPrefix("ada may not run a change"))
        #expect(reasons[0].hasSuffix("ada is operator, and implementer is needed; carl could"))
    }

    @Test func anAccountOfNobodyIsRefusedAndWhoCouldIsNamed() throws {
        let carl = try TrustSamples.person("carl", [RoleGrant(.operator)], accounts: ["carl"])
        let line = try line(.once, known([carl]))
        #expect(line.stops)
        #expect(
            line.verdict == .refused(["the account ada is nobody's in trust; carl could"]))
    }

    @Test func anAccountOfSeveralIsOpenWhereOneOfThemMayAndSigns() throws {
        let ada = try TrustSamples.person("ada", [RoleGrant(.auditor)], accounts: ["ada"])
        let berta = try TrustSamples.person("berta", [RoleGrant(.operator)], accounts: ["ada"])
        #expect(
            try line(.once, known([ada, berta])).verdict
                == .open(
                    rule: "the account ada is ada, berta: berta may run a resolution, and signs"))
        #expect(try line(.once, known([ada, berta]), kind: .change).stops)
    }

    /// A run that is led acts for who started it, and stops once they may no more.
    @Test func aRunThatIsLedActsForWhoStartedIt() throws {
        let ada = try TrustSamples.person("ada", [RoleGrant(.auditor)], accounts: ["ada"])
        let berta = try TrustSamples.person("berta", [RoleGrant(.operator)])
        let carl = try TrustSamples.person("carl", [RoleGrant(.operator)], retired: at)
        let trust = known([ada, berta, carl])
        #expect(
            try line(.once, trust, starter: berta.id).verdict
                == .open(rule: "berta may run a resolution"))
        #expect(
            try line(.once, trust, starter: carl.id).verdict
                == .refused(["carl has retired, and may do nothing"]))
        let unknown = PersonID(rawValue: "dora")
        #expect(try line(.once, trust, starter: unknown).stops)
    }

    @Test func aFolderThatCantBeUsedRefusesAllButUndoing() throws {
        let trust = TrustState.unusable("people/ada.yaml:1:1: it is wrong")
        #expect(try line(.once, trust).stops)
        #expect(try line(.read, trust).stops)
        #expect(try !line(.once, trust, isUndoing: true).stops)
    }

    @Test func aTargetThatTrustPutsElsewhereIsRefused() throws {
        let ada = try TrustSamples.person("ada", [RoleGrant(.operator)], accounts: ["ada"])
        let glob = try #require(NameGlob(rawValue: "t*"))
        let floors = [
            EnvironmentFloor(name: "prod", targets: [glob]), EnvironmentFloor(name: "lab"),
        ]
        #expect(
            try line(.once, known([ada], floors: floors)).verdict
                == .refused(["t0 is in lab by the library, and in prod by trust"]))
    }

    @Test func whereActsAreSignedTheGateSaysSo() throws {
        let ada = try TrustSamples.person("ada", [RoleGrant(.operator)], accounts: ["ada"])
        let floors = [EnvironmentFloor(name: "lab", needsSignedActs: true)]
        #expect(
            try line(.once, known([ada], floors: floors)).verdict
                == .open(rule: "ada may run a resolution, and signs"))
    }

    @Test func whoWasTakenOutOfTrustStartsNothingFurther() throws {
        let ada = try TrustSamples.person("ada", [RoleGrant(.operator)], accounts: ["ada"])
        let gone = try line(.once, known([ada]), starter: PersonID(rawValue: "bob"))
        #expect(
            gone.verdict
                == .refused([
                    "bob, who started it, is in trust no more: nothing further starts for them "
                        + "('handrail trust retire' keeps who somebody was)"
                ]))
        #expect(
            try !line(
                .once, known([ada]), isUndoing: true,
                starter: PersonID(rawValue: "bob")
            ).stops)
        // Before there was trust it was the account's name that was recorded.
        #expect(
            try !line(.once, known([ada]), starter: PersonID(rawValue: "ada")).stops)
    }
}
