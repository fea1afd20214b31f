import Audit
import Foundation
import Runbooks
import Runner
import Testing

@testable import handrail

/// One runbook on three servers, from its library to its end, with fixed answers and instants.
///
/// web1 is mended; on web2 the server refuses the limits, and what was held stays owed; web3 is
/// never started.
struct GoldenScene {
    /// A fixed instant: 2026-11-23T07:00:00Z.
    static let start = PastRun.start
    /// When people look: ten minutes later.
    static let now = start.adding(.seconds(600))
    static let time = ShownTime(now: now, zoneOffset: { _ in 0 })

    let opened: OpenedLibrary
    let runbook: Runbook
    var subject: PlanSubject
    private(set) var machine: RunMachine
    /// The runs that it goes on from, the oldest first.
    private(set) var ancestors: [RunMachine] = []
    private(set) var events: [RecordedEvent] = []
    private var clock = start
    /// A step that fails on every target; none by itself.
    private var failing: StepID?
    /// A step of which nobody sees how it ends; none by itself.
    private var losing: StepID?
    /// Whether what lies between two waves takes its time.
    private var isSlow = false

    /// Reads the library, makes the plan and foresees it.
    ///
    /// All servers are asked for, and one of them doesn't fit the runbook; or one by its name.
    init(on target: String? = nil) async throws {
        let folder = try LibraryFolder.nearest(to: Golden.folder.appending(path: "library").path)
        let tree = try await WorkingTreeLibrary(in: folder, limits: LibraryLimits()).read()
        let checked = Library.read(
            LibraryTree(source: "main@3f2c1d9", entries: tree.entries))
        let library = try #require(checked.value, "\(checked.diagnostics)")
        opened = OpenedLibrary(
            library: library, source: "main@3f2c1d9, clean",
            commit: String(repeating: "3", count: 40), diagnostics: checked.diagnostics)
        runbook = try #require(library.runbooks.first)
        let selected = try Selection.resolve(
            inventory: library.inventory, rule: runbook.targets,
            on: target.map { [$0] } ?? [], limits: target == nil ? [.pattern("*")] : []
        ).get()
        let plan = try PlanBuilder(
            library: library, runbook: runbook, targets: selected.targets,
            parameters: [
                try name("most"): .integer(200), try name("mode"): .string("soft"),
                try name("reason"): .string("too many users at noon, every day of this week"),
                try name("key"): .secret(SecretReference(source: "file", name: "/run/key")),
            ],
            alert: "WebLimitsDrift", hostKeys: [try name("web1"): ["SHA256:web1"]],
            planID: try name(String(repeating: "a", count: 32)), created: Self.start
        ).plan().get()
        let id: RunID = try name("r-20261123-0700-k3f9")
        let forecast = await DryRun.forecast(of: plan, run: id, executor: SceneExecutor())
        let gates = GateReport.evaluate(plan, runbook: runbook, actor: "ann")
        subject = PlanSubject(
            plan: plan, digest: try .sha256(ofCanonical: plan), librarySource: opened.source,
            gates: gates, forecast: forecast, notProbed: nil,
            selected: selected, alert: "WebLimitsDrift", made: Self.start)
        // As if a plan file had foreseen that nothing is to be done for the first step that changes.
        var foreseen = forecast
        foreseen.targets[0].entries[2].label = .satisfied
        machine = RunMachine(
            record: RunRecord(
                id: id, number: 1, plan: plan, planDigest: subject.digest,
                forecastDigest: forecast.digest, actor: "ann", ticket: "INC-7",
                alert: "WebLimitsDrift", librarySource: opened.source, opened: Self.start,
                comparison: target == nil ? nil : Forecast.compare(foreseen, forecast)))
    }

    /// Leads the run until it waits for somebody, or has ended; each attempt takes 400 ms.
    mutating func feed(_ inputs: RunInput...) {
        var queue = inputs
        while !queue.isEmpty {
            let decision = machine.decide(queue.removeFirst(), at: clock)
            for event in decision.events {
                events.append(RecordedEvent(sequence: events.count + 1, at: clock, event: event))
            }
            for effect in decision.effects {
                switch effect {
                case .perform(let first):
                    var hasFailed = false
                    for request in [first] + first.followers {
                        clock = clock.adding(.milliseconds(hasFailed ? 0 : 400))
                        let isFailing = failing.map { request.key.part == .action($0) } == true
                        let isLost = losing.map { request.key.part == .action($0) } == true
                        let record =
                            hasFailed
                            ? SceneAnswers.heldBack
                            : isLost
                                ? SceneAnswers.lost
                                : isFailing
                                    ? SceneAnswers.failure : SceneAnswers.record(of: request)
                        queue.append(.attemptEnded(request.key, record))
                        hasFailed = hasFailed || isFailing
                    }
                case .timer(.deadline, _), .cancel, .recall, .close, .clean, .ask, .withdraw,
                    .finish, .dismiss, .askPeer, .askGates, .askHealth:
                    break
                case .timer(.wave, _) where isSlow: break
                case .admit(let names): queue.append(.admission(names, deferred: [:]))
                case .timer(let timer, let delay):
                    clock = clock.adding(delay)
                    queue.append(.timer(timer))
                }
            }
        }
    }

    /// What a person tells the run.
    mutating func tell(_ verb: PersonCommand.Verb) {
        feed(.command(PersonCommand(verb: verb, actor: "ann"), inboxID: 0))
    }

    /// The run as it waits for a manual step on web1.
    static func asking() async throws -> GoldenScene {
        var scene = try await GoldenScene()
        scene.feed(.led)
        scene.tell(.note("the balancer was slow before"))
        return scene
    }

    /// The run as it waits for the answer to a question on web1.
    static func questioned() async throws -> GoldenScene {
        var scene = try await asking()
        scene.tell(
            .confirm(try name("told"), note: "told in the channel", target: try name("web1")))
        return scene
    }

    /// The run after web2 failed: what it held is owed.
    static func owing() async throws -> GoldenScene {
        var scene = try await questioned()
        scene.tell(.answer(try name("users"), choice: "fine", target: nil))
        return scene
    }

    /// The run after its end.
    static func ended() async throws -> GoldenScene {
        var scene = try await owing()
        scene.tell(.paidByHand(try name("web2"), note: "put back by hand"))
        return scene
    }

    /// The undoing of that run: web1 is as before, and web2 was changed since.
    static func rolledBack() async throws -> GoldenScene {
        try await ended().child("r-20261123-0800-b2c3") { chain in
            RunDescent(
                kind: .rollback, parent: chain.newest.record.id,
                starts: try chain.rollback(chain.undoable).get(), keepsGoing: true)
        }
    }

    /// The run tried again on web2, where the server refuses the limits once more.
    static func retried() async throws -> GoldenScene {
        try await ended().child("r-20261123-0800-b2c4") { chain in
            RunDescent(
                kind: .retry, parent: chain.newest.record.id,
                starts: try chain.retry(chain.failed, from: nil).get())
        }
    }

    /// A run that goes on from this one, led until it waits for somebody, or has ended.
    private func child(
        _ id: String, _ descent: (RunChain) throws -> RunDescent
    ) throws -> GoldenScene {
        let (parent, descent) = (machine.record, try descent(RunChain([machine])))
        let begun = descent.starts.map(\.target)
        var scene = self
        scene.ancestors.append(machine)
        scene.events = []
        scene.machine = RunMachine(
            record: RunRecord(
                id: try name(id), number: 2, plan: parent.plan, planDigest: parent.planDigest,
                forecastDigest: nil, actor: "bob", ticket: parent.ticket, alert: parent.alert,
                librarySource: parent.librarySource, opened: clock,
                leftOut: parent.plan.targets.map(\.name).filter { !begun.contains($0) }.map {
                    LeftOutTarget(target: $0, reason: "not in it")
                }, descent: descent, change: ChangeID(number: 7)))
        scene.feed(.led)
        return scene
    }

    /// The run that a person ended while web1 waited for its manual step.
    static func aborted() async throws -> GoldenScene {
        var scene = try await asking()
        scene.tell(.abort)
        return scene
    }

    /// The run on web1 alone that a person ended after its `once` step was lost.
    static func abortedAmid() async throws -> GoldenScene {
        var scene = try await unsettled()
        scene.tell(.abort)
        scene.tell(.paidByHand(try name("web1"), note: "put back by hand"))
        return scene
    }

    /// A run on web1 alone, which a `stop` ended, and which was handed over and came to its end.
    static func stopped() async throws -> (scene: GoldenScene, escalations: [Escalation]) {
        var scene = try await GoldenScene(on: "web1")
        scene.feed(.led)
        scene.tell(.confirm(try name("told"), note: "told", target: try name("web1")))
        scene.tell(.answer(try name("users"), choice: "slow", target: nil))
        var escalation = try #require(try await inbox().escalations.first)
        escalation.end = Escalation.End(at: now, actor: "bob", note: "the driver was replaced")
        return (scene, [escalation])
    }

    /// A run on web1 alone, which helped.
    static func resolved() async throws -> GoldenScene {
        var scene = try await GoldenScene(on: "web1")
        scene.feed(.led)
        scene.tell(.confirm(try name("told"), note: "told", target: try name("web1")))
        scene.tell(.answer(try name("users"), choice: "fine", target: nil))
        return scene
    }

    /// A run on web1 alone, of whose `once` step nobody knows how it ended.
    static func unsettled() async throws -> GoldenScene {
        var scene = try await GoldenScene(on: "web1")
        scene.losing = try name("reload")
        scene.feed(.led)
        return scene
    }

    /// What is done once before and after each wave.
    static let lists: ([Step], [Step]) = {
        func step(_ id: String, _ title: String, _ effect: Effect) -> Step? {
            guard let id = StepID(rawValue: id) else { return nil }
            var step = Step(
                id: id, title: title, effect: effect,
                action: .run(ScriptCall(program: .inline("true"))))
            step.place = .controller
            step.retry.attempts = 1
            step.ifFails = "The monitoring still calls: tell the night shift."
            return step
        }
        return (
            [step("silence", "Silence the monitoring", .once)].compactMap { $0 },
            [step("unsilence", "Let the monitoring speak again", .idempotent)].compactMap { $0 }
        )
    }()

    /// A run on web1 alone, whose `before_wave` failed, so that nothing of it was started.
    static func framed() async throws -> GoldenScene {
        var scene = try await GoldenScene(on: "web1")
        scene.failing = try name("silence")
        scene.replan { ($0.beforeWave, $0.afterWave) = GoldenScene.lists }
        scene.feed(.led)
        return scene
    }

    /// Has the run do another plan.
    private mutating func replan(_ change: (inout Plan) -> Void) {
        change(&subject.plan)
        let old = machine.record
        machine = RunMachine(
            record: RunRecord(
                id: old.id, number: 1, plan: subject.plan, planDigest: old.planDigest,
                forecastDigest: old.forecastDigest, actor: old.actor, ticket: old.ticket,
                alert: old.alert, librarySource: old.librarySource, opened: old.opened))
    }

    /// A run in two waves, which waits for the person whom `before_wave` asks.
    static func asksBeforeItsWave() async throws -> GoldenScene {
        var scene = try await GoldenScene()
        let desk = Step(
            id: try name("desk"), title: "Tell the desk", effect: .read,
            action: .manual(
                PersonAction(
                    text: "Tell the service desk which servers are next.", choices: [],
                    deadline: .seconds(3600), perTarget: false)))
        let waves = try Self.waves()
        scene.replan { ($0.beforeWave, $0.waves) = ([desk], waves) }
        scene.feed(.led)
        return scene
    }

    private static func waves() throws -> [PlannedWave] {
        [
            PlannedWave(name: "canary", targets: [try name("web1")]),
            PlannedWave(name: "others", targets: [try name("web2"), try name("web3")]),
        ]
    }

    /// A run in two waves, the first of which has ended, and soaks.
    static func soaking() async throws -> GoldenScene {
        var scene = try await GoldenScene()
        let waves = try Self.waves()
        scene.isSlow = true
        scene.replan { plan in
            plan.waves = waves
            plan.rollout.soak = Soak(milliseconds: 900_000)
            plan.rollout.health = [
                HealthCheck(
                    place: .target, convention: .script,
                    script: ScriptCall(program: .inline("curl -sf localhost")), name: "curl")
            ]
        }
        scene.feed(.led)
        scene.tell(.confirm(try name("told"), note: "told", target: try name("web1")))
        scene.tell(.answer(try name("users"), choice: "fine", target: nil))
        return scene
    }

    /// The same run after its soak: the wave is not well.
    static func unwell() async throws -> GoldenScene {
        var scene = try await soaking()
        scene.clock = scene.clock.adding(.seconds(900))
        scene.feed(.timer(.wave))
        scene.feed(
            .healthAnswered(
                HealthAnswer(
                    wave: 0, target: try name("web1"), verdict: .failed, text: "curl: exit 7")))
        return scene
    }

    /// A run on web1 alone, which helped, though its first step failed and was passed over.
    static func passedOver() async throws -> GoldenScene {
        var scene = try await GoldenScene(on: "web1")
        scene.failing = try name("picture")
        scene.feed(.led)
        scene.tell(.confirm(try name("told"), note: "told", target: try name("web1")))
        scene.tell(.answer(try name("users"), choice: "fine", target: nil))
        return scene
    }

    /// A run on web1 alone, which two people started without a change.
    static func brokenGlass() async throws -> GoldenScene {
        var scene = try await GoldenScene(on: "web1")
        let record = scene.machine.record
        scene.machine = RunMachine(
            record: RunRecord(
                id: record.id, number: 1, plan: record.plan, planDigest: record.planDigest,
                forecastDigest: record.forecastDigest, actor: "ann", ticket: "INC-7", alert: nil,
                librarySource: record.librarySource, opened: record.opened,
                brokenGlass: BrokenGlass(
                    first: "ann", second: "bob", reason: "mail is down, nobody is reachable",
                    groups: ["cluster = mb1"], at: start)))
        return scene
    }

    /// What waits for a second person.
    static func glassRequest() throws -> GlassRequest {
        GlassRequest(
            run: try name("r-20261123-0700-k3f9"),
            plan: try name(String(repeating: "a", count: 32)), planDigest: .sha256(of: [1]),
            reason: "mail is down, nobody is reachable", groups: ["cluster = mb1"],
            first: try name("ann"), statement: .sha256(of: [2]), made: start)
    }

    /// The run in one line.
    var summary: RunSummary {
        let plan = machine.plan
        return RunSummary(
            id: machine.record.id, runbook: plan.runbook.id, title: plan.runbook.title,
            environment: plan.environment.name, actor: "ann", ticket: "INC-7",
            state: machine.state, resolution: machine.resolution,
            targets: plan.targets.map(\.name), opened: Self.start,
            closed: machine.state.isTerminal ? clock : nil, isLed: false,
            parent: machine.record.descent?.parent, goesOnAs: machine.record.descent?.kind,
            isGlassBroken: machine.record.brokenGlass != nil)
    }

    /// The run with those that it goes on from.
    var chain: RunChain { RunChain(ancestors + [machine]) }

    /// The run as `status` has it.
    var status: RunStatus {
        RunStatus(
            FoldedRun(summary: summary, machine: machine, events: events), now: Self.now,
            chain: chain)
    }
}

/// What the scene's servers answer.
enum SceneAnswers {
    static let diff = """
        --- /etc/web/limits (now)
        +++ /etc/web/limits (wanted)
        @@ -1,2 +1,2 @@
        -most = 20
        +most = 200
         idle = 30

        """

    /// How an attempt ends in the run.
    static func record(of request: AttemptRequest) -> AttemptRecord {
        let isRefused = request.key.target.rawValue == "web2"
        switch request.key.part {
        case .symptom, .guarding: return exited(1)
        case .action(let step) where step.rawValue == "look":
            return exited(0, stdout: "most = 20\n", outputs: ["state": "differs"])
        case .action(let step) where step.rawValue == "picture":
            var record = exited(0)
            record.collected = [AttemptRecord.File(name: "uptime", output: output("up 3 days\n"))]
            return record
        case .action(let step) where step.rawValue == "limits":
            guard isRefused else { return exited(0, stdout: diff, changed: true, diff: diff) }
            return exited(
                2, stdout: diff,
                stderr: "web: most 200 exceeds the ceiling of 100 in /etc/web/ceiling\n",
                changed: false, diff: diff)
        case .undo where isRefused:
            return exited(
                3,
                stderr: "before the run: most = 20\nas the run left it: most = 200\n"
                    + "now: most = 90\nThe limits are not as the run left them: they were changed "
                    + "since. Nothing was undone.\n", changed: false)
        case .action, .check, .verify, .release, .undo, .peer: return exited(0)
        }
    }

    /// A command that isn't there.
    static let failure = exited(1, stderr: "uptime: not found\n")

    /// Nobody saw it end.
    static let lost = AttemptRecord(
        ending: .unknown("the session was lost"), stdout: output(""), stderr: output(""))

    /// A step that was sent ahead of one that failed.
    static let heldBack = AttemptRecord(
        ending: .afterBadEnd, stdout: output(""), stderr: output(""))

    private static func exited(
        _ status: Int32, stdout: String = "", stderr: String = "",
        outputs: [String: String] = [:], changed: Bool? = nil, diff: String? = nil
    ) -> AttemptRecord {
        AttemptRecord(
            ending: .exited(status), stdout: output(stdout), stderr: output(stderr),
            outputs: outputs, changed: changed, diff: diff, durationMilliseconds: 400)
    }

    private static func output(_ text: String) -> OutputRecord {
        let isLong = text.utf8.count > 40
        return OutputRecord(
            text: text, totalBytes: text.utf8.count, droppedBytes: 0,
            stored: isLong ? .sha256(of: Array(text.utf8)) : nil)
    }
}

/// Answers a dry run: web1 and web2 differ, and web3 can't be reached.
private struct SceneExecutor: Executor {
    func perform(_ request: AttemptRequest) async -> AttemptReport {
        guard request.target.name.rawValue != "web3" else {
            return AttemptReport(
                ending: .unreachable("web3 (127.0.0.13:22): connection refused; is it on?"))
        }
        switch request.key.part {
        case .symptom: return AttemptReport(ending: .exited(0))
        case .guarding: return AttemptReport(ending: .exited(1))
        case .action(let step) where step.rawValue == "look":
            return AttemptReport(ending: .exited(0), outputs: Array("state=differs\n".utf8))
        case .action(let step) where step.rawValue == "limits":
            return AttemptReport(ending: .exited(1), diff: SceneAnswers.diff)
        case .action, .check, .verify, .release, .undo, .peer:
            return AttemptReport(ending: .exited(0))
        }
    }
    func cancel(_ target: TargetName) async {}
    func close(_ target: TargetName) async {}
    func shutDown() async {}
}
