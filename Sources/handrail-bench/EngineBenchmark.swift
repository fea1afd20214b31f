import Audit
import Plugins
import Runbooks
import Runner
import Synchronization

/// Many simulated targets through the real loop, journal and trail, with an executor that answers
/// at once.
enum EngineBenchmark: Benchmark {
    static let name = "engine"

    static func run(_ options: Options) async throws -> [(String, String)] {
        let targets = options.number("targets", 10_000)
        let steps = options.number("steps", 10)
        let inFlight = options.number("in-flight", 50)
        let workshop = try await Workshop(in: options.text("home", "/tmp/handrail-bench"))
        let plan = try Workshop.plan(targets: targets, steps: steps, inFlight: inFlight)
        let record = try await workshop.open(plan, 1)
        let before = try ProcessUse.peakKiB()
        let busy = ProcessUse.seconds()
        let began = ContinuousClock.now
        let machine = try await workshop.lead(
            record, workshop.executor(saying: options.number("output", 64)),
            observe: observer(options.text("shown", "no"), RunMachine(record: record)))
        let seconds = began.duration(to: .now).inSeconds
        let used = ProcessUse.seconds() - busy
        guard machine.state == .succeeded else {
            throw Workshop.Fault(text: "the run ended as \(machine.state): \(machine.stateReason)")
        }
        let peak = try ProcessUse.peakKiB()
        let events = try await workshop.journal.events(of: record.id, after: 0).count
        return [
            ("targets × steps", "\(targets) × \(steps), \(inFlight) in flight"),
            ("seconds", seconds.text(2)),
            ("processor seconds", used.text(2)),
            ("steps/s", (Double(targets * steps) / seconds).text(0)),
            ("events", "\(events)"),
            ("events/s", (Double(events) / seconds).text(0)),
            ("peak memory, MiB", (Double(peak) / 1024).text(1)),
            ("before the run, MiB", (Double(before) / 1024).text(1)),
        ]
    }
}

extension EngineBenchmark {
    /// What looks on: nobody, or somebody who keeps the run's state as a terminal needs it.
    private static func observer(
        _ shown: String, _ first: RunMachine
    ) -> @Sendable (RunMachine, [RunEvent]) -> Void {
        guard shown != "no" else { return { _, _ in } }
        let known = Known(first)
        return { _, events in known.note(events) }
    }

    /// A run's state as the fold of what was told; a class, since a lock can't be copied.
    private final class Known: Sendable {
        private let run: Mutex<RunMachine>

        init(_ run: RunMachine) { self.run = Mutex(run) }

        func note(_ events: [RunEvent]) {
            let time = Workshop.now()
            run.withLock { run in
                for event in events { run.apply(event, at: time) }
            }
        }
    }
}

/// One target after the other's step: how fast one run gets on when nothing can be batched.
enum LatencyBenchmark: Benchmark {
    static let name = "latency"

    static func run(_ options: Options) async throws -> [(String, String)] {
        let steps = options.number("steps", 2000)
        let workshop = try await Workshop(in: options.text("home", "/tmp/handrail-bench"))
        let plan = try Workshop.plan(targets: 1, steps: steps, inFlight: 1)
        let record = try await workshop.open(plan, 1)
        let began = ContinuousClock.now
        let machine = try await workshop.lead(
            record, workshop.executor(saying: options.number("output", 64)))
        let seconds = began.duration(to: .now).inSeconds
        let events = try await workshop.journal.events(of: machine.record.id, after: 0).count
        return [
            ("one target × steps", "\(steps)"), ("seconds", seconds.text(2)),
            ("durable events/s", (Double(events) / seconds).text(0)),
            ("commits of the journal/s", (Double(steps) / seconds).text(0)),
        ]
    }
}

/// Answers each attempt at once, with some output, which is kept as a session's is.
struct InstantExecutor: Executor {
    /// How much a session reads at once.
    private static let pieceBytes = 64 << 10

    let outputBytes: Int
    let keeping: OutputKeeping

    func perform(_ request: AttemptRequest) async -> AttemptReport {
        let line = Array("\(request.key.target) \(request.key.part) ".utf8)
        var output = OutputBuffer(.stream, keeping)
        while output.total < outputBytes {
            Self.say(line, min(outputBytes - output.total, Self.pieceBytes), to: &output)
            // Others under way go on, as they do while a target writes.
            if output.total < outputBytes { await Task.yield() }
        }
        var report = AttemptReport(ending: .exited(0))
        report.stdout = output.finish()
        report.durationMilliseconds = 3
        return report
    }

    private static func say(_ line: [UInt8], _ length: Int, to output: inout OutputBuffer) {
        var piece: [UInt8] = []
        piece.reserveCapacity(length)
        while piece.count < length { piece += line.prefix(length - piece.count) }
        piece.withUnsafeBytes { output.append($0) }
    }

    func cancel(_ target: TargetName) async {}
    func close(_ target: TargetName) async {}
    func shutDown() async {}
}

extension Workshop {
    /// An executor of a run without secrets, in this home.
    func executor(saying outputBytes: Int) -> InstantExecutor {
        InstantExecutor(
            outputBytes: outputBytes,
            keeping: OutputKeeping(
                redactor: Redactor(secrets: []),
                spool: FileOutputSpool(inHome: home.path, else: home.path)))
    }
}
