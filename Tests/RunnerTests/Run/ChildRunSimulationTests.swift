import Runbooks
import TestSupport
import Testing

@testable import Runner

/// Random runs with random retries and rollbacks, crashes and persons: what must hold of all of them.
struct ChildRunSimulationTests {
    @Test(arguments: 0..<20)
    func everyChainComesToItsEnd(_ block: Int) {
        for seed in (block * 40)..<(block * 40 + 40) { Chain(UInt64(seed)).run() }
    }
}

/// One chain of runs.
private struct Chain {
    private let seed: UInt64
    private var random: SeededNumbers
    private var drives: [HandDrive] = []
    /// Steps that were named by a person: they may run once more.
    private var named: Set<StepID> = []

    init(_ seed: UInt64) {
        self.seed = seed
        random = SeededNumbers(seed: seed)
    }

    private var runs: RunChain { RunChain(drives.map(\.machine)) }

    func run() {
        var chain = self
        var fixture = RandomPlan.fixture(&chain.random)
        // What is shared has tests of its own (SharedStepTests).
        for index in fixture.steps.indices { fixture.steps[index].scope = nil }
        for index in fixture.steps.indices where Bool.random(using: &chain.random) {
            fixture.steps[index].undo = [.run(RunFixture.call("undo\(index)"))]
        }
        chain.drives = [HandDrive(fixture)]
        chain.lead()
        for _ in 0..<Int.random(in: 1...4, using: &chain.random) { chain.goOn() }
    }

    /// Leads the newest run until it has ended, or waits for what another run may give back.
    private mutating func lead() {
        let index = drives.count - 1
        var budget = 600
        var inputs: [RunInput] = [.led]
        while !drives[index].machine.state.isTerminal, budget > 0 {
            budget -= 1
            feed(inputs, index)
            #expect(drives[index].isFold, "seed \(seed): fold")
            inputs = next(index)
            if inputs.isEmpty { return }
        }
        #expect(budget > 0, "seed \(seed): never ended: \(drives[index].machine.state)")
        check(index)
    }

    private mutating func feed(_ inputs: [RunInput], _ index: Int) {
        var random = random
        drives[index].feed(inputs) { _ in
            // Now and then nobody tells how it ended.
            Int.random(in: 0..<12, using: &random) == 0
                ? nil : RunMachineSimulationTests.answer(&random)
        }
        self.random = random
    }

    /// What happens next; nothing when the run is left as it is.
    private mutating func next(_ index: Int) -> [RunInput] {
        let machine = drives[index].machine
        func tell(_ verb: PersonCommand.Verb) -> [RunInput] {
            [.command(PersonCommand(verb: verb, actor: "ann"), inboxID: machine.inboxSeen + 1)]
        }
        if let key = drives[index].open.first(where: { machine.targets[$0.target]?.inFlight == $0 })
        {
            if Bool.random(using: &random) {
                drives[index].isTakenOver()
                return [.led]
            }
            return [.attemptEnded(key, RunMachineSimulationTests.answer(&random))]
        }
        if let found = machine.unsettled.first {
            let isDone = Bool.random(using: &random)
            return tell(.settle(found.target, found.step, isDone: isDone, why: "seen"))
        }
        if machine.canBeHandedOver, Bool.random(using: &random) { return [] }
        if let owed = machine.owed.first {
            return tell(
                Bool.random(using: &random)
                    ? .pay(owed.target) : .paidByHand(owed.target, note: "by hand"))
        }
        if machine.isPauseRequested { return tell(.resume) }
        if machine.awaitsPromotion { return tell(.promote) }
        drives[index].isTakenOver()
        return Int.random(in: 0..<4, using: &random) == 0 ? tell(.abort) : [.led]
    }

    /// Goes on from the newest run by a retry or a rollback, where that is possible.
    private mutating func goOn() {
        let chain = runs
        let isRetry = Bool.random(using: &random)
        let starts: [TargetStart]
        if isRetry {
            let from = chain.plan.steps.map(\.id).randomElement(using: &random)
            let isNamed = Int.random(in: 0..<3, using: &random) == 0
            let names = chain.failed.filter { chain.rollback(of: $0) == nil }
            guard case .success(let found) = chain.retry(names, from: isNamed ? from : nil) else {
                return
            }
            if isNamed, let from { named.insert(from) }
            starts = found
        } else {
            guard case .success(let found) = chain.rollback(chain.undoable) else { return }
            starts = found
        }
        let child = HandDrive(
            isRetry ? .retry : .rollback, of: drives, starts,
            keepsGoing: Bool.random(using: &random))
        if !chain.newest.state.isTerminal {
            let command = PersonCommand(verb: .handOver(child.machine.record.id), actor: "ann")
            drives[drives.count - 1].feed([.command(command, inboxID: 0)]) { _ in nil }
            #expect(drives[drives.count - 1].machine.state.isTerminal, "seed \(seed): handed over")
        }
        drives.append(child)
        lead()
    }

    /// What holds of every run that has ended.
    private func check(_ index: Int) {
        let (machine, drive) = (drives[index].machine, drives[index])
        guard machine.state.isTerminal else { return }
        #expect(machine.owed.isEmpty, "seed \(seed): owed at the end")
        #expect(machine.runningCount == 0, "seed \(seed): running at the end")
        // A recovery asks what became of an attempt that was started before.
        let keys = drive.performed.filter { $0.detachment?.isRecovery != true }.map(\.key)
        #expect(Set(keys).count == keys.count, "seed \(seed): an attempt was asked for twice")
        if machine.state == .rolledBack {
            #expect(machine.isAllUndone, "seed \(seed)")
        }
        for request in drive.performed {
            switch request.key.part {
            case .undo(let id, _):
                let runs = drives.filter { $0.machine.record.id == request.run }
                #expect(runs.count == 1, "seed \(seed): undone for a run of the chain")
                #expect(
                    runs.first?.machine.targets[request.key.target]?.mayHaveChanged.contains(id)
                        == true, "seed \(seed): \(id) was not changed")
            // A rollback frames its waves as the run did.
            case .action(let id) where machine.isRollback && request.key.target.isTarget:
                #expect(machine.step(id)?.release != nil, "seed \(seed): \(id) ran in a rollback")
            default: break
            }
        }
        checkOnce()
    }

    /// A step that may run once began once on a target, but to open its bracket, or when named;
    /// what frames a wave is done for each run.
    private func checkOnce() {
        var begun: [String: Int] = [:]
        for drive in drives {
            for event in drive.events {
                guard case .attemptEnded(let key, let record) = event.event,
                    case .action(let id) = key.part, record.mayHaveChanged,
                    key.target.waveList == nil,
                    let step = drive.machine.step(id), step.effect.isOnce, step.release == nil,
                    !named.contains(id), !named.contains(id.step)
                else { continue }
                begun["\(key.target) \(id)", default: 0] += 1
            }
        }
        // What a person settled as not done may be begun again.
        let settled = drives.flatMap(\.events).compactMap { event -> String? in
            guard case .commanded(let command, _) = event.event,
                case .settle(let target, let step, false, _) = command.verb
            else { return nil }
            return "\(target) \(step)"
        }
        for (place, count) in begun where !settled.contains(place) {
            #expect(count == 1, "seed \(seed): \(place) began \(count) times")
        }
    }
}
