import Runbooks
import Runner
import Testing

/// Gate 2, of what ran in the environment before.
struct EnvironmentGateTests {
    private static let now = Timestamp(milliseconds: 1_795_000_000_000)
    private static let day: Int64 = 86_400_000

    private static func at(daysAgo days: Int64) -> Timestamp {
        Timestamp(milliseconds: now.milliseconds - days * day)
    }

    private static func digest(_ digit: Character) throws -> Digest {
        try #require(Digest(rawValue: String(repeating: digit, count: 64)))
    }

    private static func target(_ name: String) throws -> TargetName {
        try #require(TargetName(rawValue: name))
    }

    /// A plan for two roles in production, which comes after pre-release.
    private static func fixture(
        _ after: EnvironmentBefore? = EnvironmentBefore(environment: "pre-release"),
        content: PolicyLevel = .off, kind: RunbookKind = .change
    ) throws -> PlanFixture {
        var fixture = try PlanFixture(
            steps: [PlanFixture.step("s", .once, .run(PlanFixture.script()))])
        fixture.kind = kind
        fixture.rule = TargetRule(select: nil, pick: .many, max: 5)
        fixture.targets = [
            try PlanFixture.target("hub1", environment: "live", labels: ["role": ["hub"]]),
            try PlanFixture.target("mbx1", environment: "live", labels: ["role": ["mbx"]]),
        ]
        fixture.environments = [
            EnvironmentRule(
                name: "pre-release", content: .off, change: .off, isProduction: false),
            EnvironmentRule(
                name: "live", content: content, change: .off, isProduction: true, after: after),
        ]
        return fixture
    }

    /// The plan's own version of the runbook.
    private static func version() throws -> Digest { try fixture().plan().runbook.digest }

    /// A run of a plan of its own in pre-release, of this version unless said, that ended well on
    /// `targets`, each with its role.
    private static func run(
        _ id: String, plan digit: Character = "1", number: Int = 1, digest: Digest? = nil,
        _ state: RunState = .succeeded, helped: RunResolution? = .resolved, daysAgo: Int64 = 2,
        targets: [String: String] = ["pre-hub": "hub", "pre-mbx": "mbx"],
        outcomes: [String: Outcome] = [:]
    ) throws -> EarlierRun {
        var ends: [TargetName: Outcome] = [:]
        var labels: [TargetName: [String: [String]]] = [:]
        for (name, role) in targets {
            ends[try target(name)] = outcomes[name] ?? .changed
            labels[try target(name)] = role.isEmpty ? [:] : ["role": [role]]
        }
        return EarlierRun(
            id: try #require(RunID(rawValue: id)),
            plan: try #require(PlanID(rawValue: String(repeating: digit, count: 32))),
            number: number, digest: try digest ?? version(), state: state, resolution: helped,
            opened: at(daysAgo: daysAgo), ended: state.isTerminal ? at(daysAgo: daysAgo) : nil,
            outcomes: ends, labels: labels)
    }

    private static func place(needsChange: Bool = false) throws -> EarlierRuns.Place {
        EarlierRuns.Place(
            targets: [
                try PlanFixture.target(
                    "pre-mbx", environment: "pre-release", labels: ["role": ["mbx"]]),
                try PlanFixture.target(
                    "pre-hub", environment: "pre-release", labels: ["role": ["hub"]]),
                try PlanFixture.target(
                    "pre-hub2", environment: "pre-release", labels: ["role": ["hub"]]),
            ], needsChange: needsChange)
    }

    /// The whole report, for the runs there.
    private static func report(
        _ earlier: EarlierRuns, _ fixture: PlanFixture
    ) throws -> GateReport {
        GateReport.evaluate(
            try fixture.plan(), runbook: try fixture.runbook(), actor: "ada",
            facts: ChangeFacts(standing: .none, calendar: .none, now: now) {
                "\((now.milliseconds - $0.milliseconds) / day) days back"
            }, earlier: earlier)
    }

    /// What gate 2 says of some runs.
    private static func text(
        _ runs: [EarlierRun], _ fixture: PlanFixture? = nil, needsChange: Bool = false
    ) throws -> String {
        let made = try fixture ?? Self.fixture()
        let report = try report(.known(runs, in: try place(needsChange: needsChange)), made)
        return report.lines[1].verdict.text
    }

    private static let advice =
        "; do it there first: handrail run web.restart --limit pre-hub,pre-mbx"
    private static let unproved =
        "refused: this version of web.restart has not succeeded in "
        + "pre-release: "

    @Test func aRunOnOneTargetOfEachRoleOpensIt() throws {
        let report = try Self.report(
            .known([try Self.run("r-1")], in: try Self.place()), try Self.fixture())
        #expect(
            report.lines[1].text
                == "2 environment: open (r-1 succeeded in pre-release, 2 days back, 2 d ago, on 2 "
                + "targets)")
        #expect(report.isOpen)
        #expect(report.bindsStarts)
        #expect(!report.lines[1].stops)
    }

    @Test func theRefusalNamesWhatIsMissingAndTheCommand() throws {
        #expect(
            try Self.text([]) == Self.unproved + "it has not been run there" + Self.advice)
        let report = try Self.report(.known([], in: try Self.place()), try Self.fixture())
        #expect(report.refusals.map(\.gate) == [.environment])
        #expect(
            try Self.text([], needsChange: true)
                == Self.unproved + "it has not been run there; do it there first: handrail change "
                + "open web.restart --limit pre-hub,pre-mbx")
    }

    @Test(arguments: [
        (RunState.failed, RunResolution?.some(.unclear), "r-1 failed"),
        (.rolledBack, .unclear, "r-1 was rolled back"),
        (.rollbackFailed, .unclear, "r-1 was rolled back in part"),
        (.aborted, .unclear, "r-1 was aborted"),
        (.running, nil, "r-1 hasn't ended"),
        (.succeeded, .unresolved, "r-1 succeeded, and did not help"),
    ])
    func whatDidntSucceedThereDoesntCount(
        state: RunState, helped: RunResolution?, words: String
    ) throws {
        #expect(
            try Self.text([try Self.run("r-1", state, helped: helped)])
                == Self.unproved + words + Self.advice)
    }

    /// One that went through all of it, with a target that ended badly and was passed over.
    @Test func aTargetThatEndedBadlySpoilsIt() throws {
        let run = try Self.run("r-1", outcomes: ["pre-mbx": .unknown])
        #expect(
            try Self.text([run]) == Self.unproved + "r-1 left pre-mbx undone" + Self.advice)
        let skipped = try Self.run(
            "r-1", outcomes: ["pre-mbx": .skipped, "pre-hub": .skipped])
        #expect(
            try Self.text([skipped]) == Self.unproved + "r-1 did nothing anywhere" + Self.advice)
    }

    /// Guards that held, or steps that were passed over, say nothing of what the runbook does.
    @Test(arguments: [Outcome.satisfied, .ok])
    func whereNothingWasToBeDoneNothingIsProved(_ outcome: Outcome) throws {
        let idle = try Self.run("r-1", outcomes: ["pre-mbx": outcome, "pre-hub": outcome])
        #expect(
            try Self.text([idle]) == Self.unproved + "r-1 did nothing anywhere" + Self.advice)
        let half = try Self.run("r-1", outcomes: ["pre-mbx": outcome])
        #expect(try Self.text([half]).contains("no target with role = mbx has gone through it"))
        // A retry that found the rest in order goes on from what was changed before it.
        let first = try Self.run("r-1", .failed, outcomes: ["pre-mbx": .failed])
        let again = try Self.run(
            "r-2", number: 2, targets: ["pre-mbx": "mbx"], outcomes: ["pre-mbx": .changed])
        #expect(try Self.text([first, again]).hasPrefix("open"))
    }

    @Test func aTargetOfEachRoleMustHaveGoneThroughIt() throws {
        let run = try Self.run("r-1", targets: ["pre-hub": "hub"])
        #expect(
            try Self.text([run])
                == "refused: no target with role = mbx has gone through it in pre-release; do it "
                + "there first: handrail run web.restart --limit pre-mbx")
        // What role a target had says the plan of that run; without one it proves nothing of any.
        let bare = try Self.run("r-1", targets: ["pre-hub": "", "pre-mbx": ""])
        #expect(
            try Self.text([bare]).hasPrefix(
                "refused: no target with role = hub, mbx has gone through it in pre-release; do"))
    }

    @Test func aRoleThatNobodyHasThereIsNamed() throws {
        var fixture = try Self.fixture()
        fixture.targets.append(
            try PlanFixture.target("um1", environment: "live", labels: ["role": ["um"]]))
        fixture.targets.append(try PlanFixture.target("odd1", environment: "live"))
        #expect(
            try Self.text([try Self.run("r-1")], fixture)
                == "refused: no target with role = um, and none with no role has gone through it in "
                + "pre-release; pre-release has no target of this runbook with no role, nor with "
                + "role = um: it needs one")
    }

    @Test func severalRunsCountTogether() throws {
        let runs = [
            try Self.run("r-2", plan: "2", daysAgo: 1, targets: ["pre-mbx": "mbx"]),
            try Self.run("r-1", daysAgo: 3, targets: ["pre-hub": "hub"]),
        ]
        #expect(
            try Self.text(runs)
                == "open (r-2 succeeded in pre-release, 1 days back, 24 h ago, on 2 targets (with 1 "
                + "earlier run))")
    }

    @Test func aNumberOfTargetsIsCountedOnce() throws {
        let fixture = try Self.fixture(
            EnvironmentBefore(environment: "pre-release", oneOfEach: nil, targets: 2))
        let runs = [
            try Self.run("r-2", plan: "2", daysAgo: 1, targets: ["pre-hub": "hub"]),
            try Self.run("r-1", daysAgo: 3, targets: ["pre-hub": "hub"]),
        ]
        #expect(
            try Self.text(runs, fixture)
                == "refused: 1 of 2 targets have gone through it in pre-release; do it there first: "
                + "handrail run web.restart --limit pre-hub2")
        let more = try Self.run("r-3", plan: "3", targets: ["pre-mbx": "mbx"])
        #expect(try Self.text(runs + [more], fixture).hasPrefix("open (r-2 "))
    }

    @Test func aRetryThatMendedAllOfItCounts() throws {
        let failed = try Self.run("r-1", .failed, daysAgo: 3, outcomes: ["pre-mbx": .failed])
        let retry = try Self.run("r-2", number: 2, targets: ["pre-mbx": "mbx"])
        #expect(
            try Self.text([retry, failed])
                == "open (r-2 succeeded in pre-release, 2 days back, 2 d ago, on 2 targets)")
        let other = try Self.run("r-2", number: 2, targets: ["pre-hub": "hub"])
        #expect(
            try Self.text([other, failed]).contains("r-2 left pre-mbx undone"))
    }

    @Test func whatWasRolledBackCountsNoMore() throws {
        let run = try Self.run("r-1", daysAgo: 3)
        let undone = try Self.run("r-2", number: 2, .rolledBack)
        #expect(
            try Self.text([undone, run]) == Self.unproved + "r-2 was rolled back" + Self.advice)
        let part = try Self.run("r-2", number: 2, .rolledBack, targets: ["pre-hub": "hub"])
        let later = try Self.run("r-3", number: 3, daysAgo: 1, targets: ["pre-mbx": "mbx"])
        #expect(
            try Self.text([later, part, run]).contains("r-3 was rolled back in part (r-2)"))
    }

    @Test func anOlderVersionIsNamedAndDoesntCount() throws {
        let other = try Self.run("r-1", digest: try Self.digest("f"))
        let mine = try Self.version().rawValue.prefix(7)
        #expect(
            try Self.text([other])
                == Self.unproved + "version fffffff ran there (r-1, 2 d ago), not this one, \(mine)"
                + Self.advice)
    }

    @Test func anOldSuccessClosesItForAChangeAndWarnsForAResolution() throws {
        let run = try Self.run("r-1", daysAgo: 91)
        #expect(
            try Self.text([run])
                == "refused: r-1 succeeded in pre-release 91 d ago, and that counts for 90 d"
                + Self.advice)
        let fixture = try Self.fixture(kind: .resolution)
        #expect(
            try Self.text([run], fixture)
                == "open (r-1 succeeded in pre-release, 91 days back, 91 d ago, on 2 targets; that "
                + "is more than 90 d ago: run it there again)")
        #expect(
            try Self.text([], fixture)
                == Self.unproved + "it has not been run there" + Self.advice
                + "; a signed test record in place of a run is not built yet")
        // Exactly as old as it may be.
        #expect(try Self.text([try Self.run("r-1", daysAgo: 90)]).hasPrefix("open"))
    }

    @Test func aFailureSinceThenIsTold() throws {
        let runs = [
            try Self.run("r-2", plan: "2", .failed, daysAgo: 1), try Self.run("r-1"),
        ]
        #expect(try Self.text(runs).hasSuffix("on 2 targets; since then r-2 failed there)"))
    }

    @Test func aJournalThatCantBeReadClosesIt() throws {
        let fixture = try Self.fixture()
        let unreadable = try Self.report(.unreadable("it is locked"), fixture)
        #expect(
            unreadable.refusals.map(\.text) == [
                "2 environment: refused: what ran in pre-release can't be read: it is locked"
            ])
        #expect(try Self.report(.notAsked, fixture).refusals.map(\.gate) == [.environment])
    }

    /// `content` and the policy of `after`, and what follows for a run that has nothing to show.
    @Test(arguments: [
        (PolicyLevel.off, PolicyLevel?.none, "not applicable (policy off)", false),
        (.advisory, nil, "not applicable (first environment)", false),
        (.required, nil, "not applicable (first environment)", false),
        (.off, .required, "refused", true), (.off, .advisory, "refused", false),
        (.off, .off, "not applicable (policy off)", false),
        (.advisory, .off, "refused", false), (.advisory, .required, "refused", true),
        (.required, .off, "refused", true), (.required, .advisory, "refused", true),
    ])
    func whichPolicyBindsIt(
        content: PolicyLevel, policy: PolicyLevel?, words: String, stops: Bool
    ) throws {
        let after = policy.map { EnvironmentBefore(environment: "pre-release", policy: $0) }
        let report = try Self.report(
            .known([], in: try Self.place()), try Self.fixture(after, content: content))
        #expect(report.lines[1].verdict.text.hasPrefix(words))
        #expect(report.lines[1].stops == stops)
        #expect(report.bindsStarts == stops)
    }

    @Test func whatReadsAndWhatUndoesIsntStopped() throws {
        var fixture = try Self.fixture()
        fixture.steps = [try PlanFixture.step("s", .read, .run(PlanFixture.script()))]
        let none = EarlierRuns.known([], in: try Self.place())
        #expect(try Self.report(none, fixture).isOpen)
        let changing = try Self.fixture()
        let undoing = GateReport.evaluate(
            try changing.plan(), runbook: try changing.runbook(), actor: "ada", isUndoing: true,
            earlier: none)
        #expect(undoing.isOpen)
    }

    /// Which role a target had when it ran is in its plan, there and here.
    @Test func plansHaveTheLabelThatIsCountedBy() throws {
        var fixture = try Self.fixture()
        #expect(try fixture.plan().targets.map(\.labels) == [["role": ["hub"]], ["role": ["mbx"]]])
        fixture.targets = [
            try PlanFixture.target(
                "pre-hub", environment: "pre-release", labels: ["role": ["hub"], "x": ["y"]])
        ]
        #expect(try fixture.plan().targets.map(\.labels) == [["role": ["hub"]]])
        fixture.environments = [
            EnvironmentRule(
                name: "pre-release", content: .off, change: .off, isProduction: false)
        ]
        #expect(try fixture.plan().targets.map(\.labels) == [[:]])
    }
}
