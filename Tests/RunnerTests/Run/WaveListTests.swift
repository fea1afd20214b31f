import Runbooks
import Testing

@testable import Runner

/// What is done once before and after the targets of a wave.
struct WaveListTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }

    private func fixture(
        _ waves: [[String]]?, _ change: (inout RunFixture) -> Void = { _ in }
    ) -> RunFixture {
        var fixture = RunFixture(steps: [RunFixture.step("work")])
        fixture.targets = waves?.flatMap { $0 } ?? ["a", "b"]
        fixture.waves = waves
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: nil)
        fixture.beforeWave = [RunFixture.listed("silence")]
        fixture.afterWave = [RunFixture.listed("unsilence")]
        change(&fixture)
        return fixture
    }

    /// Answers that fail where the script of a target has this name.
    private func failing(_ texts: String...) -> (AttemptRequest) -> AttemptRecord? {
        { request in
            .exit(
                texts.contains("\(request.key.target):\(HandDrive.text(of: request.action))")
                    ? 1 : 0)
        }
    }

    private func person(_ verb: PersonCommand.Verb, _ id: Int) -> RunInput {
        .command(PersonCommand(verb: verb, actor: "ann"), inboxID: id)
    }

    private func list(_ kind: WaveList.Kind, _ wave: Int, _ round: Int = 1) -> TargetName {
        WaveList(kind, wave: wave, round: round).name
    }

    @Test func namesOfListsAreReadAsTheyAreWritten() {
        for (text, expected) in [
            ("before_wave:1", WaveList(.before, wave: 0, round: 1)),
            ("after_wave:12:3", WaveList(.after, wave: 11, round: 3)),
        ] {
            let name = TargetName(recorded: text)
            #expect(name?.waveList == expected)
            #expect(expected.name.rawValue == text)
            #expect(TargetName(rawValue: text) == nil, "no inventory can have it")
        }
        for text in [
            "before_wave:0", "before_wave:1:1", "before_wave:01", "before_wave:", "x:1",
            "after_wave:+1", "before_wave:1:2:3", "after_wave:9999999",
        ] {
            #expect(TargetName(recorded: text) == nil, "\(text)")
        }
        #expect(TargetName(recorded: "mbx01")?.waveList == nil)
    }

    @Test func eachWaveIsFramedByItsLists() {
        var drive = HandDrive(fixture([["a", "b"], ["c"]]))
        drive.feed([.led], answer: Self.good)
        #expect(
            drive.started == [
                "before_wave:1:silence", "a:work", "b:work", "after_wave:1:unsilence",
                "before_wave:2:silence", "c:work", "after_wave:2:unsilence",
            ])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.machine.startedCount == 3, "lists are no targets")
        #expect(drive.isFold)
    }

    @Test func noTargetStartsBeforeBeforeWaveHasEnded() {
        var drive = HandDrive(fixture([["a"], ["b"]]))
        drive.feed([.led]) { _ in nil }
        #expect(drive.started == ["before_wave:1:silence"])
        #expect(drive.performed[0].place == .controller)
        drive.feed([.attemptEnded(drive.open[0], .exit(0))]) { _ in nil }
        #expect(drive.started == ["before_wave:1:silence", "a:work"])
    }

    @Test func aRunWithoutWavesIsOneWaveForThem() {
        var drive = HandDrive(fixture(nil))
        drive.feed([.led], answer: Self.good)
        #expect(
            drive.started == [
                "before_wave:1:silence", "a:work", "b:work", "after_wave:1:unsilence",
            ])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func afterWaveComesAlsoAfterFailures() {
        var drive = HandDrive(fixture([["a", "b"], ["c"]]) { $0.rollout.onStop = .abort })
        drive.feed([.led], answer: failing("a:work"))
        #expect(drive.started.last == "after_wave:1:unsilence")
        #expect(drive.machine.state == .failed)
        #expect(!drive.started.contains("c:work"))
        #expect(drive.isFold)
    }

    @Test func afterWaveComesBeforeTheSoakAndHealth() {
        let check = HealthCheck(
            place: .controller, convention: .script, script: RunFixture.call("well"), name: "well")
        var drive = HandDrive(
            fixture([["a"]]) {
                ($0.rollout.soak, $0.rollout.health) = (Soak(milliseconds: 1000), [check])
            })
        drive.feed([.led]) { $0.key.target.waveList?.kind == .after ? nil : .exit(0) }
        #expect(drive.waveTimers.isEmpty && drive.healthAsked.isEmpty)
        drive.feed([.attemptEnded(drive.open[0], .exit(0))], answer: Self.good)
        #expect(drive.waveTimers == [1000] && drive.healthAsked.count == 1)
        #expect(drive.machine.state == .succeeded)
    }

    @Test func aBeforeWaveThatFailsStartsNoTargetAndIsGivenBack() {
        var drive = HandDrive(fixture([["a"], ["b"]]) { $0.rollout.onStop = .abort })
        drive.feed([.led], answer: failing("before_wave:1:silence"))
        #expect(
            drive.started == [
                "before_wave:1:silence", "before_wave:1:silence", "after_wave:1:unsilence",
            ])
        #expect(drive.machine.state == .failed)
        #expect(
            drive.machine.wave.stop == "before_wave of wave 1 ended failed: exit 1")
        #expect(drive.machine.failures == 0, "it counts as no target")
        #expect(drive.isFold)
    }

    @Test func whoResumesARunThatStoppedSoHasTheWaveBegunOnceMore() {
        var drive = HandDrive(
            fixture([["a"], ["b"]]) { $0.beforeWave = [RunFixture.listed("silence", .once)] })
        drive.feed([.led], answer: failing("before_wave:1:silence"))
        #expect(drive.machine.state == .paused)
        #expect(drive.machine.stateReason.contains("before_wave of wave 1 ended failed"))
        drive.isFinished = false
        drive.feed([person(.resume, 1)], answer: Self.good)
        #expect(
            drive.started == [
                "before_wave:1:silence", "after_wave:1:unsilence", "before_wave:1:2:silence",
                "a:work", "after_wave:1:2:unsilence", "before_wave:2:silence", "b:work",
                "after_wave:2:unsilence",
            ])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func whereNothingComesAfterAWaveItIsBegunOnceMoreAsWell() {
        var drive = HandDrive(
            fixture([["a"], ["b"]]) {
                $0.beforeWave = [RunFixture.listed("silence", .once)]
                $0.afterWave = nil
            })
        drive.feed([.led], answer: failing("before_wave:1:silence"))
        #expect(drive.machine.state == .paused)
        drive.isFinished = false
        drive.feed([person(.resume, 1)], answer: Self.good)
        #expect(
            drive.started == [
                "before_wave:1:silence", "before_wave:1:2:silence", "a:work",
                "before_wave:2:silence", "b:work",
            ])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func anAfterWaveThatFailsStops() {
        var drive = HandDrive(fixture([["a"], ["b"]]) { $0.rollout.onStop = .abort })
        drive.feed([.led], answer: failing("after_wave:1:unsilence"))
        #expect(!drive.started.contains("b:work"))
        #expect(drive.machine.state == .failed)
        #expect(drive.machine.wave.stop == "after_wave of wave 1 ended failed: exit 1")
        drive = HandDrive(fixture([["a"]]))
        drive.feed([.led], answer: failing("after_wave:1:unsilence"))
        #expect(drive.machine.state == .failed, "also that of the last wave")
        #expect(drive.isFold)
    }

    @Test func whatBeganTheWaveIsSeenByStepsHealthAndAfterWave() {
        let name = ParameterName(rawValue: "sid")
        let sid = Argument.reference(.init(parts: ["silence", "sid"]))
        func call(_ text: String) -> ScriptCall {
            ScriptCall(program: .inline(text), arguments: [sid])
        }
        var drive = HandDrive(
            fixture([["a"], ["b"]]) { fixture in
                fixture.beforeWave = [
                    RunFixture.listed("silence") { step in
                        step.outputs =
                            name.map { [OutputDeclaration(name: $0, kind: .string)] } ?? []
                    }
                ]
                fixture.steps = [
                    RunFixture.step("work") {
                        $0.action = .run(call("work"))
                        $0.when = .compare(.init(parts: ["silence", "sid"]), .notEqual, "s2")
                    }
                ]
                fixture.afterWave = [
                    RunFixture.listed("unsilence") { $0.action = .run(call("unsilence")) }
                ]
                fixture.rollout.health = [
                    HealthCheck(
                        place: .controller, convention: .script, script: call("well"), name: "well")
                ]
            })
        drive.feed([.led]) { request in
            let list = request.key.target.waveList
            return .exit(
                0, outputs: list?.kind == .before ? ["sid": "s\((list?.wave ?? 0) + 1)"] : [:])
        }
        func arguments(_ action: Action) -> [Argument] {
            if case .run(let call) = action { call.arguments } else { [] }
        }
        func text(_ argument: Argument) -> String {
            if case .text(let text) = argument { text } else { "?" }
        }
        let given = drive.performed.map { "\($0.key.target) \(arguments($0.action).map(text))" }
        #expect(
            given == [
                "before_wave:1 []", "a [\"s1\"]",
                "after_wave:1 [\"s1\"]", "before_wave:2 []",
                "after_wave:2 [\"s2\"]",
            ])
        #expect(drive.outcomes("b") == ["work=skipped"])
        #expect(
            drive.healthAsked.map { arguments($0.request.action) } == [
                [.text("s1")], [.text("s2")],
            ])
    }

    @Test func itKnowsItsWaveAndTheTargetsThatAreStarted() {
        var drive = HandDrive(
            fixture([["a", "b"], ["c"]]) { fixture in
                fixture.leftOut = [LeftOutTarget(target: RunFixture.target("b"), reason: "broken")]
                fixture.beforeWave = [
                    RunFixture.listed("silence") { step in
                        step.action = .run(
                            ScriptCall(
                                program: .inline("silence"),
                                arguments: WaveValue.allCases.map {
                                    .reference(.init(parts: [$0.rawValue]))
                                }))
                    }
                ]
            })
        drive.feed([.led], answer: Self.good)
        let given = drive.performed.compactMap { request -> [Argument]? in
            guard case .run(let call) = request.action, !call.arguments.isEmpty else { return nil }
            return call.arguments
        }
        #expect(given == [[.text("wave 1"), .text("a")], [.text("wave 2"), .text("c")]])
    }

    @Test func aNewLeaderGoesOnAmidTheList() {
        var drive = HandDrive(
            fixture([["a"]]) {
                $0.beforeWave = [RunFixture.listed("drain"), RunFixture.listed("silence")]
            })
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "silence" ? nil : .exit(0) }
        #expect(drive.started == ["before_wave:1:drain", "before_wave:1:silence"])
        drive.isTakenOver()
        drive.feed([.led], answer: Self.good)
        #expect(
            drive.started == [
                "before_wave:1:drain", "before_wave:1:silence", "before_wave:1:silence", "a:work",
                "after_wave:1:unsilence",
            ])
        #expect(drive.performed[2].key.number == 2, "the lost attempt is named by another number")
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test(arguments: [true, false])
    func whatNobodyKnowsIsSettledByAPersonBeforeAnythingElse(_ isDone: Bool) {
        var drive = HandDrive(
            fixture([["a"]]) {
                $0.beforeWave = [RunFixture.listed("silence", .once)]
                $0.rollout.onStop = .abort
            })
        drive.feed([.led]) { _ in nil }
        drive.isTakenOver()
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.machine.unsettled.map(\.target) == [list(.before, 0)])
        #expect(drive.started == ["before_wave:1:silence"], "nothing is given back before")
        let silence = RunFixture.id("silence")
        drive.feed(
            [person(.settle(list(.before, 0), silence, isDone: isDone, why: "looked"), 1)],
            answer: Self.good)
        let rest = isDone ? ["a:work", "after_wave:1:unsilence"] : ["after_wave:1:unsilence"]
        #expect(drive.started == ["before_wave:1:silence"] + rest)
        #expect(drive.machine.state == (isDone ? .succeeded : .failed))
        #expect(drive.isFold)
    }

    @Test func afterWaveWaitsUntilATargetOfUnknownOutcomeIsSettled() {
        var drive = HandDrive(
            fixture([["a", "b"], ["c"]]) {
                $0.steps = [RunFixture.step("work", .once), RunFixture.step("more")]
                $0.rollout.stopAtWave = .count(2)
            })
        drive.feed([.led]) { request in
            request.key.target.rawValue == "a" ? .ended(.unknown("lost")) : .exit(0)
        }
        #expect(drive.machine.state == .needsPerson)
        #expect(!drive.started.contains("after_wave:1:unsilence"))
        drive.feed(
            [
                person(
                    .settle(
                        RunFixture.target("a"), RunFixture.id("work"), isDone: true, why: "seen"),
                    1)
            ], answer: Self.good)
        #expect(drive.machine.state == .succeeded)
        let more = drive.started.firstIndex(of: "a:more")
        let after = drive.started.firstIndex(of: "after_wave:1:unsilence")
        #expect((more ?? .max) < (after ?? 0))
        #expect(drive.isFold)
    }

    @Test func anAbortEndsWhatComesBeforeAndGivesItBack() {
        var drive = HandDrive(
            fixture([["a"]]) {
                $0.beforeWave = [RunFixture.listed("drain"), RunFixture.listed("silence")]
            })
        drive.feed([.led]) { _ in nil }
        drive.feed([person(.abort, 1)]) { _ in nil }
        #expect(drive.cancelled == [list(.before, 0)])
        drive.feed([.attemptEnded(drive.open[0], .ended(.cancelled))], answer: Self.good)
        #expect(drive.started == ["before_wave:1:drain", "after_wave:1:unsilence"])
        #expect(drive.machine.state == .aborted)
        #expect(drive.isFold)
    }

    @Test func anAbortDoesNotCutAfterWaveShort() {
        var drive = HandDrive(
            fixture([["a"]]) {
                $0.afterWave = [RunFixture.listed("unsilence"), RunFixture.listed("undrain")]
            })
        drive.feed([.led]) { $0.key.target.waveList?.kind == .after ? nil : .exit(0) }
        drive.feed([person(.abort, 1)]) { _ in nil }
        #expect(drive.cancelled.isEmpty)
        drive.feed([.attemptEnded(drive.open[0], .exit(0))], answer: Self.good)
        #expect(drive.started.suffix(2) == ["after_wave:1:unsilence", "after_wave:1:undrain"])
        #expect(drive.machine.state == .aborted)
    }

    @Test func aPauseWithNothingAtWorkGivesBackAndGoingOnBeginsOnceMore() {
        var drive = HandDrive(fixture([["a", "b"]]) { $0.rollout.maxInFlight = 1 })
        drive.feed([.led]) { $0.key.target.waveList == nil ? nil : .exit(0) }
        drive.feed([person(.pause, 1)], answer: Self.good)
        drive.feed([.attemptEnded(drive.open[0], .exit(0))], answer: Self.good)
        #expect(drive.machine.state == .paused)
        #expect(drive.started == ["before_wave:1:silence", "a:work", "after_wave:1:unsilence"])
        drive.isFinished = false
        drive.feed([person(.resume, 2)], answer: Self.good)
        #expect(
            drive.started.dropFirst(3)
                == ["before_wave:1:2:silence", "b:work", "after_wave:1:2:unsilence"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    /// What should have given something back once did not, whatever came of it the next time.
    @Test func anAfterWaveThatFailedIsNotForgotten() {
        var drive = HandDrive(fixture([["a", "b"]]) { $0.rollout.maxInFlight = 1 })
        drive.feed([.led]) { $0.key.target.waveList == nil ? nil : .exit(0) }
        drive.feed([person(.pause, 1)], answer: failing("after_wave:1:unsilence"))
        drive.feed(
            [.attemptEnded(drive.open[0], .exit(0))], answer: failing("after_wave:1:unsilence"))
        #expect(drive.machine.state == .paused)
        drive.isFinished = false
        drive.feed([person(.resume, 2)], answer: Self.good)
        #expect(drive.started.last == "after_wave:1:2:unsilence")
        #expect(drive.machine.state == .failed)
        #expect(drive.isFold)
    }

    @Test func aTargetThatIsHeldKeepsItsWaveOpen() {
        var drive = HandDrive(
            fixture([["a"]]) {
                $0.steps = [
                    RunFixture.step("drain") { $0.isSafeStop = true }, RunFixture.step("work"),
                ]
            })
        drive.feed([.led]) { HandDrive.text(of: $0.action) == "drain" ? nil : .exit(0) }
        drive.feed([person(.pause, 1)], answer: Self.good)
        drive.feed([.attemptEnded(drive.open[0], .exit(0))], answer: Self.good)
        #expect(drive.machine.state == .paused)
        #expect(drive.started == ["before_wave:1:silence", "a:drain"])
        drive.isFinished = false
        drive.feed([person(.resume, 2)], answer: Self.good)
        #expect(drive.started.dropFirst(2) == ["a:work", "after_wave:1:unsilence"])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func gatesThatCloseWithinAWaveHaveItGivenBack() {
        var drive = HandDrive(
            fixture([["a", "b"]]) {
                ($0.rollout.maxInFlight, $0.gating) = (1, Gating(waits: false))
            })
        drive.gates = { now in
            GateAnswer(
                asked: now, isOpen: now.milliseconds < 10_000, lines: ["6 window: closed"],
                reason: "the window has ended", next: nil)
        }
        drive.feed([.led]) { $0.key.target.waveList == nil ? nil : .exit(0) }
        drive.now = Timestamp(milliseconds: 20_000)
        drive.feed([.attemptEnded(drive.open[0], .exit(0))], answer: Self.good)
        #expect(drive.started == ["before_wave:1:silence", "a:work", "after_wave:1:unsilence"])
        #expect(drive.machine.state == .paused)
        #expect(drive.isFold)
    }

    @Test func whatIsWorseThanInThePlanCountsBeforeAnythingIsDone() {
        var drive = HandDrive(
            fixture([["a", "b"]]) {
                $0.rollout.onStop = .abort
                $0.leftOut = [
                    LeftOutTarget(
                        target: RunFixture.target("a"), reason: "worse", outcome: .unreachable)
                ]
            })
        drive.feed([.led], answer: Self.good)
        #expect(drive.started.isEmpty)
        #expect(drive.machine.state == .failed)
    }

    @Test func itTakesNoLockAndKeepsNone() {
        var drive = HandDrive(
            fixture([["a"]]) { $0.beforeWave = [RunFixture.listed("silence", .once)] })
        drive.feed([.led]) { _ in nil }
        drive.isTakenOver()
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .needsPerson)
        #expect(LockChanges(drive.events.map(\.event)).isEmpty)
        #expect(drive.machine.targetsAtWork.isEmpty)
    }

    @Test func aRollbackFramesEachWaveAndTakesTheLastOneFirst() {
        var fixture = fixture([["a"], ["b"]])
        fixture.steps = [RunFixture.step("work") { $0.undo = [.run(RunFixture.call("unwork"))] }]
        var run = HandDrive(fixture)
        run.feed([.led], answer: Self.good)
        let starts = ["b", "a"].map { name in
            TargetStart(
                target: RunFixture.target(name),
                undone: [
                    .init(
                        step: RunFixture.id("work"), runs: [run.machine.record.id], isCertain: true)
                ])
        }
        var undo = HandDrive(.rollback, of: [run], starts)
        undo.feed([.led], answer: Self.good)
        #expect(
            undo.started == [
                "before_wave:2:silence", "b:unwork", "after_wave:2:unsilence",
                "before_wave:1:silence", "a:unwork", "after_wave:1:unsilence",
            ])
        #expect(undo.machine.state == .rolledBack)
        #expect(undo.isFold)
        undo = HandDrive(.rollback, of: [run], starts)
        undo.feed([.led], answer: failing("before_wave:2:silence"))
        #expect(undo.started.last == "after_wave:2:unsilence")
        #expect(undo.machine.state == .rollbackFailed)
        undo = HandDrive(.rollback, of: [run], starts, keepsGoing: true)
        undo.feed([.led], answer: failing("before_wave:2:silence"))
        #expect(undo.started.contains("b:unwork") && undo.started.contains("a:unwork"))
        #expect(undo.machine.state == .rollbackFailed, "what did not go well is told")
        #expect(undo.isFold)
    }

    @Test func aRetryFramesTheWavesOfItsTargets() {
        var run = HandDrive(fixture([["a"], ["b", "c"]]) { $0.rollout.onStop = .abort })
        run.feed([.led], answer: failing("c:work"))
        var again = HandDrive(
            .retry, of: [run],
            [TargetStart(target: RunFixture.target("c"), step: RunFixture.id("work"))])
        again.feed([.led], answer: Self.good)
        #expect(
            again.started == ["before_wave:2:silence", "c:work", "after_wave:2:unsilence"])
        #expect(again.machine.state == .succeeded)
    }
}
