import Runbooks
import Testing

@testable import Runner

/// Targets that are no longer what they were when the plan was made.
struct RelabelledPlanTests {
    private let plan: Plan = {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once)])
        fixture.targets = ["a", "b", "c"]
        fixture.ring = "in"
        return fixture.record.plan
    }()

    private func target(
        _ name: String, _ ring: String = "in", environment: String = "lab"
    ) -> Target {
        Target(
            name: RunFixture.target(name), address: "127.0.0.1", environment: environment,
            labels: ["ring": [ring]])
    }

    private func names(_ names: String...) -> Set<TargetName> {
        Set(names.map(RunFixture.target))
    }

    @Test func whatIsStillToStartHasTheLabelsOfNow() {
        let inventory = Inventory(targets: [target("a", "out"), target("b", "out"), target("c")])
        let now = plan.relabelled(by: inventory, names("b", "c"))
        #expect(now.targets.map { $0.labels["ring"] } == [["in"], ["out"], ["in"]])
        #expect(plan.astray(in: inventory, names("a", "b", "c")) == [])
    }

    @Test func whoIsGoneOrElsewhereIsAstray() {
        let inventory = Inventory(targets: [target("a"), target("b", environment: "live")])
        #expect(
            plan.astray(in: inventory, names("a", "b", "c"))
                == [RunFixture.target("b"), RunFixture.target("c")])
        #expect(plan.astray(in: inventory, names("a")) == [])
        let answer = GateAnswer.astray(
            [RunFixture.target("b")], from: "lab", at: Timestamp(milliseconds: 7))
        #expect(!answer.isOpen)
        #expect(answer.reason == "4 scope: refused: b: no longer in lab by the inventory")
    }

    @Test func onlyWhatNothingHasBegunOnIsAskedFor() {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once)])
        fixture.targets = ["a", "b"]
        fixture.gating = Gating(waits: false)
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: 1)
        var drive = HandDrive(fixture)
        drive.gates = {
            GateAnswer(asked: $0, isOpen: true, lines: [], reason: "", next: nil)
        }
        drive.feed([.led]) { _ in nil }
        drive.now = drive.now.adding(.seconds(60))
        drive.feed([.attemptEnded(drive.open.removeFirst(), .exit(0))]) { _ in nil }
        #expect(drive.gatesAsked.map(\.remaining) == [names("a", "b"), names("b")])
    }

    /// An inventory and a runbook that were both altered fit each other; what was approved was neither.
    @Test func aTargetMustFitByWhatItWasAndByWhatItIs() throws {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once)])
        (fixture.targets, fixture.ring) = (["a", "b"], "near")
        let plan = fixture.record.plan
        let inventory = Inventory(targets: ["a", "b"].map { target($0, "far") })
        let now = plan.relabelled(by: inventory, names("a", "b"))
        func refusal(_ select: String) throws -> String? {
            let runbook = Runbook(
                id: plan.runbook.id, title: "t", kind: .resolution, owner: "o", symptoms: [],
                targets: TargetRule(
                    select: try Expression.parse(select).get(), pick: .many, max: 9),
                parameters: [], steps: plan.steps, folder: "runbooks/x")
            return GateReport.evaluate(now, runbook: runbook, actor: "ann", approved: plan)
                .lines.first { $0.gate == .scope && $0.stops }?.text
        }
        #expect(
            try refusal("ring = far")
                == "4 scope: refused: a, b: not among this runbook's targets (ring = far)")
        #expect(try refusal("ring = near") != nil)
        #expect(try refusal("ring = near or ring = far") == nil)
    }
}
