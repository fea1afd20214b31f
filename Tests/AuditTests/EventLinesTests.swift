import Foundation
import Runbooks
import Runner
import Testing

/// The JSON form of events: what old journals hold must be read for ever.
struct EventLinesTests {
    @Test func oldLinesAreReadAndWrittenAsTheyWere() throws {
        let file = try #require(
            Bundle.module.url(forResource: "Fixtures/event-lines-1", withExtension: "ndjson"))
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let events = try Self.events()
        #expect(lines.count == events.count)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for (line, event) in zip(lines, events) {
            #expect(try JSONDecoder().decode(RunEvent.self, from: Data(line.utf8)) == event)
            #expect(String(decoding: try encoder.encode(event), as: UTF8.self) == line)
        }
    }

    /// One event of every kind, in the fixture's order.
    static func events() throws -> [RunEvent] {
        let (target, step) = (try Samples.target("web1"), try Samples.step("look"))
        let output = OutputRecord(
            text: "a\n", totalBytes: 3000, droppedBytes: 2, stored: try Samples.digest("a"))
        let none = OutputRecord(text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
        func key(_ part: Part) -> AttemptKey { AttemptKey(target: target, part: part, number: 1) }
        let commands: [PersonCommand.Verb] = [
            .abort, .pause, .resume, .answer(step, choice: "yes", target: nil),
            .confirm(step, note: "done", target: target), .note("n"), .pay(target),
        ]
        let parts: [Part] = [
            .symptom, .guarding(step), .action(step), .check(step, 0), .verify(2),
            .release(step), .undo(step, 1),
        ]
        let endings: [Ending] = [
            .exited(-1), .timedOut, .cancelled, .unreachable("u"), .notStarted("n"), .unknown("k"),
        ]
        return [
            .stateChanged(.needsPerson, reason: "r"), .targetStarted(target),
            .sessionOpened(target, "proof"),
        ] + parts.map { .attemptStarted(key($0)) }
            + endings.map {
                .attemptEnded(
                    key(.symptom), AttemptRecord(ending: $0, stdout: none, stderr: none))
            } + [
                .attemptEnded(
                    key(.action(step)),
                    AttemptRecord(
                        ending: .exited(0), stdout: output, stderr: none, outputs: ["a": "1"],
                        outputsProblem: "p", changed: true, diff: "-a\n+b",
                        collected: [AttemptRecord.File(name: "/x", output: none)],
                        durationMilliseconds: 7)),
                .stepEnded(target, step, .changed, reason: nil),
                .stepEnded(target, step, .failed, reason: "why"),
                .outputsTaken(target, step, ["a": "1"]),
                .verifyEnded(target, 0, .ok, reason: nil),
                .symptomAsked(target, isPresent: nil), .symptomAsked(target, isPresent: true),
                .owed(target, step), .paid(target, step), .notOwed(target, step),
                .leftOwed(target, step, reason: "kept"),
                .asked(step, nil, until: Samples.time(0)),
                .answered(step, target, choice: "yes", note: nil, actor: "ann"),
                .stopped(target, step, .resolved), .targetEnded(target, .timedOut),
            ]
            + commands.map { .commanded(PersonCommand(verb: $0, actor: "ann"), inboxID: 3) } + [
                .refused(inboxID: 4, reason: "no"), .thresholdReached(failures: 2, limit: 1),
                .restored(reason: "why"),
                .closed(.aborted, .unclear), .deferred(target, cause: "c", reason: "r"),
                .lockKept(target, reason: "r"), .unlocked(target),
            ]
            + [.settle(target, step, isDone: true, why: "seen"), .handOver(try Samples.run("r-1"))]
            .map { .commanded(PersonCommand(verb: $0, actor: "ann"), inboxID: 3) }
            + [.reopened(target, step, .changed, reason: "why")]
            + [
                WaveEvent.started(0), .ended(0), .soaking(0, until: Samples.time(0)),
                .healthTold(0, .warning, reason: "w", isLast: true), .passed(0),
                .promoted(0, actor: "ann"), .stopped(1, reason: "why"), .leftOut(target),
            ].map { .wave($0) }
            + [.commanded(PersonCommand(verb: .promote, actor: "ann"), inboxID: 3)]
            + audited(target, step)
            + [
                .attemptEnded(
                    key(.action(step)),
                    AttemptRecord(
                        ending: .exited(1), stdout: none, stderr: none,
                        seen: SeenState(expected: "e", actual: "a")))
            ]
    }

    /// What an audit says of items.
    private static func audited(_ target: TargetName, _ step: StepID) -> [RunEvent] {
        [
            AuditResult(
                .excepted, .major, expected: "e", actual: "a",
                exception: AuditResult.Exception(until: "2027-01-31", why: "w", who: "jdoe")),
            AuditResult(.failed, .minor, why: "w"),
        ].map { .audited(target, step, $0) }
    }
}
