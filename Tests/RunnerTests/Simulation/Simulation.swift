/// One simulated run: what came of its seed.
struct Simulation {
    let seed: UInt64
    let problems: [(invariant: Invariant, text: String)]
    let hash: UInt64
    let lines: [String]
    let passed: [CrashPlace: Int]
    let crashed: [CrashPlace]
    let jobs: Int
    let events: Int
    /// Whether gates bind a run of it.
    let hasGates: Bool
    /// How often gates said open and closed, how many targets were started on that, and how many
    /// runs undid another one.
    let gates: (open: Int, closed: Int, starts: Int, undoings: Int)

    /// Simulates the run of a seed, to its end.
    init(seed: UInt64, isTraced: Bool = false, crash: CrashPlace? = nil) {
        let world = SimulatedWorld(seed: seed, isTraced: isTraced, crash: crash)
        world.run()
        self.seed = seed
        problems = world.findings.problems
        hash = world.trace.hash
        lines = world.trace.lines
        passed = world.passed
        crashed = world.crashed
        jobs = world.scheduler.jobCount
        events = world.runs.reduce(0) { $0 + $1.journal.events.count }
        let bound = world.runs.filter { $0.record.gating != nil && $0.record.descent == nil }
        hasGates = !bound.isEmpty
        gates = (
            world.verdictCounts.open, world.verdictCounts.closed,
            bound.reduce(0) { $0 + $1.journal.fold.startedCount },
            world.runs.count { $0.record.descent != nil }
        )
    }

    /// How to see it again.
    var replay: String {
        "HANDRAIL_SIMULATION_SEED=\(seed) swift test --filter SimulationTests.showsASeed"
    }

    /// What doesn't hold, and how to see it again; nil when all does.
    var complaint: String? {
        guard !problems.isEmpty else { return nil }
        let all = problems.map { "  \($0.invariant.rawValue): \($0.text)" }
        return (["seed \(seed):"] + all + ["again: \(replay)"]).joined(separator: "\n")
    }
}
