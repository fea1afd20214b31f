import GRDB
import Runbooks
import Runner

extension SQLiteJournal {
    /// The newest runs of a plan's runbook in an environment of its library, the newest first.
    package func earlierRuns(
        of plan: Plan, in environment: String
    ) async throws(JournalError) -> [EarlierRun] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT runs.*, json_extract(record, '$.plan.runbook.digest') AS digest,
                        json_extract(record, '$.plan.library') AS library
                    FROM runs JOIN records ON records.run = runs.id
                    WHERE runs.id IN (
                        SELECT id FROM runs WHERE runbook = ? AND environment = ?
                        ORDER BY opened DESC, id DESC LIMIT ?)
                    ORDER BY opened DESC, runs.id DESC
                    """,
                arguments: [
                    plan.runbook.id.rawValue, environment, EarlierRun.mostLookedAt,
                ])
            let ours = rows.filter { ($0["library"] as String?) == plan.libraryID }
            return try ours.map { try Self.earlierRun($0, of: plan, in: db) }
        }
    }

    private static func earlierRun(
        _ row: Row, of plan: Plan, in db: Database
    ) throws -> EarlierRun {
        guard let id = RunID(rawValue: row["name"]),
            let its = PlanID(rawValue: row["plan"]), let digest = Digest(rawValue: row["digest"]),
            let state = RunState(rawValue: row["state"])
        else { throw JournalError.unreadableRow(of: "runs") }
        let resolution: String? = row["resolution"]
        let closed: Int64? = row["closed"]
        var outcomes: [TargetName: Outcome] = [:]
        var labels: [TargetName: [String: [String]]] = [:]
        if digest == plan.runbook.digest {
            let key: Int64 = row["id"]
            labels = try RunRow.record(of: key, in: db)?.plan.labelsOfTargets ?? [:]
            outcomes = try Self.outcomes(of: key, in: db)
        }
        return EarlierRun(
            id: id, plan: its, number: row["number"], digest: digest, state: state,
            resolution: resolution.flatMap(RunResolution.init(rawValue:)),
            opened: Timestamp(milliseconds: row["opened"]),
            ended: closed.map(Timestamp.init(milliseconds:)), outcomes: outcomes, labels: labels)
    }

    private static func outcomes(
        of key: Int64, in db: Database
    ) throws -> [TargetName: Outcome] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT name, outcome FROM targets WHERE run = ? AND outcome IS NOT NULL",
            arguments: [key])
        var outcomes: [TargetName: Outcome] = [:]
        for row in rows {
            guard let name = TargetName(rawValue: row["name"]),
                let outcome = Outcome(rawValue: row["outcome"])
            else { throw JournalError.unreadableRow(of: "targets") }
            outcomes[name] = outcome
        }
        return outcomes
    }
}
