/// The text of migration `6` as it was released; never edited.
enum SchemaSix {
    /// What it adds to migration `5`.
    static let sql = """
        CREATE TABLE standings (
            target TEXT PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            outcome TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
