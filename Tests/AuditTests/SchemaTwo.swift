/// The text of migration `2` as it was released; never edited.
enum SchemaTwo {
    /// What it adds to migration `1`.
    static let sql = """
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
}
