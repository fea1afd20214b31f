import Runner

/// How long a person's act waits until it is in the journal and in the trail.
enum BarrierBenchmark: Benchmark {
    static let name = "barrier"

    static func run(_ options: Options) async throws -> [(String, String)] {
        let count = options.number("count", 1000)
        let workshop = try await Workshop(in: options.text("home", "/tmp/handrail-bench"))
        let plan = try Workshop.plan(targets: 1, steps: 1, inFlight: 1)
        let record = try await workshop.open(plan, 1)
        try await workshop.trail.seal()
        var times: [Double] = []
        for number in 1...count {
            let note = PersonCommand(verb: .note("act \(number)"), actor: "bench")
            let began = ContinuousClock.now
            _ = try await workshop.journal.append(
                [.commanded(note, inboxID: 0)], to: record.id, at: Workshop.now(),
                lease: workshop.lease)
            try await workshop.trail.seal()
            times.append(began.duration(to: .now).inSeconds * 1000)
        }
        times.sort()
        func share(_ share: Double) -> String {
            times[min(times.count - 1, Int(Double(times.count) * share))].text(2)
        }
        return [
            ("barriers", "\(count), each one event, recorded and sealed"),
            ("median, ms", share(0.5)), ("p99, ms", share(0.99)),
            ("longest, ms", times[times.count - 1].text(2)),
        ]
    }
}
