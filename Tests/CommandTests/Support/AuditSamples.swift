import Runbooks
import Runner
import Testing

@testable import Audit
@testable import handrail

/// Lines of a trail with one run, made from nothing but constants.
enum AuditSamples {
    private static let commit = String(repeating: "b", count: 40)

    /// The beginning, and a run from its opening to its end.
    static func lines() throws -> [TrailReader.Line] {
        var lines: [TrailReader.Line] = []
        var previous = TrailLine.noLine
        for (index, event) in try events().enumerated() {
            let id = String(repeating: "\(index)", count: 32)
            let line = TrailLine(event, sequence: index + 1, after: previous, id: id)
            previous = line.digest
            lines.append(
                TrailReader.Line(
                    record: try TrailRecord(line: Array(line.text.utf8)), text: line.text,
                    commit: commit))
        }
        return lines
    }

    /// All of it, as `audit show` has it.
    static func passage() throws -> TrailPassage {
        let lines = try lines()
        let id = try #require(GitObjectID(text: commit))
        let sealed = TrailReader.Commit(
            id: commit, events: 1...lines.count, head: String(repeating: "c", count: 64),
            runs: ["r-20261123-0700-k3f9"], subject: "The trail begins", tree: id, parent: nil)
        return TrailPassage(
            subject: .commit(commit), lines: lines, commits: [sealed],
            evidence: [
                (2, .init(name: "plan", digest: String(repeating: "d", count: 64), isThere: true))
            ])
    }

    private static func events() throws -> [TrailEvent] {
        func event(
            _ kind: TrailEvent.Kind, _ seconds: Int, _ actor: String,
            _ details: [String: JSONValue]
        ) throws -> TrailEvent {
            var event = TrailEvent(
                kind: kind, at: PastRun.start.adding(.seconds(seconds)), actor: actor,
                via: actor == TrailEvent.engine ? .engine : .cli)
            if kind != .trailCreated { event.run = try name("r-20261123-0700-k3f9") }
            event.details = details
            return event
        }
        var ended = try event(.stepEnded, 2, TrailEvent.engine, ["outcome": .string("changed")])
        (ended.target, ended.step) = (try name("web1"), try name("restart"))
        var attempt = try event(.attemptStarted, 1, TrailEvent.engine, ["part": .string("action")])
        (attempt.target, attempt.step, attempt.attempt) = (ended.target, ended.step, 1)
        return [
            try event(.trailCreated, 0, TrailEvent.engine, ["origin": .string("0")]),
            try event(
                .runOpened, 0, "ann",
                [
                    "title": .string("The web server doesn't answer"),
                    "runbook": .string("web.restart"), "targets": .array([.string("web1")]),
                    "ticket": .string("T-1"), "alert": .string("WebDown"),
                    "library": .string("main@3f2c1d9, clean"),
                ]),
            attempt, ended,
            try event(
                .runClosed, 3, TrailEvent.engine,
                ["state": .string("succeeded"), "resolution": .string("resolved")]),
        ]
    }
}
