import GRDB
import Runbooks
import Runner

/// A row of `trail`.
struct StoredLine: Sendable {
    let line: TrailLine
    /// The run's key in `runs`; nil for a line that is about none.
    let run: Int64?

    init(_ row: Row) {
        line = TrailLine(sequence: row["seq"], text: row["line"])
        run = row["run"]
    }
}

/// How far the journal's lines are in the trail.
package struct SealedSoFar: Sendable, Hashable {
    /// The number of lines.
    package let recorded: Int
    /// The last line with a commit; 0 without one.
    package let sealed: Int
    /// How many lines have no commit.
    package var unsealed: Int { recorded - sealed }

    package init(recorded: Int, sealed: Int) { (self.recorded, self.sealed) = (recorded, sealed) }
}

/// The journal's side of the trail; what blocks must not be called on the cooperative pool.
extension SQLiteJournal {
    /// Adds the lines of events that are about no run, durably.
    package func record(_ events: [TrailEvent]) async throws(JournalError) {
        try await write { [self] db in
            try TrailRows(home: home, source: source, known: chainEnd, db: db).add(events, run: nil)
        }
    }

    /// When a line was recorded; nil where there is none of that number.
    package func recordedAt(_ sequence: Int) async throws(JournalError) -> Timestamp? {
        try await read { db in
            let text = try String.fetchOne(
                db, sql: "SELECT line FROM trail WHERE seq = ?", arguments: [sequence])
            return try text.map { try TrailRecord(line: Array($0.utf8)).at }
        }
    }

    /// How many lines of the trail are recorded.
    package func recordedLines() async throws(JournalError) -> Int {
        try await read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM trail") ?? 0 }
    }

    /// The texts of a range of lines, in order; fewer where there are fewer; blocks.
    package func trailTexts(_ range: ClosedRange<Int>) throws(JournalError) -> [String] {
        try lines(from: range.lowerBound, limit: range.count).map(\.line.text)
    }

    /// How far the journal's lines are in the trail; blocks.
    func sealedSoFar() throws(JournalError) -> SealedSoFar {
        try readBlocking { db in
            let last = try Int.fetchOne(db, sql: "SELECT max(seq) FROM trail") ?? 0
            // From the end: the lines without a commit are the last ones.
            let sealed = try Int.fetchOne(
                db,
                sql: "SELECT seq FROM trail WHERE sealed IS NOT NULL ORDER BY seq DESC LIMIT 1")
            return SealedSoFar(recorded: last, sealed: sealed ?? 0)
        }
    }

    /// Lines from a number on, in order; blocks.
    func lines(from first: Int, limit: Int) throws(JournalError) -> [StoredLine] {
        try readBlocking { db in
            try Row.fetchAll(
                db, sql: "SELECT seq, run, line FROM trail WHERE seq >= ? ORDER BY seq LIMIT ?",
                arguments: [first, limit]
            ).map { StoredLine($0) }
        }
    }

    /// Notes the commit of all lines up to a number that have none yet; blocks.
    ///
    /// Not synced: a mark that a power failure takes is found again in the repository.
    func markSealed(through last: Int, by commit: String) throws(JournalError) {
        try writeLazily { db in
            try db.execute(
                sql: "UPDATE trail SET sealed = ? WHERE sealed IS NULL AND seq <= ?",
                arguments: [commit, last])
        }
    }

    /// Adds a line about a run by its key; blocks.
    func recordBlocking(_ event: TrailEvent, run: Int64?) throws(JournalError) {
        try writeBlocking { db in
            try TrailRows(home: home, source: source, known: chainEnd, db: db).add(
                [event], run: run)
        }
    }

    /// A run's facts by its key; nil when it has none; blocks.
    func record(key: Int64) throws(JournalError) -> RunRecord? {
        try readBlocking { db in
            try String.fetchOne(
                db, sql: "SELECT record FROM records WHERE run = ?", arguments: [key]
            ).map { try JournalCoding.value(RunRecord.self, from: $0) }
        }
    }
}
