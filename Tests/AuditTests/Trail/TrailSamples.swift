import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

/// A home with a trail, and lines for it, made from a count alone.
final class SampleTrail {
    // A class, because the chain goes on with every line.

    let home: Home
    let key: TrailKey
    let origin: TrailOrigin
    private(set) var sequence = 0
    private(set) var previous = TrailLine.noLine
    /// Milliseconds after the first event.
    var clock: Int64 = 0

    init(in folder: String) throws {
        home = try Home.open(at: folder + "/home")
        key = try TrailKeyFile.makeKey(of: home, comment: "sample")
        origin = TrailOrigin(id: Self.id(1), hostName: "ctl.example", key: key.publicKey)
    }

    /// 32 hexadecimal digits for a number.
    static func id(_ number: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 32 - text.count) + text
    }

    func open() throws -> TrailRepository {
        try TrailRepository.open(in: home, create: origin)
    }

    /// The next line of the chain.
    func line(
        _ kind: TrailEvent.Kind, run: String? = nil, actor: String = "engine",
        _ details: [String: JSONValue] = [:]
    ) throws -> TrailLine {
        sequence += 1
        clock += 7
        let via: TrailEvent.Via = actor == "engine" ? .engine : .cli
        var event = TrailEvent(kind: kind, at: Samples.time(clock), actor: actor, via: via)
        event.run = try run.map { try Samples.run($0) }
        if kind == .attemptStarted || kind == .attemptEnded || kind == .stepEnded {
            event.target = try Samples.target("mbx01")
            event.step = try Samples.step("clean")
        }
        event.details = details
        let line = TrailLine(
            event, sequence: sequence, after: previous, id: Self.id(sequence))
        previous = line.digest
        return line
    }

    /// The line that a trail begins with.
    func beginning() throws -> TrailLine {
        try line(
            .trailCreated,
            [
                "origin": .string(Self.id(1)), "key": .string(key.publicKey.line),
                "program": .string("handrail test"),
            ])
    }

    /// The lines of a run from its opening to its end, with the plan's evidence.
    func run(
        _ id: String, steps: Int = 1, actor: String = "anna"
    ) throws -> (lines: [TrailLine], evidence: [[UInt8]]) {
        let plan = Array("{\"plan\":\"of \(id)\"}".utf8)
        var lines = [
            try line(
                .runOpened, run: id, actor: actor,
                [
                    "title": .string("Free a full disk"), "runbook": .string("disk.full"),
                    "targets": .array([.string("mbx01")]), "ticket": .string("INC-4711"),
                    "library": .string("main@3f2c1d9"),
                    "plan_digest": .string(TrailLine.digest(of: plan)),
                ])
        ]
        for _ in 0..<steps {
            lines.append(try line(.attemptStarted, run: id, ["part": .string("action")]))
            lines.append(
                try line(
                    .attemptEnded, run: id, ["ending": .string("exited"), "status": .integer(0)]))
            lines.append(try line(.stepEnded, run: id, ["outcome": .string("succeeded")]))
        }
        lines.append(
            try line(
                .runClosed, run: id,
                ["state": .string("succeeded"), "resolution": .string("resolved")]))
        return (lines, [plan])
    }

    /// Seals the beginning and some runs, one batch each.
    @discardableResult
    func seal(runs: Int, in trail: TrailRepository) throws -> [String] {
        var commits: [String] = []
        if sequence == 0 {
            commits.append(try trail.seal(TrailBatch(lines: [try beginning()])))
        }
        for number in 0..<runs {
            let run = try run("r-20261123-0714-k\(sequence)x\(number)")
            commits.append(
                try trail.seal(TrailBatch(lines: run.lines, evidence: run.evidence)))
        }
        return commits
    }

    /// Runs stock git on the trail, without anyone's configuration.
    func git(_ arguments: [String]) throws -> Tool.Result {
        try Tool.run(
            ["git", "--git-dir", home.trailPath] + arguments,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
            ])
    }
}
