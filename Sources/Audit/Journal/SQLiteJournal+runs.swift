import GRDB
import Runbooks
import Runner

extension SQLiteJournal: Journal {
    /// Records a new run and gives its leader the lease, in one commit.
    package func open(
        _ run: RunRecord, lease: Lease, leaseUntil: Timestamp
    ) async throws(JournalError) {
        let record = try text(of: run)
        try await write { [self] db in
            let leftOut = Set(run.leftOut?.map(\.target) ?? [])
            try Self.refuseRepetition(of: run, leftOut, in: db)
            let taken = try Bool.fetchOne(
                db,
                sql: "SELECT EXISTS (SELECT 1 FROM runs WHERE name = ? "
                    + "OR (plan = ? AND number = ?))",
                arguments: [run.id.rawValue, run.plan.planID.rawValue, run.number])
            guard taken == false else { throw JournalError.taken(run.id, number: run.number) }
            // What was done is undone however often it was done.
            let counts =
                run.descent?.kind == .rollback
                ? [] : try Self.repeats(of: run.plan, leftOut: leftOut, at: run.opened, in: db)
            if let refusal = JournalError.repeated(run.plan, counts) { throw refusal }
            let trail = TrailRows(home: home, source: source, known: chainEnd, made: made, db: db)
            try trail.begin(at: run.opened)
            try Self.insert(run, lease: lease, until: leaseUntil, in: db)
            let key = db.lastInsertedRowID
            try db.execute(
                sql: "INSERT INTO records (run, record) VALUES (?, ?)", arguments: [key, record])
            let statement = try db.cachedStatement(
                sql: "INSERT INTO targets (run, position, name) VALUES (?, ?, ?)")
            for (position, target) in run.plan.targets.enumerated() {
                try statement.execute(arguments: [key, position, target.name.rawValue])
            }
            try trail.add([TrailEvent(opening: run)], run: key)
            if run.brokenGlass != nil {
                _ = try ChangeRows(db: db, trail: trail).open(
                    Change.open(afterBreakingGlassFor: run), actor: TrailEvent.engine,
                    at: run.opened)
            }
            if let change = run.change {
                try ChangeRows(db: db, trail: trail).tell(
                    .runOpened(Change.Run(run)), change, actor: run.actor, at: run.opened, run: key)
            }
        }
    }

    /// Refuses what another run of the plan does, or has done.
    private static func refuseRepetition(
        of run: RunRecord, _ leftOut: Set<TargetName>, in db: Database
    ) throws {
        let plan = run.plan.planID.rawValue
        func named(_ row: Row) throws -> RunID {
            guard let id = RunID(rawValue: row["run"]) else {
                throw JournalError.unreadableRow(of: "runs")
            }
            return id
        }
        let open = try Row.fetchOne(
            db,
            // A child run goes on from its parent, which hands over what is owed and ends.
            sql: "SELECT name AS run FROM runs WHERE plan = ? AND closed IS NULL AND name IS NOT ? "
                + "ORDER BY id DESC",
            arguments: [plan, run.descent?.parent.rawValue])
        if let open { throw JournalError.underWay(try named(open)) }
        if run.descent?.kind == .rollback { return }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT runs.name AS run, targets.name AS target, targets.outcome FROM runs
                JOIN targets ON targets.run = runs.id
                WHERE runs.plan = ? AND targets.outcome IS NOT NULL
                ORDER BY runs.id DESC, targets.position
                """, arguments: [plan])
        let done = try rows.filter { row in
            guard let outcome = Outcome(rawValue: row["outcome"]) else {
                throw JournalError.unreadableRow(of: "targets")
            }
            return outcome.isGood && !leftOut.contains { $0.rawValue == row["target"] }
        }
        guard let first = done.first else { return }
        let newest = try named(first)
        let targets = done.filter { $0["run"] == newest.rawValue }
        throw JournalError.usedUp(
            targets.compactMap { TargetName(rawValue: $0["target"]) }, by: newest)
    }

    /// Appends events in order, all or none, with one commit.
    package func append(
        _ events: [RunEvent], to run: RunID, at: Timestamp, lease: Lease
    ) async throws(JournalError) -> Int {
        var lines: [(event: RunEvent, text: String)] = []
        for event in events {
            if let text = EventText.of(event) {
                lines.append((event, text))
            } else {
                lines.append((event, try text(of: event)))
            }
        }
        return try await write { [self, lines] db in
            let row = try RunRow.led(run, by: lease, in: db)
            guard row.summary.closed == nil else {
                throw JournalError.closed(run, row.summary.state)
            }
            var summary = row.summary
            var sequence = row.sequence
            let statement = try db.cachedStatement(
                sql: "INSERT INTO events (run, sequence, at, event) VALUES (?, ?, ?, ?)")
            for line in lines {
                sequence += 1
                try statement.execute(
                    arguments: [row.key, sequence, at.milliseconds, line.text])
                summary.fold(RecordedEvent(sequence: sequence, at: at, event: line.event))
            }
            try row.update(to: summary, sequence: sequence, in: db)
            let rows = LockRows(run: row.key, in: db)
            for line in lines {
                try rows.noteStanding(after: line.event, summary.outcomes, at: at)
            }
            try rows.change(LockChanges(lines.lazy.map(\.event)))
            let trail = TrailRows(home: home, source: source, known: chainEnd, made: made, db: db)
            try trail.add(lines.map { TrailEvent($0.event, of: run, at: at) }, run: row.key)
            if summary.closed != nil, let change = try RunRow.change(of: row.key, in: db) {
                try ChangeRows(db: db, trail: trail).tell(
                    .runEnded(run, summary.state), change, actor: TrailEvent.engine, at: at,
                    run: row.key)
            }
            return sequence
        }
    }

    /// The run's facts.
    package func record(of run: RunID) async throws(JournalError) -> RunRecord {
        let text: String? = try await read { db in
            let row = try RunRow.known(run, in: db)
            return try String.fetchOne(
                db, sql: "SELECT record FROM records WHERE run = ?", arguments: [row.key])
        }
        guard let text else { throw damaged("run \(run) has no record") }
        return try value(RunRecord.self, from: text)
    }

    /// The run's events after a sequence number, in order.
    package func events(
        of run: RunID, after sequence: Int
    ) async throws(JournalError) -> [RecordedEvent] {
        let rows: [StoredEvent] = try await read { db in
            let row = try RunRow.known(run, in: db)
            return try StoredEvent.fetchAll(
                db,
                sql: "SELECT sequence, at, event FROM events "
                    + "WHERE run = ? AND sequence > ? ORDER BY sequence",
                arguments: [row.key, sequence])
        }
        var result: [RecordedEvent] = []
        result.reserveCapacity(rows.count)
        for row in rows {
            guard row.sequence == max(0, sequence) + result.count + 1 else {
                throw damaged("event \(max(0, sequence) + result.count + 1) of \(run) is missing")
            }
            result.append(
                RecordedEvent(
                    sequence: row.sequence, at: Timestamp(milliseconds: row.at),
                    event: try value(RunEvent.self, from: row.event)))
        }
        return result
    }

    /// Puts a person's command into the run's inbox, on disk.
    package func post(
        _ command: PersonCommand, to run: RunID, at: Timestamp
    ) async throws(JournalError) {
        let text = try text(of: command)
        try await write { db in
            let row = try RunRow.known(run, in: db)
            guard !row.summary.state.isTerminal else {
                throw JournalError.closed(run, row.summary.state)
            }
            let waiting = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM inbox WHERE run = ? AND done IS NULL",
                arguments: [row.key])
            guard (waiting ?? 0) < JournalLimit.waitingCommands else {
                throw JournalError.inboxFull(run)
            }
            try db.execute(
                sql: "INSERT INTO inbox (run, at, command) VALUES (?, ?, ?)",
                arguments: [row.key, at.milliseconds, text])
        }
    }

    /// The commands after an id whose effect isn't recorded yet, in order.
    package func inbox(
        of run: RunID, after id: Int
    ) async throws(JournalError) -> [(id: Int, PersonCommand)] {
        let rows: [StoredCommand] = try await read { db in
            let row = try RunRow.known(run, in: db)
            return try StoredCommand.fetchAll(
                db,
                sql: "SELECT id, command FROM inbox "
                    + "WHERE run = ? AND done IS NULL AND id > ? ORDER BY id",
                arguments: [row.key, id])
        }
        var result: [(id: Int, PersonCommand)] = []
        for row in rows {
            result.append((id: row.id, try value(PersonCommand.self, from: row.command)))
        }
        return result
    }

    private static func insert(
        _ run: RunRecord, lease: Lease, until: Timestamp, in db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO runs (name, plan, number, runbook, title, environment, actor, ticket,
                    opened, state, lease_pid, lease_start, lease_boot, lease_nonce, lease_until)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run.id.rawValue, run.plan.planID.rawValue, run.number,
                run.plan.runbook.id.rawValue, run.plan.runbook.title, run.plan.environment.name,
                run.actor, run.ticket, run.opened.milliseconds, SummaryFold().state.rawValue,
                lease.pid, lease.processStart, lease.bootID, lease.nonce, until.milliseconds,
            ])
    }

    private func text(of value: some Encodable) throws(JournalError) -> String {
        do {
            return try JournalCoding.text(of: value)
        } catch {
            throw JournalError(.io, "A record can't be written as JSON.", cause: error)
        }
    }

    private func value<Value: Decodable>(
        _ type: Value.Type, from text: String
    ) throws(JournalError) -> Value {
        do {
            return try JournalCoding.value(type, from: text)
        } catch {
            throw JournalError(access: error, path: path)
        }
    }

    private func damaged(_ what: String) -> JournalError {
        JournalError(
            .corrupt, "The journal \(path) is damaged: \(what).",
            hint: "Keep a copy of the file and its -wal, and restore the last backup.")
    }
}

/// A row of `events`.
private struct StoredEvent: Decodable, FetchableRecord, Sendable {
    let sequence: Int
    let at: Int64
    let event: String
}

/// A row of `inbox`.
private struct StoredCommand: Decodable, FetchableRecord, Sendable {
    let id: Int
    let command: String
}
