import GRDB

/// The tables of `journal.db`, as numbered migrations (docs/journal.md, "Schema").
enum JournalSchema {
    /// Marks the file as a journal: the ASCII bytes `HRjl` (SQLite: PRAGMA application_id).
    static let applicationID: Int32 = 0x4852_6A6C

    /// All migrations, oldest first.
    ///
    /// INVARIANT: one that was released is never edited.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try $0.execute(sql: first) }
        migrator.registerMigration("2") { try $0.execute(sql: second) }
        migrator.registerMigration("3") { try $0.execute(sql: third) }
        migrator.registerMigration("4") { try $0.execute(sql: fourth) }
        migrator.registerMigration("5") { try $0.execute(sql: fifth) }
        migrator.registerMigration("6") { try $0.execute(sql: sixth) }
        migrator.registerMigration("7") { try $0.execute(sql: seventh) }
        migrator.registerMigration("8") { try $0.execute(sql: eighth) }
        migrator.registerMigration("9") { try $0.execute(sql: ninth) }
        return migrator
    }

    /// Migration `1`.
    static let first = """
        PRAGMA application_id = 1213360748;
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            plan TEXT NOT NULL,
            number INTEGER NOT NULL,
            runbook TEXT NOT NULL,
            title TEXT NOT NULL,
            environment TEXT NOT NULL,
            actor TEXT NOT NULL,
            ticket TEXT,
            opened INTEGER NOT NULL,
            state TEXT NOT NULL,
            resolution TEXT,
            closed INTEGER,
            sequence INTEGER NOT NULL DEFAULT 0,
            lease_pid INTEGER,
            lease_start TEXT,
            lease_boot TEXT,
            lease_nonce TEXT,
            lease_until INTEGER,
            UNIQUE (plan, number)
        ) STRICT;
        CREATE INDEX runs_opened ON runs (opened);
        CREATE INDEX runs_runbook ON runs (runbook, opened);
        CREATE INDEX runs_open ON runs (opened) WHERE closed IS NULL;
        CREATE TABLE records (
            run INTEGER PRIMARY KEY REFERENCES runs (id),
            record TEXT NOT NULL
        ) STRICT;
        CREATE TABLE targets (
            run INTEGER NOT NULL REFERENCES runs (id),
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            outcome TEXT,
            PRIMARY KEY (run, position),
            UNIQUE (run, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX targets_name ON targets (name, run);
        CREATE TABLE events (
            position INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            sequence INTEGER NOT NULL,
            at INTEGER NOT NULL,
            event TEXT NOT NULL,
            UNIQUE (run, sequence)
        ) STRICT;
        CREATE TABLE inbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            run INTEGER NOT NULL REFERENCES runs (id),
            at INTEGER NOT NULL,
            command TEXT NOT NULL,
            done INTEGER
        ) STRICT;
        CREATE INDEX inbox_waiting ON inbox (run, id) WHERE done IS NULL;
        CREATE TRIGGER events_are_kept BEFORE DELETE ON events
            BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
        CREATE TRIGGER events_are_final BEFORE UPDATE ON events
            BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
        CREATE TRIGGER records_are_kept BEFORE DELETE ON records
            BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
        CREATE TRIGGER records_are_final BEFORE UPDATE ON records
            BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
        """

    /// Migration `2`: the trail's lines, in the order of their chain.
    static let second = """
        CREATE TABLE trail (
            seq INTEGER PRIMARY KEY,
            run INTEGER REFERENCES runs (id),
            line TEXT NOT NULL,
            sealed TEXT
        ) STRICT;
        CREATE INDEX trail_unsealed ON trail (seq) WHERE sealed IS NULL;
        CREATE INDEX trail_run ON trail (run, seq);
        CREATE TRIGGER trail_is_gap_free BEFORE INSERT ON trail
            WHEN NEW.sealed IS NOT NULL
                OR NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM trail)
            BEGIN SELECT RAISE(ABORT, 'lines of the trail follow each other'); END;
        CREATE TRIGGER trail_is_kept BEFORE DELETE ON trail
            BEGIN SELECT RAISE(ABORT, 'lines of the trail are never deleted'); END;
        CREATE TRIGGER trail_is_final BEFORE UPDATE ON trail
            WHEN OLD.sealed IS NOT NULL OR NEW.sealed IS NULL OR NEW.seq IS NOT OLD.seq
                OR NEW.run IS NOT OLD.run OR NEW.line IS NOT OLD.line
            BEGIN SELECT RAISE(ABORT, 'lines of the trail are never changed'); END;
        """

    /// Migration `3`: what operators hand over, and what they warn of.
    static let third = """
        CREATE TABLE escalations (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            run INTEGER REFERENCES runs (id),
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            recipient TEXT NOT NULL,
            note TEXT NOT NULL,
            ticket TEXT,
            alert TEXT,
            evidence TEXT NOT NULL,
            pack TEXT NOT NULL,
            ended INTEGER,
            ended_by TEXT,
            ended_note TEXT
        ) STRICT;
        CREATE INDEX escalations_open ON escalations (at) WHERE ended IS NULL;
        CREATE INDEX escalations_run ON escalations (run);
        CREATE TABLE flags (
            id INTEGER PRIMARY KEY,
            runbook TEXT NOT NULL,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            why TEXT NOT NULL,
            cleared INTEGER,
            cleared_by TEXT,
            cleared_why TEXT
        ) STRICT;
        CREATE INDEX flags_open ON flags (runbook) WHERE cleared IS NULL;
        CREATE TRIGGER escalations_are_kept BEFORE DELETE ON escalations
            BEGIN SELECT RAISE(ABORT, 'escalations are never deleted'); END;
        CREATE TRIGGER escalations_end_once BEFORE UPDATE ON escalations
            WHEN OLD.ended IS NOT NULL OR NEW.ended IS NULL OR NEW.name IS NOT OLD.name
                OR NEW.run IS NOT OLD.run OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor
                OR NEW.recipient IS NOT OLD.recipient OR NEW.note IS NOT OLD.note
                OR NEW.evidence IS NOT OLD.evidence OR NEW.pack IS NOT OLD.pack
            BEGIN SELECT RAISE(ABORT, 'escalations only end, and once'); END;
        CREATE TRIGGER flags_are_kept BEFORE DELETE ON flags
            BEGIN SELECT RAISE(ABORT, 'flags are never deleted'); END;
        CREATE TRIGGER flags_are_cleared_once BEFORE UPDATE ON flags
            WHEN OLD.cleared IS NOT NULL OR NEW.cleared IS NULL OR NEW.runbook IS NOT OLD.runbook
                OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor OR NEW.why IS NOT OLD.why
            BEGIN SELECT RAISE(ABORT, 'flags are only taken back, and once'); END;
        """

    /// Migration `4`: steps that ended and nobody knows how, found without reading all events.
    static let fourth = """
        CREATE INDEX events_unknown ON events (run)
            WHERE substr(event, 1, 13) = '{"stepEnded":' AND instr(event, '"_2":"unknown"') > 0;
        """

    /// Migration `5`: which run may change a target.
    ///
    /// Open runs hold what they are at work on, or owe. Where two of them do, both are listed, and
    /// the second waits once it is led on.
    static let fifth = """
        CREATE TABLE locks (
            target TEXT NOT NULL,
            run INTEGER NOT NULL REFERENCES runs (id),
            since INTEGER NOT NULL,
            started INTEGER NOT NULL DEFAULT 0,
            kept TEXT,
            PRIMARY KEY (target, run)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX locks_run ON locks (run);
        INSERT INTO locks (target, run, since, started)
            SELECT targets.name, runs.id, min(events.at), 1
            FROM runs JOIN targets ON targets.run = runs.id
            JOIN events ON events.run = runs.id
                AND events.event LIKE '{"targetStarted":%'
                AND json_extract(events.event, '$.targetStarted._0') = targets.name
            WHERE runs.closed IS NULL AND targets.outcome IS NULL
                AND EXISTS (
                    SELECT 1 FROM records, json_each(records.record, '$.plan.steps') AS step
                    WHERE records.run = runs.id
                        AND json_extract(step.value, '$.effect') IS NOT 'read')
            GROUP BY targets.name, runs.id;
        INSERT OR IGNORE INTO locks (target, run, since, started, kept)
            SELECT json_extract(events.event, '$.leftOwed._0'), runs.id, min(events.at), 1,
                'something is owed there'
            FROM runs JOIN events ON events.run = runs.id
                AND events.event LIKE '{"leftOwed":%'
            WHERE runs.closed IS NULL AND NOT EXISTS (
                SELECT 1 FROM events AS later
                WHERE later.run = runs.id AND later.sequence > events.sequence
                    AND later.event LIKE '{"paid":%'
                    AND json_extract(later.event, '$.paid._0')
                        = json_extract(events.event, '$.leftOwed._0')
                    AND json_extract(later.event, '$.paid._1')
                        = json_extract(events.event, '$.leftOwed._1'))
            GROUP BY 1, 2;
        """

    /// Migration `6`: targets that their last run left unavailable.
    static let sixth = """
        CREATE TABLE standings (
            target TEXT PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            outcome TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// Migration `7`: what people settled of runs that are over.
    static let seventh = """
        CREATE TABLE settlements (
            run INTEGER NOT NULL REFERENCES runs (id),
            target TEXT NOT NULL,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            why TEXT NOT NULL,
            PRIMARY KEY (run, target)
        ) STRICT, WITHOUT ROWID;
        """

    /// Migration `8`: changes, and what happened to them.
    static let eighth = """
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
