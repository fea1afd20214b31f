import Runbooks
import Testing

@testable import Runner

/// Steps that are done once for a run, or for each of its waves.
struct SharedStepTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }

    private static func shared(
        _ name: String, _ effect: Effect = .idempotent, per scope: Step.Scope = .run,
        _ change: (inout Step) -> Void = { _ in }
    ) -> Step {
        RunFixture.listed(name, effect) { step in
            step.scope = scope
            change(&step)
        }
    }

    private func fixture(
        _ steps: [Step], _ waves: [[String]]? = nil, _ change: (inout RunFixture) -> Void = { _ in }
    ) -> RunFixture {
        var fixture = RunFixture(steps: steps)
        fixture.targets = waves?.flatMap { $0 } ?? ["a", "b"]
        fixture.waves = waves
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: 5)
        change(&fixture)
        return fixture
    }

    private func person(_ verb: PersonCommand.Verb, _ id: Int) -> RunInput {
        .command(PersonCommand(verb: verb, actor: "ann"), inboxID: id)
    }

    @Test func namesOfSharedStepsAreReadAsTheyAreWritten() {
        let run = SharedStep(RunFixture.id("migrate"), wave: nil)
        let wave = SharedStep(RunFixture.id("migrate"), wave: 1)
        #expect(run.name.rawValue == "once:migrate" && wave.name.rawValue == "once:migrate:2")
        #expect(run.name.sharedStep == run && wave.name.sharedStep == wave)
        #expect(!run.name.isTarget && RunFixture.target("a").isTarget)
        for text in ["once:", "once:A", "once:a:0", "once:a:1:2", "once:a[b]"] {
            #expect(TargetName(recorded: text) == nil, "\(text)")
        }
    }

    @Test func theFirstWhoComesToItHasItBegunAndTheOthersWait() {
        var drive = HandDrive(
            fixture([RunFixture.step("first"), Self.shared("migrate"), RunFixture.step("last")]))
        drive.feed([.led]) { _ in nil }
        drive.feed([.attemptEnded(drive.open[0], .exit(0))]) { _ in nil }
        #expect(drive.started == ["a:first", "b:first", "once:migrate:migrate"])
        drive.feed([.attemptEnded(drive.open[1], .exit(0))]) { _ in nil }
        #expect(drive.started.count == 3, "b waits, too")
        drive.feed([.attemptEnded(drive.open[2], .exit(0))], answer: Self.good)
        #expect(drive.started.suffix(2) == ["a:last", "b:last"])
        #expect(drive.outcomes("a") == ["first=changed", "migrate=changed", "last=changed"])
        #expect(drive.outcomes("b") == drive.outcomes("a"))
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func itIsDoneOnceForEachWaveOrOnceForTheRun() {
        let step = Self.shared("weigh", per: .wave) { step in
            step.action = .run(
                ScriptCall(
                    program: .inline("weigh"),
                    arguments: [.reference(.init(parts: [WaveValue.targets.rawValue]))]))
        }
        var drive = HandDrive(fixture([step, Self.shared("migrate")], [["a", "b"], ["c"]]))
        drive.feed([.led], answer: Self.good)
        #expect(
            drive.started == ["once:weigh:1:weigh", "once:migrate:migrate", "once:weigh:2:weigh"])
        let given = drive.performed.compactMap { request -> Argument? in
            if case .run(let call) = request.action { call.arguments.first } else { nil }
        }
        #expect(given == [.text("a\nb"), .text("c")])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func whatItGivesIsSharedAndItsFailureToo() {
        let name = ParameterName(rawValue: "token")
        let giving = Self.shared("fetch", .read) { step in
            step.outputs = name.map { [OutputDeclaration(name: $0, kind: .string)] } ?? []
        }
        let using = RunFixture.step("use") { step in
            step.when = .compare(.init(parts: ["fetch", "token"]), .equal, "t1")
        }
        var drive = HandDrive(fixture([giving, using]))
        drive.feed([.led]) { request in
            .exit(0, outputs: request.key.target.isTarget ? [:] : ["token": "t1"])
        }
        #expect(drive.outcomes("b") == ["fetch=ok", "use=changed"])
        drive = HandDrive(fixture([Self.shared("migrate", .once), RunFixture.step("last")]))
        drive.feed([.led]) { .exit($0.key.target.isTarget ? 0 : 3) }
        #expect(drive.outcomes("a") == ["migrate=failed"])
        #expect(drive.outcomes("b") == ["migrate=failed"])
        #expect(drive.machine.failures == 2, "each target has failed")
        #expect(
            drive.machine.targets[RunFixture.target("b")]?.endingReason
                == "done once for the run: exit 3")
        #expect(drive.isFold)
    }

    @Test func whoseConditionDoesNotHoldDoesNotComeToIt() {
        let step = Self.shared("migrate") { step in
            step.when = .compare(.init(parts: ["target_name"]), .equal, "b")
        }
        var drive = HandDrive(fixture([step]))
        drive.feed([.led], answer: Self.good)
        #expect(drive.outcomes("a") == ["migrate=skipped"])
        #expect(drive.outcomes("b") == ["migrate=changed"])
    }

    @Test(arguments: [true, false])
    func whatNobodyKnowsIsSettledOnceForAll(_ isDone: Bool) {
        var drive = HandDrive(fixture([Self.shared("migrate", .once), RunFixture.step("last")]))
        drive.feed([.led]) { _ in nil }
        drive.isTakenOver()
        drive.feed([.led], answer: Self.good)
        let name = SharedStep(RunFixture.id("migrate"), wave: nil).name
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.machine.unsettled.map(\.target) == [name])
        #expect(drive.started == ["once:migrate:migrate"])
        drive.feed(
            [person(.settle(name, RunFixture.id("migrate"), isDone: isDone, why: "seen"), 1)],
            answer: Self.good)
        #expect(drive.started.count == (isDone ? 3 : 1))
        #expect(drive.machine.state == (isDone ? .succeeded : .failed))
        #expect(drive.isFold)
    }

    @Test func aNewLeaderTriesItAgainAndNoTargetHadGoneOn() {
        var drive = HandDrive(fixture([Self.shared("migrate"), RunFixture.step("last")]))
        drive.feed([.led]) { _ in nil }
        drive.isTakenOver()
        drive.feed([.led], answer: Self.good)
        #expect(
            drive.started == [
                "once:migrate:migrate", "once:migrate:migrate", "a:last", "b:last",
            ])
        #expect(drive.performed[1].key.number == 2)
        #expect(drive.machine.state == .succeeded)
    }

    @Test func anAbortEndsItAndThoseThatWait() {
        var drive = HandDrive(fixture([Self.shared("migrate"), RunFixture.step("last")]))
        drive.feed([.led]) { _ in nil }
        drive.feed([person(.abort, 1)]) { _ in nil }
        #expect(drive.cancelled == [SharedStep(RunFixture.id("migrate"), wave: nil).name])
        drive.feed([.attemptEnded(drive.open[0], .ended(.cancelled))], answer: Self.good)
        #expect(drive.started.count == 1)
        #expect(drive.machine.state == .aborted)
        #expect(drive.isFold)
    }

    @Test func aRetryDoesNotDoAgainWhatWasDoneOnce() throws {
        var run = HandDrive(
            fixture([Self.shared("migrate", .once), RunFixture.step("last")]) {
                $0.rollout.stopAtFailures = 5
            })
        run.feed([.led]) { .exit($0.key.target.rawValue == "b" ? 1 : 0) }
        let chain = RunChain([run.machine])
        #expect(chain.sharedEnds.map(\.name.rawValue) == ["once:migrate"])
        var record = HandDrive(
            .retry, of: [run], try chain.retry([RunFixture.target("b")], from: nil).get()
        ).machine.record
        record = RunRecord(
            id: record.id, number: 2, plan: record.plan, planDigest: record.planDigest,
            forecastDigest: nil, actor: "ann", ticket: nil, alert: nil, librarySource: "",
            opened: record.opened,
            descent: RunDescent(
                kind: .retry, parent: run.machine.record.id,
                starts: [
                    TargetStart(target: RunFixture.target("b"), step: RunFixture.id("migrate"))
                ],
                shared: chain.sharedEnds))
        var again = HandDrive(record)
        again.feed([.led], answer: Self.good)
        #expect(again.started == ["b:last"], "it shares what was done in the run before")
        #expect(again.machine.state == .succeeded)
        #expect(again.isFold)
    }

    @Test func aSharedStepThatMayRunOnceIsStartedAgainOnlyWhenAPersonNamesIt() throws {
        var run = HandDrive(fixture([Self.shared("migrate", .once), RunFixture.step("last")]))
        run.feed([.led]) { .exit($0.key.target.isTarget ? 0 : 1) }
        let chain = RunChain([run.machine])
        let both = ["a", "b"].map(RunFixture.target)
        guard case .failure(let problem) = chain.retry(both, from: nil) else {
            Issue.record("it may have been started")
            return
        }
        #expect(problem.message.contains("migrate may run once only"))
        let starts = try chain.retry(both, from: RunFixture.id("migrate")).get()
        var again = HandDrive(.retry, of: [run], starts)
        again.feed([.led], answer: Self.good)
        #expect(again.started == ["once:migrate:migrate", "a:last", "b:last"])
    }

    /// What ended well in one wave says nothing of the same step in another.
    @Test func aStepThatMayRunOnceForAWaveIsNamedForEach() throws {
        var run = HandDrive(
            fixture(
                [Self.shared("weigh", .once, per: .wave), RunFixture.step("last")], [["a"], ["b"]]))
        run.feed([.led]) { .exit($0.key.target.rawValue == "once:weigh:2" ? 1 : 0) }
        let chain = RunChain([run.machine])
        #expect(chain.sharedEnds.map(\.name.rawValue) == ["once:weigh:1"])
        guard case .failure(let problem) = chain.retry([RunFixture.target("b")], from: nil) else {
            Issue.record("it may have been started for the second wave")
            return
        }
        #expect(problem.message.contains("weigh may run once only"))
    }

    @Test func aRollbackSaysThatItIsNotUndone() {
        let undo = PlannedUndo(undoing: Self.shared("migrate", .once))
        #expect(undo?.notUndone == "it is done once for the run")
        var run = HandDrive(fixture([Self.shared("migrate", .once)]))
        run.feed([.led], answer: Self.good)
        #expect(RunChain([run.machine]).undoable.isEmpty)
    }

    @Test func whoWaitsForAnUnknownOneStillNeedsAPersonWhenAnotherIsSettled() {
        let wipe = RunFixture.step("wipe", .once)
        var drive = HandDrive(
            fixture([wipe, Self.shared("migrate", .once), RunFixture.step("last")]))
        drive.feed([.led]) { _ in nil }
        drive.feed([.attemptEnded(drive.open[0], .exit(0))]) { _ in nil }
        #expect(drive.started == ["a:wipe", "b:wipe", "once:migrate:migrate"])
        drive.isTakenOver()
        drive.feed([.led]) { _ in nil }
        #expect(drive.machine.state == .needsPerson)
        drive.feed(
            [
                person(
                    .settle(
                        RunFixture.target("b"), RunFixture.id("wipe"), isDone: false, why: "seen"),
                    1)
            ]
        ) { _ in nil }
        #expect(drive.machine.unsettled.map(\.target.rawValue) == ["once:migrate"])
        #expect(drive.machine.state == .needsPerson, "a waits for a person, not for work")
        #expect(drive.started.count == 3)
        #expect(drive.isFold)
    }
}
