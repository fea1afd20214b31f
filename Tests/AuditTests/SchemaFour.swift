/// The text of migration `4` as it was released; never edited.
enum SchemaFour {
    /// What it adds to migration `3`.
    static let sql = """
        CREATE INDEX events_unknown ON events (run)
            WHERE substr(event, 1, 13) = '{"stepEnded":' AND instr(event, '"_2":"unknown"') > 0;
        """
}
