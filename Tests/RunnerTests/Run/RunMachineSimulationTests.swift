import Runbooks
import TestSupport
import Testing

@testable import Runner

/// SeededNumbers random runs with random answers, commands and crashes: what must hold after every input.
struct RunMachineSimulationTests {
    /// A random answer, more often a good one.
    static func answer(_ random: inout SeededNumbers) -> AttemptRecord {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: .exit(1)
        case 1: .exit(1, stderr: "x")
        case 2: .exit(77)
        case 3: .ended(.timedOut)
        case 4: .ended(.unreachable("gone"))
        case 5: .ended(.unknown("lost"))
        case 6: .ended(.notStarted("no room"))
        default: .exit(0, changed: Bool.random(using: &random))
        }
    }

    @Test(arguments: 0..<40)
    func everyInvariantHoldsAfterEveryInput(_ block: Int) {
        for seed in (block * 50)..<(block * 50 + 50) { Self.simulate(UInt64(seed)) }
    }

    @Test(arguments: 0..<10)
    func everyInvariantHoldsWithFacts(_ block: Int) {
        for seed in (block * 50)..<(block * 50 + 50) { Self.simulate(UInt64(seed), hasFacts: true) }
    }

    private static func simulate(_ seed: UInt64, hasFacts: Bool = false) {
        var random = SeededNumbers(seed: seed)
        var fixture = RandomPlan.fixture(&random)
        if hasFacts { RandomPlan.addFacts(&fixture, &random) }
        let record = fixture.record
        var machine = RunMachine(record: record)
        var events: [RecordedEvent] = []
        var pending: [RunInput] = [.led]
        var started: Set<AttemptKey> = []
        var ended: Set<String> = []
        var onceStarts: [String: Int] = [:]
        // What targets have begun that may happen once; they know, whoever leads.
        var begun: Set<AttemptKey> = []
        // What was sent ahead, by the attempt that it follows.
        var behind: [AttemptKey: [AttemptRequest]] = [:]
        var recalled: Set<TargetName> = []
        var now = Timestamp(milliseconds: 0)
        let findings = Findings()
        var waves = WaveTruth(record, findings)
        var (inbox, budget) = (0, 3000)
        while budget > 0, !machine.state.isTerminal {
            budget -= 1
            if pending.isEmpty || Int.random(in: 0..<60, using: &random) == 0 {
                if Int.random(in: 0..<3, using: &random) == 0 {
                    // The leader dies; what it had under way is never told.
                    machine = RunMachine(record: record, events: events)
                    (pending, behind) = ([.led], [:])
                } else {
                    inbox += 1
                    pending.append(command(&random, machine, inbox))
                }
            }
            let input = pending.remove(at: Int.random(in: 0..<pending.count, using: &random))
            now = now.adding(.milliseconds(Int.random(in: 0..<2000, using: &random)))
            let before = machine
            let decision = machine.decide(input, at: now)
            note(decision, at: now, in: &events, &ended, seed)
            for event in decision.events { waves.note(event) }
            #expect(findings.problems.isEmpty, "seed \(seed): \(findings.problems)")
            #expect(RunMachine(record: record, events: events) == machine, "seed \(seed): fold")
            #expect(machine.runningCount - shared(machine) <= fixture.rollout.maxInFlight + 1)
            pending += follow(input, &behind, recalled, &random)
            for effect in decision.effects {
                guard case .perform(let request) = effect else {
                    pending += follow(effect, &recalled, &now, &random)
                    continue
                }
                recalled.remove(request.key.target)
                let keys = checkIntents(of: request, &started, events, machine, seed)
                // What an earlier leader may have begun is asked for all the same.
                if effect.startsStep, request.detachment?.isRecovery != true,
                    Int.random(in: 0..<25, using: &random) == 0
                {
                    // Nothing of it was begun, and this leader starts nothing more.
                    pending.append(.halted(keys, reason: "later", pauses: true))
                    continue
                }
                behind[request.key] = request.followers
                checkStart(of: request.key.target, before, machine, seed)
                checkItem(request, machine, ended, seed)
                let record = end(request, machine, &begun, &onceStarts, &random)
                pending.append(.attemptEnded(request.key, record))
            }
        }
        #expect(onceStarts.values.allSatisfy { $0 == 1 }, "seed \(seed): a once step ran twice")
        #expect(budget > 0, "seed \(seed): never ended: \(machine.state), \(machine.targets)")
        if machine.state == .succeeded {
            #expect(machine.owed.isEmpty, "seed \(seed)")
        }
    }

    /// How many steps that are done once are under way.
    private static func shared(_ machine: RunMachine) -> Int {
        machine.targets.count { $0.key.sharedStep != nil && $0.value.isRunning }
    }

    /// What follows from an effect that begins nothing.
    private static func follow(
        _ effect: RunEffect, _ recalled: inout Set<TargetName>, _ now: inout Timestamp,
        _ random: inout SeededNumbers
    ) -> [RunInput] {
        switch effect {
        case .recall(let target):
            if Bool.random(using: &random) { recalled.insert(target) }
            return []
        case .admit(let names): return [admission(of: names, &random)]
        case .askHealth(let question): return [.healthAnswered(health(question, &random))]
        case .timer(let timer, let delay):
            now = now.adding(delay)
            return [.timer(timer)]
        default: return []
        }
    }

    /// What a health check says, more often that all is well.
    private static func health(
        _ question: HealthQuestion, _ random: inout SeededNumbers
    ) -> HealthAnswer {
        let verdict =
            Int.random(in: 0..<3, using: &random) > 0
            ? HealthVerdict.ok : HealthVerdict.allCases.randomElement(using: &random) ?? .ok
        return HealthAnswer(
            wave: question.wave, target: question.request.target.name, verdict: verdict,
            text: "said so")
    }

    /// No target is started past the threshold, or after an abort.
    private static func checkStart(
        of target: TargetName, _ before: RunMachine, _ machine: RunMachine, _ seed: UInt64
    ) {
        guard
            (before.isThresholdReached && machine.isThresholdReached) || before.isAbortRequested
        else { return }
        #expect(before.targets[target]?.phase != .notStarted, "seed \(seed)")
    }

    /// How an attempt ends; what was asked about again may be proved not to have begun.
    private static func end(
        _ request: AttemptRequest, _ machine: RunMachine, _ begun: inout Set<AttemptKey>,
        _ onceStarts: inout [String: Int], _ random: inout SeededNumbers
    ) -> AttemptRecord {
        if request.detachment?.isRecovery == true, !begun.contains(request.key),
            Bool.random(using: &random)
        {
            return .ended(.heldBack("void"))
        }
        if case .action(let id) = request.key.part, machine.step(id)?.effect.isOnce == true,
            begun.insert(request.key).inserted
        {
            onceStarts["\(request.key.target) \(id)", default: 0] += 1
        }
        var record = answer(&random)
        guard request.key.part.step.flatMap(machine.step)?.isFact == true else { return record }
        record.stdout.text = ["0\n", "1", "?"].randomElement(using: &random) ?? ""
        record.stdout.totalBytes = record.stdout.text.utf8.count
        return record
    }

    /// Nothing of a target's own steps starts before it was asked for all of its facts, nor without a
    /// value that a fact picks.
    private static func checkFacts(
        _ request: AttemptRequest, _ machine: RunMachine, _ seed: UInt64
    ) {
        let facts = machine.plan.steps.filter(\.isFact)
        guard !facts.isEmpty, request.key.target.isTarget,
            let step = request.key.part.step.flatMap(machine.step), !step.isFact,
            let target = machine.targets[request.key.target]
        else { return }
        for fact in facts {
            #expect(target.outcomes[fact.id] == .ok, "seed \(seed): \(fact.id)")
        }
        #expect(target.outputs[facts[0].id] != nil, "seed \(seed): a value without its fact")
    }

    /// What a journal answers in which other runs come and go.
    private static func admission(
        of names: [TargetName], _ random: inout SeededNumbers
    ) -> RunInput {
        var deferred: [TargetName: Deferral] = [:]
        for name in names where Int.random(in: 0..<3, using: &random) == 0 {
            deferred[name] = .locked(LockSamples.lock(name))
        }
        return .admission(names, deferred: deferred)
    }

    /// What an executor tells next of what was sent ahead.
    private static func follow(
        _ input: RunInput, _ behind: inout [AttemptKey: [AttemptRequest]],
        _ recalled: Set<TargetName>, _ random: inout SeededNumbers
    ) -> [RunInput] {
        guard case .attemptEnded(let key, let record) = input,
            let followers = behind.removeValue(forKey: key), let next = followers.first
        else { return [] }
        if case .unknown = record.ending {
            return followers.map { .attemptEnded($0.key, .ended(.unknown("lost"))) }
        }
        guard record.ending == .exited(0), !recalled.contains(key.target) else {
            return followers.enumerated().map { index, follower in
                // One may have been just being begun.
                let isLate = index == 0 && Int.random(in: 0..<8, using: &random) == 0
                return .attemptEnded(
                    follower.key, .ended(isLate ? .unknown("late") : .afterBadEnd))
            }
        }
        behind[next.key] = Array(followers.dropFirst())
        return [.attemptEnded(next.key, answer(&random))]
    }

    /// Records a decision's events; no step ends twice.
    private static func note(
        _ decision: RunDecision, at now: Timestamp, in events: inout [RecordedEvent],
        _ ended: inout Set<String>, _ seed: UInt64
    ) {
        for event in decision.events {
            events.append(RecordedEvent(sequence: events.count + 1, at: now, event: event))
            if case .commanded(let command, _) = event,
                case .settle(let target, let step, _, _) = command.verb
            {
                #expect(ended.remove("\(target) \(step)") != nil, "seed \(seed): \(step)")
            }
            if case .stepEnded(let target, let step, _, _) = event {
                #expect(ended.insert("\(target) \(step)").inserted, "seed \(seed): \(step)")
            }
        }
    }

    /// Every attempt is asked for once, after its intent was recorded; their keys.
    private static func checkIntents(
        of request: AttemptRequest, _ started: inout Set<AttemptKey>, _ events: [RecordedEvent],
        _ machine: RunMachine, _ seed: UInt64
    ) -> [AttemptKey] {
        let keys = [request.key] + request.followers.map(\.key)
        for key in keys {
            let isNew = started.insert(key).inserted
            #expect(isNew || request.detachment?.isRecovery == true, "seed \(seed): \(key) twice")
            #expect(events.contains { $0.event == .attemptStarted(key) })
        }
        for follower in request.followers { checkFollower(follower, machine, seed) }
        return keys
    }

    /// Nothing that needs a decision is sent ahead, and nothing that can't be done twice.
    private static func checkFollower(
        _ request: AttemptRequest, _ machine: RunMachine, _ seed: UInt64
    ) {
        guard case .action(let id) = request.key.part, let step = machine.step(id) else {
            Issue.record("seed \(seed): \(request.key) was sent ahead")
            return
        }
        #expect(!step.effect.isOnce && step.unless == nil && step.verify.isEmpty, "seed \(seed)")
        #expect(step.release == nil && step.when == nil, "seed \(seed)")
        #expect(machine.targets[request.key.target]?.owed == [], "seed \(seed)")
    }

    /// A step, or an item, that has ended is never gone back to; an item waits for those before it.
    private static func checkItem(
        _ request: AttemptRequest, _ machine: RunMachine, _ ended: Set<String>, _ seed: UInt64
    ) {
        checkFacts(request, machine, seed)
        let target = request.key.target
        guard let id = request.key.part.step, !request.key.part.isRelease else { return }
        #expect(!ended.contains("\(target) \(id)"), "seed \(seed): \(id) was over")
        guard id.isItem else { return }
        for item in machine.sequence(of: target).map(\.id).prefix(while: { $0 != id })
        where item.step == id.step {
            #expect(
                machine.targets[target]?.outcomes[item]?.isGood == true,
                "seed \(seed): \(id) before \(item) ended well")
        }
    }

    private static func command(
        _ random: inout SeededNumbers, _ machine: RunMachine, _ id: Int
    ) -> RunInput {
        let verb: PersonCommand.Verb
        if let found = machine.unsettled.first, Int.random(in: 0..<8, using: &random) > 0 {
            let isDone = Bool.random(using: &random)
            verb = .settle(found.target, found.step, isDone: isDone, why: "seen")
        } else if let owed = machine.owed.first, machine.unsettled.isEmpty {
            verb =
                Bool.random(using: &random)
                ? .pay(owed.target) : .paidByHand(owed.target, note: "by hand")
        } else if machine.isPauseRequested {
            verb = .resume
        } else if machine.awaitsPromotion {
            verb = .promote
        } else {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: verb = .abort
            case 1: verb = .pause
            default: verb = .note("seen")
            }
        }
        return .command(PersonCommand(verb: verb, actor: "ann"), inboxID: id)
    }
}
