/// The text of migration `7` as it was released; never edited.
enum SchemaSeven {
    /// What it adds to migration `6`.
    static let sql = """
        CREATE TABLE settlements (
            run INTEGER NOT NULL REFERENCES runs (id),
            target TEXT NOT NULL,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            why TEXT NOT NULL,
            PRIMARY KEY (run, target)
        ) STRICT, WITHOUT ROWID;
        """
}
