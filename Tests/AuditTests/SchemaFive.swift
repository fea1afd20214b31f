/// The text of migration `5` as it was released; never edited.
enum SchemaFive {
    /// What it adds to migration `4`.
    static let sql = """
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
}
