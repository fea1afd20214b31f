import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import Testing

/// Open runs of a journal that is older than locks get those that they would have.
struct LockMigrationTests {
    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func insert(
        _ key: Int64, _ record: RunRecord, ended: [TargetName: Outcome] = [:],
        closed: Bool = false, _ events: [RunEvent], in db: Database
    ) throws {
        try db.execute(
            sql: "INSERT INTO runs (id, name, plan, number, runbook, title, environment, actor, "
                + "opened, state, closed, sequence) VALUES (?, ?, ?, 1, 'web.restart', 't', 'lab', "
                + "'ann', 5, 'running', ?, ?)",
            arguments: [
                key, record.id.rawValue, record.plan.planID.rawValue, closed ? 9 : nil,
                events.count,
            ])
        try db.execute(
            sql: "INSERT INTO records VALUES (?, ?)", arguments: [key, try text(record)])
        for (position, target) in record.plan.targets.enumerated() {
            try db.execute(
                sql: "INSERT INTO targets VALUES (?, ?, ?, ?)",
                arguments: [key, position, target.name.rawValue, ended[target.name]?.rawValue])
        }
        for (index, event) in events.enumerated() {
            try db.execute(
                sql: "INSERT INTO events (run, sequence, at, event) VALUES (?, ?, ?, ?)",
                arguments: [
                    key, index + 1, Samples.time(Int64(index)).milliseconds, try text(event),
                ])
        }
    }

    @Test func openRunsHoldWhatTheyAreAtWorkOnAndWhatTheyOwe() async throws {
        try await withHome { home in
            let (web1, web2, web3) = (
                try Samples.target("web1"), try Samples.target("web2"), try Samples.target("web3")
            )
            let (drain, park) = (try Samples.step("drain"), try Samples.step("park"))
            let once = [try Samples.onceStep("restart")]
            let changing = try Samples.record(
                "r-1", plan: "a", targets: ["web1", "web2", "web3"], steps: once)
            let reading = try Samples.record("r-2", plan: "b", targets: ["web1"])
            let over = try Samples.record("r-3", plan: "c", targets: ["web1"], steps: once)
            let paid = try Samples.record("r-4", plan: "d", targets: ["web1"], steps: once)
            try await DatabaseQueue(path: home.journalPath).write { db in
                try db.execute(
                    sql: SchemaOne.sql + SchemaTwo.sql + SchemaThree.sql + SchemaFour.sql
                        + "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);"
                        + "INSERT INTO grdb_migrations VALUES ('1'), ('2'), ('3'), ('4');")
                try Self.insert(
                    1, changing, ended: [web2: .failed],
                    [
                        .targetStarted(web1), .targetStarted(web2),
                        .leftOwed(web2, drain, reason: "kept"), .targetEnded(web2, .failed),
                    ], in: db)
                try Self.insert(2, reading, [.targetStarted(web1)], in: db)
                try Self.insert(3, over, closed: true, [.targetStarted(web1)], in: db)
                try Self.insert(
                    4, paid, ended: [web1: .failed],
                    [
                        .targetStarted(web1), .leftOwed(web1, park, reason: "kept"),
                        .targetEnded(web1, .failed), .paid(web1, park),
                    ], in: db)
            }
            let journal = try await opened(home)
            let locks = try await journal.locks(on: nil)
            #expect(locks.map { "\($0.target) \($0.run)" } == ["web1 r-1", "web2 r-1"])
            #expect(locks.map(\.kept) == [nil, "something is owed there"])
            #expect(locks.map(\.since) == [Samples.time(0), Samples.time(2)])
            #expect(try await journal.locks(on: [web3]) == [])
        }
    }
}
