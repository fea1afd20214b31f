import Foundation
import Testing

/// The production loop, machine and all, over a simulated world (docs/simulation.md).
struct SimulationTests {
    private static let settings = ProcessInfo.processInfo.environment
    private static let count: UInt64 = 400

    private static func number(_ name: String) -> UInt64? { settings[name].flatMap { UInt64($0) } }

    @Test func everyInvariantHolds() {
        let first = Self.number("HANDRAIL_SIMULATION_FIRST") ?? 1
        let seconds = Self.number("HANDRAIL_SIMULATION_SECONDS")
        let began = ContinuousClock.now
        // Gates bind every second seed.
        let step: UInt64 = Self.number("HANDRAIL_SIMULATION_GATED") == 1 ? 2 : 1
        var (seed, jobs, events) = (first + (step == 2 && first % 2 == 0 ? 1 : 0), 0, 0)
        var (runs, bound) = (0, 0)
        var gates = (open: 0, closed: 0, starts: 0, undoings: 0)
        func isOver() -> Bool {
            guard let seconds else { return runs == Self.count }
            return ContinuousClock.now - began >= .seconds(seconds)
        }
        // A broken machine may break much else before what is to be broken.
        let sought = Self.settings["HANDRAIL_SIMULATION_UNTIL"].flatMap(Invariant.init)
        var (complaints, isFound) = (0, false)
        while !isOver(), !isFound, complaints < 10 || sought != nil {
            let simulation = Simulation(seed: seed)
            (jobs, events) = (jobs + simulation.jobs, events + simulation.events)
            (runs, bound) = (runs + 1, bound + (simulation.hasGates ? 1 : 0))
            gates.open += simulation.gates.open
            gates.closed += simulation.gates.closed
            gates.starts += simulation.gates.starts
            gates.undoings += simulation.gates.undoings
            isFound = simulation.problems.contains { $0.invariant == sought }
            if let complaint = simulation.complaint {
                complaints += 1
                if isFound || complaints <= 10 { Issue.record("\(complaint)") }
            }
            seed += step
        }
        let took = ContinuousClock.now - began
        let perHour = Double(runs) / max(took / .seconds(1), 0.001) * 3600
        print(
            "simulated \(runs) runs (seeds \(first) to \(seed - step)) in \(took): "
                + "\(Int(perHour)) an hour, \(jobs) jobs, \(events) events")
        print(
            "gates bound \(bound) of them: open \(gates.open) times, closed \(gates.closed), "
                + "\(gates.starts) targets started, \(gates.undoings) runs undid another one")
    }

    @Test func theSameSeedIsTheSameRunBitForBit() {
        for seed in UInt64(500)..<540 {
            let (first, again) = (Simulation(seed: seed), Simulation(seed: seed))
            #expect(first.hash == again.hash && first.jobs == again.jobs, "seed \(seed)")
        }
        #expect(Simulation(seed: 1).hash != Simulation(seed: 2).hash)
    }

    /// What the same seeds give in another process: `scripts/test.d/simulation` compares it.
    @Test func tellsWhatItsSeedsGive() {
        var sum: UInt64 = 0
        for seed in UInt64(600)..<640 { sum = sum &* 31 &+ Simulation(seed: seed).hash }
        print("simulation hash \(String(sum, radix: 16))")
    }

    /// Leaders are killed before, amid and after each call that they make, and what follows holds.
    @Test(arguments: CrashPoint.allCases)
    func aLeaderMayBeKilledAtEveryPoint(_ point: CrashPoint) {
        for side in CrashPoint.Side.allCases where side != .amid || point.hasMiddle {
            var crashed = 0
            for seed in UInt64(1)..<2000 where crashed < 2 {
                let simulation = Simulation(
                    seed: seed, crash: CrashPlace(point: point, side: side))
                crashed += simulation.crashed.count
                if let complaint = simulation.complaint {
                    Issue.record("killed \(side) \(point): \(complaint)")
                }
            }
            #expect(crashed == 2, "nobody was killed \(side) \(point)")
        }
    }

    /// Prints all that happens in the run of a seed, for people.
    @Test(.enabled(if: number("HANDRAIL_SIMULATION_SEED") != nil))
    func showsASeed() throws {
        let seed = try #require(Self.number("HANDRAIL_SIMULATION_SEED"))
        let simulation = Simulation(seed: seed, isTraced: true)
        for line in simulation.lines { print(line) }
        print("seed \(seed): hash \(String(simulation.hash, radix: 16))")
        if let complaint = simulation.complaint { Issue.record("\(complaint)") }
    }
}
