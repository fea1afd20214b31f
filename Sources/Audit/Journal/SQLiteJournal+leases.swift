import GRDB
import Runbooks
import Runner

extension SQLiteJournal {
    /// Takes over a run whose leader's lease has run out or whose process is proved dead.
    ///
    /// - Returns: false when a living leader holds it.
    package func takeOver(
        _ run: RunID, lease: Lease, now: Timestamp, until: Timestamp
    ) async throws(JournalError) -> Bool {
        let isProvedDead = self.isProvedDead
        return try await write { db in
            let row = try RunRow.known(run, in: db)
            guard row.summary.closed == nil else {
                throw JournalError.closed(run, row.summary.state)
            }
            if let held = row.held,
                !held.canBeTaken(by: lease, now: now, isProvedDead: isProvedDead)
            {
                return false
            }
            try row.update(to: HeldLease(lease: lease, until: until), in: db)
            try LockRows(run: row.key, in: db).dismissUnstarted()
            return true
        }
    }

    /// Prolongs the lease; refused with `leaseLost` when another leader has it.
    package func renew(
        _ lease: Lease, of run: RunID, until: Timestamp
    ) async throws(JournalError) {
        try await write { db in
            try RunRow.led(run, by: lease, in: db)
                .update(to: HeldLease(lease: lease, until: until), in: db)
        }
    }

    /// Gives the lease back; without one there is nothing to do.
    package func release(_ lease: Lease, of run: RunID) async throws(JournalError) {
        try await write { db in
            let row = try RunRow.known(run, in: db)
            guard let held = row.held else { return }
            guard held.lease == lease else { throw JournalError.leaseLost(run) }
            try row.update(to: nil, in: db)
            try LockRows(run: row.key, in: db).dismissUnstarted()
        }
    }
}
