import Crypto
import Foundation
import GRDB
import Runbooks
import Runner
import Synchronization

/// The table `trail`, within one transaction: each line is given its place and the digest of the
/// one before (docs/trail.md, "One event, one line").
struct TrailRows {
    /// How much earlier than the event before an event may be without a word about it.
    private static let tolerance: Int64 = 60_000

    let home: Home
    let source: TrailSource
    let known: KnownEnd
    let made: MadeLines
    let db: Database

    /// The end of the chain.
    struct End: Sendable {
        fileprivate var sequence = 0
        fileprivate var digest = TrailLine.noLine
        fileprivate var at: Timestamp?
        /// The last line; nil without one.
        fileprivate var text: String?
    }

    /// Adds the lines of events, in order.
    ///
    /// The first ones of a journal begin the trail; `begin` is called for them before the row of
    /// the run that they are about is there.
    func add(_ events: [TrailEvent], run: Int64?) throws {
        guard let first = events.first else { return }
        try begin(at: first.at)
        var end = try end()
        for (event, id) in zip(events, source.eventIDs(events.count)) {
            if let before = end.at, before.since(event.at) > Self.tolerance {
                try add(stepped(event, back: before.since(event.at)), nil, &end)
            }
            try add(event, run, &end, id: id)
        }
    }

    /// Begins the trail where it has no line yet: with this home's key, and with what ran before.
    ///
    /// Makes the key when there is none: its file is on the disk before the line that names it.
    func begin(at: Timestamp) throws {
        var end = try end()
        guard end.sequence == 0 else { return }
        let key = try TrailKeyFile.makeKey(of: home, comment: source.hostName)
        var event = TrailEvent(kind: .trailCreated, at: at, actor: TrailEvent.engine, via: .engine)
        let id = source.eventID()
        event.details = [
            "origin": .string(id), "host": .string(source.hostName),
            "key": .string(key.publicKey.line), "program": .string(source.program),
        ]
        try add(event, nil, &end, id: id)
        try addRunsBefore(at: at, &end)
    }

    /// The event that a journal's older runs are not in the trail, with a digest of what it has.
    private func addRunsBefore(at: Timestamp, _ end: inout End) throws {
        let runs = try Row.fetchAll(
            db, sql: "SELECT id, name, title, runbook, actor, opened, closed FROM runs ORDER BY id")
        guard !runs.isEmpty else { return }
        var digest = SHA256()
        var count: Int64 = 0
        let events = try String.fetchCursor(db, sql: "SELECT event FROM events ORDER BY position")
        while let text = try events.next() {
            digest.update(data: Data((text + "\n").utf8))
            count += 1
        }
        var gap = TrailEvent(kind: .trailGap, at: at, actor: TrailEvent.engine, via: .engine)
        gap.details = [
            "reason": .string("this home is older than its trail: what ran before isn't in it"),
            "runs": .integer(Int64(runs.count)), "events": .integer(count),
            "events_sha256": .string(Hexadecimal.text(of: digest.finalize())),
        ]
        try add(gap, nil, &end)
        for run in runs where (run["closed"] as Int64?) == nil {
            try add(try Self.opened(run, at: at), run["id"], &end)
        }
    }

    /// The event that a run which goes on was opened before the trail.
    private static func opened(_ row: Row, at: Timestamp) throws -> TrailEvent {
        var event = TrailEvent(kind: .trailGap, at: at, actor: TrailEvent.engine, via: .engine)
        event.run = RunID(rawValue: row["name"])
        event.details = [
            "reason": .string("this run was opened before the trail"),
            "title": .string(row["title"]), "runbook": .string(row["runbook"]),
            "actor": .string(row["actor"]),
            "opened": .string(Timestamp(milliseconds: row["opened"]).trailText),
        ]
        return event
    }

    private func stepped(_ event: TrailEvent, back milliseconds: Int64) -> TrailEvent {
        var note = TrailEvent(
            kind: .clockStepped, at: event.at, actor: TrailEvent.engine, via: .engine)
        note.details = ["by_ms": .integer(-milliseconds)]
        return note
    }

    private func add(
        _ event: TrailEvent, _ run: Int64?, _ end: inout End, id: String? = nil
    ) throws {
        let new = MadeLine(
            event, sequence: end.sequence + 1, after: end.digest, id: id ?? source.eventID())
        let line = new.line
        try db.cachedStatement(sql: "INSERT INTO trail (seq, run, line) VALUES (?, ?, ?)")
            .execute(arguments: [line.sequence, run, line.text])
        end = End(sequence: line.sequence, digest: line.digest, at: event.at, text: line.text)
        known.set(end)
        made.add(new)
    }

    private func end() throws -> End {
        let statement = try db.cachedStatement(
            sql: "SELECT seq, line FROM trail ORDER BY seq DESC LIMIT 1")
        guard let row = try Row.fetchOne(statement) else { return End() }
        let line = TrailLine(sequence: row["seq"], text: row["line"])
        // What a transaction wrote that was not kept, or another process, is another line.
        if let last = known.end, last.sequence == line.sequence, last.text == line.text {
            return last
        }
        let record: TrailRecord
        do {
            record = try TrailRecord(line: Array(line.text.utf8))
        } catch {
            throw JournalError.unreadableLine(line.sequence, error)
        }
        return End(
            sequence: line.sequence, digest: line.digest, at: record.at, text: line.text)
    }
}

/// The end of the chain as this process last wrote it, so that it need not be read again.
///
/// A class, since a lock can't be copied.
final class KnownEnd: Sendable {
    private let state = Mutex<TrailRows.End?>(nil)

    var end: TrailRows.End? { state.withLock { $0 } }

    func set(_ end: TrailRows.End) { state.withLock { $0 = end } }
}
