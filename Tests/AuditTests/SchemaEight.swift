/// The text of migration `8` as it was released; never edited.
enum SchemaEight {
    /// What it adds to migration `7`.
    static let sql = """
        CREATE TABLE changes (
            id INTEGER PRIMARY KEY,
            opened INTEGER NOT NULL,
            state TEXT NOT NULL,
            plan TEXT,
            sequence INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX changes_state ON changes (state);
        CREATE INDEX changes_plan ON changes (plan);
        CREATE TABLE change_events (
            change INTEGER NOT NULL REFERENCES changes (id),
            sequence INTEGER NOT NULL,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            event TEXT NOT NULL,
            PRIMARY KEY (change, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER changes_are_kept BEFORE DELETE ON changes
            BEGIN SELECT RAISE(ABORT, 'changes are never deleted'); END;
        CREATE TRIGGER change_events_are_kept BEFORE DELETE ON change_events
            BEGIN SELECT RAISE(ABORT, 'events of changes are never deleted'); END;
        CREATE TRIGGER change_events_are_final BEFORE UPDATE ON change_events
            BEGIN SELECT RAISE(ABORT, 'events of changes are never changed'); END;
        """
}
