import GRDB
import Runbooks
import Runner

/// What people say of targets that runs left behind (docs/semantics.md, "After a run").
extension SQLiteJournal {
    /// Records that a target is well that an ended run left in doubt, or unavailable, durably.
    ///
    /// - Throws: `JournalError`: `notFound` when nothing of the run is in doubt there, `repeated`
    ///   when the run has not ended.
    package func settle(_ settlement: Settlement) async throws(JournalError) {
        try await write { [self] db in
            let row = try RunRow.known(settlement.run, in: db)
            guard row.summary.closed != nil else {
                throw JournalError.notOver(settlement.run)
            }
            guard try Self.isInDoubt(settlement.target, after: row, in: db) else {
                throw JournalError.nothingInDoubt(settlement.target, after: settlement.run)
            }
            try Self.insert(settlement, run: row.key, in: db)
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db)
                .add([TrailEvent(settlement)], run: row.key)
        }
    }

    /// Whether the run left the target unavailable, or something of it there is unknown.
    private static func isInDoubt(
        _ target: TargetName, after run: RunRow, in db: Database
    ) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM standings WHERE target = :target AND run = :run)
                    OR EXISTS (SELECT 1 FROM targets
                        WHERE run = :run AND name = :target AND outcome = 'unknown')
                    OR EXISTS (SELECT 1 FROM events WHERE run = :run
                        AND substr(event, 1, 13) = '{"stepEnded":'
                        AND instr(event, '"_2":"unknown"') > 0
                        AND json_extract(event, '$.stepEnded._0') = :target)
                """, arguments: ["target": target.rawValue, "run": run.key]) == true
    }

    static func insert(_ settlement: Settlement, run: Int64, in db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO settlements (run, target, at, actor, why) "
                + "VALUES (?, ?, ?, ?, ?)",
            arguments: [
                run, settlement.target.rawValue, settlement.at.milliseconds, settlement.actor,
                settlement.why,
            ])
        try LockRows.makeAvailable(settlement.target, since: settlement.run, in: db)
        try LockRows.free(settlement.target, of: settlement.run, in: db)
    }

    /// What people settled of a run that is over, by target.
    package func settlements(of run: RunID) async throws(JournalError) -> [Settlement] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT target, at, actor, why FROM settlements "
                    + "WHERE run = (SELECT id FROM runs WHERE name = ?) ORDER BY target",
                arguments: [run.rawValue]
            ).map { row in
                guard let target = TargetName(rawValue: row["target"]) else {
                    throw JournalError.unreadableRow(of: "settlements")
                }
                return Settlement(
                    run: run, target: target, at: Timestamp(milliseconds: row["at"]),
                    actor: row["actor"], why: row["why"])
            }
        }
    }
}

extension JournalError {
    /// The run goes on: what is unknown of it is settled in it.
    static func notOver(_ run: RunID) -> JournalError {
        JournalError(
            .repeated, "The run \(run) has not ended.",
            hint: "Say 'done' or 'not-done' of the step that nobody knows of: it goes on then.")
    }

    /// There is nothing to settle.
    static func nothingInDoubt(_ target: TargetName, after run: RunID) -> JournalError {
        JournalError(
            .notFound,
            "Nothing of the run \(run) on \(target) waits to be settled: no outcome there is "
                + "unknown, and it does not count as unavailable since that run.",
            hint: "'handrail status \(run)' says how it ended there.")
    }
}
