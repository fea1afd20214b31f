import Runbooks
import Runner
import Testing

struct GateReportTests {
    /// What runs, as a step's effect, a kind and a number of targets; `max` is 2.
    struct Case: Sendable {
        let effect: Effect
        let kind: RunbookKind
        let targets: Int
        let passage: Passage
    }

    private func report(
        _ kind: RunbookKind, _ effect: Effect, targets count: Int, content: PolicyLevel,
        change: PolicyLevel, select: String? = nil, isUndoing: Bool = false
    ) throws -> GateReport {
        let names = (0..<count).map { "t\($0)" }
        var fixture = try PlanFixture(
            targets: names,
            steps: [PlanFixture.step("s", effect, .run(PlanFixture.script()))])
        fixture.kind = kind
        fixture.rule = TargetRule(
            select: try select.map(PlanFixture.parse), pick: .many, max: 2)
        fixture.environments = [
            EnvironmentRule(name: "lab", content: content, change: change, isProduction: false)
        ]
        return GateReport.evaluate(
            try fixture.plan(), runbook: try fixture.runbook(), actor: "ada", isUndoing: isUndoing)
    }

    @Test(arguments: [
        Case(effect: .read, kind: .resolution, targets: 1, passage: .reading),
        Case(effect: .read, kind: .resolution, targets: 3, passage: .reading),
        Case(effect: .read, kind: .change, targets: 3, passage: .reading),
        Case(effect: .idempotent, kind: .resolution, targets: 2, passage: .resolution),
        Case(effect: .once, kind: .resolution, targets: 2, passage: .resolution),
        Case(effect: .once, kind: .resolution, targets: 3, passage: .everythingElse),
        Case(effect: .irreversible, kind: .resolution, targets: 1, passage: .everythingElse),
        Case(effect: .idempotent, kind: .change, targets: 1, passage: .everythingElse),
    ])
    func whatRunsDecidesTheGates(row: Case) throws {
        let report = try report(
            row.kind, row.effect, targets: row.targets, content: .off, change: .off)
        #expect(report.passage == row.passage)
        let notNeeded = report.lines.filter { $0.verdict == .notApplicable(.notNeeded) }
        #expect(
            Set(notNeeded.map(\.gate)) == Set(Gate.allCases).subtracting(row.passage.gates))
    }

    /// The table "what runs | gates" of docs/semantics.md.
    @Test(arguments: [
        (Passage.reading, [1, 3, 4]), (.resolution, [1, 2, 3, 4, 8]),
        (.everythingElse, [1, 2, 3, 4, 5, 6, 7, 8]), (.undoing, [3, 8]),
    ])
    func everyPassageHasItsGates(passage: Passage, gates: [Int]) {
        #expect(passage.gates.map(\.rawValue).sorted() == gates)
    }

    /// For every policy: which gates stop a run that passes all of them.
    @Test(arguments: PolicyLevel.allCases, PolicyLevel.allCases)
    func onlyRequiredRefusesAGateThatIsNotBuiltAndARunForNoChange(
        content: PolicyLevel, change: PolicyLevel
    ) throws {
        let report = try report(
            .change, .once, targets: 1, content: content, change: change)
        let wanted =
            (content == .required ? [Gate.content] : [])
            + (change == .required ? [Gate.change, .window, .fourEyes] : [])
        #expect(report.refusals.map(\.gate) == wanted)
        #expect(report.isOpen == wanted.isEmpty)
        for line in report.lines {
            let level = line.gate.policy(
                of: EnvironmentRule(
                    name: "lab", content: content, change: change, isProduction: false))
            switch (line.gate, level) {
            case (.role, _), (.scope, _), (.protection, _):
                #expect(line.text.contains(": open ("))
            case (_, .off?): #expect(line.verdict == .notApplicable(.policyOff))
            case (.environment, _): #expect(line.verdict == .notApplicable(.firstEnvironment))
            case (.change, _), (.window, _), (.fourEyes, _):
                #expect(line.text.contains(": refused: "))
                #expect(line.text.contains("no change"))
            case (_, .required?), (_, .advisory?), (_, nil):
                #expect(line.verdict == .notApplicable(.notBuilt))
            }
        }
    }

    @Test(arguments: PolicyLevel.allCases)
    func readingNeedsContentOnly(change: PolicyLevel) throws {
        #expect(
            try report(.resolution, .read, targets: 3, content: .off, change: change).isOpen)
        let closed = try report(
            .resolution, .read, targets: 1, content: .required, change: change)
        #expect(closed.refusals.map(\.gate) == [.content])
        #expect(!closed.allowsProbing)
    }

    @Test func moreTargetsThanAllowedNeedAChangeOrAConfirmation() throws {
        let refused = try report(
            .resolution, .once, targets: 3, content: .off, change: .advisory)
        #expect(refused.refusals.map(\.gate) == [.scope])
        #expect(!refused.asksForTargetCount)
        let asked = try report(.resolution, .once, targets: 3, content: .off, change: .off)
        #expect(asked.isOpen)
        #expect(asked.asksForTargetCount)
        let few = try report(.resolution, .once, targets: 2, content: .off, change: .off)
        #expect(!few.asksForTargetCount)
    }

    @Test func targetsOutsideTheRunbooksAreRefusedByName() throws {
        let report = try report(
            .resolution, .read, targets: 2, content: .off, change: .off, select: "role = web")
        #expect(
            report.refusals.map(\.text) == [
                "4 scope: refused: t0, t1: not among this runbook's targets (role = web)"
            ])
        #expect(!report.allowsProbing)
    }

    @Test(arguments: PolicyLevel.allCases, PolicyLevel.allCases)
    func undoingIsNeverStoppedByThePolicies(content: PolicyLevel, change: PolicyLevel) throws {
        let report = try report(
            .change, .irreversible, targets: 3, content: content, change: change,
            isUndoing: true)
        #expect(report.isOpen)
        #expect(report.lines.count == Gate.allCases.count)
    }

    @Test(arguments: [
        (PolicyLevel.off, GateReport.Review.unreviewed), (.advisory, .unreviewed),
        (.required, .closed),
    ])
    func whatNobodyApprovedIsCalledUnreviewed(
        content: PolicyLevel, review: GateReport.Review
    ) throws {
        let report = try report(.resolution, .read, targets: 1, content: content, change: .off)
        #expect(report.review == review)
    }

    @Test(arguments: [
        (Verdict.open(rule: "r"), "open (r)"),
        (.waiting(for: "a", until: Timestamp(milliseconds: 5)), "waiting: a"),
        (.refused(["a", "b"]), "refused: a; b"),
        (.notApplicable(.notBuilt), "not applicable (not built)"),
        (.notApplicable(.policyOff), "not applicable (policy off)"),
        (.notApplicable(.firstEnvironment), "not applicable (first environment)"),
    ])
    func everyVerdictHasOneWording(verdict: Verdict, text: String) {
        let line = "5 change: " + text
        let isClosed = ["waiting: a", "refused: a; b", "not applicable (not built)"].contains(text)
        #expect(GateAnswer.closedLines([line]) == (isClosed ? [line] : []))
        // What a person wrote behind it opens nothing.
        let more = line + "; on hold: see the ticket: open (P1)"
        #expect(GateAnswer.closedLines([more]) == (isClosed ? [more] : []))
        #expect(verdict.text == text)
    }
}
