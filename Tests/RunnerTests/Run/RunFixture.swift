import Runbooks

@testable import Runner

/// Small plans, and a machine that is driven by hand with scripted answers.
struct RunFixture {
    var steps: [Step]
    var verify: [AssertAction] = []
    var symptom: PlannedSymptom?
    var targets = ["a"]
    var rollout = Rollout(maxInFlight: 50, stopAtFailures: 1)
    /// The targets of each wave, which together are `targets`; nil for one wave of all.
    var waves: [[String]]?
    var leftOut: [LeftOutTarget]?
    var protection: [ProtectedGroup]?
    var gating: Gating?
    var kind = RunbookKind.resolution
    var exceptions: [BaselineException]?
    var environment = EnvironmentRule(
        name: "lab", content: .off, change: .off, isProduction: false)
    /// The change that it carries out.
    var change: ChangeID?
    var expires = Timestamp(milliseconds: 1_000_000)
    /// The label `ring` of all targets.
    var ring: String?
    /// A number of its own for each of several runs.
    var number = 0
    /// What is done once before and after each wave.
    var beforeWave: [Step]?
    var afterWave: [Step]?
    /// Values that differ between targets.
    var values: [ValueRule]?
    /// The label `list` of targets that have it.
    var lists: [String: [String]] = [:]

    static func call(_ name: String) -> ScriptCall { ScriptCall(program: .inline(name)) }

    static func id(_ text: String) -> StepID {
        guard let id = StepID(rawValue: text) else { preconditionFailure("bad id \(text)") }
        return id
    }

    static func target(_ text: String) -> TargetName {
        guard let name = TargetName(rawValue: text) else { preconditionFailure("bad name") }
        return name
    }

    /// A target's record in a plan.
    static func planned(_ name: String) -> PlannedTarget {
        PlannedTarget(
            name: target(name), address: "127.0.0.1", port: 22, user: nil, becomeUser: nil,
            hostKeys: [], labels: [:])
    }

    /// A `run` step, changed by the closure.
    static func step(
        _ name: String, _ effect: Effect = .idempotent, _ change: (inout Step) -> Void = { _ in }
    ) -> Step {
        var step = Step(id: id(name), title: name, effect: effect, action: .run(call(name)))
        change(&step)
        return step
    }

    /// A step of a wave's list.
    static func listed(
        _ name: String, _ effect: Effect = .idempotent, _ change: (inout Step) -> Void = { _ in }
    ) -> Step {
        step(name, effect) { step in
            step.place = .controller
            change(&step)
        }
    }

    /// A target without labels, as plans have it.
    static func planned(_ name: TargetName) -> PlannedTarget {
        PlannedTarget(
            name: name, address: "127.0.0.1", port: 22, user: nil, becomeUser: nil, hostKeys: [],
            labels: [:])
    }

    var record: RunRecord {
        guard let planID = PlanID(rawValue: String(repeating: "\(number)", count: 32)),
            let digest = Digest(rawValue: String(repeating: "a", count: 64)),
            let runbook = RunbookID(rawValue: "test.book"),
            let run = RunID(rawValue: number == 0 ? "r-20260101-0000-abcd" : "r-\(number)")
        else { preconditionFailure("bad fixture") }
        var plan = Plan(
            planID: planID, libraryID: "lib",
            runbook: PlannedRunbook(
                id: runbook, title: "Test", kind: kind, digest: digest, files: []),
            environment: environment,
            parameters: [],
            targets: targets.map { name in
                var target = Self.planned(name)
                target.labels = lists[name].map { ["list": $0] } ?? [:]
                target.labels["ring"] = ring.map { [$0] }
                return target
            },
            steps: steps, verify: verify, rollback: [], symptom: symptom, rollout: rollout,
            waves: waves?.enumerated().map {
                PlannedWave(name: "wave \($0 + 1)", targets: $1.map { Self.target($0) })
            },
            beforeWave: beforeWave, afterWave: afterWave, onFailure: nil, protection: protection,
            exceptions: exceptions, created: Timestamp(milliseconds: 0), expires: expires)
        plan.values = values
        return RunRecord(
            id: run, number: 1, plan: plan, planDigest: digest, forecastDigest: nil, actor: "ann",
            ticket: nil, alert: nil, librarySource: "main@0000000",
            opened: Timestamp(milliseconds: 0), leftOut: leftOut, gating: gating,
            change: change)
    }
}

/// Drives a machine synchronously: every attempt is answered by a closure, timers fire at once.
struct HandDrive {
    var machine: RunMachine
    var events: [RecordedEvent] = []
    var performed: [AttemptRequest] = []
    var closed: [TargetName] = []
    var cancelled: [TargetName] = []
    var isFinished = false
    var now = Timestamp(milliseconds: 0)
    /// Timers for people's deadlines, which don't fire by themselves.
    var deadlines: [RunTimer] = []
    /// Steps that a person was asked about, before they begin.
    var asked: [String] = []
    /// Attempts that the answering closure left open.
    var open: [AttemptKey] = []
    /// What was sent ahead, by the attempt that it follows.
    private var behind: [AttemptKey: [AttemptRequest]] = [:]
    /// Targets whose followers were recalled.
    private(set) var recalled: Set<TargetName> = []
    /// What other runs hold.
    var locks: [TargetLock] = []
    /// Targets that their groups can't spare.
    var refusals: [GroupRefusal] = []
    /// Members of groups that were asked whether they are well.
    var peersAsked: [PeerQuestion] = []
    /// What gates were asked.
    var gatesAsked: [GateQuestion] = []
    /// What they answer; nil leaves them without an answer.
    var gates: (@Sendable (Timestamp) -> GateAnswer)?
    /// Timers after which gates are asked again, which don't fire by themselves.
    var gateWaits: [Duration] = []
    /// What health checks say; one that gets nil is not answered by itself.
    var health: @Sendable (HealthQuestion) -> (HealthVerdict, String)? = { _ in (.ok, "said 0") }
    /// The health checks that were asked.
    var healthAsked: [HealthQuestion] = []
    /// How long each of the waves' timers was set for, in milliseconds.
    var waveTimers: [Int64] = []
    /// Whether the waves' timers fire at once.
    var soaksAtOnce = true
    /// What was admitted and given back.
    var dismissed: [TargetName] = []
    /// Timers for targets that wait, which don't fire by themselves.
    var waits = 0

    init(_ fixture: RunFixture) { self.init(fixture.record) }

    init(_ record: RunRecord) { machine = RunMachine(record: record) }

    /// A run that goes on from others, the oldest first.
    init(
        _ kind: RunDescent.Kind, of parents: [HandDrive], _ starts: [TargetStart],
        keepsGoing: Bool = false, gating: Gating? = nil
    ) {
        let parent = parents[parents.count - 1].machine.record
        guard let id = RunID(rawValue: "r-20260101-000\(parents.count)-abcd") else {
            preconditionFailure("bad id")
        }
        let begun = Set(starts.map(\.target))
        let absent = parent.plan.targets.map(\.name).filter { !begun.contains($0) }
        self.init(
            RunRecord(
                id: id, number: parents.count + 1, plan: parent.plan,
                planDigest: parent.planDigest, forecastDigest: nil, actor: "ann", ticket: nil,
                alert: nil, librarySource: parent.librarySource, opened: parent.opened,
                leftOut: absent.map { LeftOutTarget(target: $0, reason: "not in it") },
                descent: RunDescent(
                    kind: kind, parent: parent.id, starts: starts, keepsGoing: keepsGoing),
                gating: gating))
    }

    /// A leader dies; the next one has nothing but what was recorded.
    mutating func isTakenOver() {
        machine = RunMachine(record: machine.record, events: events)
        (isFinished, open) = (false, [])
    }

    /// Whether replaying the events gives the same machine.
    var isFold: Bool { RunMachine(record: machine.record, events: events) == machine }

    /// Feeds inputs, and everything that follows from them, until nothing happens any more.
    mutating func feed(
        _ inputs: [RunInput], answer: (AttemptRequest) -> AttemptRecord?
    ) {
        var queue = inputs
        while !queue.isEmpty {
            let input = queue.removeFirst()
            let decision = machine.decide(input, at: now)
            for event in decision.events {
                events.append(RecordedEvent(sequence: events.count + 1, at: now, event: event))
            }
            for effect in decision.effects {
                switch effect {
                case .perform(let request):
                    recalled.remove(request.target.name)
                    queue += begin(request, request.followers, answer)
                case .recall(let target): recalled.insert(target)
                case .cancel(let target): cancelled.append(target)
                case .close(let target), .clean(let target): closed.append(target)
                case .ask(let target, let step): asked.append("\(target):\(step)")
                case .admit(let names):
                    queue.append(.admission(names, deferred: inTheWay(of: names)))
                case .dismiss(let names): dismissed += names
                case .askPeer(let question): peersAsked.append(question)
                case .askGates(let question):
                    gatesAsked.append(question)
                    if let gates { queue.append(.gatesAnswered(gates(now))) }
                case .askHealth(let question):
                    healthAsked.append(question)
                    if let (verdict, text) = health(question) {
                        queue.append(
                            .healthAnswered(
                                HealthAnswer(
                                    wave: question.wave, target: question.request.target.name,
                                    verdict: verdict, text: text)))
                    }
                case .withdraw(let target): asked.append("\(target): withdrawn")
                case .finish: isFinished = true
                case .timer(.admission, _): waits += 1
                case .timer(.gates, let delay): gateWaits.append(delay)
                case .timer(.deadline(let question), _):
                    deadlines.append(.deadline(question))
                case .timer(.wave, let delay) where !soaksAtOnce:
                    waveTimers.append(delay.inMilliseconds)
                case .timer(let timer, let delay):
                    if timer == .wave { waveTimers.append(delay.inMilliseconds) }
                    now = now.adding(delay)
                    queue.append(.timer(timer))
                }
            }
            queue += followUp(input, answer)
        }
    }

    private func inTheWay(of names: [TargetName]) -> [TargetName: Deferral] {
        Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                locks.first { $0.target == name }.map { (name, .locked($0)) }
                    ?? refusals.first { $0.target == name }.map { (name, .protected($0)) }
            })
    }

    /// Begins an attempt; what was sent ahead with it waits for its end.
    private mutating func begin(
        _ request: AttemptRequest, _ followers: [AttemptRequest],
        _ answer: (AttemptRequest) -> AttemptRecord?
    ) -> [RunInput] {
        performed.append(request)
        behind[request.key] = followers
        guard let record = answer(request) else {
            open.append(request.key)
            return []
        }
        return [.attemptEnded(request.key, record)]
    }

    /// What becomes of the attempts that were sent ahead with one that has ended.
    private mutating func followUp(
        _ input: RunInput, _ answer: (AttemptRequest) -> AttemptRecord?
    ) -> [RunInput] {
        guard case .attemptEnded(let key, let record) = input,
            let followers = behind.removeValue(forKey: key), let next = followers.first
        else { return [] }
        guard record.ending == .exited(0), !recalled.contains(key.target) else {
            let why = record.ending == .exited(0) ? Ending.recalled : .afterBadEnd
            return followers.map { .attemptEnded($0.key, .ended(why)) }
        }
        return begin(next, Array(followers.dropFirst()), answer)
    }

    /// The inline text of each script that was started, with its target; what a target is only
    /// asked about, since an earlier leader started it, is not among them.
    var started: [String] {
        performed.filter { $0.detachment?.isRecovery != true }.map {
            "\($0.key.target):\(Self.text(of: $0.action))"
        }
    }

    static func text(of action: Action) -> String {
        switch action {
        case .run(let call): text(of: call)
        case .assert(let assertion): text(of: assertion.script)
        default: action.keyword
        }
    }

    private static func text(of call: ScriptCall) -> String {
        switch call.program {
        case .inline(let text), .file(let text): text
        }
    }

    /// The step outcomes of a target, in the plan's order.
    func outcomes(_ target: String = "a") -> [String] {
        let progress = machine.targets[RunFixture.target(target)]
        return machine.sequence(of: RunFixture.target(target)).compactMap { step in
            progress?.outcomes[step.id].map { "\(step.id)=\($0.rawValue)" }
        }
    }
}

extension AttemptRecord {
    static func exit(
        _ status: Int32, stdout: String = "", stderr: String = "", outputs: [String: String] = [:],
        changed: Bool? = nil
    ) -> AttemptRecord {
        ended(.exited(status), stdout: stdout, stderr: stderr, outputs: outputs, changed: changed)
    }

    static func ended(
        _ ending: Ending, stdout: String = "", stderr: String = "",
        outputs: [String: String] = [:], changed: Bool? = nil
    ) -> AttemptRecord {
        func output(_ text: String) -> OutputRecord {
            OutputRecord(text: text, totalBytes: text.utf8.count, droppedBytes: 0, stored: nil)
        }
        return AttemptRecord(
            ending: ending, stdout: output(stdout), stderr: output(stderr), outputs: outputs,
            changed: changed)
    }
}
