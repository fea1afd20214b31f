import Runbooks
import Runner
import Testing

/// What the gates say where two people break the glass.
struct GlassGateTests {
    private static let at = Timestamp(milliseconds: 1_795_000_000_000)

    private static func glass(
        _ second: String = "bob", groups: [String] = []
    ) -> GlassState {
        .broken(
            BrokenGlass(
                first: "ada", second: second, reason: "mail is down", groups: groups, at: at))
    }

    /// Three targets of a runbook for one, in an environment that demands all there is but content.
    private static func fixture(
        content: PolicyLevel = .off, change: PolicyLevel = .required, isProtected: Bool = false
    ) throws -> PlanFixture {
        var fixture = try PlanFixture(
            steps: [PlanFixture.step("s", .once, .run(PlanFixture.script()))])
        fixture.kind = .change
        fixture.rule = TargetRule(
            select: try PlanFixture.parse("role = web"), pick: .many, max: 1)
        fixture.targets = try (0..<3).map {
            try PlanFixture.target(
                "t\($0)", labels: ["role": ["web"], "cluster": ["c\($0 / 2)"]])
        }
        if isProtected {
            fixture.protect = [ProtectRule(per: ["cluster"], limit: .count(1))]
        }
        fixture.environments = [
            EnvironmentRule(
                name: "lab", content: content, change: change, isProduction: true,
                after: EnvironmentBefore(environment: "pre"))
        ]
        return fixture
    }

    private static func report(
        _ fixture: PlanFixture, _ glass: GlassState?, at now: Timestamp = at,
        trust: TrustState = .solo
    ) throws -> GateReport {
        GateReport.evaluate(
            try fixture.plan(), runbook: try fixture.runbook(), actor: "ada",
            facts: ChangeFacts(standing: .none, calendar: .none, now: now) { $0.spokenText },
            trust: trust, earlier: .known([], in: EarlierRuns.Place()), glass: glass)
    }

    @Test func itReplacesThreeGatesAndNoOther() throws {
        let closed = try Self.report(try Self.fixture(), nil)
        #expect(
            closed.refusals.map(\.gate) == [.environment, .scope, .change, .window, .fourEyes])
        let report = try Self.report(try Self.fixture(), Self.glass())
        #expect(report.passage == .brokenGlass)
        #expect(report.refusals.map(\.text) == [])
        for gate in [Gate.environment, .change, .window] {
            #expect(report.lines[gate.rawValue - 1].verdict == .notApplicable(.brokenGlass))
        }
        #expect(
            report.lines[6].text
                == "7 four eyes: open (ada and bob broke the glass: mail is down)")
        #expect(report.asksForTargetCount)
        #expect(report.bindsStarts)
        // Content binds as ever, and so does what the runbook is for.
        let unapproved = try Self.report(try Self.fixture(content: .required), Self.glass())
        #expect(unapproved.refusals.map(\.gate) == [.content])
        var elsewhere = try Self.fixture()
        elsewhere.targets[0] = try PlanFixture.target("t0", labels: ["role": ["db"]])
        #expect(try Self.report(elsewhere, Self.glass()).refusals.map(\.gate) == [.scope])
    }

    /// A role that is missing is none of what is replaced.
    @Test func whereNoneOfThemIsClosedThereIsNothingToBreak() throws {
        var fixture = try Self.fixture(change: .off)
        let glass = GlassState.asked(groups: [])
        #expect(
            try Self.report(fixture, glass).replaces(try Self.report(fixture, nil)))
        fixture.environments = [
            EnvironmentRule(name: "lab", content: .off, change: .off, isProduction: false)
        ]
        let book = TrustSamples.book([
            try TrustSamples.person("ada", [RoleGrant(.operator)], accounts: ["ada"])
        ])
        let trust = TrustState.known(book, account: "ada", at: Self.at)
        let closed = try Self.report(fixture, nil, trust: trust)
        #expect(closed.refusals.map(\.gate) == [.role])
        #expect(try Self.report(fixture, glass, trust: trust).replaces(closed) == false)
        // More targets than the runbook allows without a change.
        fixture.environments = [
            EnvironmentRule(name: "lab", content: .off, change: .advisory, isProduction: false)
        ]
        let many = try Self.report(fixture, nil)
        #expect(many.refusals.map(\.gate) == [.scope])
        #expect(try Self.report(fixture, glass).replaces(many))
    }

    @Test func beforeTheSecondSignsTheGateSaysSo() throws {
        let report = try Self.report(try Self.fixture(), .asked(groups: []))
        #expect(report.isOpen)
        #expect(
            report.lines[6].verdict
                == .open(rule: "breaking the glass: a second person signs before it starts"))
        let closed = try Self.report(
            try Self.fixture(),
            .asked(groups: [], problem: "who wrote it can't be said: it is a shallow clone"))
        #expect(
            closed.refusals.map(\.text) == [
                "7 four eyes: refused: the second person must not have written it, and who wrote it "
                    + "can't be said: it is a shallow clone"
            ])
    }

    /// Whatever the change policy: where it is off, nobody signs in the place of nothing.
    @Test(arguments: PolicyLevel.allCases)
    func whoSignsTwiceBreaksNothing(change: PolicyLevel) throws {
        let report = try Self.report(try Self.fixture(change: change), Self.glass("ada"))
        #expect(
            report.refusals.map(\.text) == [
                "7 four eyes: refused: ada signed both times, and two people break the glass"
            ])
    }

    @Test func itCountsForADay() throws {
        let day: Duration = .seconds(24 * 3600)
        let fixture = try Self.fixture()
        #expect(try Self.report(fixture, Self.glass(), at: Self.at.adding(day)).isOpen)
        let late = try Self.report(
            fixture, Self.glass(), at: Self.at.adding(day + .seconds(3600)))
        #expect(
            late.refusals.map(\.text) == [
                "7 four eyes: refused: ada and bob broke the glass 25 h ago, and that counts for "
                    + "24 h: what is left is a change, or broken anew"
            ])
    }

    @Test func protectedGroupsAreTouchedOnlyWhenTheyAreNamed() throws {
        let fixture = try Self.fixture(isProtected: true)
        let report = try Self.report(fixture, .asked(groups: ["cluster = c1"]))
        #expect(
            report.refusals.map(\.text) == [
                "8 locks and protection: refused: t0, t1: of the protected group 'cluster = c0', "
                    + "which must be named: --protected 'cluster = c0'"
            ])
        let named = try Self.report(fixture, Self.glass(groups: ["cluster = c0", "cluster = c1"]))
        #expect(named.isOpen)
        // A run with a change names nothing.
        #expect(try Self.report(fixture, nil).lines[7].stops == false)
    }

    @Test func theFirstPersonNeedsARoleThatMayBreakIt() throws {
        let fixture = try Self.fixture()
        func role(_ role: Role) throws -> [Gate] {
            let book = TrustSamples.book([
                try TrustSamples.person("ada", [RoleGrant(role)], accounts: ["ada"])
            ])
            return try Self.report(
                fixture, Self.glass(), trust: .known(book, account: "ada", at: Self.at)
            ).refusals.map(\.gate)
        }
        #expect(try role(.operator) == [])
        #expect(try role(.approver) == [.role])
    }

    @Test func undoingAsksForNoGlass() throws {
        let fixture = try Self.fixture()
        let report = GateReport.evaluate(
            try fixture.plan(), runbook: try fixture.runbook(), actor: "ada", isUndoing: true,
            glass: Self.glass("ada"))
        #expect(report.passage == .undoing && report.isOpen)
    }
}
