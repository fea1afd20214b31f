import GRDB
import Runner

extension SQLiteJournal {
    /// What SQLite finds wrong in the file (`PRAGMA integrity_check`); nothing when it is sound.
    ///
    /// Reads the whole file. At most ten problems are named.
    package func integrityProblems() async throws(JournalError) -> [String] {
        try await read { db in
            let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(10)")
            return lines == ["ok"] ? [] : lines
        }
    }
}
