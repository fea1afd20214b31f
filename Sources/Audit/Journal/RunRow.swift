import GRDB
import Runbooks
import Runner

/// What a transaction needs of a row of `runs`.
struct RunRow {
    /// The row's integer key.
    let key: Int64
    /// The number of the last event.
    let sequence: Int
    let summary: SummaryFold
    let held: HeldLease?

    private static let select = """
        SELECT id, sequence, state, resolution, closed,
            lease_pid, lease_start, lease_boot, lease_nonce, lease_until
        FROM runs WHERE name = ?
        """

    /// The row of a run; `notFound` without one.
    static func known(_ run: RunID, in db: Database) throws -> RunRow {
        let statement = try db.cachedStatement(sql: select)
        guard let row = try Row.fetchOne(statement, arguments: [run.rawValue]) else {
            throw JournalError.noRun(run)
        }
        guard let state = RunState(rawValue: row["state"]) else {
            throw JournalError(
                .corrupt, "Run \(run) has a state that this Handrail doesn't know.",
                hint: "Use the version that wrote it.")
        }
        let closed: Int64? = row["closed"]
        let resolution: String? = row["resolution"]
        return RunRow(
            key: row["id"], sequence: row["sequence"],
            summary: SummaryFold(
                state: state, resolution: resolution.flatMap(RunResolution.init(rawValue:)),
                closed: closed.map(Timestamp.init(milliseconds:))),
            held: HeldLease(row: row))
    }

    /// The row of a run that this leader leads; else `notFound` or `leaseLost`.
    static func led(_ run: RunID, by lease: Lease, in db: Database) throws -> RunRow {
        let row = try known(run, in: db)
        guard row.held?.lease == lease else { throw JournalError.leaseLost(run) }
        return row
    }

    /// A run's facts by its key; nil when it has none.
    static func record(of key: Int64, in db: Database) throws -> RunRecord? {
        try String.fetchOne(
            db, sql: "SELECT record FROM records WHERE run = ?", arguments: [key]
        ).map { try JournalCoding.value(RunRecord.self, from: $0) }
    }

    /// The change that a run belongs to; nil for a run of its own.
    static func change(of key: Int64, in db: Database) throws -> ChangeID? {
        try String.fetchOne(
            db, sql: "SELECT json_extract(record, '$.change') FROM records WHERE run = ?",
            arguments: [key]
        ).flatMap(ChangeID.init(rawValue:))
    }

    /// Writes what the folded events changed.
    func update(to next: SummaryFold, sequence: Int, in db: Database) throws {
        try db.cachedStatement(
            sql: """
                UPDATE runs SET sequence = ?, state = ?, resolution = ?, closed = ? WHERE id = ?
                """
        ).execute(arguments: [
            sequence, next.state.rawValue, next.resolution?.rawValue, next.closed?.milliseconds,
            key,
        ])
        for (target, outcome) in next.outcomes {
            try db.cachedStatement(
                sql: "UPDATE targets SET outcome = ? WHERE run = ? AND name = ?"
            ).execute(arguments: [outcome.rawValue, key, target.rawValue])
        }
        for (id, sequence) in next.doneCommands {
            try db.cachedStatement(sql: "UPDATE inbox SET done = ? WHERE id = ? AND run = ?")
                .execute(arguments: [sequence, id, key])
        }
    }

    /// Writes who leads the run; nil for nobody.
    func update(to held: HeldLease?, in db: Database) throws {
        try db.execute(
            sql: """
                UPDATE runs SET lease_pid = ?, lease_start = ?, lease_boot = ?, lease_nonce = ?,
                    lease_until = ? WHERE id = ?
                """,
            arguments: [
                held?.lease.pid, held?.lease.processStart, held?.lease.bootID, held?.lease.nonce,
                held?.until.milliseconds, key,
            ])
    }
}

extension HeldLease {
    /// The lease in a row with the columns `lease_…`; nil when nobody leads the run.
    init?(row: Row) {
        let pid: Int32? = row["lease_pid"]
        let start: String? = row["lease_start"]
        let boot: String? = row["lease_boot"]
        let nonce: String? = row["lease_nonce"]
        let until: Int64? = row["lease_until"]
        guard let pid, let start, let boot, let nonce, let until else { return nil }
        self.init(
            lease: Lease(pid: pid, processStart: start, bootID: boot, nonce: nonce),
            until: Timestamp(milliseconds: until))
    }
}
