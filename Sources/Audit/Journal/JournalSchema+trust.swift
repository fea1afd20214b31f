/// What the journal remembers of trust (docs/trust.md).
extension JournalSchema {
    /// Migration `9`: the trust folders that were seen, and the nonces of signed acts.
    static let ninth = """
        CREATE TABLE trust (
            id INTEGER PRIMARY KEY,
            digest TEXT,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL
        ) STRICT;
        CREATE TABLE act_nonces (
            nonce TEXT PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            signed TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER trust_is_kept BEFORE DELETE ON trust
            BEGIN SELECT RAISE(ABORT, 'what was seen of trust is never deleted'); END;
        CREATE TRIGGER trust_is_final BEFORE UPDATE ON trust
            BEGIN SELECT RAISE(ABORT, 'what was seen of trust is never changed'); END;
        CREATE TRIGGER act_nonces_are_kept BEFORE DELETE ON act_nonces
            BEGIN SELECT RAISE(ABORT, 'nonces are never deleted'); END;
        CREATE TRIGGER act_nonces_are_final BEFORE UPDATE ON act_nonces
            BEGIN SELECT RAISE(ABORT, 'nonces are never changed'); END;
        """
}
