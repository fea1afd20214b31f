import Runbooks
import Testing

@testable import Runner

/// `retry`: a child run that begins where its targets did not end well.
struct RetryTests {
    private static func chain(_ drives: HandDrive...) -> RunChain {
        RunChain(drives.map(\.machine))
    }

    /// The child run of others, which must be possible.
    private static func retry(
        _ drives: HandDrive..., targets: [String]? = nil, from: String? = nil
    ) throws -> HandDrive {
        let chain = RunChain(drives.map(\.machine))
        let names = targets?.map(RunFixture.target) ?? chain.failed
        let starts = try chain.retry(names, from: from.map(RunFixture.id)).get()
        return HandDrive(.retry, of: drives, starts)
    }

    private static func problem(
        _ chain: RunChain, from: String? = nil, targets: [String]? = nil
    ) -> String? {
        let names = targets?.map(RunFixture.target) ?? chain.failed
        switch chain.retry(names, from: from.map(RunFixture.id)) {
        case .success: return nil
        case .failure(let problem): return problem.message
        }
    }

    private static func fails(_ name: String) -> (AttemptRequest) -> AttemptRecord? {
        { HandDrive.text(of: $0.action) == name ? .exit(9) : .exit(0) }
    }

    private static func bracket(_ rule: Release.IfStopped = .pay) -> HandDrive {
        let out = RunFixture.step("out", .once) {
            $0.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("fix"), ifStopped: rule)
        }
        return HandDrive(
            RunFixture(steps: [out, RunFixture.step("fix"), RunFixture.step("last")]))
    }

    @Test func goesOnAtTheStepThatDidNotEndWellWithWhatWasThereBefore() throws {
        let found = try #require(ParameterName(rawValue: "found"))
        let first = RunFixture.step("one", .read) {
            $0.outputs = [OutputDeclaration(name: found, kind: .string)]
        }
        let last = RunFixture.step("three") {
            $0.when = .compare(.init(parts: ["one", "found"]), .equal, "yes")
        }
        var fixture = RunFixture(steps: [first, RunFixture.step("two"), last])
        fixture.targets = ["a", "b"]
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: 9)
        var drive = HandDrive(fixture)
        drive.feed([.led]) { request in
            switch HandDrive.text(of: request.action) {
            case "one": .exit(0, outputs: ["found": "yes"])
            case "two" where request.key.target.rawValue == "a": .exit(9)
            default: .exit(0)
            }
        }
        #expect(drive.machine.state == .failed)
        var child = try Self.retry(drive)
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:two", "a:three"])
        #expect(child.outcomes() == ["one=ok", "two=changed", "three=changed"])
        #expect(child.machine.state == .succeeded)
        #expect(child.machine.targets[RunFixture.target("b")]?.phase == .notStarted)
        #expect(child.isFold)
    }

    @Test func aOnceStepIsStartedAgainOnlyWhenAPersonNamesIt() throws {
        var drive = HandDrive(
            RunFixture(steps: [RunFixture.step("one"), RunFixture.step("fix", .once)]))
        drive.feed([.led], answer: Self.fails("fix"))
        #expect(
            Self.problem(Self.chain(drive))
                == "fix may run once only, and may have been started on a")
        #expect(Self.problem(Self.chain(drive), from: "one") != nil)
        var child = try Self.retry(drive, from: "fix")
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:fix"])
        #expect(child.machine.state == .succeeded)
    }

    @Test func allTargetsOfAOnceStepAreNamedAndWhereEachWouldBegin() throws {
        var fixture = RunFixture(steps: [RunFixture.step("one"), RunFixture.step("fix", .once)])
        fixture.targets = ["a", "b", "c"]
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: 9)
        var drive = HandDrive(fixture)
        drive.feed([.led]) { request in
            let text = HandDrive.text(of: request.action)
            return text == (request.key.target.rawValue == "c" ? "one" : "fix")
                ? .exit(9) : .exit(0)
        }
        let chain = Self.chain(drive)
        #expect(
            Self.problem(chain) == "fix may run once only, and may have been started on a, b")
        let places = chain.retryPlaces(chain.failed)
        #expect(places.map { $0.targets.map(\.rawValue) } == [["a", "b"], ["c"]])
        #expect(places.map(\.step?.rawValue) == ["fix", "one"])
        #expect(places.map(\.isNamed) == [true, false])
        for place in places {
            let names = place.targets.map(\.rawValue)
            let from = place.isNamed ? place.step?.rawValue : nil
            #expect(Self.problem(chain, from: from, targets: names) == nil)
        }
    }

    @Test func aOnceStepThatWasNeverStartedNeedsNoName() throws {
        var drive = HandDrive(RunFixture(steps: [RunFixture.step("fix", .once)]))
        drive.feed([.led]) { _ in .ended(.unreachable("no route")) }
        var child = try Self.retry(drive)
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:fix"])
    }

    @Test func aOnceStepThatEndedWellIsNotRunAgainByAnEarlierStart() {
        var drive = HandDrive(
            RunFixture(steps: [
                RunFixture.step("one"), RunFixture.step("fix", .once), RunFixture.step("two"),
            ]))
        drive.feed([.led], answer: Self.fails("two"))
        #expect(Self.problem(Self.chain(drive)) == nil)
        #expect(
            Self.problem(Self.chain(drive), from: "one")
                == "fix may run once only, and may have been started on a")
    }

    @Test func nothingIsPassedOver() {
        var drive = HandDrive(RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two")]))
        drive.feed([.led], answer: Self.fails("one"))
        #expect(
            Self.problem(Self.chain(drive), from: "two")
                == "a did not come as far as two: one did not end well there, and a retry passes "
                + "over nothing")
    }

    @Test func aBracketThatWasPaidIsOpenedAgainFirst() throws {
        var drive = Self.bracket()
        drive.feed([.led], answer: Self.fails("fix"))
        #expect(drive.machine.state == .failed)
        var child = try Self.retry(drive)
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:out", "a:fix", "a:back", "a:last"])
        #expect(child.machine.state == .succeeded)
        #expect(child.isFold)
    }

    @Test func aBracketThatCantBeOpenedAgainEndsTheTarget() throws {
        var drive = Self.bracket()
        drive.feed([.led], answer: Self.fails("fix"))
        var child = try Self.retry(drive)
        child.feed([.led], answer: Self.fails("out"))
        #expect(child.started == ["a:out", "a:back"])
        #expect(child.machine.state == .failed)
        #expect(
            child.machine.targets[RunFixture.target("a")]?.endingReason
                == "out, which must run again first: exit 9")
    }

    @Test func anOpeningThatWasLostIsSettledByAPerson() throws {
        var drive = Self.bracket()
        drive.feed([.led], answer: Self.fails("fix"))
        var child = try Self.retry(drive)
        child.feed([.led]) {
            HandDrive.text(of: $0.action) == "out" ? .ended(.unknown("lost")) : .exit(0)
        }
        #expect(child.machine.unsettled.map(\.step) == [RunFixture.id("out")])
        let command = PersonCommand(
            verb: .settle(
                RunFixture.target("a"), RunFixture.id("out"), isDone: true, why: "it is out"),
            actor: "ann")
        child.feed([.command(command, inboxID: 1)]) { _ in .exit(0) }
        #expect(child.started == ["a:out", "a:fix", "a:back", "a:last"])
        #expect(child.machine.state == .succeeded)
        #expect(child.isFold)
    }

    @Test func aBracketThatIsStillHeldIsTakenOver() throws {
        var drive = Self.bracket(.keep)
        drive.feed([.led], answer: Self.fails("fix"))
        #expect(drive.machine.state == .needsPerson)
        var child = try Self.retry(drive)
        drive.feed(
            [
                .command(
                    PersonCommand(verb: .handOver(child.machine.record.id), actor: "ann"),
                    inboxID: 0)
            ]) { _ in nil }
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.owed.isEmpty)
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:fix", "a:back", "a:last"])
        #expect(child.machine.state == .succeeded)
        #expect(child.isFold)
    }

    @Test func whatWasTakenOverAndNeverReachedStaysOwed() throws {
        var drive = Self.bracket(.keep)
        drive.feed([.led], answer: Self.fails("fix"))
        var child = try Self.retry(drive)
        let abort = PersonCommand(verb: .abort, actor: "ann")
        child.feed(
            [.halted([], reason: "x", pauses: false), .command(abort, inboxID: 1)]) { _ in nil }
        #expect(child.machine.owed.map(\.step) == [RunFixture.id("out")])
        #expect(child.machine.state == .needsPerson)
        child.feed([
            .command(PersonCommand(verb: .pay(RunFixture.target("a")), actor: "ann"), inboxID: 2)
        ]) { _ in
            .exit(0)
        }
        #expect(child.started == ["a:back"])
        #expect(child.machine.state == .aborted)
    }

    @Test func aSecondRetryTakesTheLastOutcomeOfEachTarget() throws {
        var fixture = RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two")])
        fixture.targets = ["a", "b", "c"]
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: 9)
        var drive = HandDrive(fixture)
        drive.feed([.led]) {
            HandDrive.text(of: $0.action) == "one" && $0.key.target.rawValue != "c"
                ? .exit(9) : .exit(0)
        }
        var second = try Self.retry(drive)
        second.feed([.led]) {
            HandDrive.text(of: $0.action) == "two" && $0.key.target.rawValue == "b"
                ? .exit(9) : .exit(0)
        }
        let chain = Self.chain(drive, second)
        #expect(chain.failed == [RunFixture.target("b")])
        var third = try Self.retry(drive, second)
        third.feed([.led]) { _ in .exit(0) }
        #expect(third.started == ["b:two"])
        #expect(third.machine.state == .succeeded)
    }

    @Test func whatIsUnknownIsSettledFirst() {
        var drive = HandDrive(RunFixture(steps: [RunFixture.step("fix", .once)]))
        drive.feed([.led]) { _ in .ended(.unknown("lost")) }
        #expect(Self.problem(Self.chain(drive)) == "how fix ended on a is unknown")
    }

    @Test func aRunThatIsUnderWayIsNotRetried() {
        var drive = HandDrive(RunFixture(steps: [RunFixture.step("fix")]))
        drive.feed([.led]) { _ in nil }
        #expect(
            Self.problem(Self.chain(drive), targets: ["a"])
                == "the run r-20260101-0000-abcd has not ended")
    }

    /// Whom an earlier threshold left waiting is started from its beginning, when it is named.
    @Test func aTargetThatWasNeverStartedBeginsAtTheFirstStep() throws {
        var fixture = RunFixture(steps: [RunFixture.step("one"), RunFixture.step("two")])
        fixture.targets = ["a", "b"]
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: 1)
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: Self.fails("two"))
        var child = try Self.retry(drive, targets: ["a", "b"])
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:two", "b:one", "b:two"])
    }

    @Test func aVerifyThatDidNotHoldIsAskedAgainAlone() throws {
        var fixture = RunFixture(steps: [RunFixture.step("one")])
        fixture.verify = [AssertAction(script: RunFixture.call("check"))]
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: Self.fails("check"))
        var child = try Self.retry(drive)
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:check"])
        #expect(child.machine.state == .succeeded)
    }

    @Test func aNewLeaderGoesOnInTheMiddle() throws {
        var drive = Self.bracket()
        drive.feed([.led], answer: Self.fails("fix"))
        var child = try Self.retry(drive)
        child.feed([.led]) { HandDrive.text(of: $0.action) == "fix" ? nil : .exit(0) }
        child.isTakenOver()
        child.feed([.led]) { _ in .exit(0) }
        #expect(child.started == ["a:out", "a:fix", "a:fix", "a:back", "a:last"])
        #expect(child.machine.state == .succeeded)
    }
}
