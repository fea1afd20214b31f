import GRDB
import Runbooks
import Runner

extension SQLiteJournal: RunCatalog {
    /// The newest runs first.
    package func runs(matching filter: RunFilter) async throws(JournalError) -> [RunSummary] {
        let isProvedDead = self.isProvedDead
        return try await read { db in
            let question = Self.question(for: filter)
            let rows = try Row.fetchAll(db, sql: question.sql, arguments: question.arguments)
            let targets = try Self.targets(of: rows.map { $0["id"] }, in: db)
            return try rows.map { row in
                try Self.summary(row, targets: targets[row["id"]] ?? [], isDead: isProvedDead)
            }
        }
    }

    /// The number that the next run of a plan gets.
    package func nextRunNumber(for plan: PlanID) async throws(JournalError) -> Int {
        try await read { db in
            try Int.fetchOne(
                db, sql: "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE plan = ?",
                arguments: [plan.rawValue]) ?? 1
        }
    }

    /// The targets that ended well in some run of a plan.
    package func targetsEndedWell(
        _ plan: PlanID
    ) async throws(JournalError) -> Set<TargetName> {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT targets.name, targets.outcome FROM targets
                    JOIN runs ON runs.id = targets.run
                    WHERE runs.plan = ? AND targets.outcome IS NOT NULL
                        AND (number = 1 OR \(Self.descent("kind")) IS NOT 'rollback')
                    """, arguments: [plan.rawValue])
            var result: Set<TargetName> = []
            for row in rows {
                guard let outcome = Outcome(rawValue: row["outcome"]),
                    let name = TargetName(rawValue: row["name"])
                else { throw JournalError.unreadableRow(of: "targets") }
                if outcome.isGood { result.insert(name) }
            }
            return result
        }
    }

    /// How long targets took in the newest ended runs of a runbook.
    package func seenTimes(of runbook: RunbookID) async throws(JournalError) -> SeenTimes {
        try await read { db in
            let runs = try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM runs
                    WHERE runbook = ? AND closed IS NOT NULL AND \(Self.descent("kind")) IS NULL
                    ORDER BY id DESC LIMIT \(SeenTimes.mostRuns)
                    """, arguments: [runbook.rawValue])
            return SeenTimes(try runs.flatMap { try Self.times(of: $0, in: db) })
        }
    }

    private static func times(of run: Int64, in db: Database) throws -> [Int64] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT sequence, at, event FROM events WHERE run = ?
                AND (event LIKE '{"targetStarted":%' OR event LIKE '{"targetEnded":%')
                ORDER BY sequence
                """, arguments: [run])
        let events = try rows.map { row in
            RecordedEvent(
                sequence: row["sequence"], at: Timestamp(milliseconds: row["at"]),
                event: try JournalCoding.value(RunEvent.self, from: row["event"]))
        }
        return SeenTimes(of: events).milliseconds
    }

    /// The runs of a plan's runbook that count against its `repeat`.
    package func repeats(
        of plan: Plan, leftOut: Set<TargetName>, at: Timestamp
    ) async throws(JournalError) -> [RepeatCount] {
        guard plan.repeatRule != nil else { return [] }
        return try await read { db in
            try Self.repeats(of: plan, leftOut: leftOut, at: at, in: db)
        }
    }

    /// The same, within the transaction that opens a run.
    static func repeats(
        of plan: Plan, leftOut: Set<TargetName>, at: Timestamp, in db: Database
    ) throws -> [RepeatCount] {
        guard let rule = plan.repeatRule else { return [] }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT runs.id AS key, runs.name AS run, actor, opened, closed,
                    targets.name AS target, outcome
                FROM runs JOIN targets ON targets.run = runs.id
                WHERE runs.runbook = ? AND runs.opened > ?
                    AND (number = 1 OR \(Self.descent("kind")) IS NOT 'rollback')
                """,
            arguments: [
                plan.runbook.id.rawValue, RepeatCount.since(rule, at: at).milliseconds,
            ])
        var known: [Int64: Set<TargetName>] = [:]
        let past = try rows.compactMap { row -> RepeatCount.PastRun? in
            let outcome: String? = row["outcome"]
            guard let run = RunID(rawValue: row["run"]),
                let target = TargetName(rawValue: row["target"])
            else { throw JournalError.unreadableRow(of: "targets") }
            let isOpen = (row["closed"] as Int64?) == nil
            // Whom an open run left out it never starts.
            if isOpen, outcome == nil {
                let key: Int64 = row["key"]
                let names = try known[key] ?? Self.leftOut(of: key, in: db)
                known[key] = names
                if names.contains(target) { return nil }
            }
            return RepeatCount.PastRun(
                run: run, actor: row["actor"], opened: Timestamp(milliseconds: row["opened"]),
                target: target, outcome: outcome.flatMap(Outcome.init(rawValue:)),
                isOpen: isOpen)
        }
        return RepeatCount.of(plan, leftOut: leftOut, past: past)
    }

    /// How the targets of ended runs over several ended, by run and target; other runs have none.
    ///
    /// Reads what `targetEnded`, `symptomAsked` and `stopped` said, and no other events.
    package func ends(
        of runs: [RunSummary]
    ) async throws(JournalError) -> [RunID: [TargetName: TargetEnd]] {
        let wanted = runs.filter { $0.targets.count > 1 && $0.closed != nil }.map(\.id)
        return try await read { db in
            var result: [RunID: [TargetName: TargetEnd]] = [:]
            for run in wanted { result[run] = try Self.ends(of: run, in: db) }
            return result
        }
    }

    private static func ends(
        of run: RunID, in db: Database
    ) throws -> [TargetName: TargetEnd] {
        let verify = try Int.fetchOne(
            db,
            sql: """
                SELECT json_array_length(record, '$.plan.verify') FROM records
                JOIN runs ON runs.id = records.run WHERE runs.name = ?
                """, arguments: [run.rawValue])
        var symptoms: [TargetName: SymptomAnswer] = [:]
        var stops: [TargetName: StopAction.Resolution] = [:]
        let texts = try String.fetchAll(
            db,
            sql: """
                SELECT event FROM events WHERE run = (SELECT id FROM runs WHERE name = ?)
                AND (event LIKE '{"symptomAsked":%' OR event LIKE '{"stopped":%')
                ORDER BY sequence
                """, arguments: [run.rawValue])
        for text in texts {
            switch try JournalCoding.value(RunEvent.self, from: text) {
            case .symptomAsked(let target, let isPresent):
                symptoms[target] = isPresent.map { $0 ? .present : .gone } ?? .unclear
            case .stopped(let target, _, let resolution): stops[target] = resolution
            default: break
            }
        }
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT name, outcome FROM targets "
                + "WHERE run = (SELECT id FROM runs WHERE name = ?)", arguments: [run.rawValue])
        var result: [TargetName: TargetEnd] = [:]
        for row in rows {
            guard let name = TargetName(rawValue: row["name"]) else {
                throw JournalError.unreadableRow(of: "targets")
            }
            let outcome: String? = row["outcome"]
            result[name] = TargetEnd(
                outcome: outcome.flatMap(Outcome.init(rawValue:)), symptom: symptoms[name],
                stop: stops[name], hasVerify: (verify ?? 0) > 0)
        }
        return result
    }

    static func leftOut(of key: Int64, in db: Database) throws -> Set<TargetName> {
        let text = try String.fetchOne(
            db, sql: "SELECT record FROM records WHERE run = ?", arguments: [key])
        let record = try text.map { try JournalCoding.value(RunRecord.self, from: $0) }
        return Set(record?.leftOut?.map(\.target) ?? [])
    }

    private static func question(
        for filter: RunFilter
    ) -> (sql: String, arguments: StatementArguments) {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        if let isOpen = filter.isOpen {
            conditions.append(isOpen ? "closed IS NULL" : "closed IS NOT NULL")
        }
        if let target = filter.target {
            conditions.append("id IN (SELECT run FROM targets WHERE name = ?)")
            arguments += [target.rawValue]
        }
        if let runbook = filter.runbook {
            conditions.append("runbook = ?")
            arguments += [runbook.rawValue]
        }
        if let since = filter.since {
            conditions.append("opened >= ?")
            arguments += [since.milliseconds]
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        arguments += [max(0, filter.limit)]
        // Only a run of a plan that was run before can go on from another one.
        return (
            """
            SELECT *, \(Self.isGlassBroken) AS glass,
                CASE WHEN number > 1 THEN \(Self.descent("parent")) END AS parent,
                CASE WHEN number > 1 THEN \(Self.descent("kind")) END AS goes_on_as
            FROM runs \(condition) ORDER BY opened DESC, id DESC LIMIT ?
            """, arguments
        )
    }

    /// Reads a part of what a run's record says of the run that it goes on from.
    private static func descent(_ key: String) -> String {
        "(SELECT json_extract(record, '$.descent.\(key)') FROM records WHERE run = runs.id)"
    }

    /// Whether two people started a run without a change; most records don't name that at all.
    private static let isGlassBroken =
        "EXISTS (SELECT 1 FROM records WHERE run = runs.id "
        + "AND instr(record, '\"brokenGlass\"') > 0 "
        + "AND json_type(record, '$.brokenGlass') = 'object')"

    /// The runs of a plan, in the order of their numbers.
    package func runs(of plan: PlanID) async throws(JournalError) -> [RunID] {
        let names = try await read { db in
            try String.fetchAll(
                db, sql: "SELECT name FROM runs WHERE plan = ? ORDER BY number",
                arguments: [plan.rawValue])
        }
        return names.compactMap(RunID.init(rawValue:))
    }

    /// The runs of a plan that go on from one of them, in the order of their numbers.
    package func children(
        of run: RunID, plan: PlanID
    ) async throws(JournalError) -> [RunID] {
        let names = try await read { db in
            try String.fetchAll(
                db,
                sql: "SELECT name FROM runs WHERE plan = ? AND number > 1 "
                    + "AND \(Self.descent("parent")) = ? ORDER BY number",
                arguments: [plan.rawValue, run.rawValue])
        }
        return names.compactMap(RunID.init(rawValue:))
    }

    private static func targets(
        of runs: [Int64], in db: Database
    ) throws -> [Int64: [TargetName]] {
        let statement = try db.cachedStatement(
            sql: "SELECT name FROM targets WHERE run = ? ORDER BY position")
        var result: [Int64: [TargetName]] = [:]
        for run in runs {
            result[run] = try String.fetchAll(statement, arguments: [run]).map { text in
                guard let name = TargetName(rawValue: text) else {
                    throw JournalError.unreadableRow(of: "targets")
                }
                return name
            }
        }
        return result
    }

    private static func summary(
        _ row: Row, targets: [TargetName], isDead: (Lease) -> Bool
    ) throws -> RunSummary {
        guard let id = RunID(rawValue: row["name"]),
            let runbook = RunbookID(rawValue: row["runbook"]),
            let state = RunState(rawValue: row["state"])
        else { throw JournalError.unreadableRow(of: "runs") }
        let resolution: String? = row["resolution"]
        let closed: Int64? = row["closed"]
        let parent: String? = row["parent"]
        let goesOnAs: String? = row["goes_on_as"]
        let isLed = closed == nil && HeldLease(row: row).map { !isDead($0.lease) } ?? false
        return RunSummary(
            id: id, runbook: runbook, title: row["title"], environment: row["environment"],
            actor: row["actor"], ticket: row["ticket"], state: state,
            resolution: resolution.flatMap(RunResolution.init(rawValue:)), targets: targets,
            opened: Timestamp(milliseconds: row["opened"]),
            closed: closed.map(Timestamp.init(milliseconds:)), isLed: isLed,
            parent: parent.flatMap(RunID.init(rawValue:)),
            goesOnAs: goesOnAs.flatMap(RunDescent.Kind.init(rawValue:)),
            isGlassBroken: row["glass"] ?? false)
    }
}
