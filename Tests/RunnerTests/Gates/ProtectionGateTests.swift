import Runbooks
import Testing

@testable import Runner

struct ProtectionGateTests {
    private func gate(
        _ targets: [String], locked: [String], groups: [ProtectedGroup] = [],
        standings: [Standing] = []
    ) -> ProtectionGate {
        ProtectionGate(
            targets.map(RunFixture.target), groups,
            .known(
                locked.map { LockSamples.lock(RunFixture.target($0)) }, standings: standings))
    }

    @Test func isOpenWhereNobodyElseIs() {
        let gate = gate(["a", "b"], locked: ["c"])
        #expect(gate.verdict == .open(rule: "no other run holds these targets"))
        #expect(gate.deferred == [])
    }

    @Test func aTargetOfAnotherRunIsRefusedWithHolderTimeStepAndWhatToDo() {
        #expect(
            gate(["a"], locked: ["a"]).verdict
                == .refused([
                    "a is locked by run r-other (other.book) of bob since 1970-01-01T00:00:00Z, at "
                        + "step drain; it is free once that run has ended there; 'handrail watch "
                        + "r-other' follows it"
                ]))
        #expect(gate(["a"], locked: ["a"]).deferred == [])
    }

    @Test func withATargetThatIsFreeTheOthersWait() {
        let gate = gate(["a", "b", "c"], locked: ["a", "c"])
        guard case .open(let rule) = gate.verdict else {
            Issue.record("\(gate.verdict)")
            return
        }
        #expect(rule.hasPrefix("2 of 3 targets would wait: a is locked by run r-other"))
        #expect(gate.deferred.count == 2)
    }

    @Test func manyReasonsAreCounted() {
        let names = (1...9).map { "t\($0)" }
        guard case .refused(let reasons) = gate(names, locked: names).verdict else {
            Issue.record("it is not refused")
            return
        }
        #expect(reasons.count == 6)
        #expect(reasons.last == "and 4 more")
    }

    @Test func aMemberThatItsGroupCantSpareIsRefusedAlone() throws {
        let group = ProtectedGroup(
            marks: [ProtectedGroup.Mark(label: "cluster", value: "mb1")], maxUnavailable: 1,
            members: ["a", "b"].map(RunFixture.target))
        #expect(
            gate(["a"], locked: [], groups: [group]).verdict
                == .open(
                    rule: "no other run holds these targets, and their groups can spare them"))
        #expect(
            gate(["a"], locked: ["b"], groups: [group]).verdict
                == .refused([
                    "a is kept available: of the 2 targets with cluster = mb1 at most 1 may be "
                        + "unavailable, and b is locked by run r-other (other.book) of bob since "
                        + "1970-01-01T00:00:00Z, at step drain; it is free once that run has ended "
                        + "there; 'handrail watch r-other' follows it"
                ]))
        let run = try #require(RunID(rawValue: "r-old"))
        let failed = Standing(target: RunFixture.target("b"), outcome: .timedOut, run: run)
        #expect(
            gate(["a"], locked: [], groups: [group], standings: [failed]).verdict
                == .refused([
                    "a is kept available: of the 2 targets with cluster = mb1 at most 1 may be "
                        + "unavailable, and b ended timed out in run r-old; it counts until a run "
                        + "that changes something there ends well; 'handrail status r-old' says "
                        + "what happened, and 'handrail settle r-old --on b --as well --why …' "
                        + "that it is well"
                ]))
        // The one that failed can be mended, and the other one follows.
        let both = gate(["a", "b"], locked: [], groups: [group], standings: [failed])
        #expect(both.deferred.count == 1)
        #expect(gate(["b"], locked: [], groups: [group], standings: [failed]).deferred == [])
    }

    @Test func whoCantAskIsClosed() {
        #expect(
            ProtectionGate([RunFixture.target("a")], [], .unreadable("The journal is damaged."))
                .verdict
                == .refused(["who holds locks can't be asked: The journal is damaged."]))
    }

    @Test func itIsAskedOfChangesAndOfUndoingAlone() throws {
        for (effect, isAsked) in [(Effect.read, false), (.once, true)] {
            var fixture = try PlanFixture(
                targets: ["t0"], steps: [PlanFixture.step("s", effect, .run(PlanFixture.script()))])
            fixture.rule = TargetRule(select: nil, pick: .many, max: 2)
            let report = GateReport.evaluate(
                try fixture.plan(), runbook: try fixture.runbook(), actor: "ada",
                locks: .known([LockSamples.lock(RunFixture.target("t0"))]))
            #expect(report.isOpen == !isAsked)
            #expect(report.refusals.map(\.gate) == (isAsked ? [.protection] : []))
            let undoing = GateReport.evaluate(
                try fixture.plan(), runbook: try fixture.runbook(), actor: "ada", isUndoing: true,
                locks: .known([LockSamples.lock(RunFixture.target("t0"))]))
            #expect(!undoing.isOpen)
            // Nobody looks at whom a person left out.
            let without = GateReport.evaluate(
                try fixture.plan(), runbook: try fixture.runbook(), actor: "ada",
                locks: .known([LockSamples.lock(RunFixture.target("t0"))]),
                leftOut: [RunFixture.target("t0")])
            #expect(without.isOpen)
        }
    }
}
