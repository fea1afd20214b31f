import GRDB
import Runbooks
import Runner

/// The change desk of a home: rows, and their lines of the trail, in one transaction.
extension SQLiteJournal: ChangeDesk {
    /// Records a new change, and gives it the next number.
    package func open(
        _ events: [ChangeEvent], actor: String, at: Timestamp
    ) async throws(JournalError) -> Change {
        try await write { [self] db in
            try changeRows(db).open(events, actor: actor, at: at)
        }
    }

    /// Records events of a change after the last one that is known, all or none.
    package func append(
        _ events: [ChangeEvent], to change: ChangeID, after sequence: Int, actor: String,
        at: Timestamp
    ) async throws(JournalError) -> Change {
        try await write { [self] db in
            let rows = changeRows(db)
            let known = try ChangeRows.change(change, in: db)
            guard known.sequence == sequence else {
                let last = try ChangeRows.events(of: change, in: db).last?.actor
                throw JournalError.changedMeanwhile(known, by: last ?? TrailEvent.engine)
            }
            return try rows.add(events, to: change, after: sequence, actor, at)
        }
    }

    /// A change as it is now.
    package func change(_ id: ChangeID) async throws(JournalError) -> Change {
        try await read { db in try ChangeRows.change(id, in: db) }
    }

    /// All that happened to a change, in order.
    package func events(
        of change: ChangeID
    ) async throws(JournalError) -> [RecordedChangeEvent] {
        try await read { db in
            let events = try ChangeRows.events(of: change, in: db)
            guard !events.isEmpty else { throw JournalError.noChange(change) }
            return events
        }
    }

    /// The newest changes first.
    package func changes(matching filter: ChangeFilter) async throws(JournalError) -> [Change] {
        try await read { db in
            var conditions: [String] = []
            var arguments: StatementArguments = []
            if let plan = filter.plan {
                conditions.append("plan = ?")
                arguments += [plan.rawValue]
            }
            let states = ChangeState.allCases.filter { state in
                (filter.isOpen.map { $0 != state.isTerminal } ?? true)
                    && (filter.states?.contains(state) ?? true)
            }
            // Their names are ours: nothing in them is typed by a person.
            let names = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            conditions.append("state IN (\(names))")
            arguments += [max(0, filter.limit)]
            let ids = try Int.fetchAll(
                db,
                sql: "SELECT id FROM changes WHERE \(conditions.joined(separator: " AND ")) "
                    + "ORDER BY id DESC LIMIT ?", arguments: arguments)
            return try ids.compactMap(ChangeID.init(number:)).map {
                try ChangeRows.change($0, in: db)
            }
        }
    }

    /// The id of the trail's first event, which names this home; nil while it has none.
    package func trailOrigin() async throws(JournalError) -> String? {
        try await read { db in
            try String.fetchOne(db, sql: "SELECT line FROM trail WHERE seq = 1").map {
                try TrailRecord(line: Array($0.utf8)).id
            }
        }
    }

    func changeRows(_ db: Database) -> ChangeRows {
        ChangeRows(
            db: db,
            trail: TrailRows(home: home, source: source, known: chainEnd, made: made, db: db))
    }
}
