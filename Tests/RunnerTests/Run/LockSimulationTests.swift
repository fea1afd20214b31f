import Runbooks
import Synchronization
import TestSupport
import Testing

@testable import Runner

/// Several runs over one journal, with crashes: one changing run a target, and groups that are kept.
struct LockSimulationTests {
    /// Processes that have died.
    private final class Dead: Sendable {
        private let pids = Mutex<Set<Int32>>([])

        func add(_ pid: Int32) { pids.withLock { _ = $0.insert(pid) } }
        func has(_ lease: Lease) -> Bool { pids.withLock { $0.contains(lease.pid) } }
    }

    /// One run with what its leader has in front of it.
    private struct Led {
        var machine: RunMachine
        var lease: Lease
        var pending: [RunInput] = [.led]
        var inbox = 0
    }

    private static let targets = (0..<4).map { RunFixture.target("t\($0)") }

    @Test(arguments: 0..<20)
    func oneChangingRunATargetAndNoGroupBelowItsRule(_ block: Int) async throws {
        for seed in (block * 10)..<(block * 10 + 10) { try await Self.simulate(UInt64(seed)) }
    }

    private static func fixture(_ number: Int, _ random: inout SeededNumbers) -> RunFixture {
        var fixture = RunFixture(
            steps: [
                RunFixture.step("take", .idempotent) { step in
                    step.release = Release(
                        script: RunFixture.call("back"), after: RunFixture.id("work"),
                        ifStopped: .pay)
                }, RunFixture.step("work", .once),
            ])
        fixture.number = number
        fixture.targets = targets.map(\.rawValue).filter { _ in Bool.random(using: &random) }
        if fixture.targets.isEmpty { fixture.targets = ["t0"] }
        fixture.rollout = Rollout(
            maxInFlight: Int.random(in: 1...3, using: &random), stopAtFailures: 3)
        fixture.protection = [
            ProtectedGroup(
                marks: [ProtectedGroup.Mark(label: "g", value: "1")], maxUnavailable: 2,
                members: targets)
        ]
        return fixture
    }

    private static func simulate(_ seed: UInt64) async throws {
        var random = SeededNumbers(seed: seed)
        let dead = Dead()
        let journal = MemoryJournal(isProvedDead: { dead.has($0) })
        var pid: Int32 = 0
        func lease() -> Lease {
            pid += 1
            return Lease(pid: pid, processStart: "1", bootID: "b", nonce: "\(pid)")
        }
        var now = Timestamp(milliseconds: 0)
        var runs: [Led] = []
        for number in 1...3 {
            let record = fixture(number, &random).record
            let run = Led(machine: RunMachine(record: record), lease: lease())
            try await journal.open(
                record, lease: run.lease, leaseUntil: Timestamp(milliseconds: .max))
            runs.append(run)
        }
        for _ in 0..<1500 {
            let open = runs.indices.filter { !runs[$0].machine.state.isTerminal }
            guard let index = open.randomElement(using: &random) else { break }
            now = now.adding(.milliseconds(Int.random(in: 0..<500, using: &random)))
            if Int.random(in: 0..<25, using: &random) == 0 {
                // It dies with whatever it had under way; another process leads the run on.
                dead.add(runs[index].lease.pid)
                runs[index].lease = lease()
                let id = runs[index].machine.record.id
                let isTaken = try await journal.takeOver(
                    id, lease: runs[index].lease, now: now, until: Timestamp(milliseconds: .max))
                #expect(isTaken, "seed \(seed)")
                runs[index].machine = RunMachine(
                    record: runs[index].machine.record,
                    events: try await journal.events(of: id, after: 0))
                runs[index].pending = [.led]
            }
            try await step(&runs[index], journal, at: now, &random)
            try await check(runs, journal, seed)
        }
        for run in runs where run.machine.state.isTerminal {
            let held = await journal.locks(on: nil).filter { $0.run == run.machine.record.id }
            #expect(held.isEmpty, "seed \(seed): \(held)")
        }
    }

    /// What a person tells a run that has nothing in front of it.
    private static func verb(
        for run: RunMachine, _ random: inout SeededNumbers
    ) -> PersonCommand.Verb {
        if let owed = run.owed.first { return .paidByHand(owed.target, note: "n") }
        if run.isPauseRequested { return .resume }
        return Int.random(in: 0..<3, using: &random) == 0 ? .pause : .note("n")
    }

    /// Gives a run one input, and starts what follows.
    private static func step(
        _ run: inout Led, _ journal: MemoryJournal, at now: Timestamp,
        _ random: inout SeededNumbers
    ) async throws {
        if run.pending.isEmpty || Int.random(in: 0..<40, using: &random) == 0 {
            run.inbox += 1
            let verb = verb(for: run.machine, &random)
            run.pending.append(
                .command(PersonCommand(verb: verb, actor: "ann"), inboxID: run.inbox))
        }
        let input = run.pending.remove(at: Int.random(in: 0..<run.pending.count, using: &random))
        let decision = run.machine.decide(input, at: now)
        let record = run.machine.record
        _ = try await journal.append(decision.events, to: record.id, at: now, lease: run.lease)
        for effect in decision.effects {
            switch effect {
            case .admit(let names):
                let deferred = try await journal.admit(
                    names, to: record.id, within: record.plan.protection ?? [], at: now,
                    lease: run.lease)
                run.pending.append(.admission(names, deferred: deferred))
            case .dismiss(let names):
                try await journal.dismiss(names, of: record.id, lease: run.lease)
            case .timer(let timer, _): run.pending.append(.timer(timer))
            case .perform(let request):
                for key in [request.key] + request.followers.map(\.key) {
                    let draw = Int.random(in: 0..<12, using: &random)
                    run.pending.append(
                        .attemptEnded(
                            key,
                            draw == 0 ? .exit(1) : draw == 1 ? .ended(.unknown("lost")) : .exit(0)))
                }
            default: continue
            }
        }
    }

    private static func check(
        _ runs: [Led], _ journal: MemoryJournal, _ seed: UInt64
    ) async throws {
        let locks = await journal.locks(on: nil)
        for target in targets {
            let atWork = runs.filter { $0.machine.targets[target]?.isRunning == true }
            #expect(atWork.count <= 1, "seed \(seed): two runs on \(target)")
            for run in atWork + runs.filter({ $0.machine.keptLocks[target] != nil }) {
                #expect(
                    locks.contains { $0.target == target && $0.run == run.machine.record.id },
                    "seed \(seed): \(target) has no lock")
            }
        }
        let started = Set(
            runs.flatMap { run in targets.filter { run.machine.targets[$0]?.isRunning == true } })
        #expect(started.count <= 2, "seed \(seed): \(started.count) of the group are in flight")
    }
}
