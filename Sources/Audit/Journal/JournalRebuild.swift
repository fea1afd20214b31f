import Foundation
import GRDB
import Runbooks
import Runner

/// Makes a journal say what a trail tells: the way back from a journal that is lost, or behind
/// (docs/journal.md, "From the trail").
///
/// The trail is believed: `TrailVerifier` is asked before. What it never had comes from the store
/// where that has it, and is counted as lost otherwise.
package struct JournalRebuild: Sendable {
    /// What came of it.
    package struct Report: Sendable, Hashable {
        /// How many lines were taken.
        package internal(set) var lines = 0
        /// How many runs were made of them.
        package internal(set) var runs = 0
        /// Outputs and diffs whose text is gone: the trail has digests alone.
        package internal(set) var lostTexts = 0
        /// Outputs of steps whose values are gone.
        package internal(set) var lostValues = 0
        /// Signed acts whose nonce is gone: what was signed is neither evidence nor in the store.
        package internal(set) var lostNonces = 0
        /// Runs whose plan is nowhere: what they were about is known, and no step of theirs.
        package internal(set) var withoutPlan: [RunID] = []
        /// Runs that aren't made: older than the trail, it has no more than their names.
        package internal(set) var older: [String] = []
        /// When the last line was recorded; nil without one.
        package internal(set) var last: Timestamp?
    }

    private let journal: SQLiteJournal
    private let store: FileContentStore
    private let reader: TrailReader

    /// A rebuild of a journal whose lines are the trail's first ones, or which has none.
    package init(of journal: SQLiteJournal, store: FileContentStore, from reader: TrailReader) {
        (self.journal, self.store, self.reader) = (journal, store, reader)
    }

    /// Adds all that the trail has and the journal hasn't, in one commit.
    ///
    /// - Throws: `JournalError`: `corrupt` where the journal has other lines than the trail.
    package func run() async throws(JournalError) -> Report {
        let result = await BlockingQueue(label: "handrail.rebuild").run {
            () -> Result<Report, JournalError> in
            do throws(JournalError) {
                return .success(try runBlocking())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func runBlocking() throws(JournalError) -> Report {
        let commits = try reader.commits().reversed()
        let known = try journal.sealedSoFar()
        var report = Report()
        try journal.writeBlocking { db in
            var rows = RebuiltRows(db: db, store: store, reader: reader)
            for commit in commits where commit.events.upperBound > known.sealed {
                for line in try reader.lines(of: commit) where line.record.sequence > known.sealed {
                    try rows.take(line, isThere: line.record.sequence <= known.recorded)
                }
            }
            try rows.finish()
            report = rows.report
        }
        return report
    }
}

/// The rows that lines of a trail become, within one transaction.
private struct RebuiltRows {
    let db: Database
    let store: FileContentStore
    let reader: TrailReader
    var report = JournalRebuild.Report()

    private struct Run {
        let row: RunRow
        /// Whether something of it may change a target.
        let takesLocks: Bool
        var summary: SummaryFold
        var sequence: Int
    }

    private var runs: [String: Run] = [:]

    init(db: Database, store: FileContentStore, reader: TrailReader) {
        (self.db, self.store, self.reader) = (db, store, reader)
    }

    /// Takes a line of the trail in; of one that is there already, that it is sealed.
    mutating func take(_ line: TrailReader.Line, isThere: Bool) throws {
        let record = line.record
        report.last = record.at
        report.lines += 1
        if isThere {
            let text = try String.fetchOne(
                db, sql: "SELECT line FROM trail WHERE seq = ?", arguments: [record.sequence])
            guard text == line.text else { throw Self.disagreeing(record.sequence) }
        } else {
            if record.isA(.runOpened) { try open(record) }
            let run = try record.about["run"].flatMap { try self.run($0) }
            try db.cachedStatement(sql: "INSERT INTO trail (seq, run, line) VALUES (?, ?, ?)")
                .execute(arguments: [record.sequence, run?.row.key, line.text])
            try add(record, to: run)
        }
        try db.cachedStatement(sql: "UPDATE trail SET sealed = ? WHERE seq = ?")
            .execute(arguments: [line.commit, record.sequence])
    }

    /// Writes what the events changed in the runs' rows.
    func finish() throws {
        for run in runs.values {
            try run.row.update(to: run.summary, sequence: run.sequence, in: db)
        }
    }

    private static func disagreeing(_ sequence: Int) -> JournalError {
        JournalError(
            .corrupt, "Event \(sequence) of the journal is another one in the trail.",
            hint: "They don't belong together: take another trail, or another backup.")
    }

    private mutating func run(_ name: String) throws -> Run? {
        if let known = runs[name] { return known }
        guard let id = RunID(rawValue: name),
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM runs WHERE name = ?)", arguments: [name])
                == true
        else { return nil }
        let row = try RunRow.known(id, in: db)
        let record = try RunRow.record(of: row.key, in: db)
        let run = Run(
            row: row, takesLocks: record.map { !$0.plan.isReadOnly } ?? false,
            summary: row.summary, sequence: row.sequence)
        runs[name] = run
        return run
    }

    private mutating func add(_ record: TrailRecord, to run: Run?) throws {
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .escalated: try escalate(record, run)
        case .escalationEnded: try endEscalation(record)
        case .flagged, .flagCleared: try flag(record)
        case .targetSettled: try settle(record, run)
        case .some(let kind) where TrailEvent.ofChanges.contains(kind):
            try ChangeRows.rebuild(record, in: db)
        case .trustChanged: try seeTrust(record)
        case .actSigned: try useUp(record)
        case .trailGap where record.detail("runbook") != nil:
            record.about["run"].map { report.older.append($0) }
        default: try addEvent(record, to: run)
        }
    }

    private mutating func addEvent(_ record: TrailRecord, to run: Run?) throws {
        guard var run, let name = record.about["run"] else { return }
        let store = store
        var rebuilt = RebuiltEvent(record) { try? store.getBlocking($0) }
        guard let event = rebuilt.event() else { return }
        report.lostTexts += rebuilt.losses.texts
        report.lostValues += rebuilt.losses.values
        run.sequence += 1
        try db.cachedStatement(
            sql: "INSERT INTO events (run, sequence, at, event) VALUES (?, ?, ?, ?)"
        ).execute(arguments: [
            run.row.key, run.sequence, record.at.milliseconds,
            try EventText.of(event) ?? JournalCoding.text(of: event),
        ])
        run.summary.fold(
            RecordedEvent(sequence: run.sequence, at: record.at, event: event))
        runs[name] = run
        if run.takesLocks { try change(event, of: run.row.key, at: record.at) }
    }

    /// Changes the run's locks as an event says, of which the trail has no more than that.
    private func change(_ event: RunEvent, of run: Int64, at: Timestamp) throws {
        let rows = LockRows(run: run, in: db)
        switch event {
        case .targetStarted(let target) where !target.isTarget: return
        case .targetEnded(let target, _) where !target.isTarget: return
        case .targetStarted(let target), .lockKept(let target, _):
            try rows.hold(target, since: at, isStarted: true)
        case .targetEnded(let target, let outcome):
            try rows.noteStanding(after: event, [target: outcome], at: at)
        case .vouched: try rows.noteStanding(after: event, [:], at: at)
        default: break
        }
        try rows.change(LockChanges([event]))
    }

    // --- runs ------------------------------------------------------------------------------------

    private mutating func open(_ record: TrailRecord) throws {
        guard let made = try RebuiltRecord(record, store: store, reader: reader).record() else {
            record.about["run"].map { report.older.append($0) }
            return
        }
        if made.isWithoutPlan { report.withoutPlan.append(made.record.id) }
        report.runs += 1
        let run = made.record
        let number = try Int.fetchOne(
            db, sql: "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE plan = ?",
            arguments: [run.plan.planID.rawValue])
        try db.execute(
            sql: """
                INSERT INTO runs (name, plan, number, runbook, title, environment, actor, ticket,
                    opened, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run.id.rawValue, run.plan.planID.rawValue, max(run.number, number ?? 1),
                run.plan.runbook.id.rawValue, run.plan.runbook.title, run.plan.environment.name,
                run.actor, run.ticket, run.opened.milliseconds, SummaryFold().state.rawValue,
            ])
        let key = db.lastInsertedRowID
        try db.execute(
            sql: "INSERT INTO records (run, record) VALUES (?, ?)",
            arguments: [key, try JournalCoding.text(of: run)])
        for (position, target) in run.plan.targets.enumerated() {
            try db.cachedStatement(
                sql: "INSERT INTO targets (run, position, name) VALUES (?, ?, ?)"
            ).execute(arguments: [key, position, target.name.rawValue])
        }
    }

    // --- what operators do -----------------------------------------------------------------------

    private func escalate(_ record: TrailRecord, _ run: Run?) throws {
        guard let id = record.detail("escalation"), let evidence = record.detail("pack_digest"),
            let pack = record.detail("content_digest")
        else { return }
        func text(_ key: String) -> String? { RebuiltEvent.text(record.details[key]) }
        try db.execute(
            sql: """
                INSERT INTO escalations (name, run, at, actor, recipient, note, ticket, alert,
                    evidence, pack) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, run?.row.key, record.at.milliseconds, record.actor, text("to") ?? "",
                text("note") ?? "", text("ticket"), text("alert"), evidence, pack,
            ])
    }

    private func endEscalation(_ record: TrailRecord) throws {
        try db.execute(
            sql: "UPDATE escalations SET ended = ?, ended_by = ?, ended_note = ? "
                + "WHERE name = ? AND ended IS NULL",
            arguments: [
                record.at.milliseconds, record.actor,
                RebuiltEvent.text(record.details["note"]) ?? "", record.detail("escalation"),
            ])
    }

    private func settle(_ record: TrailRecord, _ run: Run?) throws {
        guard let run, let id = record.about["run"].flatMap(RunID.init(rawValue:)),
            let target = record.about["target"].flatMap(TargetName.init(rawValue:))
        else { return }
        let settlement = Settlement(
            run: id, target: target, at: record.at, actor: record.actor,
            why: RebuiltEvent.text(record.details["reason"]) ?? "")
        try SQLiteJournal.insert(settlement, run: run.row.key, in: db)
    }

    private func seeTrust(_ record: TrailRecord) throws {
        try db.execute(
            sql: "INSERT INTO trust (digest, at, actor) VALUES (?, ?, ?)",
            arguments: [record.detail("trust_digest"), record.at.milliseconds, record.actor])
    }

    /// The nonce of a signed act is used up: what was signed is evidence.
    ///
    /// A nonce that can't be had is counted; an act of that age counts by its time no more.
    private mutating func useUp(_ record: TrailRecord) throws {
        guard let digest = record.detail("signed_digest").flatMap(Digest.init(rawValue:)) else {
            report.lostNonces += 1
            return
        }
        let bytes = try reader.evidence(digest.rawValue) ?? (try? store.getBlocking(digest))
        guard let bytes, Digest.sha256(of: bytes) == digest, let nonce = Self.nonce(in: bytes)
        else {
            report.lostNonces += 1
            return
        }
        try db.execute(
            sql: "INSERT OR IGNORE INTO act_nonces (nonce, at, actor, signed) VALUES (?, ?, ?, ?)",
            arguments: [nonce.rawValue, record.at.milliseconds, record.actor, digest.rawValue])
    }

    private static func nonce(in bytes: [UInt8]) -> ActNonce? {
        do {
            let signed = try JSONDecoder().decode(SignedStatement.self, from: Data(bytes))
            return try JSONDecoder().decode(ActStatement.self, from: Data(signed.bytes)).nonce
        } catch {
            // Of another version of Handrail: no nonce that this one would take.
            return nil
        }
    }

    private func flag(_ record: TrailRecord) throws {
        guard let runbook = record.detail("runbook") else { return }
        let why = RebuiltEvent.text(record.details["reason"]) ?? ""
        let isRaised = record.isA(.flagged)
        try db.execute(
            sql: isRaised
                ? "INSERT INTO flags (runbook, at, actor, why) VALUES (?, ?, ?, ?)"
                : "UPDATE flags SET cleared = ?, cleared_by = ?, cleared_why = ? "
                    + "WHERE runbook = ? AND cleared IS NULL",
            arguments: isRaised
                ? [runbook, record.at.milliseconds, record.actor, why]
                : [record.at.milliseconds, record.actor, why, runbook])
    }
}
