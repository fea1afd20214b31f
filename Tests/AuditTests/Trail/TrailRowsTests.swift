import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import TestSupport
import Testing

/// The chain of lines in the journal: what is recorded has its line in the same commit.
struct TrailRowsTests {
    @Test func theFirstRunBeginsTheTrailWithTheHomesKey() async throws {
        try await withHome { home in
            _ = try await started("r-1", in: try await opened(home))
            let lines = try await trailLines(home)
            let key = try #require(try TrailKeyFile.key(of: home))
            let first = try TrailRecord(line: Array(lines[0].text.utf8))
            #expect(first.kind == "trail.created")
            #expect(first.detail("origin") == first.id)
            #expect(first.detail("key") == key.publicKey.line)
            #expect(first.detail("program") == "handrail test")
            #expect(try kinds(lines) == ["trail.created", "run.opened", "run.state"])
            var status = stat()
            try #require(stat(home.path + "/keys/controller", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test func linesOfSeveralRunsAreOneChainWithoutAGap() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            for number in 1...5 {
                _ = try await started("r-\(number)", plan: Character("\(number)"), in: journal)
            }
            for number in 1...5 {
                let events = try (0..<number).map {
                    RunEvent.targetStarted(try Samples.target("web\($0 % 2 + 1)"))
                }
                _ = try await journal.append(
                    events, to: try Samples.run("r-\(number)"), at: Samples.time(9),
                    lease: Samples.lease(1))
            }
            let lines = try await trailLines(home)
            #expect(lines.count == 26)
            try expectChain(lines)
        }
    }

    @Test func twoProcessesThatRecordAtOnceMakeOneChain() async throws {
        try await withHome { home in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...4 {
                    // A connection of its own each, as two processes have.
                    let journal = try await opened(home)
                    group.addTask {
                        let run = try await started(
                            "r-\(number)", plan: Character("\(number)"), in: journal)
                        for _ in 0..<20 {
                            _ = try await journal.append(
                                [
                                    .targetStarted(try Samples.target("web1")),
                                    .thresholdReached(
                                        failures: 1, limit: 1),
                                ],
                                to: run, at: Samples.time(9), lease: Samples.lease(1))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let lines = try await trailLines(home)
            #expect(lines.count == 169)
            try expectChain(lines)
        }
    }

    @Test func aRefusedAppendLeavesNoLine() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            let before = try await trailLines(home)
            await expect(.leaseLost) {
                _ = try await journal.append(
                    [.stateChanged(.running, reason: "")], to: run, at: Samples.time(1),
                    lease: Samples.lease(2))
            }
            await expect(.locked) { _ = try await started("r-1", plan: "e", in: journal) }
            #expect(try await trailLines(home) == before)
        }
    }

    /// Either both an event and its line are kept, or neither: whichever the database refuses.
    @Test(arguments: ["events", "trail"]) func anEventAndItsLineAreKeptTogether(
        table: String
    ) async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            try await change(
                home,
                """
                CREATE TRIGGER refuse BEFORE INSERT ON \(table)
                    WHEN (SELECT count(*) FROM \(table)) >= 4
                    BEGIN SELECT RAISE(ABORT, 'refused'); END
                """)
            let events = [RunEvent](
                repeating: .stateChanged(.running, reason: "again"), count: 5)
            await #expect(throws: JournalError.self) {
                _ = try await journal.append(
                    events, to: run, at: Samples.time(1), lease: Samples.lease(1))
            }
            #expect(try await journal.events(of: run, after: 0).count == 1)
            #expect(try await trailLines(home).count == 3)
        }
    }

    @Test(arguments: [
        "DELETE FROM trail", "UPDATE trail SET line = '{}'", "UPDATE trail SET seq = seq + 100",
        "UPDATE trail SET run = NULL, sealed = 'a' WHERE seq = 2",
        "UPDATE trail SET sealed = NULL WHERE seq = 1",
        "UPDATE trail SET sealed = 'b' WHERE seq = 1",
        "INSERT INTO trail (seq, line) VALUES (9, '{}')",
        "INSERT INTO trail (seq, line, sealed) VALUES (4, '{}', 'a')",
        "INSERT OR REPLACE INTO trail (seq, line) VALUES (2, '{}')",
    ])
    func linesCanNotBeChanged(sql: String) async throws {
        try await withHome { home in
            _ = try await started("r-1", in: try await opened(home))
            try await change(home, "UPDATE trail SET sealed = 'a' WHERE seq = 1")
            await #expect(throws: DatabaseError.self) { try await change(home, sql) }
        }
    }

    @Test func aClockThatWasSetBackIsNoted() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            for milliseconds: Int64 in [90_000, 30_001, -40_000] {
                _ = try await journal.append(
                    [.targetStarted(try Samples.target("web1"))], to: run,
                    at: Samples.time(milliseconds), lease: Samples.lease(1))
            }
            let lines = try await trailLines(home)
            #expect(
                try kinds(lines).suffix(4) == [
                    "target.started", "target.started", "clock.stepped", "target.started",
                ])
            let note = try TrailRecord(line: Array(lines[lines.count - 2].text.utf8))
            #expect(note.details["by_ms"] == .integer(-70_001))
            try expectChain(lines)
        }
    }

    @Test func whatRanBeforeTheTrailIsAGapWithItsDigest() async throws {
        try await withHome { home in
            try await change(
                home,
                SchemaOne.sql + "CREATE TABLE grdb_migrations "
                    + "(identifier TEXT NOT NULL PRIMARY KEY);"
                    + "INSERT INTO grdb_migrations VALUES ('1');"
                    + "INSERT INTO runs (id, name, plan, number, runbook, title, environment,"
                    + " actor, opened, state, closed) VALUES"
                    + " (1, 'r-old', 'p', 1, 'web.restart', 't', 'lab', 'ann', 5, 'failed', 9),"
                    + " (2, 'r-open', 'p', 2, 'web.restart', 't', 'lab', 'bob', 7, 'paused',"
                    + " NULL);"
                    + "INSERT INTO events VALUES (1, 1, 1, 6, 'one'), (2, 2, 1, 6, 'two');")
            _ = try await started("r-1", in: try await opened(home))
            let lines = try await trailLines(home)
            #expect(
                try kinds(lines) == [
                    "trail.created", "trail.gap", "trail.gap", "run.opened", "run.state",
                ])
            let gap = try TrailRecord(line: Array(lines[1].text.utf8))
            #expect(gap.details["runs"] == .integer(2))
            #expect(
                gap.detail("events_sha256") == TrailLine.digest(of: Array("one\ntwo\n".utf8)))
            let open = try TrailRecord(line: Array(lines[2].text.utf8))
            #expect(open.about["run"] == "r-open")
            #expect(open.detail("actor") == "bob")
        }
    }

    @Test func noLineIsLongerThan16KiB() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let targets = (0..<2000).map { "target-with-a-long-name-\($0)" }
            let record = try Samples.record("r-1", targets: targets)
            try await journal.open(
                record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            let long = String(repeating: "\u{1}é\"", count: 30_000)
            let values = Dictionary(uniqueKeysWithValues: (0..<1000).map { ("name\($0)", long) })
            _ = try await journal.append(
                [
                    .stateChanged(.running, reason: long),
                    .outputsTaken(try Samples.target(targets[0]), try Samples.step("s"), values),
                    .commanded(PersonCommand(verb: .note(long), actor: "ann"), inboxID: 0),
                ], to: record.id, at: Samples.time(1), lease: Samples.lease(1))
            let lines = try await trailLines(home)
            #expect(lines.count == 5)
            #expect(lines.allSatisfy { $0.text.utf8.count < TrailLine.longest })
            try expectChain(lines)
        }
    }

    @Test func neitherOutputNorTheValuesOfOutputsAreInALine() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            let (target, step) = (try Samples.target("web1"), try Samples.step("look"))
            let key = AttemptKey(target: target, part: .action(step), number: 1)
            let output = OutputRecord(
                text: "s3cret-1\n", totalBytes: 9, droppedBytes: 0, stored: nil)
            _ = try await journal.append(
                [
                    .attemptEnded(
                        key,
                        AttemptRecord(
                            ending: .exited(0), stdout: output, stderr: output,
                            outputs: ["a": "s3cret-2"], changed: true, diff: "+s3cret-3",
                            collected: [.init(name: "/etc/x", output: output)])),
                    .outputsTaken(target, step, ["a": "s3cret-2"]),
                ], to: run, at: Samples.time(1), lease: Samples.lease(1))
            let text = try await trailLines(home).map(\.text).joined()
            #expect(text.contains("/etc/x"))
            #expect(!text.contains("s3cret"))
        }
    }
}

/// All lines of a home's journal, in order.
func trailLines(_ home: Home) async throws -> [TrailLine] {
    try await looking(at: home).read { db in
        try Row.fetchAll(db, sql: "SELECT seq, line FROM trail ORDER BY seq").map {
            TrailLine(sequence: $0["seq"], text: $0["line"])
        }
    }
}

/// The kinds of lines.
func kinds(_ lines: [TrailLine]) throws -> [String] {
    try lines.map { try TrailRecord(line: Array($0.text.utf8)).kind }
}

/// Expects lines to be numbered from 1, each naming the one before.
func expectChain(_ lines: [TrailLine]) throws {
    var previous = TrailLine.noLine
    for (index, line) in lines.enumerated() {
        let record = try TrailRecord(line: Array(line.text.utf8))
        #expect(record.sequence == index + 1)
        #expect(line.sequence == index + 1)
        #expect(record.previous == previous, "line \(index + 1)")
        previous = line.digest
    }
    let ids = try lines.map { try TrailRecord(line: Array($0.text.utf8)).id }
    #expect(Set(ids).count == ids.count)
}

/// Changes a home's journal behind its back.
func change(_ home: Home, _ sql: String) async throws {
    try await looking(at: home).write { try $0.execute(sql: sql) }
}

/// A journal's file, as a program beside Handrail opens it.
///
/// It waits as Handrail does: SQLite answers "database is locked" in the moment in which another
/// connection of the process is closed.
func looking(at home: Home) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: home.journalPath, configuration: configuration)
}
