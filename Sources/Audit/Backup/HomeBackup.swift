import Foundation
import GRDB
import Runbooks
import Runner

/// Copies a home into one file while runs go on (docs/backup.md).
///
///     let report = try await HomeBackup(journal: journal, withKeys: true).write(to: path, at: now)
package struct HomeBackup: Sendable {
    /// What a backup came to.
    package struct Report: Sendable, Hashable {
        /// What the backup says of itself.
        package let manifest: BackupManifest
        /// The length of its file.
        package let bytes: Int
        /// The SHA-256 of its file, in hex.
        package let sha256: String
        /// Contents whose bytes aren't what their name says; they are in it as they are.
        package let damaged: [String]
        /// What else is in the home, and isn't in the backup.
        package let leftOut: [String]
        /// What a killed backup had left there, and is removed.
        package let removed: [String]
    }

    /// Whether a name is that of a file which a backup is being written into, or was when it died.
    package static func isLeftover(name: String) -> Bool { BackupLeftovers.isNew(name) }

    private let journal: SQLiteJournal
    private let hasKeys: Bool

    private var home: Home { journal.home }

    /// A backup of the home whose journal is open; with its keys, or without.
    package init(journal: SQLiteJournal, withKeys hasKeys: Bool) {
        (self.journal, self.hasKeys) = (journal, hasKeys)
    }

    /// Writes the file, whole or not at all: it is written beside and renamed.
    ///
    /// - Throws: `JournalError`: `full`, `io`; `corrupt` where journal and trail can't be copied.
    package func write(to path: String, at: Timestamp) async throws(JournalError) -> Report {
        let result = await BlockingQueue(label: "handrail.backup").run {
            () -> Result<Report, JournalError> in
            do {
                return .success(try make(path, at))
            } catch {
                return .failure(JournalError(backup: error, path: path))
            }
        }
        return try result.get()
    }

    private func make(_ path: String, _ at: Timestamp) throws -> Report {
        let removed = try BackupLeftovers.remove(besides: path)
        let new = path + BackupLeftovers.suffix()
        let copy = new + BackupLeftovers.journalSuffix
        do {
            let writer = try TarWriter(new, seconds: Int(at.milliseconds / 1000))
            writer.hold()
            defer { for end in ["", "-wal", "-shm", "-journal"] { unlink(copy + end) } }
            let taken = try snapshot(to: copy)
            var sums = ""
            var damaged: [String] = []
            var contents = 0
            func add(_ name: String, _ file: String) throws {
                let (_, sha256) = try writer.add(name, file: file)
                sums += "\(sha256)  \(name)\n"
                guard name.hasPrefix("output/") else { return }
                contents += 1
                if !name.hasSuffix(sha256) { damaged.append(name) }
            }
            try add("journal.db", copy)
            for name in try files(taken.trail) { try add(name, home.path + "/" + name) }
            if let trail = taken.trail {
                let name = "trail.git/" + TrailLayout.branches + trail.controller
                sums += "\(try writer.add(name, Array((trail.commit + "\n").utf8)))  \(name)\n"
            }
            let digest = try writer.add(BackupManifest.sumsName, Array(sums.utf8))
            let manifest = BackupManifest(
                format: BackupManifest.newest, created: at, program: journal.source.program,
                host: journal.source.hostName, home: home.path, runs: taken.runs,
                openRuns: taken.open, events: taken.events, trail: taken.trail,
                hasKeys: hasKeys, contents: contents, sums: digest)
            let text = Array((try JournalCoding.text(of: manifest) + "\n").utf8)
            let own = try writer.add(BackupManifest.name, text)
            _ = try writer.add(
                BackupManifest.digestName, Array("\(own)  \(BackupManifest.name)\n".utf8))
            let whole = try writer.finish()
            try NewName.give(path, to: new)
            return Report(
                manifest: manifest, bytes: writer.count, sha256: whole, damaged: damaged,
                leftOut: try leftOut(), removed: removed)
        } catch {
            unlink(new)
            throw error
        }
    }

    // --- the journal, and the trail's end at the same moment -------------------------------------

    /// What the journal's copy has.
    private struct Taken {
        let runs: Int
        let open: [String]
        let events: Int
        let trail: BackupManifest.Trail?
    }

    /// Copies the journal as it is at one moment, and says where the trail ended then.
    ///
    /// The moment is while nobody can seal, so the copy has all that the trail has, and has no
    /// line marked as sealed that the trail lacks; nobody waits for the copying itself.
    private func snapshot(to path: String) throws -> Taken {
        let lock = try TrailLock(home.trailLockPath, waiting: TrailRepository.longestWait)
        // Made first, so that nobody else may ever read it.
        _ = try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        let copy = try DatabaseQueue(path: path)
        let taken = try journal.readBlocking { db in
            try lock.take()
            var isLocked = true
            defer { if isLocked { lock.release() } }
            // The first read of the transaction is the moment.
            let events = try Int.fetchOne(db, sql: "SELECT coalesce(max(seq), 0) FROM trail") ?? 0
            let trail = try trailEnd()
            lock.release()
            isLocked = false
            let open = try String.fetchAll(
                db, sql: "SELECT name FROM runs WHERE closed IS NULL ORDER BY id")
            let runs = try Int.fetchOne(db, sql: "SELECT count(*) FROM runs") ?? 0
            try copy.writeWithoutTransaction { try db.backup(to: $0) }
            return Taken(runs: runs, open: open, events: events, trail: trail)
        }
        // One file, whatever the mode of the journal that it was copied from.
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
        return taken
    }

    private func trailEnd() throws -> BackupManifest.Trail? {
        guard TrailFolder(path: home.trailPath).exists else { return nil }
        let reader = try TrailReader(path: home.trailPath)
        guard let commit = try reader.newest() else { return nil }
        return BackupManifest.Trail(
            controller: reader.controller,
            anchor: "\(commit.events.upperBound):\(commit.head)", commit: commit.id)
    }

    // --- the files -------------------------------------------------------------------------------

    /// The files that are copied as they are, by their paths in the home.
    private func files(_ trail: BackupManifest.Trail?) throws -> [String] {
        var files = try names("").filter { $0 == "trail.yaml" }
        if hasKeys { files += try known("keys") }
        files += try known("push") + known("trust") + known("trust/people")
        files += try known("trust/calendars")
        if trail != nil { files += ["trail.git/HEAD", "trail.git/config"] + (try objects()) }
        for folder in try names("output") where Hexadecimal.isDigits(folder, 2) {
            files += try known("output/" + folder)
        }
        return files
    }

    private func objects() throws -> [String] {
        let objects = "trail.git/objects"
        return try names(objects).flatMap { folder in
            folder == "pack" || Hexadecimal.isDigits(folder, 2)
                ? try known(objects + "/" + folder) : []
        }
    }

    private func known(_ folder: String) throws -> [String] {
        try names(folder).map { folder + "/" + $0 }.filter(BackupManifest.isKnown)
    }

    private func names(_ folder: String) throws -> [String] {
        let path = folder.isEmpty ? home.path : home.path + "/" + folder
        guard access(path, F_OK) == 0 else { return [] }
        return try FileDescriptor(path, O_RDONLY | O_DIRECTORY).names().compactMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    /// What is in the home that a backup never holds; locks and the journal's own files aside.
    private func leftOut() throws -> [String] {
        // A request to break the glass is over in minutes: none is worth keeping.
        let known: Set<String> = [
            "trail.yaml", "push", "trust", "trail.git", "output", "break-glass",
        ]
        return try names("").filter { name in
            !known.contains(name) && !name.hasPrefix("journal.db") && !name.hasSuffix(".lock")
                && (name != "keys" || !hasKeys)
        }
    }
}
