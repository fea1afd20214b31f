import Audit
import Foundation
import Runbooks
import Runner

/// Makes a trail of many events through the code that seals real ones: lines, batches, commits.
///
/// Only the journal is left out: what it adds is measured by `engine` and `latency`.
enum TrailBenchmark: Benchmark {
    static let name = "trail"

    static func run(_ options: Options) async throws -> [(String, String)] {
        let (count, size) = (options.number("events", 1_000_000), options.number("batch", 200))
        let home = try Home.open(at: options.text("home", "/dev/shm/handrail-bench"))
        let key = try TrailKeyFile.makeKey(of: home, comment: "bench")
        var chain = Chain(key: key.publicKey)
        let origin = TrailOrigin(id: chain.id(1), hostName: "bench", key: key.publicKey)
        let trail = try TrailRepository.open(in: home, create: origin)
        let began = ContinuousClock.now
        var (batch, evidence): ([TrailLine], [[UInt8]]) = ([], [])
        var commits = 0
        while chain.count < count {
            let run = try chain.run()
            evidence.append(run.plan)
            for line in run.lines {
                batch.append(line)
                guard batch.count == size else { continue }
                _ = try trail.seal(TrailBatch(lines: batch, evidence: evidence))
                (batch, evidence, commits) = ([], [], commits + 1)
            }
        }
        if !batch.isEmpty {
            _ = try trail.seal(TrailBatch(lines: batch, evidence: evidence))
            commits += 1
        }
        let seconds = began.duration(to: .now).inSeconds
        let tip = try trail.tip()
        return [
            ("events", "\(tip.sequence) in \(commits) commits"), ("head", tip.anchor),
            ("seconds", seconds.text(1)),
            ("events a second", (Double(tip.sequence) / seconds).text(0)),
        ]
    }
}

/// The lines of one run after the other, as real runs of five steps on one target have them.
private struct Chain {
    private(set) var count = 0
    private var previous = TrailLine.noLine
    private var clock = Workshop.now()
    private var runs = 0
    private let key: TrailPublicKey

    init(key: TrailPublicKey) { self.key = key }

    /// 32 hexadecimal digits for a number.
    func id(_ number: Int) -> String {
        let text = String(UInt64(number) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
        return String((text + text + String(repeating: "0", count: 32)).prefix(32))
    }

    private mutating func add(
        _ kind: TrailEvent.Kind, _ lines: inout [TrailLine], step: Int? = nil,
        actor: String = TrailEvent.engine, run: RunID? = nil, _ details: [String: JSONValue]
    ) throws {
        count += 1
        clock = clock.adding(.milliseconds(40))
        let via: TrailEvent.Via = actor == TrailEvent.engine ? .engine : .cli
        var event = TrailEvent(kind: kind, at: clock, actor: actor, via: via)
        event.run = run
        if let step {
            event.step = StepID(rawValue: "step\(step)")
            event.target = TargetName(rawValue: "host\(runs % 200)")
            if kind != .stepEnded { event.attempt = 1 }
        }
        event.details = details
        let line = TrailLine(event, sequence: count, after: previous, id: id(count))
        previous = line.digest
        lines.append(line)
    }

    /// The next run, and the plan that it names.
    mutating func run() throws -> (lines: [TrailLine], plan: [UInt8]) {
        var lines: [TrailLine] = []
        if count == 0 {
            try add(
                .trailCreated, &lines,
                [
                    "origin": .string(id(1)), "key": .string(key.line),
                    "program": .string("handrail-bench"), "host": .string("bench"),
                ])
        }
        runs += 1
        let name = String(format: "%04d-%04d", runs / 10_000, runs % 10_000)
        guard let run = RunID(rawValue: "r-2026\(name)-bnch") ?? RunID(rawValue: "r-\(runs)")
        else { throw Workshop.Fault(text: "no run id") }
        let plan = Array(
            "{\"plan\":\"\(id(runs))\",\"steps\":\"\(String(repeating: "x", count: 3000))\"}".utf8)
        try add(
            .runOpened, &lines, actor: "anna", run: run,
            [
                "title": .string("Free a full disk"), "runbook": .string("disk.full"),
                "targets": .array([.string("host\(runs % 200)")]), "ticket": .string("INC-\(runs)"),
                "library": .string("main@3f2c1d9, clean"), "environment": .string("lab"),
                "plan_digest": .string(TrailLine.digest(of: plan)),
                "parameters": .object(["mount_point": .string("/var/log")]),
            ])
        for step in 1...5 {
            for part in ["guard", "action"] {
                try add(.attemptStarted, &lines, step: step, run: run, ["part": .string(part)])
                try add(
                    .attemptEnded, &lines, step: step, run: run,
                    [
                        "part": .string(part), "ending": .string("exited"), "status": .integer(0),
                        "duration_ms": .integer(Int64(count % 900)),
                        "stdout": .object([
                            "bytes": .integer(Int64(count % 5000)),
                            "sha256": .string(TrailLine.digest(of: Array("\(count)".utf8))),
                        ]),
                    ])
            }
            try add(.stepEnded, &lines, step: step, run: run, ["outcome": .string("changed")])
        }
        try add(
            .runClosed, &lines, run: run,
            ["state": .string("succeeded"), "resolution": .string("resolved")])
        return (lines, plan)
    }
}
