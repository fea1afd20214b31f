import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import Testing

/// What the real journal owes to its file, beyond the rules of every journal.
struct SQLiteJournalTests {
    @Test func filesAreForTheirOwnerAlone() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            _ = try await started("r-1", in: journal)
            for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
                #expect(try mode(home.path + "/" + name) == 0o600, "\(name)")
            }
            #expect(try mode(home.path) == 0o700)
            #expect(try mode(home.outputPath) == 0o700)
        }
    }

    @Test func aReadableJournalIsClosedToOthersWhenOpened() async throws {
        try await withHome { home in
            _ = try await opened(home)
            try #require(chmod(home.journalPath, 0o644) == 0)
            _ = try await opened(home)
            #expect(try mode(home.journalPath) == 0o600)
        }
    }

    @Test func aSymlinkInTheJournalsPlaceIsRefused() async throws {
        try await withHome { home in
            try FileManager.default.createSymbolicLink(
                atPath: home.journalPath, withDestinationPath: home.path + "/elsewhere")
            await expect(.io) { _ = try await opened(home) }
            #expect(!FileManager.default.fileExists(atPath: home.path + "/elsewhere"))
        }
    }

    @Test func whatWasRecordedIsThereAfterReopening() async throws {
        try await withHome { home in
            let run = try await started("r-1", in: try await opened(home))
            let again = try await opened(home)
            #expect(try await again.record(of: run).id == run)
            #expect(try await again.events(of: run, after: 0).count == 1)
        }
    }

    @Test func twoProcessesMayOpenANewHomeAtOnce() async throws {
        try await withHome { home in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { _ = try await opened(home) } }
                try await group.waitForAll()
            }
        }
    }

    @Test func anotherProcessThatOpensTheHomeIsWaitedForSoLong() async throws {
        try await withHome { home in
            let folder = open(home.path, O_RDONLY | O_DIRECTORY)
            try #require(flock(folder, LOCK_EX) == 0)
            await expect(.locked) {
                _ = try await SQLiteJournal.open(
                    in: home, waiting: .zero, trail: Samples.source, isProvedDead: { _ in false })
            }
            close(folder)
            _ = try await opened(home)
        }
    }

    @Test func aNewersDatabaseIsRefused() async throws {
        try await withHome { home in
            _ = try await opened(home)
            try await raw(home) { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99999')")
            }
            await expect(.newerFormat) { _ = try await opened(home) }
        }
    }

    /// As one leaves it that was killed, or met a full disk, while it made the journal.
    @Test func aJournalThatWasBegunIsFinished() async throws {
        try await withHome { home in
            try await raw(home) { db in
                try db.execute(
                    sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            }
            let journal = try await opened(home)
            #expect(try await journal.runs(matching: RunFilter()) == [])
        }
    }

    @Test func anotherProgramsDatabaseIsRefusedAndLeftAlone() async throws {
        try await withHome { home in
            try await raw(home) { db in try db.execute(sql: "CREATE TABLE theirs (x)") }
            await expect(.corrupt) { _ = try await opened(home) }
            #expect(try await raw(home) { db in try db.tableExists("theirs") })
        }
    }

    @Test func aFileThatIsNoDatabaseIsCorrupt() async throws {
        try await withHome { home in
            try Data(repeating: 65, count: 8192).write(
                to: URL(fileURLWithPath: home.journalPath))
            await expect(.corrupt) { _ = try await opened(home) }
        }
    }

    @Test func theSchemaIsWhatItWasReleasedAs() async throws {
        try await withHome { home in
            _ = try await opened(home)
            let expected = try await DatabaseQueue().write { db in
                try db.execute(
                    sql: SchemaOne.sql + SchemaTwo.sql + SchemaThree.sql + SchemaFour.sql
                        + SchemaFive.sql + SchemaSix.sql + SchemaSeven.sql + SchemaEight.sql
                        + SchemaNine.sql)
                return try schema(db)
            }
            #expect(try await raw(home) { db in try schema(db) } == expected)
        }
    }

    @Test func aDatabaseOfSchemaOneIsReadAndWritten() async throws {
        try await withHome { home in
            try await raw(home) { db in
                try db.execute(
                    sql: SchemaOne.sql + "CREATE TABLE grdb_migrations "
                        + "(identifier TEXT NOT NULL PRIMARY KEY);"
                        + "INSERT INTO grdb_migrations VALUES ('1');"
                        + "INSERT INTO runs (id, name, plan, number, runbook, title, environment,"
                        + " actor, opened, state) VALUES (1, 'r-old', 'p', 1, 'web.restart', 't',"
                        + " 'lab', 'ann', 5, 'pending');"
                        + "INSERT INTO targets VALUES (1, 0, 'web1', NULL);"
                        + "INSERT INTO events VALUES (1, 1, 1, 6, "
                        + "'{\"targetStarted\":{\"_0\":\"web1\"}}');"
                        + "UPDATE runs SET sequence = 1;")
            }
            let journal = try await opened(home)
            let run = try Samples.run("r-old")
            #expect(
                try await journal.takeOver(
                    run, lease: Samples.lease(1), now: Samples.time(0), until: Samples.time(1)))
            let last = try await journal.append(
                [.targetEnded(try Samples.target("web1"), .ok)], to: run, at: Samples.time(0),
                lease: Samples.lease(1))
            #expect(last == 2)
            #expect(
                try await journal.events(of: run, after: 0).map(\.event) == [
                    .targetStarted(try Samples.target("web1")),
                    .targetEnded(try Samples.target("web1"), .ok),
                ])
        }
    }

    @Test(arguments: [
        "DELETE FROM events", "UPDATE events SET event = '{}'", "DELETE FROM records",
        "UPDATE records SET record = '{}'",
    ])
    func recordedRowsCanNotBeChanged(sql: String) async throws {
        try await withHome { home in
            _ = try await started("r-1", in: try await opened(home))
            await #expect(throws: DatabaseError.self) {
                try await raw(home) { db in try db.execute(sql: sql) }
            }
        }
    }

    @Test func aGapInTheEventsIsCorruption() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            _ = try await journal.append(
                [.targetStarted(try Samples.target("web1"))], to: run, at: Samples.time(1),
                lease: Samples.lease(1))
            try await raw(home) { db in
                try db.execute(sql: "DROP TRIGGER events_are_kept")
                try db.execute(sql: "DELETE FROM events WHERE sequence = 1")
            }
            await expect(.corrupt) { _ = try await journal.events(of: run, after: 0) }
            #expect(try await journal.events(of: run, after: 1).count == 1)
        }
    }

    @Test func aCancelledTaskStillLearnsHowItsAppendEnded() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            let target = try Samples.target("web1")
            let last = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await journal.append(
                        [.targetStarted(target)], to: run, at: Samples.time(1),
                        lease: Samples.lease(1))
                }
                return try await group.next()
            }
            #expect(last == 2)
            #expect(try await journal.events(of: run, after: 0).count == 2)
        }
    }

    private func schema(_ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
                + "AND name NOT LIKE 'grdb%' ORDER BY name")
    }

    private func raw<Value: Sendable>(
        _ home: Home, _ body: @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await looking(at: home).write { try body($0) }
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0, "\(path)")
        return status.st_mode & 0o7777
    }
}

/// Runs a body with a new home.
func withHome(_ body: (Home) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        try await body(try Home.open(at: folder + "/home"))
    }
}

/// Opens a home's journal for which every leader lives.
func opened(_ home: Home) async throws -> SQLiteJournal {
    try await SQLiteJournal.open(
        in: home, trail: Samples.source, isProvedDead: { _ in false })
}

/// Opens a run led by lease 1, with one event.
func started(
    _ id: String, plan: Character = "a", in journal: any Journal
) async throws -> RunID {
    let record = try Samples.record(id, plan: plan)
    try await journal.open(record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
    _ = try await journal.append(
        [.stateChanged(.running, reason: "go")], to: record.id, at: Samples.time(0),
        lease: Samples.lease(1))
    return record.id
}
