import Dispatch
import GRDB
import Glibc
import Runner
import Synchronization

/// The journal of a home, in one SQLite file (docs/journal.md).
///
/// All accesses of one instance run in order on GRDB's own dispatch queue, never on the
/// cooperative pool. A cancelled task doesn't cancel a write that was handed over.
///
/// A class, because it owns the connection and remembers that writing has ended.
package final class SQLiteJournal: Sendable {
    /// Where the file is, for messages.
    package let path: String
    let isProvedDead: @Sendable (Lease) -> Bool
    let home: Home
    let source: TrailSource
    /// The end of the trail's chain, as it was last written here.
    let chainEnd = KnownEnd()
    /// The lines that were last made here.
    let made = MadeLines()
    private let queue: DatabaseQueue
    /// Which file was opened: another one may get its name, or none have it.
    private let file: FileIdentity?
    /// What its log must go on from; looked at and noted on the queue alone.
    private let log: Mutex<WriteAheadLog>
    /// Why nothing is written any more; set once.
    private let ended = Mutex<JournalError?>(nil)

    private init(
        _ home: Home, _ queue: DatabaseQueue, _ source: TrailSource,
        isProvedDead: @escaping @Sendable (Lease) -> Bool
    ) {
        path = home.journalPath
        self.home = home
        self.queue = queue
        file = FileIdentity(of: path)
        log = Mutex(WriteAheadLog(of: path))
        self.source = source
        self.isProvedDead = isProvedDead
    }

    /// Opens the journal of a home, makes it when there is none, and brings its schema up to date.
    ///
    /// Waits for another process that opens the same home, up to the limit.
    /// - Throws: `locked`, `full`, `corrupt`, `newerFormat`, `io`.
    package static func open(
        in home: Home, waiting limit: Duration = .seconds(10), trail source: TrailSource,
        isProvedDead: @escaping @Sendable (Lease) -> Bool
    ) async throws(JournalError) -> SQLiteJournal {
        try await open(
            in: home, waiting: limit, trail: source, isAnew: false, isProvedDead: isProvedDead)
    }

    /// Opens the journal of a home that is being made of a trail: an empty one where none is.
    package static func rebuilding(
        in home: Home, trail source: TrailSource,
        isProvedDead: @escaping @Sendable (Lease) -> Bool
    ) async throws(JournalError) -> SQLiteJournal {
        try await open(
            in: home, waiting: .seconds(10), trail: source, isAnew: true,
            isProvedDead: isProvedDead)
    }

    private static func open(
        in home: Home, waiting limit: Duration, trail source: TrailSource, isAnew: Bool,
        isProvedDead: @escaping @Sendable (Lease) -> Bool
    ) async throws(JournalError) -> SQLiteJournal {
        let path = home.journalPath
        let result: Result<(DatabaseQueue, JournalError?), JournalError> =
            await BlockingQueue.opening
            .run {
                do {
                    let lock = try FolderLock(home.path, waiting: limit)
                    defer { lock.unlock() }
                    try home.prepareJournalFile(isAnew: isAnew)
                    return .success(try connectAsFarAsPossible(path))
                } catch {
                    return .failure(JournalError(access: error, path: path))
                }
            }
        let (queue, refusal) = try result.get()
        let journal = SQLiteJournal(home, queue, source, isProvedDead: isProvedDead)
        if let refusal { _ = journal.endWriting(refusal) }
        return journal
    }

    /// Opens it to be read and written; where no space is left, to be read alone.
    ///
    /// - Returns: with why nothing can be written, which every write gets; nil where it can.
    private static func connectAsFarAsPossible(
        _ path: String
    ) throws -> (DatabaseQueue, JournalError?) {
        let known = reading.withLock { $0[path] }
        if let known, let queue = known.queue { return (queue, known.refusal) }
        do {
            return (try connect(path), nil)
        } catch {
            let refusal = JournalError(access: error, path: path)
            guard refusal.code == .full, let queue = try connectToRead(path) else { throw error }
            reading.withLock { $0[path] = Reading(queue: queue, refusal: refusal) }
            return (queue, refusal)
        }
    }

    /// A connection that only reads, as long as anybody uses it.
    private struct Reading {
        weak var queue: DatabaseQueue?
        let refusal: JournalError
    }

    /// This process's connections that only read, by path: each keeps all others out, so a second
    /// one would wait for the first.
    private static let reading = Mutex<[String: Reading]>([:])

    /// Opens it with nothing but its own files, which SQLite makes none of then; nil where its
    /// schema has to be brought up to date first.
    ///
    /// In exclusive mode the index of the log is kept in memory, not in the `-shm`, for which there
    /// is no room (https://www.sqlite.org/wal.html#use_of_wal_without_shared_memory). Nobody else
    /// has it open: else the `-shm` would be there.
    private static func connectToRead(_ path: String) throws -> DatabaseQueue? {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = "handrail.journal.reading"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = TRUE")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let isCurrent = try queue.read { db in
            try Int32.fetchOne(db, sql: "PRAGMA application_id") == JournalSchema.applicationID
                && JournalSchema.migrator.hasCompletedMigrations(db)
                && !JournalSchema.migrator.hasBeenSuperseded(db)
        }
        return isCurrent ? queue : nil
    }

    private static func connect(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        configuration.label = "handrail.journal"
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let isNewer = try queue.read { db in
            let mark = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            // Without the list of migrations: it is there before the first of them has marked the
            // file, and whoever made it may have been killed, or met a full disk, in between.
            let tables =
                try Int.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'")
                ?? 0
            guard mark == JournalSchema.applicationID || (mark == 0 && tables == 0) else {
                throw JournalError(
                    .corrupt, "\(path) is an SQLite database, but no journal of Handrail.",
                    hint: "Move it away, or name another home with --home.")
            }
            return try tables > 0 && JournalSchema.migrator.hasBeenSuperseded(db)
        }
        guard !isNewer else {
            throw JournalError(
                .newerFormat, "The journal \(path) was written by a newer Handrail.",
                hint: "Use that version or a later one; it can't be read by an older one.")
        }
        try JournalSchema.migrator.migrate(queue)
        // WHY NOT in prepareDatabase: GRDB sets NORMAL after that, when it turns WAL on.
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return queue
    }

    /// Runs a body in one immediate transaction; durable when this returns.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        try await access { db, journal in
            if let refusal = journal.ended.withLock({ $0 }) { throw refusal }
            try journal.refuseWhenMoved()
            defer { journal.noteLog() }
            return try Self.transaction(.immediate, db, body)
        }
    }

    /// Runs a body in one transaction that only reads: it sees one state.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        try await access { db, _ in try Self.transaction(.deferred, db, body) }
    }

    /// The same as `read`; blocks the calling thread, which must be none of the cooperative pool's.
    func readBlocking<Value: Sendable>(
        _ body: (Database) throws -> Value
    ) throws(JournalError) -> Value {
        try blocking { db in try Self.transaction(.deferred, db, body) }
    }

    /// The same as `write`; blocks the calling thread, which must be none of the cooperative pool's.
    func writeBlocking(_ body: (Database) throws -> Void) throws(JournalError) {
        try blocking { db in
            if let refusal = ended.withLock({ $0 }) { throw refusal }
            try refuseWhenMoved()
            defer { noteLog() }
            try Self.transaction(.immediate, db, body)
        }
    }

    /// The same as `write`, but on the disk with the next `write` only: for what can be found again.
    ///
    /// Blocks the calling thread, which must be none of the cooperative pool's.
    func writeLazily(_ body: (Database) throws -> Void) throws(JournalError) {
        try blocking { db in
            if let refusal = ended.withLock({ $0 }) { throw refusal }
            try refuseWhenMoved()
            defer { noteLog() }
            try db.execute(sql: "PRAGMA synchronous = NORMAL")
            let result = Result { try Self.transaction(.immediate, db, body) }
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try result.get()
        }
    }

    private func blocking<Value: Sendable>(
        _ body: (Database) throws -> Value
    ) throws(JournalError) -> Value {
        do {
            return try queue.writeWithoutTransaction(body)
        } catch {
            throw refusal(of: error)
        }
    }

    private func access<Value: Sendable>(
        _ body: @escaping @Sendable (Database, SQLiteJournal) throws -> Value
    ) async throws(JournalError) -> Value {
        let result: Result<Value, JournalError> = await withCheckedContinuation { continuation in
            queue.asyncWriteWithoutTransaction { db in
                do {
                    continuation.resume(returning: .success(try body(db, self)))
                } catch {
                    continuation.resume(returning: .failure(self.refusal(of: error)))
                }
            }
        }
        return try result.get()
    }

    private static func transaction<Value>(
        _ kind: Database.TransactionKind, _ db: Database, _ body: (Database) throws -> Value
    ) throws -> Value {
        var values: [Value] = []
        try db.inTransaction(kind) {
            values.append(try body(db))
            return .commit
        }
        return values[0]
    }

    /// Refuses to write into a file that has lost its name, which nobody would read ever again, and
    /// after a log that lost what it had: what comes after a gap is never found.
    private func refuseWhenMoved() throws(JournalError) {
        if FileIdentity(of: path) != file {
            throw endWriting(
                JournalError(
                    .io, "The journal \(path) was moved, removed or replaced while it was in use.",
                    hint: "Put it back with its -wal, or restore the last backup of the home."))
        }
        if let loss = log.withLock({ $0.loss(at: path) }) {
            throw endWriting(
                JournalError(
                    .corrupt,
                    "The journal's log \(path)-wal \(loss) while it was in use: what was recorded "
                        + "last may be lost.",
                    hint: "Stop all runs, keep a copy of the home, run 'handrail audit verify' to "
                        + "see how far the trail goes, and restore the last backup of both."))
        }
    }

    /// Gives the file back to other connections; nothing can be asked of it after that.
    package func close() async throws(JournalError) {
        Self.reading.withLock { $0[path] = nil }
        let result: Result<Void, JournalError> = await BlockingQueue.opening.run { [self] in
            do {
                return .success(try queue.close())
            } catch {
                return .failure(JournalError(access: error, path: path))
            }
        }
        try result.get()
    }

    private func noteLog() { log.withLock { $0.note(path) } }

    /// The refusal that every further write gets.
    private func endWriting(_ refusal: JournalError) -> JournalError {
        ended.withLock { known in
            known = known ?? refusal
            return known ?? refusal
        }
    }

    /// Names an error, and ends writing after one that leaves the file's state in doubt.
    private func refusal(of error: any Error) -> JournalError {
        let refusal = JournalError(access: error, path: path)
        guard JournalError.endsWriting(error) else { return refusal }
        ended.withLock { known in
            known =
                known
                ?? JournalError(
                    // Not `full`, even after a disk was: that would say that trying again helps.
                    refusal.code == .corrupt ? .corrupt : .io,
                    "The journal \(path) takes no more writes after an error: "
                        + refusal.message, hint: refusal.hint, cause: refusal)
        }
        return refusal
    }
}
