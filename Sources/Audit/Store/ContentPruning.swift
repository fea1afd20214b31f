import Foundation
import GRDB
import Runbooks
import Runner

/// Outputs of old runs that may go, and what was removed of them before (docs/backup.md, "Prune").
extension SQLiteJournal {
    /// The digests of what attempts of runs wrote that were closed before an instant, and that
    /// nothing else refers to: no run that is open or was closed later, no run that was handed over,
    /// no plan, forecast, runbook file or pack.
    package func outputsToPrune(closedBefore end: Timestamp) async throws(JournalError) -> Set<
        Digest
    > {
        try await read { db in
            let old = Set(
                try Int64.fetchAll(
                    db,
                    sql: """
                        SELECT id FROM runs WHERE closed < ?
                            AND NOT EXISTS (SELECT 1 FROM escalations WHERE run = runs.id)
                        """, arguments: [end.milliseconds]))
            guard !old.isEmpty else { return [] }
            var (pruned, kept): (Set<Digest>, Set<Digest>) = ([], try Self.named(in: db))
            let rows = try Row.fetchCursor(
                db, sql: "SELECT run, event FROM events WHERE instr(event, '\"stored\":\"') > 0")
            while let row = try rows.next() {
                guard
                    case .attemptEnded(_, let record) = try JournalCoding.value(
                        RunEvent.self, from: row["event"])
                else { continue }
                let digests = record.storedDigests
                if old.contains(row["run"]) {
                    pruned.formUnion(digests)
                } else {
                    kept.formUnion(digests)
                }
            }
            return pruned.subtracting(kept)
        }
    }

    /// What records and escalations name, which is kept for ever.
    private static func named(in db: Database) throws -> Set<Digest> {
        let texts = try String.fetchCursor(
            db,
            sql: """
                WITH planned (plan) AS (
                    SELECT coalesce(json_extract(event, '$.opened._0.plan'),
                            json_extract(event, '$.amended._0.plan'))
                        FROM change_events
                        WHERE event LIKE '{"opened":%' OR event LIKE '{"amended":%'),
                named (digest) AS (
                    SELECT json_extract(record, '$.planDigest') FROM records
                    UNION SELECT json_extract(record, '$.forecastDigest') FROM records
                    UNION SELECT json_extract(record, '$.forecastOutline') FROM records
                    UNION SELECT json_extract(record, '$.alertContent') FROM records
                    UNION SELECT json_extract(value, '$.sha256')
                        FROM records, json_each(record, '$.plan.runbook.files')
                    UNION SELECT evidence FROM escalations UNION SELECT pack FROM escalations
                    UNION SELECT json_extract(plan, '$.digest') FROM planned
                    UNION SELECT json_extract(plan, '$.forecastDigest') FROM planned
                    UNION SELECT json_extract(plan, '$.forecastOutline') FROM planned
                    UNION SELECT digest FROM trust UNION SELECT signed FROM act_nonces)
                SELECT digest FROM named WHERE digest IS NOT NULL
                """)
        var named: Set<Digest> = []
        while let text = try texts.next() {
            if let digest = Digest(rawValue: text) { named.insert(digest) }
        }
        return named
    }

    /// Records that outputs were removed of runs that were closed before an instant, durably.
    package func recordPruning(
        outputs: Int, bytes: Int, closedBefore end: Timestamp, at: Timestamp, actor: String
    ) async throws(JournalError) {
        var event = TrailEvent(kind: .homePruned, at: at, actor: actor, via: .cli)
        event.details = [
            "outputs": .integer(Int64(outputs)), "bytes": .integer(Int64(bytes)),
            "before": .string(end.trailText),
        ]
        try await record([event])
    }

    /// When the outputs of a run were pruned that was closed at an instant; nil where they weren't.
    package func pruned(closed: Timestamp) async throws(JournalError) -> Timestamp? {
        try await read { db in
            let lines = try String.fetchAll(
                db,
                sql: """
                    SELECT line FROM trail WHERE run IS NULL
                        AND instr(line, '"kind":"home.pruned"') > 0 ORDER BY seq
                    """)
            for line in lines {
                let record = try TrailRecord(line: Array(line.utf8))
                let end = record.detail("before").flatMap(Timestamp.init(trailText:))
                if let end, closed < end { return record.at }
            }
            return nil
        }
    }
}

extension AttemptRecord {
    /// The contents that its outputs are kept in.
    var storedDigests: [Digest] {
        ([stdout, stderr] + collected.map(\.output)).compactMap(\.stored)
    }
}

extension FileContentStore {
    /// How many bytes a content takes; nil where it isn't there.
    package func size(of digest: Digest) async -> Int? {
        var status = stat()
        guard lstat(Self.path(of: digest, under: folder), &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    /// Removes contents; those that aren't there are none.
    ///
    /// Needs no space. What was removed before an error stays removed.
    /// - Returns: how many were removed, and their bytes.
    package func remove(
        _ digests: some Sequence<Digest> & Sendable
    ) async throws(JournalError) -> (count: Int, bytes: Int) {
        let folder = folder
        return try await blocking { () throws in
            var (count, bytes) = (0, 0)
            for digest in digests {
                let path = Self.path(of: digest, under: folder)
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                guard unlink(path) == 0 || errno == ENOENT else {
                    throw FileError(call: "unlink", path: path, number: errno)
                }
                (count, bytes) = (count + 1, bytes + Int(status.st_size))
            }
            return (count, bytes)
        }
    }
}
