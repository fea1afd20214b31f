import GRDB
import Runbooks
import Runner

/// What is known of trust: rows, and their lines of the trail, in one transaction.
extension SQLiteJournal {
    /// The digest of the trust folder that was seen last; nil when there was none.
    package func knownTrust() async throws(JournalError) -> Digest? {
        try await read { db in
            let text: String? = try Row.fetchOne(
                db, sql: "SELECT digest FROM trust ORDER BY id DESC LIMIT 1")?["digest"]
            guard let text else { return nil }
            guard let digest = Digest(rawValue: text) else {
                throw JournalError.unreadableRow(of: "trust")
            }
            return digest
        }
    }

    /// Records that trust is another one, durably, when it isn't the one that was seen last.
    ///
    /// What `before` says is what this journal knows. The files' content is in the store already.
    ///
    /// - Returns: whether it was recorded.
    package func record(_ change: TrustChange) async throws(JournalError) -> Bool {
        try await write { [self] db in
            let row = try Row.fetchOne(db, sql: "SELECT digest FROM trust ORDER BY id DESC LIMIT 1")
            let known: String? = row?["digest"]
            guard known != change.after?.rawValue else { return false }
            try db.execute(
                sql: "INSERT INTO trust (digest, at, actor) VALUES (?, ?, ?)",
                arguments: [change.after?.rawValue, change.at.milliseconds, change.actor])
            let recorded = TrustChange(
                before: known.flatMap(Digest.init(rawValue:)), after: change.after, at: change.at,
                actor: change.actor, way: change.way, what: change.what)
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db)
                .add([TrailEvent(recorded)], run: nil)
            return true
        }
    }

    /// Records that an act was signed, and remembers its nonce, durably.
    ///
    /// The signed statement is in the store already.
    /// - Throws: `JournalError` (`repeated`) when the nonce was used before.
    package func record(_ act: SignedAct) async throws(JournalError) {
        try await write { [self] db in
            let used = try Row.fetchOne(
                db, sql: "SELECT at, actor FROM act_nonces WHERE nonce = ?",
                arguments: [act.statement.nonce.rawValue])
            if let used { throw JournalError.usedSignature(by: used["actor"], at: used["at"]) }
            try db.execute(
                sql: "INSERT INTO act_nonces (nonce, at, actor, signed) VALUES (?, ?, ?, ?)",
                arguments: [
                    act.statement.nonce.rawValue, act.at.milliseconds, act.signer.rawValue,
                    act.digest.rawValue,
                ])
            try TrailRows(home: home, source: source, known: chainEnd, made: made, db: db)
                .add([TrailEvent(act)], run: nil)
        }
    }
}

extension JournalError {
    /// A signature that was used before is none.
    static func usedSignature(by actor: String, at milliseconds: Int64) -> JournalError {
        JournalError(
            .repeated,
            "This signature was used before, by \(actor) at "
                + "\(Timestamp(milliseconds: milliseconds).spokenText).",
            hint: "Each act is signed anew.")
    }
}
