import Runbooks
import Testing

@testable import Runner

/// A run of a baseline: each item is looked at, nothing is done, and results are events.
struct AuditRunTests {
    private static func item(
        _ name: String, _ action: Action? = nil, _ change: (inout Step) -> Void = { _ in }
    ) -> Step {
        var step = Step(
            id: RunFixture.id(name), title: name, effect: .read,
            action: action ?? .assert(AssertAction(script: RunFixture.call(name))))
        step.onFailed = .continue
        step.audit = ItemAudit(severity: .critical, expected: .equals(.text("no")))
        change(&step)
        return step
    }

    private static func fixture(
        _ steps: [Step], targets: [String] = ["a"], _ change: (inout RunFixture) -> Void = { _ in }
    ) -> RunFixture {
        var fixture = RunFixture(steps: steps, targets: targets)
        fixture.kind = .baseline
        fixture.rollout = Rollout(maxInFlight: 2, stopAtFailures: targets.count + 1)
        change(&fixture)
        return fixture
    }

    private static func drive(
        _ fixture: RunFixture, _ answer: (AttemptRequest) -> AttemptRecord?
    ) -> HandDrive {
        var drive = HandDrive(fixture)
        drive.feed([.led], answer: answer)
        return drive
    }

    private func results(_ drive: HandDrive, _ target: String = "a") -> [String] {
        drive.events.compactMap { recorded in
            guard case .audited(let name, let item, let result) = recorded.event,
                name.rawValue == target
            else { return nil }
            return "\(item)=\(result.verdict.rawValue)"
        }
    }

    @Test func everyItemIsLookedAtWhateverTheOthersSay() {
        let steps = ["one", "two", "three", "four"].map { Self.item($0) }
        let drive = Self.drive(Self.fixture(steps)) { request in
            switch HandDrive.text(of: request.action) {
            case "one": .exit(3, stderr: "broken")
            case "two": .exit(0, stdout: "yes")
            case "three": .ended(.timedOut)
            default: .exit(0, stdout: "no")
            }
        }
        #expect(
            results(drive) == ["one=failed", "two=deviates", "three=failed", "four=complies"])
        #expect(drive.outcomes() == ["one=failed", "two=ok", "three=timedOut", "four=ok"])
        #expect(drive.machine.targets[RunFixture.target("a")]?.outcome == .failed)
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.resolution == .unresolved)
        #expect(drive.isFold)
    }

    @Test func whatDeviatesIsNotTriedAgainAndWhatFailedIs() {
        let drive = Self.drive(Self.fixture([Self.item("one"), Self.item("two")])) { request in
            HandDrive.text(of: request.action) == "one"
                ? .exit(0, stdout: "yes")
                : request.key.number == 1 ? .exit(2) : .exit(0, stdout: "no")
        }
        #expect(drive.started == ["a:one", "a:two", "a:two"])
        #expect(results(drive) == ["one=deviates", "two=complies"])
    }

    @Test func theItemsOfAListStandEachByItself() {
        let step = Self.item("service", nil) { step in
            step.forEach = .texts(["dovecot", "postfix", "clamd"])
            step.action = .assert(
                AssertAction(
                    script: ScriptCall(
                        program: .inline("is-up"), arguments: [.reference(.item)])))
            step.retry = Retry(attempts: 1, pauseMilliseconds: 0)
        }
        var count = 0
        let drive = Self.drive(Self.fixture([step])) { _ in
            count += 1
            return count == 2 ? .exit(9) : .exit(0, stdout: "no")
        }
        #expect(
            results(drive) == [
                "service[dovecot]=complies", "service[postfix]=failed", "service[clamd]=complies",
            ])
    }

    @Test func typedActionsAreOnlyProbed() {
        let actions: [Action] = [
            .service(ServiceAction(name: .text("dovecot"), state: .running)),
            .package(PackageAction(name: .text("clamav"), version: .exactly(.text("1.0")))),
            .file(FileAction(path: .text("/etc/x"), content: .absent)),
        ]
        let steps = actions.enumerated().map { index, action in
            Self.item("i\(index)", action) { $0.audit?.expected = nil }
        }
        let drive = Self.drive(Self.fixture(steps)) { _ in .exit(1) }
        #expect(drive.performed.map(\.mode) == [.probe, .probe, .probe])
        #expect(drive.performed.map(\.effect) == [.read, .read, .read])
        #expect(drive.performed.allSatisfy { $0.detachment == nil && $0.followers.isEmpty })
        #expect(drive.machine.takesLocks == false)
        #expect(drive.machine.plan.rollback.isEmpty)
        #expect(drive.machine.targets[RunFixture.target("a")]?.touched == [])
        #expect(results(drive) == ["i0=deviates", "i1=deviates", "i2=deviates"])
    }

    @Test func aTargetThatCantBeReachedIsNotAskedTheRest() {
        let steps = ["one", "two"].map { Self.item($0) { $0.retry.attempts = 1 } }
        let drive = Self.drive(Self.fixture(steps, targets: ["a", "b"])) { request in
            request.target.name.rawValue == "a"
                ? .ended(.unreachable("no route")) : .exit(0, stdout: "no")
        }
        #expect(drive.started.filter { $0.hasPrefix("a:") } == ["a:one"])
        #expect(results(drive) == [])
        #expect(results(drive, "b") == ["one=complies", "two=complies"])
        #expect(drive.machine.targets[RunFixture.target("a")]?.outcome == .unreachable)
        #expect(drive.machine.resolution == .unclear)
    }

    @Test func noNumberOfFailuresStopsAnAudit() {
        let targets = (1...9).map { "t\($0)" }
        let drive = Self.drive(Self.fixture([Self.item("one")], targets: targets)) { _ in .exit(5) }
        #expect(targets.allSatisfy { results(drive, $0) == ["one=failed"] })
        #expect(drive.machine.isThresholdReached == false)
    }

    @Test func whatIsExceptedIsJudgedAtTheMomentOfTheLook() throws {
        func exception(_ until: String) -> BaselineException {
            BaselineException(
                item: RunFixture.id("one"), targets: [RunFixture.target("a")], until: until,
                why: "known", who: "jdoe")
        }
        for (until, verdict) in [("1970-01-01", "excepted"), ("1969-12-31", "deviates")] {
            let fixture = Self.fixture([Self.item("one")], targets: ["a", "b"]) {
                $0.exceptions = [exception(until)]
            }
            let drive = Self.drive(fixture) { _ in .exit(0, stdout: "yes") }
            #expect(results(drive) == ["one=\(verdict)"])
            #expect(results(drive, "b") == ["one=deviates"])
        }
        let alone = Self.fixture([Self.item("one")]) { $0.exceptions = [exception("1970-01-01")] }
        let drive = Self.drive(alone) { _ in .exit(0, stdout: "yes") }
        #expect(drive.machine.resolution == .resolved)
        guard
            case .audited(_, _, let result)? = drive.events.map(\.event).first(where: {
                if case .audited = $0 { true } else { false }
            })
        else {
            Issue.record("nothing was audited")
            return
        }
        #expect(
            result.exception
                == AuditResult.Exception(until: "1970-01-01", why: "known", who: "jdoe"))
    }

    @Test func theRunSaysWhetherAnythingDeviates() {
        func resolution(_ answer: AttemptRecord) -> RunResolution? {
            let step = Self.item("one") { $0.retry.attempts = 1 }
            return Self.drive(Self.fixture([step])) { _ in answer }.machine.resolution
        }
        #expect(resolution(.exit(0, stdout: "no")) == .resolved)
        #expect(resolution(.exit(0, stdout: "yes")) == .unresolved)
        #expect(resolution(.exit(9)) == .unclear)
    }

    @Test func anItemThatDoesNotApplyGivesNoResult() throws {
        let when = try Expression.parse("target.list = x").get()
        let fixture = Self.fixture(
            [Self.item("one") { $0.when = when }, Self.item("two")], targets: ["a", "b"]
        ) { $0.lists = ["b": ["x"]] }
        let drive = Self.drive(fixture) { _ in .exit(0, stdout: "no") }
        #expect(results(drive) == ["two=complies"])
        #expect(results(drive, "b") == ["one=complies", "two=complies"])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func aValueThatATargetLacksFailsTheItemAlone() {
        let missing = ItemComparison.equals(.reference(Expression.Name(parts: ["target", "list"])))
        let steps = [Self.item("one") { $0.audit?.expected = missing }, Self.item("two")]
        let drive = Self.drive(Self.fixture(steps)) { _ in .exit(0, stdout: "no") }
        #expect(results(drive) == ["one=failed", "two=complies"])
    }

    @Test func aNewLeaderGoesOnWhereTheAuditWas() {
        let steps = ["one", "two"].map { Self.item($0) }
        var drive = Self.drive(Self.fixture(steps)) { request in
            HandDrive.text(of: request.action) == "one" ? .exit(0, stdout: "no") : nil
        }
        drive.isTakenOver()
        drive.feed([.led]) { _ in .exit(0, stdout: "yes") }
        #expect(results(drive) == ["one=complies", "two=deviates"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func aDryRunOfABaselineLooksAtNothing() async {
        let fixture = Self.fixture([Self.item("one"), Self.item("two")])
        let forecast = await DryRun.forecast(
            of: fixture.record.plan, run: fixture.record.id, probing: .allowed, secrets: [:],
            executor: NoExecutor())
        #expect(forecast.targets.flatMap(\.entries).map(\.label) == [.read, .read])
    }
}

/// An executor that nobody may ask.
private struct NoExecutor: Executor {
    func perform(_ request: AttemptRequest) async -> AttemptReport {
        Issue.record("\(request.key) was asked for")
        return AttemptReport(ending: .exited(0))
    }
    func cancel(_ target: TargetName) async {}
    func close(_ target: TargetName) async {}
    func clean(_ target: TargetName) async {}
    func shutDown() async {}
}
