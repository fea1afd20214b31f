import GRDB
import Runbooks
import Runner

/// What operators hand over and warn of: rows, and their lines of the trail, in one transaction.
extension SQLiteJournal {
    /// Records that something was handed over, durably.
    ///
    /// - Throws: `JournalError`; `notFound` when its run isn't there.
    package func record(_ escalation: Escalation) async throws(JournalError) {
        try await write { [self] db in
            let run = try escalation.run.map { try RunRow.known($0, in: db).key }
            try db.execute(
                sql: """
                    INSERT INTO escalations (name, run, at, actor, recipient, note, ticket, alert,
                        evidence, pack) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    escalation.id.rawValue, run, escalation.at.milliseconds, escalation.actor,
                    escalation.to, escalation.note, escalation.ticket, escalation.alert,
                    escalation.evidence.rawValue, escalation.pack.rawValue,
                ])
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db)
                .add([TrailEvent(escalation)], run: run)
        }
    }

    /// Records that an escalation came to its end, durably.
    ///
    /// - Throws: `JournalError`: `notFound`, or `closed` when it had ended.
    package func end(
        _ id: EscalationID, _ end: Escalation.End
    ) async throws(JournalError) {
        try await write { [self] db in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT escalations.id AS id, run, ended, ended_by, runs.name AS run_name "
                    + "FROM escalations LEFT JOIN runs ON runs.id = escalations.run "
                    + "WHERE escalations.name = ?",
                arguments: [id.rawValue])
            guard let row else { throw JournalError.noEscalation(id) }
            guard (row["ended"] as Int64?) == nil else {
                throw JournalError.escalationEnded(id, by: row["ended_by"] ?? "somebody")
            }
            try db.execute(
                sql: "UPDATE escalations SET ended = ?, ended_by = ?, ended_note = ? WHERE id = ?",
                arguments: [end.at.milliseconds, end.actor, end.note, row["id"] as Int64])
            let name: String? = row["run_name"]
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db).add(
                [TrailEvent(end, of: id, run: name.flatMap(RunID.init(rawValue:)))],
                run: row["run"])
        }
    }

    /// Escalations, the newest first: of one run or of all, open ones or ended ones or both.
    package func escalations(
        of run: RunID? = nil, isOpen: Bool? = nil, limit: Int = 500
    ) async throws(JournalError) -> [Escalation] {
        try await read { db in
            var conditions: [String] = []
            var arguments: StatementArguments = []
            if let run {
                conditions.append("runs.name = ?")
                arguments += [run.rawValue]
            }
            if let isOpen { conditions.append("ended IS \(isOpen ? "" : "NOT ")NULL") }
            let condition =
                conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            arguments += [limit]
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT escalations.*, runs.name AS run_name FROM escalations
                    LEFT JOIN runs ON runs.id = escalations.run \(condition)
                    ORDER BY escalations.id DESC LIMIT ?
                    """, arguments: arguments
            ).map(Self.escalation)
        }
    }

    private static func escalation(_ row: Row) throws -> Escalation {
        let run: String? = row["run_name"]
        guard let id = EscalationID(rawValue: row["name"]),
            let evidence = Digest(rawValue: row["evidence"]),
            let pack = Digest(rawValue: row["pack"])
        else { throw JournalError.unreadableRow(of: "escalations") }
        var found = Escalation(
            id: id, run: run.flatMap(RunID.init(rawValue:)),
            at: Timestamp(milliseconds: row["at"]), actor: row["actor"], to: row["recipient"],
            note: row["note"], ticket: row["ticket"], alert: row["alert"], evidence: evidence,
            pack: pack)
        if let at = row["ended"] as Int64? {
            found.end = Escalation.End(
                at: Timestamp(milliseconds: at), actor: row["ended_by"] ?? "",
                note: row["ended_note"] ?? "")
        }
        return found
    }

    // --- flags ----------------------------------------------------------------------------------

    /// Records a warning of a runbook, durably.
    package func raise(_ flag: RaisedFlag) async throws(JournalError) {
        try await write { [self] db in
            try db.execute(
                sql: "INSERT INTO flags (runbook, at, actor, why) VALUES (?, ?, ?, ?)",
                arguments: [flag.runbook.rawValue, flag.at.milliseconds, flag.actor, flag.why])
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db).add(
                [TrailEvent(flag)], run: nil)
        }
    }

    /// Takes back all warnings of a runbook, durably.
    ///
    /// - Returns: how many there were; with none, nothing is recorded.
    package func clearFlags(
        of runbook: RunbookID, at: Timestamp, actor: String, why: String
    ) async throws(JournalError) -> Int {
        try await write { [self] db in
            try db.execute(
                sql: "UPDATE flags SET cleared = ?, cleared_by = ?, cleared_why = ? "
                    + "WHERE runbook = ? AND cleared IS NULL",
                arguments: [at.milliseconds, actor, why, runbook.rawValue])
            let count = db.changesCount
            guard count > 0 else { return 0 }
            let event = TrailEvent(
                clearingFlagsOf: runbook, count: count, at: at, actor: actor, why: why)
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db).add(
                [event], run: nil)
            return count
        }
    }

    /// The warnings that nobody has taken back, the newest first.
    package func flags() async throws(JournalError) -> [RaisedFlag] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT runbook, at, actor, why FROM flags WHERE cleared IS NULL "
                    + "ORDER BY id DESC"
            ).map { row in
                guard let runbook = RunbookID(rawValue: row["runbook"]) else {
                    throw JournalError.unreadableRow(of: "flags")
                }
                return RaisedFlag(
                    runbook: runbook, at: Timestamp(milliseconds: row["at"]), actor: row["actor"],
                    why: row["why"])
            }
        }
    }
}

extension SQLiteJournal {
    /// What nobody knows of ended runs, the newest first: how a target ended, or a step that was
    /// passed over while its target went on.
    ///
    /// One that a person settled, in its run or after it, isn't unknown any more. Nor is one once a
    /// later run of the same runbook has ended well on that target, or the run was handed over.
    package func unknownOutcomes() async throws(JournalError) -> [UnknownOutcome] {
        let found: [(run: String, target: String, step: String?)] = try await read { db in
            // The two terms about the event's text are those of the index `events_unknown`.
            try Row.fetchAll(
                db,
                sql: """
                    WITH found AS (
                        SELECT run, name, position, NULL AS step, 0 AS sequence FROM targets
                        WHERE outcome = 'unknown'
                        UNION ALL
                        SELECT targets.run, targets.name, targets.position,
                            json_extract(events.event, '$.stepEnded._1'), events.sequence
                        FROM events JOIN targets ON targets.run = events.run
                            AND targets.name = json_extract(events.event, '$.stepEnded._0')
                        WHERE substr(event, 1, 13) = '{"stepEnded":'
                            AND instr(event, '"_2":"unknown"') > 0
                            AND targets.outcome IS NOT 'unknown'
                            AND NOT EXISTS (
                                SELECT 1 FROM events AS settled
                                WHERE settled.run = events.run
                                    AND settled.sequence > events.sequence
                                    AND substr(settled.event, 1, 13) = '{"stepEnded":'
                                    AND json_extract(settled.event, '$.stepEnded._0')
                                        = targets.name
                                    AND json_extract(settled.event, '$.stepEnded._1')
                                        = json_extract(events.event, '$.stepEnded._1')))
                    SELECT runs.name AS run, found.name AS target, found.step FROM found
                    JOIN runs ON runs.id = found.run
                    WHERE runs.closed IS NOT NULL
                        AND NOT EXISTS (SELECT 1 FROM escalations WHERE run = runs.id)
                        AND NOT EXISTS (SELECT 1 FROM settlements
                            WHERE run = runs.id AND target = found.name)
                        AND NOT EXISTS (
                            SELECT 1 FROM targets AS later
                            JOIN runs AS after ON after.id = later.run
                            WHERE later.name = found.name AND after.runbook = runs.runbook
                                AND after.id > runs.id
                                AND later.outcome IN ('satisfied', 'changed', 'ok'))
                    ORDER BY runs.id DESC, found.position, found.sequence LIMIT 100
                    """
            ).map { ($0["run"], $0["target"], $0["step"]) }
        }
        guard !found.isEmpty else { return [] }
        let names = Set(found.map(\.run))
        let runs = try await self.runs(matching: RunFilter(isOpen: false, limit: 20_000))
            .filter { names.contains($0.id.rawValue) }
        return found.compactMap { name, target, step in
            guard let run = runs.first(where: { $0.id.rawValue == name }),
                let target = TargetName(rawValue: target)
            else { return nil }
            return UnknownOutcome(
                run: run, target: target, step: step.flatMap(StepID.init(recorded:)))
        }
    }
}

extension JournalError {
    /// There is no such escalation.
    static func noEscalation(_ id: EscalationID) -> JournalError {
        JournalError(
            .notFound, "There is no escalation \(id) in this journal.",
            hint: "'handrail' alone lists those that have not ended.")
    }

    /// It has ended before.
    static func escalationEnded(_ id: EscalationID, by actor: String) -> JournalError {
        JournalError(
            .closed, "The escalation \(id) was ended before, by \(actor).",
            hint: "Escalate anew when there is something new.")
    }

    /// A table holds what this version doesn't know.
    static func unreadableRow(of table: String) -> JournalError {
        JournalError(
            .corrupt, "The journal's table '\(table)' has a row that this Handrail can't read.",
            hint: "Use the version that wrote it, or restore the last backup.")
    }
}
