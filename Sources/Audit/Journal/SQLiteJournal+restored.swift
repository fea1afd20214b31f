import GRDB
import Runbooks
import Runner

/// Where a home came back from.
package struct HomeRestoration: Sendable, Hashable {
    /// What it was made of.
    package enum Origin: String, Sendable, Codable { case backup, trail }

    /// What it was made of.
    package let origin: Origin
    /// When the backup was taken, or the trail's last event recorded.
    package let taken: Timestamp
    /// The SHA-256 of the backup's file; nil without one.
    package let digest: String?
    /// How many events a newer trail has that was not taken; 0 for none that is known.
    package let missing: Int

    package init(
        _ origin: Origin, taken: Timestamp, digest: String? = nil, missing: Int = 0
    ) {
        (self.origin, self.taken, self.digest, self.missing) = (origin, taken, digest, missing)
    }

    /// Why a run of such a home waits for a person.
    var reason: String {
        let source = origin == .backup ? "a backup" : "its trail"
        return "restored from \(source) of \(taken.trailText): what it did after that isn't known"
    }
}

/// A home that was restored: its open runs, and what was planned before, can't be trusted to be
/// where the journal says (docs/semantics.md, "After a restore").
extension SQLiteJournal {
    /// Records that the home was restored, and hands each open run to a person, in one commit.
    ///
    /// Nobody leads an open run after it, and no command waits in its inbox.
    /// - Returns: the open runs, the oldest first.
    package func record(
        _ restoration: HomeRestoration, at: Timestamp, actor: String
    ) async throws(JournalError) -> [RunID] {
        try await write { [self] db in
            let names = try String.fetchAll(
                db, sql: "SELECT name FROM runs WHERE closed IS NULL ORDER BY id")
            let runs = names.compactMap(RunID.init(rawValue:))
            guard runs.count == names.count else { throw JournalError.unreadableRow(of: "runs") }
            let rows = TrailRows(home: home, source: source, known: chainEnd, made: made, db: db)
            var event = TrailEvent(kind: .homeRestored, at: at, actor: actor, via: .cli)
            event.details = [
                "from": .string(restoration.origin.rawValue),
                "taken": .string(restoration.taken.trailText),
                "open_runs": .array(runs.map { .string($0.rawValue) }),
                "missing": .integer(Int64(restoration.missing)),
            ]
            event.details["sha256"] = restoration.digest.map { .string($0) }
            try rows.add([event], run: nil)
            for run in runs { try Self.hand(run, restoration.reason, at, rows, db) }
            return runs
        }
    }

    /// Hands an open run to a person.
    private static func hand(
        _ run: RunID, _ reason: String, _ at: Timestamp, _ rows: TrailRows, _ db: Database
    ) throws {
        let row = try RunRow.known(run, in: db)
        let waiting = try Int.fetchAll(
            db, sql: "SELECT id FROM inbox WHERE run = ? AND done IS NULL ORDER BY id",
            arguments: [row.key])
        let events =
            [RunEvent.restored(reason: reason), .stateChanged(.needsPerson, reason: reason)]
            + waiting.map { .refused(inboxID: $0, reason: "the home was restored: say it again") }
        var (summary, sequence) = (row.summary, row.sequence)
        for event in events {
            sequence += 1
            try db.execute(
                sql: "INSERT INTO events (run, sequence, at, event) VALUES (?, ?, ?, ?)",
                arguments: [
                    row.key, sequence, at.milliseconds, try JournalCoding.text(of: event),
                ])
            summary.fold(RecordedEvent(sequence: sequence, at: at, event: event))
        }
        try row.update(to: summary, sequence: sequence, in: db)
        try row.update(to: nil, in: db)
        try hold(row.key, at, db)
        try rows.add(events.map { TrailEvent($0, of: run, at: at) }, run: row.key)
    }

    /// Locks each target on which the run may be at work, or may have been since.
    private static func hold(_ run: Int64, _ at: Timestamp, _ db: Database) throws {
        guard let record = try RunRow.record(of: run, in: db), !record.plan.isReadOnly else {
            return
        }
        let left = Set(record.leftOut?.map(\.target) ?? [])
        let names = try String.fetchAll(
            db, sql: "SELECT name FROM targets WHERE run = ? AND outcome IS NULL",
            arguments: [run])
        for name in names.compactMap(TargetName.init(rawValue:)) where !left.contains(name) {
            try LockRows(run: run, in: db).hold(name, since: at, isStarted: true)
        }
    }

    /// When the home was last restored; nil when it never was.
    ///
    /// Plans made before that may have been run since, under run numbers that nobody knows.
    package func lastRestoration() async throws(JournalError) -> Timestamp? {
        try await read { db in
            // Few lines are about no run, and the index 'trail_run' finds them.
            let text = try String.fetchOne(
                db,
                sql: """
                    SELECT line FROM trail WHERE run IS NULL
                        AND instr(line, '"kind":"home.restored"') > 0
                    ORDER BY seq DESC LIMIT 1
                    """)
            return try text.map { try TrailRecord(line: Array($0.utf8)).at }
        }
    }
}
