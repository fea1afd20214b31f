import Runbooks
import Runner
import Testing

struct DryRunTests {
    /// Answers to the questions of a dry run, by part; a part without one is satisfied.
    private typealias Answers = [Part: AttemptReport]

    private func forecast(
        _ fixture: PlanFixture, _ answers: Answers = [:], probing: DryRun.Probing = .allowed
    ) throws -> Forecast {
        let run = try #require(RunID(rawValue: "r-20261123-0714-k3f9"))
        var dryRun = DryRun(of: try fixture.plan(), run: run, probing: probing)
        while true {
            let requests = dryRun.requests()
            if requests.isEmpty { break }
            for request in requests {
                dryRun.take(
                    answers[request.key.part] ?? AttemptReport(ending: .exited(0)),
                    for: request.key)
            }
        }
        #expect(dryRun.isOver)
        return dryRun.forecast
    }

    private func labels(
        _ steps: [Step], _ answers: Answers = [:], probing: DryRun.Probing = .allowed
    ) throws -> [ForecastLabel] {
        try forecast(PlanFixture(steps: steps), answers, probing: probing).targets[0].entries.map(
            \.label)
    }

    private func exit(_ status: Int32, stderr: String = "", outputs: String = "")
        -> AttemptReport
    {
        AttemptReport(
            ending: .exited(status),
            stderr: CapturedOutput(bytes: Array(stderr.utf8), totalBytes: stderr.utf8.count),
            outputs: Array(outputs.utf8))
    }

    private let script = Action.run(PlanFixture.script())

    private func guarded(_ id: String = "fix", _ effect: Effect = .idempotent) throws -> Step {
        try PlanFixture.step(id, effect, script) { $0.unless = PlanFixture.script() }
    }

    private func file(_ id: String, _ path: String = "/etc/x") throws -> Step {
        try PlanFixture.step(
            id, .idempotent, .file(FileAction(path: .text(path), content: .absent)))
    }

    @Test func theSymptomIsAskedOnTheTargetWhateverComesFirst() throws {
        let step = try PlanFixture.step("here", .read, script) { $0.place = .controller }
        var fixture = try PlanFixture(steps: [step])
        fixture.symptoms = [
            Symptom(
                alerts: [], present: PlanFixture.script(),
                position: SourcePosition(file: "x", line: 1, column: 1))
        ]
        let run = try #require(RunID(rawValue: "r-20261123-0714-k3f9"))
        var dryRun = DryRun(of: try fixture.plan(), run: run, probing: .allowed)
        let first = try #require(dryRun.requests().first)
        #expect(first.key.part == .symptom && first.place == .target)
        dryRun.take(AttemptReport(ending: .exited(0)), for: first.key)
        #expect(dryRun.requests().map(\.place) == [.controller])
    }

    @Test(arguments: [true, false])
    func whatIsAskedOnTheControllerIsNoContactWithTheTarget(_ isRequest: Bool) throws {
        let action = isRequest ? Action.http(HTTPAction(url: .text("https://a.example"))) : script
        let look = try PlanFixture.step("look", .read, action) {
            if !isRequest { $0.place = .controller }
        }
        let act = try PlanFixture.step("act", .once, script)
        let run = try #require(RunID(rawValue: "r-20261123-0714-k3f9"))
        var dryRun = DryRun(
            of: try PlanFixture(steps: [look, act]).plan(), run: run, probing: .allowed)
        var greeted = 0
        while let request = dryRun.requests().first {
            if request.isGreeting { greeted += 1 }
            dryRun.take(AttemptReport(ending: .exited(0)), for: request.key)
        }
        #expect(greeted == 1)
    }

    @Test(arguments: [
        (AttemptReport(ending: .exited(0)), ForecastLabel.satisfied),
        (AttemptReport(ending: .exited(1)), .wouldChange),
        (
            AttemptReport(
                ending: .exited(1), stderr: CapturedOutput(bytes: [0x78], totalBytes: 1)), .failed
        ),
        (AttemptReport(ending: .exited(77)), .depends),
        (AttemptReport(ending: .exited(2)), .failed),
        (AttemptReport(ending: .exited(127)), .failed),
        (AttemptReport(ending: .timedOut), .depends),
        (AttemptReport(ending: .cancelled), .depends),
        (AttemptReport(ending: .unreachable("no route")), .unreachable),
        (AttemptReport(ending: .unknown("gone")), .unreachable),
        (AttemptReport(ending: .notStarted("no sh")), .failed),
    ])
    func aGuardsAnswerIsTheLabel(report: AttemptReport, label: ForecastLabel) throws {
        let step = try guarded()
        #expect(try labels([step], [.guarding(step.id): report]) == [label])
    }

    @Test func aTimeoutShorterThanADryRunsOwnIsAFailure() throws {
        var step = try guarded()
        step.timeout = .seconds(10)
        #expect(
            try labels([step], [.guarding(step.id): AttemptReport(ending: .timedOut)])
                == [.failed])
    }

    @Test func aTargetOfWhichNothingIsAskedIsGreeted() throws {
        let steps = [try PlanFixture.step("a", .once, script)]
        let dead: Answers = [.symptom: AttemptReport(ending: .unreachable("no route"))]
        #expect(try labels(steps, dead) == [.unreachable])
        #expect(try labels(steps, dead, probing: .forbidden("--no-probe")) == [.wouldRun])
        let living = try forecast(PlanFixture(steps: steps))
        #expect(living.targets[0].entries.map(\.label) == [.wouldRun])
        #expect(living.targets[0].symptom == .notAsked)
    }

    @Test func aStepWithoutAGuardWouldRun() throws {
        let restart = Action.service(ServiceAction(name: .text("nginx"), state: .restarted))
        let steps = try [
            PlanFixture.step("a", .once, script), PlanFixture.step("b", .once, restart),
        ]
        #expect(try labels(steps) == [.wouldRun, .wouldRun])
    }

    @Test func aTypedActionShowsItsDiff() throws {
        let step = try file("config")
        let report = AttemptReport(ending: .exited(1), diff: "-a\n+b\n")
        let forecast = try forecast(PlanFixture(steps: [step]), [.action(step.id): report])
        #expect(
            forecast.targets[0].entries == [
                Forecast.Entry(
                    step: step.id, label: .wouldChange, mayChange: true, diff: "-a\n+b\n")
            ])
    }

    @Test func whatAStepReadFeedsLaterConditions() throws {
        let measure = try PlanFixture.step("measure", .read, script) {
            $0.outputs = [try PlanFixture.output("top")]
        }
        let stop = try PlanFixture.step(
            "not-ours", .read,
            .stop(StopAction(resolution: .unresolved, escalate: nil, say: "Not ours"))
        ) { $0.when = try PlanFixture.parse("measure.top != clamd") }
        let steps = [measure, stop, try guarded()]
        let ours: Answers = [.action(measure.id): exit(0, outputs: "top=clamd\n")]
        #expect(try labels(steps, ours) == [.read, .skipped, .satisfied])
        let other: Answers = [.action(measure.id): exit(0, outputs: "top=mysqld\n")]
        #expect(try labels(steps, other) == [.read, .stop, .skipped])
        let broken: Answers = [.action(measure.id): exit(0, outputs: "nonsense\n")]
        #expect(try labels(steps, broken) == [.failed, .skipped, .skipped])
    }

    @Test func whatComesAfterAnUnsimulatedStepDependsAndShowsToday() throws {
        let first = try PlanFixture.step("first", .once, script)
        let second = try guarded("second")
        let forecast = try forecast(
            PlanFixture(steps: [
                first, second, file("third"), PlanFixture.step("look", .read, script),
            ]),
            [.guarding(second.id): exit(1)])
        #expect(
            forecast.targets[0].entries.map(\.label) == [.wouldRun, .depends, .depends, .depends])
        #expect(
            forecast.targets[0].entries[1].note
                == "'first' may change it first; today: would change")
    }

    @Test func aTypedChangeDisturbsScriptsAndItsOwnObjectOnly() throws {
        let config = try file("config", "/etc/a")
        let steps = try [config, file("other", "/etc/b"), file("again", "/etc/a"), guarded()]
        #expect(
            try labels(steps, [.action(config.id): exit(1)]) == [
                .wouldChange, .satisfied, .depends, .depends,
            ])
    }

    @Test func outcomesOfEarlierStepsAreForeseen() throws {
        let config = try file("config")
        let restart = try PlanFixture.step("restart", .once, script) {
            $0.when = try PlanFixture.parse("config = changed")
        }
        #expect(try labels([config, restart]) == [.satisfied, .skipped])
        #expect(
            try labels([config, restart], [.action(config.id): exit(1)])
                == [.wouldChange, .wouldRun])
    }

    @Test func whatTurnsOnAnAnswerDepends() throws {
        let ask = try PlanFixture.step(
            "users", .read,
            .ask(PersonAction(text: "Call", choices: [], deadline: .seconds(9), perTarget: false)))
        let stop = try PlanFixture.step(
            "bad", .read, .stop(StopAction(resolution: .unresolved, escalate: nil, say: "s"))
        ) { $0.when = try PlanFixture.parse("users = calls") }
        let never = try PlanFixture.step("never", .once, script) {
            $0.when = try PlanFixture.parse("users = calls and target_name = other")
        }
        #expect(
            try labels([ask, stop, never, guarded()]) == [.manual, .depends, .skipped, .depends])
    }

    @Test func aFailureEndsTheSequenceUnlessItGoesOn() throws {
        var first = try guarded("first")
        let answers: Answers = [.guarding(first.id): exit(3)]
        #expect(try labels([first, guarded()], answers) == [.failed, .skipped])
        first.onFailed = .continue
        #expect(try labels([first, guarded()], answers) == [.failed, .satisfied])
    }

    @Test func nothingIsAskedOfAnUnreachableTargetAgain() throws {
        let first = try guarded("first")
        let answers: Answers = [.guarding(first.id): AttemptReport(ending: .unreachable("x"))]
        #expect(
            try labels([first, guarded(), PlanFixture.step("z", .once, script)], answers)
                == [.unreachable, .unreachable, .unreachable])
    }

    @Test func withoutProbesNothingIsAsked() throws {
        let steps = try [
            guarded(), PlanFixture.step("look", .read, script),
            PlanFixture.step("run", .once, script),
        ]
        let run = try #require(RunID(rawValue: "r-1"))
        var dryRun = DryRun(
            of: try PlanFixture(steps: steps).plan(), run: run, probing: .forbidden("--no-probe"))
        #expect(dryRun.requests().isEmpty)
        #expect(dryRun.isOver)
        #expect(
            dryRun.forecast.targets[0].entries.map(\.label) == [.notProbed, .notProbed, .wouldRun])
    }

    @Test func aStepCanForbidItsProbe() throws {
        var step = try guarded()
        step.probe = .never
        #expect(try labels([step]) == [.notProbed])
    }

    @Test(arguments: [
        (AttemptReport(ending: .exited(0)), Forecast.SymptomState.present),
        (AttemptReport(ending: .exited(1)), .absent),
        (
            AttemptReport(
                ending: .exited(1), stderr: CapturedOutput(bytes: [0x78], totalBytes: 1)),
            .cantLook
        ),
        (AttemptReport(ending: .exited(77)), .cantLook),
        (AttemptReport(ending: .unreachable("x")), .cantLook),
    ])
    func theSymptomIsAskedFirst(report: AttemptReport, state: Forecast.SymptomState) throws {
        var fixture = try PlanFixture(steps: [guarded()])
        fixture.symptoms = [
            Symptom(
                alerts: [], present: PlanFixture.script(),
                position: SourcePosition(file: "x", line: 1, column: 1))
        ]
        let forecast = try forecast(fixture, [.symptom: report])
        #expect(forecast.targets[0].symptom == state)
    }

    @Test func theRunbooksVerifyIsAskedOnlyWhenNothingChanges() throws {
        var fixture = try PlanFixture(steps: [guarded()])
        fixture.verify = [AssertAction(script: PlanFixture.script())]
        #expect(try forecast(fixture).targets[0].entries.map(\.label) == [.satisfied, .read])
        let fix = try StepID.named("fix")
        #expect(
            try forecast(fixture, [.guarding(fix): exit(1)]).targets[0].entries.map(\.label)
                == [.wouldChange, .depends])
    }

    @Test func aMissingLabelFailsTheStepAndSaysWhy() throws {
        let step = try PlanFixture.step(
            "look", .read, .run(PlanFixture.script(PlanFixture.name("target.site"))))
        let entry = try forecast(PlanFixture(steps: [step])).targets[0].entries[0]
        #expect(entry.label == .failed)
        #expect(entry.note == "web1 has no label 'site'")
    }

    @Test func coverageCountsWhatIsForeseen() throws {
        let forecast = try forecast(
            PlanFixture(steps: [guarded(), PlanFixture.step("run", .once, script), guarded("z")]))
        #expect(forecast.coverage == Coverage(foreseen: 1, of: 3))
        #expect(forecast.coverage.percent == 33)
    }

    @Test func noMoreTargetsAreAskedAtOnceThanMayBeInFlight() throws {
        var fixture = try PlanFixture(targets: ["a", "b", "c", "d", "e"], steps: [guarded()])
        fixture.rule.pick = .many
        fixture.rollout.maxInFlight = 2
        var dryRun = DryRun(
            of: try fixture.plan(), run: try #require(RunID(rawValue: "r-1")))
        var open = dryRun.requests()
        #expect(open.map(\.key.target.rawValue) == ["a", "b"])
        var seen = open.count
        while let request = open.popLast() {
            dryRun.take(AttemptReport(ending: .exited(0)), for: request.key)
            let more = dryRun.requests()
            seen += more.count
            open += more
            #expect(open.count <= 2)
        }
        #expect(seen == 5)
        #expect(dryRun.isOver)
    }
}
