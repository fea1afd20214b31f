import Foundation
import Runbooks
import Testing

@testable import Runner

/// A step with `for_each`: one attempt, one outcome for each item, in order.
struct ItemTests {
    private static func fixture(
        _ list: ItemList?, _ effect: Effect = .once, _ change: (inout Step) -> Void = { _ in }
    ) -> RunFixture {
        RunFixture(steps: [
            RunFixture.step("restart", effect) { step in
                step.forEach = list
                step.action = .run(
                    ScriptCall(
                        program: .inline("restart"), arguments: [.reference(.item), .text("x")]))
                change(&step)
            },
            RunFixture.step("look", .read),
        ])
    }

    private static func drive(
        _ fixture: RunFixture, failing: String? = nil
    ) -> (HandDrive, arguments: [String]) {
        var drive = HandDrive(fixture)
        drive.feed([.led]) { request in
            Self.arguments(of: request) == failing.map { [$0, "x"] } ? .exit(1) : .exit(0)
        }
        return (drive, drive.performed.map { Self.arguments(of: $0).first ?? "-" })
    }

    private static func arguments(of request: AttemptRequest) -> [String] {
        guard case .run(let call) = request.action else { return [] }
        return call.arguments.map { argument in
            if case .text(let text) = argument { text } else { "a reference" }
        }
    }

    @Test func eachItemIsAnAttemptOfItsOwnInOrder() {
        let (drive, arguments) = Self.drive(Self.fixture(.texts(["dovecot", "post fix", "$(x)"])))
        #expect(arguments == ["dovecot", "post fix", "$(x)", "-"])
        #expect(
            drive.outcomes() == [
                "restart[dovecot]=changed", "restart[#2]=changed", "restart[#3]=changed",
                "look=ok",
            ])
        #expect(drive.machine.targets[RunFixture.target("a")]?.touched.count == 3)
        #expect(drive.machine.state == .succeeded)
    }

    @Test func aFailedItemFailsTheStepAndEndsTheTarget() {
        let (drive, arguments) = Self.drive(Self.fixture(.texts(["a", "b", "c"])), failing: "b")
        #expect(arguments == ["a", "b"])
        #expect(drive.outcomes() == ["restart[a]=changed", "restart[b]=failed"])
        #expect(drive.machine.state == .failed)
    }

    @Test func afterAFailedItemTheSequenceMayGoOnButNotTheStep() {
        let fixture = Self.fixture(.texts(["a", "b", "c"])) { $0.onFailed = .continue }
        let (drive, arguments) = Self.drive(fixture, failing: "b")
        #expect(arguments == ["a", "b", "-"])
        #expect(
            drive.outcomes() == [
                "restart[a]=changed", "restart[b]=failed", "restart[c]=skipped", "look=ok",
            ])
        let target = drive.machine.targets[RunFixture.target("a")]
        #expect(target?.reasons.values.contains("restart[b] failed") == true)
    }

    @Test func theWholeStepsOutcomeIsThatOfItsItems() throws {
        for (failing, word) in [("b", "failed"), (nil, "changed")] as [(String?, String)] {
            var fixture = Self.fixture(.texts(["a", "b"])) { $0.onFailed = .continue }
            fixture.steps[1].when = try Expression.parse("restart = \(word)").get()
            let (drive, _) = Self.drive(fixture, failing: failing)
            #expect(drive.outcomes().last == "look=ok", "\(word)")
        }
    }

    @Test func aLabelGivesEachTargetItsOwnItems() {
        var fixture = Self.fixture(.reference(Expression.Name(parts: ["target", "list"])))
        fixture.targets = ["a", "b", "c", "d"]
        fixture.rollout.stopAtFailures = 5
        fixture.lists = ["a": ["x", "y"], "b": ["y"], "c": []]
        let (drive, _) = Self.drive(fixture)
        #expect(
            drive.outcomes("a") == ["restart[x]=changed", "restart[y]=changed", "look=ok"])
        #expect(drive.outcomes("b") == ["restart[y]=changed", "look=ok"])
        #expect(drive.outcomes("c") == ["restart=skipped", "look=ok"])
        #expect(drive.outcomes("d") == ["restart=failed"])
        #expect(
            drive.machine.allSteps.map(\.id.rawValue) == [
                "restart[x]", "restart[y]", "restart", "look",
            ])
    }

    @Test func anEmptyListIsSkippedWithAReason() {
        let (drive, _) = Self.drive(Self.fixture(.texts([])))
        #expect(drive.outcomes() == ["restart=skipped", "look=ok"])
        #expect(
            drive.machine.targets[RunFixture.target("a")]?.reasons[RunFixture.id("restart")]
                == "its list is empty")
    }

    /// The leader dies within the second item: the first isn't started again, the second is
    /// settled by its own guard, the third still comes.
    @Test func aNewLeaderGoesOnAtTheVeryItem() {
        let fixture = Self.fixture(.texts(["a", "b", "c"])) { step in
            step.unless = ScriptCall(program: .inline("done"), arguments: [.reference(.item)])
        }
        var drive = HandDrive(fixture)
        drive.feed([.led]) { request in
            if case .guarding = request.key.part { return .exit(1) }
            return Self.arguments(of: request).first == "b" ? nil : .exit(0)
        }
        let before = drive.performed.count
        drive.machine = RunMachine(record: fixture.record, events: drive.events)
        drive.feed([.led]) { request in
            guard case .guarding(let id) = request.key.part else { return .exit(0) }
            return .exit(id.rawValue == "restart[b]" ? 0 : 1)
        }
        let later = drive.performed.dropFirst(before)
        #expect(
            later.compactMap(\.key.part.step?.rawValue) == [
                "restart[b]", "restart[c]", "restart[c]", "look",
            ])
        #expect(
            drive.outcomes() == [
                "restart[a]=changed", "restart[b]=changed", "restart[c]=changed", "look=ok",
            ])
    }

    @Test func aPauseHoldsAfterTheLastItem() {
        let steps = Self.fixture(.texts(["a", "b"])) { $0.isSafeStop = true }.record.plan
        #expect(PlanSequences(steps)[0].map(\.isSafeStop) == [false, true, false])
    }
}

struct StepIDTests {
    @Test func documentsHaveNoItems() {
        #expect(StepID(rawValue: "restart[dovecot]") == nil)
    }

    @Test(arguments: [
        ("dovecot", "restart[dovecot]"), ("a@b.c:1+2_3", "restart[a@b.c:1+2_3]"),
        ("", "restart[#3]"), ("../x", "restart[#3]"), ("-rf", "restart[#3]"),
        ("a]b", "restart[#3]"), ("a b", "restart[#3]"), ("\u{1B}[2J", "restart[#3]"),
        ("ä", "restart[#3]"), ("#1", "restart[#3]"),
    ])
    func anItemIsNamedByAPlainTextAndElseByItsNumber(_ text: String, _ name: String) throws {
        let step = try StepID.named("restart")
        let item = StepID(step, item: text, number: 3)
        #expect(item.rawValue == name)
        #expect(item.isItem && item.step == step)
        let bytes = try JSONEncoder().encode([item])
        #expect(try JSONDecoder().decode([StepID].self, from: bytes) == [item])
    }
}
