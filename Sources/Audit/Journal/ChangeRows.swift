import GRDB
import Runbooks
import Runner

/// The rows of changes, within one transaction; each event with its line of the trail.
struct ChangeRows {
    let db: Database
    let trail: TrailRows

    /// A change as its events have made it; `notFound` without one.
    static func change(_ id: ChangeID, in db: Database) throws -> Change {
        let events = try events(of: id, in: db)
        guard let change = Change(id, events: events) else {
            throw events.isEmpty ? JournalError.noChange(id) : JournalError.noOpening
        }
        return change
    }

    /// All that happened to a change; empty without one.
    static func events(of id: ChangeID, in db: Database) throws -> [RecordedChangeEvent] {
        try Row.fetchAll(
            db,
            sql: "SELECT sequence, at, actor, event FROM change_events WHERE change = ? "
                + "ORDER BY sequence", arguments: [id.number]
        ).enumerated().map { index, row in
            guard row["sequence"] == index + 1 else {
                throw JournalError.unreadableRow(of: "change_events")
            }
            return RecordedChangeEvent(
                sequence: index + 1, at: Timestamp(milliseconds: row["at"]), actor: row["actor"],
                event: try JournalCoding.value(ChangeEvent.self, from: row["event"]))
        }
    }

    /// Records a new change, with the next number.
    func open(_ events: [ChangeEvent], actor: String, at: Timestamp) throws -> Change {
        let last = try Int.fetchOne(db, sql: "SELECT coalesce(max(id), 0) FROM changes") ?? 0
        guard case .opened? = events.first, let id = ChangeID(number: last + 1) else {
            throw JournalError.noOpening
        }
        try trail.begin(at: at)
        try Self.insert(id, at: at, in: db)
        return try add(events, to: id, after: 0, actor, at)
    }

    /// Records events after those that are there; those about a run name it by its key.
    func add(
        _ events: [ChangeEvent], to id: ChangeID, after sequence: Int, _ actor: String,
        _ at: Timestamp, run: Int64? = nil
    ) throws -> Change {
        guard events.allSatisfy(\.fitsRecord) else { throw JournalError.changeTooLarge(id) }
        for (index, event) in events.enumerated() {
            let recorded = RecordedChangeEvent(
                sequence: sequence + 1 + index, at: at, actor: actor, event: event)
            try Self.insert(recorded, of: id, in: db)
            let line = try TrailEvent(recorded, of: id)
            try trail.add([line], run: line.run == nil ? nil : run)
        }
        return try Self.summed(id, in: db)
    }

    /// Lets a change do what its run does, in the run's own transaction.
    ///
    /// - Throws: `JournalError` (locked) with all reasons where the change doesn't allow it.
    func tell(
        _ input: ChangeInput, _ id: ChangeID, actor: String, at: Timestamp, run: Int64
    ) throws {
        let change = try Self.change(id, in: db)
        switch change.decide(input, actor: actor, at: at) {
        case .success(let events):
            guard !events.isEmpty else { return }
            _ = try add(events, to: id, after: change.sequence, actor, at, run: run)
        case .failure(let refusals): throw JournalError.changeRefuses(id, refusals)
        }
    }

    /// Writes the columns that lists ask by.
    private static func summed(_ id: ChangeID, in db: Database) throws -> Change {
        let change = try change(id, in: db)
        try db.execute(
            sql: "UPDATE changes SET state = ?, plan = ?, sequence = ? WHERE id = ?",
            arguments: [
                change.state.rawValue, change.request.plan?.planID.rawValue, change.sequence,
                id.number,
            ])
        return change
    }

    // --- rows -----------------------------------------------------------------------------------

    private static func insert(_ id: ChangeID, at: Timestamp, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO changes (id, opened, state, sequence) VALUES (?, ?, 'draft', 0)",
            arguments: [id.number, at.milliseconds])
    }

    private static func insert(
        _ recorded: RecordedChangeEvent, of id: ChangeID, in db: Database
    ) throws {
        try db.cachedStatement(
            sql: "INSERT INTO change_events (change, sequence, at, actor, event) "
                + "VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [
            id.number, recorded.sequence, recorded.at.milliseconds, recorded.actor,
            try JournalCoding.text(of: recorded.event),
        ])
    }
}

extension ChangeRows {
    /// What a line of the trail tells of a change, as a row: the way back from a lost journal.
    static func rebuild(_ record: TrailRecord, in db: Database) throws {
        guard let id = record.about["change"].flatMap(ChangeID.init(rawValue:)),
            let value = record.details["event"], let event = event(of: value)
        else { return }
        let known = try events(of: id, in: db).count
        if known == 0 { try insert(id, at: record.at, in: db) }
        try insert(
            RecordedChangeEvent(
                sequence: known + 1, at: record.at, actor: record.actor, event: event),
            of: id, in: db)
        _ = try summed(id, in: db)
    }

    /// Nil for an event of a newer Handrail's.
    private static func event(of value: JSONValue) -> ChangeEvent? {
        let text = String(decoding: CanonicalJSON.bytes(of: value), as: UTF8.self)
        return try? JournalCoding.value(ChangeEvent.self, from: text)
    }
}

extension JournalError {
    /// A change doesn't let its run start.
    static func changeRefuses(_ id: ChangeID, _ refusals: ChangeRefusals) -> JournalError {
        JournalError(
            .locked,
            "The run was not opened: " + refusals.list.map(\.text).joined(separator: "; ") + ".",
            hint: refusals.list.compactMap(\.hint).first
                ?? "'handrail change show \(id)' says how it stands.")
    }
}
