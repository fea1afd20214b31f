import Foundation
import GRDB
import Runbooks
import Runner

/// A row of `trail`.
struct StoredLine: Sendable {
    let line: TrailLine
    /// The run's key in `runs`; nil for a line that is about none.
    let run: Int64?
    /// The same line as this process made it; nil when it is another process's.
    let made: MadeLine?

    /// A row with the columns `seq`, `run` and `line`.
    ///
    /// A line of its number that this process made is taken for it if not a byte differs.
    init(_ row: Row, made: MadeLine?) throws {
        let isMade = try made.map { made in
            try row.withUnsafeData(atIndex: 2) { data in
                data.map { Self.isSame($0, made.line.text) }
            }
        }
        if let made, isMade == true {
            (line, self.made) = (made.line, made)
        } else {
            (line, self.made) = (TrailLine(sequence: row[0], text: row[2]), nil)
        }
        run = row[1]
    }

    private static func isSame(_ bytes: Data, _ text: String) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var text = text
            return text.withUTF8 { known in
                guard let theirs = bytes.baseAddress, let ours = known.baseAddress else {
                    return bytes.count == known.count
                }
                return bytes.count == known.count && memcmp(theirs, ours, known.count) == 0
            }
        }
    }

    /// The line with what it says, which is known of one that this process made.
    ///
    /// - Throws: `JournalError` (corrupt) for a line that is none.
    func read() throws(JournalError) -> ReadLine {
        if let record = made?.record { return ReadLine(line, record: record) }
        return try ReadLine(line)
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
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db).add(
                events, run: nil)
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
        try readBlocking { db in
            try String.fetchAll(
                db, sql: "SELECT line FROM trail WHERE seq >= ? ORDER BY seq LIMIT ?",
                arguments: [range.lowerBound, range.count])
        }
    }

    /// How far the journal's lines are in the trail; blocks.
    package func sealedSoFar() throws(JournalError) -> SealedSoFar {
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
        let known = made.lines(from: first, limit: limit)
        return try readBlocking { db in
            let statement = try db.cachedStatement(
                sql: "SELECT seq, run, line FROM trail WHERE seq >= ? ORDER BY seq LIMIT ?")
            let rows = try Row.fetchCursor(statement, arguments: [first, limit])
            var (lines, place): ([StoredLine], Int) = ([], known.startIndex)
            while let row = try rows.next() {
                let made = place < known.endIndex ? known[place] : nil
                lines.append(
                    try StoredLine(row, made: made?.line.sequence == row[0] ? made : nil))
                place += 1
            }
            return lines
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
        made.forget(through: last)
    }

    /// Adds a line about a run by its key; blocks.
    func recordBlocking(_ event: TrailEvent, run: Int64?) throws(JournalError) {
        try writeBlocking { db in
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db).add(
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
