import GRDB
import Runbooks
import Runner

/// What past audits saw, for reports and for what is due (docs/baselines.md).
extension SQLiteJournal {
    /// The audits of a baseline, folded from its newest run back to an instant.
    ///
    /// Reads how targets ended and what `audited` said, of each item no more than is told of it.
    /// `drift` is the instant before which the look lies that the newest is compared with.
    package func audits(
        of baseline: RunbookID, since: Timestamp, drift: Timestamp? = nil
    ) async throws(JournalError) -> AuditHistory {
        try await read { db in
            var history = AuditHistory(since: drift)
            let runs = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, name, opened FROM runs WHERE runbook = ? AND opened >= ?
                    ORDER BY opened DESC, id DESC
                    """, arguments: [baseline.rawValue, since.milliseconds])
            for row in runs {
                guard let id = RunID(rawValue: row["name"]) else {
                    throw JournalError.unreadableRow(of: "runs")
                }
                let run = AuditHistory.Run(id: id, opened: Timestamp(milliseconds: row["opened"]))
                try Self.take(run, key: row["id"], into: &history, in: db)
            }
            return history
        }
    }

    private static func take(
        _ run: AuditHistory.Run, key: Int64, into history: inout AuditHistory, in db: Database
    ) throws {
        var ends: [TargetName: Outcome?] = [:]
        // A whole record is read only where somebody was left out.
        let isAnyLeftOut = try Bool.fetchOne(
            db,
            sql: "SELECT json_extract(record, '$.leftOut') IS NOT NULL FROM records WHERE run = ?",
            arguments: [key])
        let absent = isAnyLeftOut == true ? try leftOut(of: key, in: db) : []
        let rows = try Row.fetchAll(
            db, sql: "SELECT name, outcome FROM targets WHERE run = ?", arguments: [key])
        for row in rows {
            guard let name = TargetName(rawValue: row["name"]) else {
                throw JournalError.unreadableRow(of: "targets")
            }
            guard !absent.contains(name) else { continue }
            let outcome: String? = row["outcome"]
            ends.updateValue(outcome.flatMap(Outcome.init(rawValue:)), forKey: name)
        }
        history.take(run, on: ends)
        let texts = try String.fetchCursor(
            db,
            sql: """
                SELECT event FROM events WHERE run = ? AND substr(event, 1, 11) = '{"audited":'
                ORDER BY sequence DESC
                """, arguments: [key])
        while let text = try texts.next() {
            // Decoding is what takes time: what is known already needs none.
            guard let (target, item) = about(text), history.wants(item, on: target) else {
                continue
            }
            guard
                case .audited(_, _, let result) = try JournalCoding.value(
                    RunEvent.self, from: text)
            else { continue }
            history.take(result, of: item, on: target, in: run)
        }
    }

    /// The target and the item of an `audited` event, by the places of its quotes: the names of
    /// both hold none, and its keys come sorted.
    private static func about(_ text: String) -> (TargetName, StepID)? {
        let parts = text.split(
            separator: "\"", maxSplits: 10, omittingEmptySubsequences: false)
        guard parts.count == 11, parts[1] == "audited", parts[3] == "_0", parts[7] == "_1",
            let target = TargetName(rawValue: String(parts[5])),
            let item = StepID(recorded: String(parts[9]))
        else { return nil }
        return (target, item)
    }
}
