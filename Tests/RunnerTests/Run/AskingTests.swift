import Runbooks
import Testing

@testable import Runner

/// What people are asked for a wave: in its lists, and among the steps (docs/rollout.md, "Asking
/// people").
struct AskingTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }

    private static func step(
        _ name: String, choices: [String] = [], perWave: Bool? = nil, perTarget: Bool = false
    ) -> Step {
        let person = PersonAction(
            text: "Well?", choices: choices.map { .init(id: $0, label: $0) },
            deadline: .seconds(60), perTarget: perTarget, perWave: perWave)
        return Step(
            id: RunFixture.id(name), title: name, effect: .read,
            action: choices.isEmpty ? .manual(person) : .ask(person))
    }

    private func fixture(
        _ waves: [[String]] = [["a", "b"], ["c"]], _ change: (inout RunFixture) -> Void
    ) -> RunFixture {
        var fixture = RunFixture(steps: [RunFixture.step("work")])
        fixture.targets = waves.flatMap { $0 }
        fixture.waves = waves
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: nil)
        change(&fixture)
        return fixture
    }

    private func list(_ kind: WaveList.Kind, _ wave: Int, _ round: Int = 1) -> TargetName {
        WaveList(kind, wave: wave, round: round).name
    }

    private func tell(_ verb: PersonCommand.Verb, _ id: Int) -> RunInput {
        .command(PersonCommand(verb: verb, actor: "ann"), inboxID: id)
    }

    private func confirm(_ step: String, on place: TargetName, _ id: Int) -> RunInput {
        tell(.confirm(RunFixture.id(step), note: "done", target: place), id)
    }

    private func answer(
        _ step: String, _ choice: String, on place: TargetName, _ id: Int
    ) -> RunInput {
        tell(.answer(RunFixture.id(step), choice: choice, target: place), id)
    }

    private func open(_ drive: HandDrive) -> [String] {
        drive.machine.questions.keys.filter(drive.machine.isOpen).sorted().map {
            "\($0.step) on \($0.target?.rawValue ?? "the run")"
        }
    }

    @Test func aListAsksOnceForItsWave() {
        var drive = HandDrive(
            fixture {
                $0.beforeWave = [Self.step("desk"), RunFixture.listed("silence")]
                $0.afterWave = [RunFixture.listed("unsilence")]
            })
        drive.feed([.led], answer: Self.good)
        #expect(drive.started.isEmpty, "nothing starts before it is answered")
        #expect(open(drive) == ["desk on before_wave:1"])
        let everywhere = tell(.confirm(RunFixture.id("desk"), note: "n", target: nil), 1)
        drive.feed([everywhere], answer: Self.good)
        #expect(drive.started.isEmpty, "the run itself was not asked")
        drive.feed([confirm("desk", on: list(.before, 0), 2)], answer: Self.good)
        #expect(
            drive.started == [
                "before_wave:1:silence", "a:work", "b:work", "after_wave:1:unsilence",
            ])
        #expect(open(drive) == ["desk on before_wave:2"], "and the next wave asks anew")
        drive.feed([confirm("desk", on: list(.before, 1), 3)], answer: Self.good)
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func noWaveStartsWhileAfterWaveAsks() {
        let check = HealthCheck(
            place: .controller, convention: .script, script: RunFixture.call("well"), name: "well")
        var drive = HandDrive(
            fixture {
                $0.afterWave = [Self.step("graphs")]
                ($0.rollout.soak, $0.rollout.health) = (Soak(milliseconds: 1000), [check])
            })
        drive.feed([.led], answer: Self.good)
        #expect(drive.started == ["a:work", "b:work"])
        #expect(open(drive) == ["graphs on after_wave:1"])
        #expect(drive.waveTimers.isEmpty && drive.healthAsked.isEmpty)
        #expect(drive.machine.waveStanding?.phase == .after)
        drive.feed([confirm("graphs", on: list(.after, 0), 1)], answer: Self.good)
        #expect(drive.started == ["a:work", "b:work", "c:work"])
        #expect(drive.waveTimers == [1000] && drive.healthAsked.count == 1)
        drive.feed([confirm("graphs", on: list(.after, 1), 2)], answer: Self.good)
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func whatWasAnsweredBeforeAWaveIsSeenByItsTargetsHealthAndAfterWave() {
        let mode = Argument.reference(.init(parts: ["mode"]))
        func call(_ text: String) -> ScriptCall {
            ScriptCall(program: .inline(text), arguments: [mode])
        }
        var drive = HandDrive(
            fixture([["a"], ["b"]]) { fixture in
                fixture.beforeWave = [Self.step("mode", choices: ["soft", "hard"])]
                fixture.steps = [
                    RunFixture.step("work") {
                        $0.action = .run(call("work"))
                        $0.when = .compare(.init(parts: ["mode"]), .equal, "hard")
                    }
                ]
                fixture.afterWave = [
                    RunFixture.listed("after") { $0.action = .run(call("after")) }
                ]
                fixture.rollout.health = [
                    HealthCheck(
                        place: .controller, convention: .script, script: call("well"), name: "well")
                ]
                fixture.rollout.stopAtFailures = 5
            })
        drive.feed([.led], answer: Self.good)
        drive.feed([answer("mode", "hard", on: list(.before, 0), 1)], answer: Self.good)
        drive.feed([answer("mode", "soft", on: list(.before, 1), 2)], answer: Self.good)
        func arguments(_ action: Action) -> [Argument] {
            if case .run(let call) = action { call.arguments } else { [] }
        }
        #expect(drive.started == ["a:work", "after_wave:1:after", "after_wave:2:after"])
        #expect(
            drive.performed.map { arguments($0.action) } == [
                [.text("hard")], [.text("hard")], [.text("soft")],
            ])
        #expect(drive.outcomes("b") == ["work=skipped"])
        #expect(
            drive.healthAsked.map { arguments($0.request.action) } == [
                [.text("hard")], [.text("soft")],
            ])
        #expect(drive.isFold)
    }

    @Test func aQuestionPerWaveIsAskedForEachWaveAnew() {
        var drive = HandDrive(
            fixture {
                var work = RunFixture.step("work")
                work.when = .compare(.init(parts: ["go"]), .equal, "yes")
                $0.steps = [Self.step("go", choices: ["yes", "no"], perWave: true), work]
            })
        drive.feed([.led], answer: Self.good)
        let (first, second) = (
            SharedStep(RunFixture.id("go"), wave: 0).name,
            SharedStep(RunFixture.id("go"), wave: 1).name
        )
        #expect(open(drive) == ["go on once:go:1"] && drive.deadlines.count == 1)
        drive.feed([answer("go", "yes", on: first, 1)], answer: Self.good)
        #expect(drive.started == ["a:work", "b:work"])
        #expect(open(drive) == ["go on once:go:2"])
        drive.feed([answer("go", "no", on: second, 2)], answer: Self.good)
        #expect(drive.outcomes("c") == ["go=ok", "work=skipped"])
        #expect(drive.outcomes("a") == ["go=ok", "work=changed"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func aLateAnswerOfAListNeedsAPersonAndGoesOn() {
        var drive = HandDrive(fixture { $0.beforeWave = [Self.step("desk")] })
        drive.feed([.led], answer: Self.good)
        drive.now = Timestamp(milliseconds: 61_000)
        drive.feed(drive.deadlines.map { .timer($0) }, answer: Self.good)
        #expect(drive.machine.state == .needsPerson)
        drive.feed([confirm("desk", on: list(.before, 0), 1)], answer: Self.good)
        #expect(drive.machine.state == .running && drive.started == ["a:work", "b:work"])
        #expect(drive.isFold)
    }

    @Test func aNewLeaderWaitsForTheRestOfTheTime() {
        var drive = HandDrive(fixture { $0.beforeWave = [Self.step("desk")] })
        drive.feed([.led], answer: Self.good)
        let asked = drive.events.count
        drive.isTakenOver()
        (drive.now, drive.deadlines) = (Timestamp(milliseconds: 40_000), [])
        drive.feed([.led], answer: Self.good)
        let isAskedAgain = drive.events.dropFirst(asked).contains {
            if case .asked = $0.event { true } else { false }
        }
        #expect(!isAskedAgain && drive.deadlines.count == 1)
        drive.now = Timestamp(milliseconds: 60_000)
        drive.feed(drive.deadlines.map { .timer($0) }, answer: Self.good)
        #expect(drive.machine.state == .needsPerson)
        drive.feed([confirm("desk", on: list(.before, 0), 1)], answer: Self.good)
        #expect(drive.started == ["a:work", "b:work"])
        #expect(drive.isFold)
    }

    @Test func afterALongAnswerTheGatesAreAskedAgain() {
        var drive = HandDrive(
            fixture {
                $0.beforeWave = [Self.step("desk"), RunFixture.listed("silence")]
                $0.gating = Gating(waits: false)
            })
        let closing = Timestamp(milliseconds: 10_000)
        let gates: @Sendable (Timestamp) -> GateAnswer = { now in
            GateAnswer(
                asked: now, isOpen: now < closing,
                lines: [now < closing ? "6 window: open (now)" : "6 window: closed"],
                reason: "the window has ended", next: Timestamp(milliseconds: 90_000))
        }
        drive.gates = gates
        var quick = drive
        quick.feed([.led], answer: Self.good)
        let before = quick.gatesAsked.count
        quick.now = Timestamp(milliseconds: 4000)
        quick.feed([confirm("desk", on: list(.before, 0), 1)]) { _ in nil }
        #expect(quick.started == ["before_wave:1:silence"] && quick.gatesAsked.count == before)
        drive.feed([.led], answer: Self.good)
        drive.now = Timestamp(milliseconds: 20_000)
        drive.feed([confirm("desk", on: list(.before, 0), 1)], answer: Self.good)
        #expect(drive.started.isEmpty && drive.gatesAsked.count == before + 1)
        #expect(drive.machine.state == .paused && drive.machine.closedGates == ["6 window: closed"])
        #expect(drive.machine.gatesUntil == Timestamp(milliseconds: 90_000))
        #expect(drive.isFold)
        drive.isFinished = false
        drive.gates = {
            GateAnswer(asked: $0, isOpen: true, lines: [], reason: "", next: nil)
        }
        drive.isTakenOver()
        drive.feed([.led], answer: Self.good)
        drive.feed([tell(.resume, 2)], answer: Self.good)
        #expect(drive.started.prefix(3) == ["before_wave:1:silence", "a:work", "b:work"])
        #expect(open(drive) == ["desk on before_wave:2"])
        #expect(drive.isFold)
    }

    @Test func anAbortEndsWhatBeforeWaveAsksAndNotWhatAfterWaveAsks() {
        var drive = HandDrive(
            fixture {
                $0.beforeWave = [RunFixture.listed("silence"), Self.step("desk")]
                $0.afterWave = [Self.step("graphs"), RunFixture.listed("unsilence")]
            })
        drive.feed([.led], answer: Self.good)
        drive.feed([tell(.abort, 1)], answer: Self.good)
        #expect(
            drive.machine.targets[list(.before, 0)]?.outcomes[RunFixture.id("desk")] == .aborted)
        #expect(open(drive) == ["graphs on after_wave:1"])
        #expect(!drive.machine.state.isTerminal && !drive.isFinished)
        let late = drive.deadlines
        drive.now = Timestamp(milliseconds: 61_000)
        drive.feed(late.map { .timer($0) }, answer: Self.good)
        #expect(drive.machine.state == .needsPerson)
        drive.feed([confirm("graphs", on: list(.after, 0), 2)], answer: Self.good)
        #expect(drive.started == ["before_wave:1:silence", "after_wave:1:unsilence"])
        #expect(drive.machine.state == .aborted)
        #expect(drive.isFold)
    }

    @Test func aPauseTakesHoldOnceTheListIsAnswered() {
        var drive = HandDrive(
            fixture {
                $0.beforeWave = [Self.step("desk")]
                $0.afterWave = [RunFixture.listed("unsilence")]
            })
        drive.feed([.led], answer: Self.good)
        drive.feed([tell(.pause, 1)], answer: Self.good)
        #expect(drive.machine.state == .running)
        drive.feed([confirm("desk", on: list(.before, 0), 2)], answer: Self.good)
        #expect(drive.machine.state == .paused)
        #expect(drive.started == ["after_wave:1:unsilence"], "given back, and nothing was started")
        drive.isFinished = false
        drive.feed([tell(.resume, 3)], answer: Self.good)
        #expect(open(drive) == ["desk on before_wave:1:2"], "it is entered again, and asks again")
        drive.feed([confirm("desk", on: list(.before, 0, 2), 4)], answer: Self.good)
        #expect(drive.started.dropFirst(1).prefix(2) == ["a:work", "b:work"])
        #expect(drive.isFold)
    }

    @Test func aRollbackAsksInItsListsAndNeedsAPersonWhenLate() {
        var run = HandDrive(
            fixture([["a"]]) {
                $0.beforeWave = [Self.step("desk")]
                $0.steps = [
                    RunFixture.step("work") { $0.undo = [.run(RunFixture.call("unwork"))] }
                ]
            })
        run.feed([.led], answer: Self.good)
        run.feed([confirm("desk", on: list(.before, 0), 1)], answer: Self.good)
        let start = TargetStart(
            target: RunFixture.target("a"),
            undone: [
                .init(step: RunFixture.id("work"), runs: [run.machine.record.id], isCertain: true)
            ])
        var undo = HandDrive(.rollback, of: [run], [start])
        undo.feed([.led], answer: Self.good)
        #expect(open(undo) == ["desk on before_wave:1"] && undo.started.isEmpty)
        undo.now = Timestamp(milliseconds: 61_000)
        undo.feed(undo.deadlines.map { .timer($0) }, answer: Self.good)
        #expect(undo.machine.state == .needsPerson)
        undo.feed([confirm("desk", on: list(.before, 0), 1)], answer: Self.good)
        #expect(undo.started == ["a:unwork"])
        #expect(undo.machine.state == .rolledBack)
        #expect(undo.isFold)
    }
}
