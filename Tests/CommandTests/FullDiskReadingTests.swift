import Foundation
import Glibc
import TestSupport
import Testing

/// On a disk without a block left, everything that only reads still answers.
@Suite(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
struct FullDiskReadingTests {
    /// What becomes of the journal's log before the disk is full.
    enum Log: CaseIterable {
        /// The last process ended in order: there is none.
        case closed
        /// The process that wrote it was killed: it holds events that are nowhere else.
        case left
    }

    private static func withFullHome(
        _ log: Log, _ body: (Workbench) async throws -> Void
    ) async throws {
        let bench = try Workbench()
        try bench.makeSmallHome()
        defer { umount2(bench.home, Int32(MNT_DETACH)) }
        try await AuditCommandTests.record(
            "r-20261123-0700-k3f9", number: 1, hasFailed: true, on: bench)
        try await AuditCommandTests.record("r-20261123-0701-bbbb", number: 2, on: bench)
        try #require(try bench.handrail("flag", "web.restart", "--why", "careful").status == 0)
        if log == .left { try await leaveLog(bench) }
        // Of a closed journal a last connection may be going yet: both kinds are read all the same.
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.home)
        try #require(log == .closed || names.contains("journal.db-wal"), "\(names)")
        unlink(bench.home + "/journal.db-shm")
        try FullDiskTests.fill(bench, leaving: 0)
        try await body(bench)
    }

    /// Puts the journal back as a killed process leaves it.
    private static func leaveLog(_ bench: Workbench) async throws {
        let names = ["journal.db", "journal.db-wal"]
        var kept: [String: Data] = [:]
        do {
            let (journal, store) = try await bench.journal()
            _ = try await journal.recordedLines()
            let plan = try await store.put(Array("{\"plan\":3}".utf8))
            let past = try PastRun("r-20261123-0702-cccc", number: 3, planDigest: plan)
            try await past.write(to: journal)
            for name in names {
                kept[name] = try Data(contentsOf: URL(fileURLWithPath: bench.home + "/" + name))
            }
        }
        for name in names {
            let path = bench.home + "/" + name
            try kept[name]?.write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
        }
    }

    @Test(arguments: Log.allCases) func whatOnlyReadsAnswers(_ log: Log) async throws {
        try await Self.withFullHome(log) { bench in
            let newest = log == .left ? "r-20261123-0702-cccc" : "r-20261123-0701-bbbb"
            for (words, text) in [
                ([], "careful"), (["status", newest], newest), (["history"], newest),
                (["logs", "k3f9"], "port 80 in use"), (["audit", "log"], "r-20261123-0701-bbbb"),
                (["audit", "show", "k3f9"], "run.opened"), (["audit", "verify"], "consistent"),
                (["history", "--json"], newest), (["prune", "--dry-run"], "Nothing to remove"),
            ] {
                let result = try bench.handrail(words)
                #expect(result.status == 0, "\(words): \(result.errors)")
                #expect(result.output.contains(text), "\(words): \(result.output)")
            }
            // Who was the last to read may have put the log into the journal: that gives room.
            try FullDiskTests.fill(bench, leaving: 0)
            for words in [["flag", "web.restart", "--why", "x"], ["note", "bbbb", "n"]] {
                let result = try bench.handrail(words)
                #expect(result.status == 3, "\(words): \(result.errors)")
                #expect(result.errors.contains("No space is left"), "\(result.errors)")
            }
            // With space again all is as before: nothing was lost by reading.
            try FileManager.default.removeItem(atPath: bench.home + "/filler")
            #expect(try bench.handrail("flag", "web.restart", "--why", "later").status == 0)
            #expect(try bench.handrail("history").output.contains(newest))
            let verified = try bench.handrail("audit", "verify")
            #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
        }
    }

    /// A backup goes elsewhere, and needs nothing of the home's disk.
    @Test func aBackupElsewhereIsTaken() async throws {
        try await Self.withFullHome(.closed) { bench in
            let file = bench.folder + "/b.tar"
            let result = try bench.handrail("backup", "-o", file)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try bench.handrail("restore", file, "--home", bench.folder + "/o").status == 12)
        }
    }
}
