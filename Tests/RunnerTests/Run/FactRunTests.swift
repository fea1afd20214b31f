import Runbooks
import Testing

@testable import Runner

/// Facts in runs (docs/semantics.md, "Facts").
struct FactRunTests {
    private typealias Answer = (AttemptRequest) -> AttemptRecord?

    private static let os = Expression.Name(parts: ["facts", "os"])

    private static func fact(_ name: String, _ choices: [String]) throws -> Step {
        let fact = Fact(
            name: try .named(name), script: RunFixture.call(name), choices: choices)
        return try #require(fact.step)
    }

    /// A fact that picks the argument of `reload`, and decides about `rotate`.
    private static func fixture(_ targets: [String] = ["a"]) throws -> RunFixture {
        let unit = Argument.reference(.init(parts: ["unit"]))
        var fixture = RunFixture(steps: [
            try fact("os", ["debian12", "debian13"]),
            RunFixture.step("reload") {
                $0.action = .run(ScriptCall(program: .inline("reload"), arguments: [unit]))
            },
            RunFixture.step("rotate") { $0.when = .compare(os, .equal, "debian13") },
        ])
        fixture.targets = targets
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: 9)
        fixture.values = [
            ValueRule(
                name: try .named("unit"),
                picks: [
                    .init(when: .compare(os, .equal, "debian12"), text: .text("exim4")),
                    .init(when: nil, text: .text("postfix")),
                ])
        ]
        return fixture
    }

    /// Answers for the fact by target; all else ends well.
    private static func says(_ answers: [String: String]) -> Answer {
        { request in
            guard request.key.part.step?.rawValue == "fact-os" else { return .exit(0) }
            return .exit(0, stdout: answers[request.key.target.rawValue] ?? "")
        }
    }

    private static func given(_ drive: HandDrive, _ target: String) -> [Argument]? {
        drive.performed.compactMap { request -> [Argument]? in
            guard request.key.target.rawValue == target,
                case .run(let call) = request.action, call.program == .inline("reload")
            else { return nil }
            return call.arguments
        }.first
    }

    private static func reason(_ drive: HandDrive, _ step: String, _ target: String = "a")
        -> String?
    {
        drive.machine.targets[RunFixture.target(target)]?.reasons[RunFixture.id(step)]
    }

    @Test func eachTargetIsAskedBeforeItsFirstStepAndGetsItsOwn() throws {
        var drive = HandDrive(try Self.fixture(["a", "b"]))
        drive.feed([.led], answer: Self.says(["a": "debian12\n", "b": "debian13\n"]))
        #expect(drive.machine.state == .succeeded)
        #expect(
            drive.started.filter { $0.hasPrefix("a:") } == ["a:os", "a:reload"])
        #expect(
            drive.started.filter { $0.hasPrefix("b:") } == ["b:os", "b:reload", "b:rotate"])
        #expect(Self.given(drive, "a") == [.text("exim4")])
        #expect(Self.given(drive, "b") == [.text("postfix")])
        #expect(drive.outcomes() == ["fact-os=ok", "reload=changed", "rotate=skipped"])
        #expect(drive.performed[0].effect == .read && !drive.performed[0].wantsOutputs)
        #expect(drive.performed[0].followers.isEmpty)
        #expect(drive.isFold)
    }

    @Test func whatIsAnsweredInTheRunCounts() throws {
        // The plan is the same; the target has become another one since it was planned.
        for (answer, unit) in [("debian12", "exim4"), ("debian13", "postfix")] {
            var drive = HandDrive(try Self.fixture())
            drive.feed([.led], answer: Self.says(["a": answer]))
            #expect(Self.given(drive, "a") == [.text(unit)])
        }
    }

    @Test func aValueThatTurnsOnAnUnknownFactFailsTheTargetBeforeItsFirstStep() throws {
        var drive = HandDrive(try Self.fixture(["a", "b"]))
        drive.feed([.led], answer: Self.says(["a": "freebsd\n", "b": "debian13"]))
        #expect(drive.started.filter { $0.hasPrefix("a:") } == ["a:os"])
        #expect(drive.outcomes() == ["fact-os=failed"])
        #expect(
            Self.reason(drive, "fact-os")
                == "facts.os is unknown: it answered 'freebsd', which is none of debian12, "
                + "debian13; 'unit' is picked by it: give the runbook that choice, correct what "
                + "answers, or leave this target out")
        #expect(drive.machine.targets[RunFixture.target("a")]?.outcome == .failed)
        #expect(drive.machine.targets[RunFixture.target("b")]?.outcome == .changed)
        #expect(drive.machine.state == .failed)
        #expect(drive.isFold)
    }

    @Test(arguments: [
        (AttemptRecord.exit(0, stdout: "debian1\n"), 1), (.exit(0), 1),
        (.exit(0, stdout: "debian12 debian13"), 1), (.exit(3, stderr: "no such file"), 2),
        (.ended(.timedOut), 2), (.ended(.notStarted("no sh")), 2),
    ])
    func whatIsNoChoiceIsUnknown(record: AttemptRecord, attempts: Int) throws {
        var fixture = try Self.fixture()
        fixture.values = nil
        fixture.steps.remove(at: 1)
        var drive = HandDrive(fixture)
        drive.feed([.led]) { $0.key.part.step?.rawValue == "fact-os" ? record : .exit(0) }
        #expect(drive.performed.map(\.key.number) == Array(1...attempts))
        #expect(drive.outcomes() == ["fact-os=ok", "rotate=skipped"])
        #expect(drive.machine.state == .succeeded)
        let reason = try #require(Self.reason(drive, "fact-os"))
        #expect(reason.hasPrefix("facts.os is unknown: "))
        #expect(reason.hasSuffix("debian12, debian13"))
        #expect(drive.isFold)
    }

    @Test func anUnknownFactMakesComparisonsFalse() throws {
        var fixture = try Self.fixture()
        fixture.values = nil
        let conditions: [Expression] = [
            .compare(Self.os, .equal, "debian12"), .compare(Self.os, .notEqual, "debian12"),
            .isIn(Self.os, ["debian12"], negated: true), .has(Self.os), .not(.has(Self.os)),
        ]
        fixture.steps =
            [fixture.steps[0]]
            + conditions.enumerated().map { index, condition in
                RunFixture.step("s\(index)") { $0.when = condition }
            }
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: Self.says(["a": "?"]))
        #expect(drive.started == ["a:os", "a:s4"])
    }

    @Test func aValueThatDoesntNeedTheFactIsPicked() throws {
        var fixture = try Self.fixture()
        fixture.ring = "inner"
        fixture.values?[0].picks.insert(
            .init(
                when: .compare(.init(parts: ["target", "ring"]), .equal, "inner"),
                text: .text("none")),
            at: 0)
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: Self.says(["a": "freebsd"]))
        #expect(Self.given(drive, "a") == [.text("none")])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func aValueThatTurnsOnTwoFactsNeedsTheSecondOnlyWhereTheFirstSaysSo() throws {
        func outcome(_ os: String, _ card: String) throws -> [String] {
            var fixture = try Self.fixture()
            fixture.steps.insert(try Self.fact("card", ["k1", "k2"]), at: 1)
            let card1 = Expression.compare(.init(parts: ["facts", "card"]), .equal, "k1")
            fixture.values?[0].picks = [
                .init(when: .compare(Self.os, .equal, "debian12"), text: .text("one")),
                .init(
                    when: .and(card1, .compare(Self.os, .equal, "debian13")), text: .text("two")),
                .init(when: nil, text: .text("three")),
            ]
            var drive = HandDrive(fixture)
            drive.feed([.led]) { request in
                switch HandDrive.text(of: request.action) {
                case "os": .exit(0, stdout: os)
                case "card": .exit(0, stdout: card)
                default: .exit(0)
                }
            }
            #expect(drive.isFold)
            return drive.outcomes().prefix(3).map { $0 }
        }
        #expect(
            try outcome("debian12", "?") == ["fact-os=ok", "fact-card=ok", "reload=changed"])
        #expect(try outcome("debian13", "?") == ["fact-os=ok", "fact-card=failed"])
        #expect(try outcome("?", "k1") == ["fact-os=failed"])
        #expect(
            try outcome("debian13", "k2") == ["fact-os=ok", "fact-card=ok", "reload=changed"])
    }

    @Test func whoCantBeReachedIsUnreachable() throws {
        var drive = HandDrive(try Self.fixture())
        drive.feed([.led]) { _ in .ended(.unreachable("no route")) }
        #expect(drive.outcomes() == ["fact-os=unreachable"])
        #expect(drive.machine.targets[RunFixture.target("a")]?.outcome == .unreachable)
    }

    @Test func aNewLeaderAsksAgain() throws {
        var drive = HandDrive(try Self.fixture())
        drive.feed([.led]) { _ in nil }
        #expect(drive.open.count == 1)
        drive.isTakenOver()
        drive.feed([.led], answer: Self.says(["a": "debian13"]))
        #expect(drive.started == ["a:os", "a:os", "a:reload", "a:rotate"])
        #expect(Self.given(drive, "a") == [.text("postfix")])
        #expect(drive.machine.state == .succeeded)
        // One that takes over later goes on with what was answered and recorded.
        var later = HandDrive(try Self.fixture())
        later.feed([.led]) { request in
            request.key.part.step?.rawValue == "fact-os" ? .exit(0, stdout: "debian12") : nil
        }
        later.isTakenOver()
        later.feed([.led]) { _ in .exit(0) }
        #expect(later.started == ["a:os", "a:reload", "a:reload"])
        #expect(Self.given(later, "a") == [.text("exim4")])
        #expect(later.isFold)
    }

    @Test func anAbortAfterTheAnswerKeepsIt() throws {
        var drive = HandDrive(try Self.fixture())
        drive.feed([.led]) { _ in nil }
        let key = try #require(drive.open.first)
        drive.feed([
            .command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1),
            .attemptEnded(key, .exit(0, stdout: "debian12")),
        ]) { _ in .exit(0) }
        #expect(drive.outcomes() == ["fact-os=ok", "reload=aborted"])
        #expect(drive.started == ["a:os"])
        #expect(drive.machine.state == .aborted)
        #expect(drive.isFold)
    }

    @Test func aRetryFromTheStartAsksAnewAndAmidTheStepsGoesOnWithWhatWasAnswered() throws {
        func retried(failing: String, first: String, then: String) throws -> HandDrive {
            var drive = HandDrive(try Self.fixture())
            drive.feed([.led]) { request in
                switch HandDrive.text(of: request.action) {
                case "os": .exit(0, stdout: first)
                case failing: .exit(9)
                default: .exit(0)
                }
            }
            let chain = RunChain([drive.machine])
            let starts = try chain.retry(chain.failed, from: nil).get()
            var child = HandDrive(.retry, of: [drive], starts)
            child.feed([.led], answer: Self.says(["a": then]))
            #expect(child.machine.state == .succeeded)
            #expect(child.isFold)
            return child
        }
        let unknown = try retried(failing: "", first: "freebsd", then: "debian12")
        #expect(unknown.started == ["a:os", "a:reload"])
        #expect(Self.given(unknown, "a") == [.text("exim4")])
        let early = try retried(failing: "reload", first: "debian13", then: "debian12")
        #expect(early.started == ["a:os", "a:reload"])
        #expect(Self.given(early, "a") == [.text("exim4")])
        let late = try retried(failing: "rotate", first: "debian13", then: "debian12")
        #expect(late.started == ["a:rotate"])
        #expect(late.outcomes() == ["fact-os=ok", "reload=changed", "rotate=changed"])
    }

    @Test func undoingKnowsWhatWasAnswered() throws {
        var fixture = try Self.fixture()
        let unit = Argument.reference(.init(parts: ["unit"]))
        fixture.steps[1].undo = [
            .run(ScriptCall(program: .inline("unload"), arguments: [unit]))
        ]
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: Self.says(["a": "debian12"]))
        let chain = RunChain([drive.machine])
        let starts = try chain.rollback(chain.undoable).get()
        var child = HandDrive(.rollback, of: [drive], starts)
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:unload"])
        guard case .run(let call)? = child.performed.first?.action else {
            Issue.record("nothing is undone")
            return
        }
        #expect(call.arguments == [.text("exim4")])
        #expect(child.machine.state == .rolledBack)
    }
}
