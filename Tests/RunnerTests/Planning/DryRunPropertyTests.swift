import Runbooks
import Runner
import TestSupport
import Testing

/// Answers anything, and keeps what it was asked.
private actor RecordingExecutor: Executor {
    private(set) var requests: [AttemptRequest] = []
    private var generator: SeededNumbers

    init(seed: UInt64) { generator = SeededNumbers(seed: seed) }

    func perform(_ request: AttemptRequest) async -> AttemptReport {
        requests.append(request)
        let endings: [Ending] = [
            .exited(0), .exited(0), .exited(1), .exited(1), .exited(2), .exited(77), .timedOut,
            .unreachable("x"), .unknown("x"), .notStarted("x"), .cancelled,
        ]
        return AttemptReport(
            ending: endings.randomElement(using: &generator) ?? .exited(0),
            stderr: CapturedOutput(totalBytes: Int.random(in: 0...1, using: &generator)),
            outputs: Array("one=1\n".utf8))
    }

    func cancel(_ target: TargetName) async {}
    func close(_ target: TargetName) async {}
    func shutDown() async {}
}

struct DryRunPropertyTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func nothingWithAnEffectEverRuns(seed: UInt64) async throws {
        var generator = SeededNumbers(seed: seed)
        let plan = try randomPlan(&generator)
        let executor = RecordingExecutor(seed: seed)
        let run = try #require(RunID(rawValue: "r-1"))
        let forecast = await DryRun.forecast(of: plan, run: run, executor: executor)
        for request in await executor.requests {
            #expect(request.timeout <= DryRun.limit)
            switch request.key.part {
            case .action(let id):
                let step = try #require(plan.sequence(of: request.target).first { $0.id == id })
                #expect(request.mode == (step.effect == .read ? .apply : .probe))
                if case .run = request.action { #expect(step.effect == .read) }
            case .guarding(let id):
                let step = try #require(plan.sequence(of: request.target).first { $0.id == id })
                #expect(request.mode == .probe)
                #expect(request.action == .assert(AssertAction(script: try #require(step.unless))))
            case .symptom, .verify: #expect(request.mode == .probe)
            case .check, .release, .undo, .peer:
                Issue.record("a dry run asked for \(request.key.part)")
            }
        }
        let keys = await executor.requests.map(\.key)
        #expect(Set(keys).count == keys.count)
        // Nothing is skipped silently: every step of every target has an entry.
        #expect(forecast.targets.map(\.target) == plan.targets.map(\.name))
        for (target, planned) in zip(forecast.targets, plan.targets) {
            let steps = plan.sequence(of: planned)
            #expect(target.entries.compactMap(\.step) == steps.map(\.id))
            #expect(target.entries.count == steps.count + plan.verify.count)
            for entry in target.entries where entry.label == .skipped {
                #expect(entry.note != nil)
            }
        }
    }

    private func randomPlan(_ generator: inout SeededNumbers) throws -> Plan {
        var steps: [Step] = []
        for index in 0..<Int.random(in: 1...8, using: &generator) {
            let (effects, action) = randomAction(&generator)
            let effect = effects.randomElement(using: &generator) ?? .read
            let earlier = steps.randomElement(using: &generator)?.id
            let conditions =
                ["target_name = t1", "has target.x"]
                + [earlier].compactMap {
                    $0.map { "\($0) = changed" }
                } + [earlier].compactMap { $0.map { "\($0).one = 1" } }
            let condition = conditions.randomElement(using: &generator) ?? "has target.x"
            let dice = (0..<5).map { _ in Int.random(in: 0..<3, using: &generator) }
            steps.append(
                try PlanFixture.step("s\(index)", effect, action) { step in
                    if dice[4] == 1 { step.forEach = .texts(["a", "b c"]) }
                    if dice[4] == 2, dice[0] > 0 {
                        step.forEach = .reference(Expression.Name(parts: ["target", "list"]))
                    }
                    if dice[0] == 0 { step.when = try PlanFixture.parse(condition) }
                    if dice[1] == 0, effect != .read { step.unless = PlanFixture.script() }
                    if dice[2] == 0 { step.probe = .never }
                    if dice[3] == 0 { step.onFailed = .continue }
                    if dice[4] == 0, case .run = action {
                        step.outputs = [try PlanFixture.output("one")]
                    }
                    step.timeout = .seconds(dice[0] * 30 + 1)
                })
        }
        var fixture = try PlanFixture(targets: ["t1", "t2", "t3"], steps: steps)
        fixture.targets[0] = try PlanFixture.target("t1", labels: ["list": ["p", "q"]])
        fixture.targets[1] = try PlanFixture.target("t2", labels: ["list": []])
        fixture.rule.pick = .many
        fixture.rollout.maxInFlight = Int.random(in: 1...3, using: &generator)
        fixture.verify = [AssertAction(script: PlanFixture.script())]
        fixture.symptoms = [
            Symptom(
                alerts: [], present: PlanFixture.script(),
                position: SourcePosition(file: "x", line: 1, column: 1))
        ]
        return try fixture.plan()
    }

    private func randomAction(_ generator: inout SeededNumbers) -> ([Effect], Action) {
        let person = PersonAction(text: "?", choices: [], deadline: .seconds(1), perTarget: false)
        let script = PlanFixture.script()
        let changing: [Effect] = [.idempotent, .once, .irreversible]
        let choices: [([Effect], Action)] = [
            (Effect.allCases, .run(script)), (Effect.allCases, .run(script)),
            (changing, .file(FileAction(path: .text("/x"), content: .absent))),
            (changing, .service(ServiceAction(name: .text("x"), state: .running))),
            ([.once], .service(ServiceAction(name: .text("x"), state: .restarted))),
            (changing, .package(PackageAction(name: .text("x"), version: .present))),
            ([.read], .wait(WaitAction(until: script, every: .seconds(1), upTo: .seconds(9)))),
            ([.read], .assert(AssertAction(script: script, staysOKFor: .seconds(9)))),
            ([.read], .collect(CollectAction(commands: [], files: ["/x"], limitBytes: 1))),
            ([.read], .manual(person)), ([.read], .ask(person)),
            ([.read], .stop(StopAction(resolution: .resolved, escalate: nil, say: "s"))),
        ]
        return choices.randomElement(using: &generator) ?? choices[0]
    }
}
