import GRDB
import Runbooks
import Runner

/// Which run may change a target (docs/semantics.md, "Locks").
extension SQLiteJournal {
    /// Takes the locks of targets that are to start, in one commit.
    package func admit(
        _ targets: [TargetName], to run: RunID, within groups: [ProtectedGroup], at: Timestamp,
        lease: Lease
    ) async throws(JournalError) -> [TargetName: Deferral] {
        try await take(targets, for: run, within: groups, at: at, lease: lease, isStarted: false)
    }

    /// Makes sure that a run that is led on holds the locks of the targets it is at work on: those
    /// that it has stay, and those that the journal lost are taken.
    ///
    /// - Returns: those that another run holds.
    package func reclaim(
        _ targets: [TargetName], for run: RunID, at: Timestamp, lease: Lease
    ) async throws(JournalError) -> [TargetName: Deferral] {
        guard !targets.isEmpty else { return [:] }
        return try await take(targets, for: run, within: [], at: at, lease: lease, isStarted: true)
    }

    private func take(
        _ targets: [TargetName], for run: RunID, within groups: [ProtectedGroup], at: Timestamp,
        lease: Lease, isStarted: Bool
    ) async throws(JournalError) -> [TargetName: Deferral] {
        let isProvedDead = self.isProvedDead
        return try await write { db in
            let row = try RunRow.led(run, by: lease, in: db)
            guard row.summary.closed == nil else {
                throw JournalError.closed(run, row.summary.state)
            }
            let rows = LockRows(run: row.key, in: db)
            var deferred: [TargetName: Deferral] = [:]
            for target in targets {
                if let holder = try rows.holder(of: target, isProvedDead) {
                    deferred[target] = .locked(holder)
                } else if let refusal = try rows.refusal(of: target, in: groups, isProvedDead) {
                    deferred[target] = .protected(refusal)
                } else {
                    try rows.hold(target, since: at, isStarted: isStarted)
                }
            }
            return deferred
        }
    }

    /// Gives back the locks of targets that were admitted and not started.
    package func dismiss(
        _ targets: [TargetName], of run: RunID, lease: Lease
    ) async throws(JournalError) {
        try await write { db in
            let row = try RunRow.led(run, by: lease, in: db)
            for target in targets {
                try db.execute(
                    sql: "DELETE FROM locks WHERE target = ? AND run = ? AND started = 0",
                    arguments: [target.rawValue, row.key])
            }
        }
    }

    /// Who holds the locks of targets; of all when nil.
    package func locks(
        on targets: [TargetName]?
    ) async throws(JournalError) -> [TargetLock] {
        let isProvedDead = self.isProvedDead
        let wanted = targets.map(Set.init)
        return try await read { db in
            try Row.fetchAll(db, sql: LockRows.all + " ORDER BY locks.target, locks.since")
                .map { try LockRows.lock(of: $0, isProvedDead, in: db) }
                .filter { wanted?.contains($0.target) ?? true }
        }
    }

    /// Targets that their last run left unavailable, of these or of all.
    package func standings(
        of targets: [TargetName]?
    ) async throws(JournalError) -> [Standing] {
        let wanted = targets.map(Set.init)
        return try await read { db in
            try LockRows.standings(in: db).filter { wanted?.contains($0.target) ?? true }
        }
    }
}

/// The rows of `locks`, as a transaction of one run sees them.
struct LockRows {
    let run: Int64
    let db: Database

    static let all = """
        SELECT locks.target, locks.run AS key, locks.since, locks.started, locks.kept,
            runs.name, runs.plan, runs.runbook, runs.actor, runs.closed,
            lease_pid, lease_start, lease_boot, lease_nonce, lease_until
        FROM locks JOIN runs ON runs.id = locks.run
        """

    init(run: Int64, in db: Database) {
        self.run = run
        self.db = db
    }

    /// Who is in the way of the run on a target.
    ///
    /// What a dead leader took and didn't start is in nobody's way, nor is what is left of a run
    /// that is over and keeps nothing: both go. What another run of the same plan keeps is there to
    /// be undone, or
    /// done again, by this one.
    func holder(
        of target: TargetName, _ isProvedDead: (Lease) -> Bool
    ) throws -> TargetLock? {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: Self.all + " WHERE locks.target = ? AND locks.run <> ? AND NOT "
                    + "(locks.kept IS NOT NULL AND runs.plan = (SELECT plan FROM runs WHERE id = ?))"
                    + " ORDER BY locks.since, locks.run"),
            arguments: [target.rawValue, run, run])
        for row in rows {
            let isLed = HeldLease(row: row).map { !isProvedDead($0.lease) } ?? false
            let isLeft = row["started"] == 0 && !isLed
            let isOver = (row["closed"] as Int64?) != nil && (row["kept"] as String?) == nil
            guard isLeft || isOver else {
                return try Self.lock(of: row, isProvedDead, in: db)
            }
            try db.execute(
                sql: "DELETE FROM locks WHERE target = ? AND run = ?",
                arguments: [target.rawValue, row["key"] as Int64])
        }
        return nil
    }

    /// Why a target's groups don't let it start; what a dead leader didn't start counts for nothing.
    func refusal(
        of target: TargetName, in groups: [ProtectedGroup], _ isProvedDead: (Lease) -> Bool
    ) throws -> GroupRefusal? {
        let own = groups.filter { $0.members.contains(target) }
        guard !own.isEmpty else { return nil }
        let members = Set(own.flatMap(\.members).map(\.rawValue))
        let locks = try Row.fetchAll(
            db.cachedStatement(sql: Self.all + " WHERE runs.closed IS NULL")
        ).filter { row in
            guard members.contains(row["target"]) else { return false }
            return row["started"] == 1
                || HeldLease(row: row).map { !isProvedDead($0.lease) } ?? false
        }.map { try Self.lock(of: $0, isProvedDead, in: db) }
        return Availability(locks: locks, standings: try Self.standings(in: db))
            .refusal(of: target, in: own)
    }

    /// Every target that its last run left unavailable.
    static func standings(in db: Database) throws -> [Standing] {
        let sql =
            "SELECT target, outcome, runs.name AS run FROM standings "
            + "JOIN runs ON runs.id = standings.run ORDER BY target"
        return try Row.fetchAll(db.cachedStatement(sql: sql)).map { row in
            guard let target = TargetName(rawValue: row["target"]),
                let outcome = Outcome(rawValue: row["outcome"]),
                let run = RunID(rawValue: row["run"])
            else { throw JournalError.unreadableRow(of: "standings") }
            return Standing(target: target, outcome: outcome, run: run)
        }
    }

    /// Notes how a target ended, or that one is well, as an event says.
    func noteStanding(
        after event: RunEvent, _ outcomes: [TargetName: Outcome], at: Timestamp
    ) throws {
        switch event {
        case .targetEnded(let target, _):
            try noteEnd(of: target, outcomes[target], at: at)
            if outcomes[target]?.supersedes == true { try supersede(target) }
        case .vouched(let target, let earlier, _):
            try Self.makeAvailable(target, since: earlier, in: db)
        default: return
        }
    }

    /// Notes how a target ended; who holds it changes something there.
    private func noteEnd(of target: TargetName, _ outcome: Outcome?, at: Timestamp) throws {
        guard let outcome else { return }
        let isHeld = try Bool.fetchOne(
            db.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM locks WHERE target = ? AND run = ?)"),
            arguments: [target.rawValue, run])
        let word = try String.fetchOne(
            db.cachedStatement(sql: "SELECT outcome FROM standings WHERE target = ?"),
            arguments: [target.rawValue])
        let before = word.flatMap(Outcome.init(rawValue:))
        let next = Standing.after(outcome, isChanging: isHeld == true, before: before)
        guard next != before || next == outcome else { return }
        guard let next else {
            try db.cachedStatement(sql: "DELETE FROM standings WHERE target = ?")
                .execute(arguments: [target.rawValue])
            return
        }
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO standings (target, run, outcome, at) "
                + "VALUES (?, ?, ?, ?)"
        ).execute(arguments: [target.rawValue, run, next.rawValue, at.milliseconds])
    }

    /// Frees what a run that is over keeps on a target.
    static func free(_ target: TargetName, of run: RunID, in db: Database) throws {
        try db.execute(
            sql: "DELETE FROM locks WHERE target = ? AND run = (SELECT id FROM runs "
                + "WHERE name = ? AND closed IS NOT NULL)",
            arguments: [target.rawValue, run.rawValue])
    }

    /// A target is available again that a run had left unavailable, if no later one did.
    static func makeAvailable(_ target: TargetName, since run: RunID, in db: Database) throws {
        try db.cachedStatement(
            sql: "DELETE FROM standings WHERE target = ? "
                + "AND run = (SELECT id FROM runs WHERE name = ?)"
        ).execute(arguments: [target.rawValue, run.rawValue])
    }

    /// Takes a lock; one that the run has already stays as it is.
    func hold(_ target: TargetName, since: Timestamp, isStarted: Bool) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO locks (target, run, since, started) VALUES (?, ?, ?, ?)
                ON CONFLICT (target, run) DO UPDATE SET kept = NULL
                """
        ).execute(arguments: [target.rawValue, run, since.milliseconds, isStarted])
    }

    /// Changes locks as recorded events say.
    func change(_ changes: LockChanges) throws {
        for (target, change) in changes.byTarget {
            switch change {
            case .began:
                try db.cachedStatement(
                    sql: "UPDATE locks SET started = 1, kept = NULL WHERE target = ? AND run = ?"
                ).execute(arguments: [target.rawValue, run])
            case .kept(_, let reason):
                try db.cachedStatement(
                    sql: "UPDATE locks SET kept = ? WHERE target = ? AND run = ?"
                ).execute(arguments: [reason, target.rawValue, run])
            case .freed, .allFreed:
                try db.cachedStatement(sql: "DELETE FROM locks WHERE target = ? AND run = ?")
                    .execute(arguments: [target.rawValue, run])
            }
        }
        if changes.isOver {
            try db.execute(
                sql: "DELETE FROM locks WHERE run = ? AND kept IS NULL", arguments: [run])
        }
    }

    /// Frees what ended runs of the same plan keep where this one has ended well.
    private func supersede(_ target: TargetName) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM locks WHERE target = ? AND run IN (SELECT id FROM runs
                    WHERE closed IS NOT NULL AND plan = (SELECT plan FROM runs WHERE id = ?))
                """
        ).execute(arguments: [target.rawValue, run])
    }

    /// Gives back what a leader was admitted to and didn't start: it is gone.
    func dismissUnstarted() throws {
        try db.execute(
            sql: "DELETE FROM locks WHERE run = ? AND started = 0", arguments: [run])
    }

    /// A row of `all` as a value.
    static func lock(
        of row: Row, _ isProvedDead: (Lease) -> Bool, in db: Database
    ) throws -> TargetLock {
        guard let target = TargetName(rawValue: row["target"]),
            let id = RunID(rawValue: row["name"]),
            let runbook = RunbookID(rawValue: row["runbook"])
        else { throw JournalError.unreadableRow(of: "locks") }
        let kept: String? = row["kept"]
        return TargetLock(
            target: target, run: id, runbook: runbook, actor: row["actor"],
            since: Timestamp(milliseconds: row["since"]),
            step: kept == nil ? try step(on: target, of: row["key"], in: db) : nil, kept: kept,
            isLed: (row["closed"] as Int64?) == nil
                && HeldLease(row: row).map { !isProvedDead($0.lease) } ?? false,
            isOver: (row["closed"] as Int64?) != nil)
    }

    /// The step that was started last on a target.
    private static func step(
        on target: TargetName, of run: Int64, in db: Database
    ) throws -> StepID? {
        let text = try String.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT event FROM events WHERE run = ? AND event LIKE '{"attemptStarted":%'
                        AND instr(event, ?) > 0 ORDER BY sequence DESC LIMIT 1
                    """), arguments: [run, "\"target\":\"\(target.rawValue)\""])
        guard let text,
            case .attemptStarted(let key) = try JournalCoding.value(RunEvent.self, from: text)
        else { return nil }
        return key.part.step
    }
}
