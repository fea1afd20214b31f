/// The text of migration `3` as it was released; never edited.
enum SchemaThree {
    /// What it adds to migration `2`.
    static let sql = """
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
}
