import Audit
import Foundation
import Glibc
import Runbooks
import Runner
import TestSupport
import Testing

/// `prune`: what may go goes, what anything refers to stays, and what is gone says so.
struct PruneCommandTests {
    /// Runs with an output of 3000 bytes each, and one that two of them share.
    static func bench() async throws -> (Workbench, [String: Digest]) {
        let bench = try Workbench()
        let (journal, store) = try await bench.journal()
        var digests: [String: Digest] = [:]
        let shared = try await store.put([UInt8](repeating: 83, count: 4000))
        digests["shared"] = shared
        for (number, kind) in ["old", "open", "new", "handed"].enumerated() {
            let own = try await store.put([UInt8](repeating: UInt8(65 + number), count: 3000))
            digests[kind] = own
            try await write(
                kind, number + 1, [own] + (kind == "old" || kind == "new" ? [shared] : []),
                to: journal, store)
        }
        try await TrailSealer(journal: journal, store: store).seal()
        return (bench, digests)
    }

    private static func write(
        _ kind: String, _ number: Int, _ stored: [Digest], to journal: SQLiteJournal,
        _ store: FileContentStore
    ) async throws {
        let id = "r-20261123-070\(number)-\(kind)"
        let draft = try PastRun(id, number: number)
        let digest = try await store.put(try CanonicalJSON.bytes(of: draft.record.plan))
        let past = try PastRun(id, number: number, planDigest: digest)
        let target = past.record.plan.targets[0].name
        var events: [RunEvent] = [.targetStarted(target)]
        for (attempt, content) in stored.enumerated() {
            let key = AttemptKey(
                target: target, part: .action(try name("restart")), number: attempt + 1)
            var record = PastRun.attempt(0, "", "")
            record.stdout = OutputRecord(
                text: "the end", totalBytes: 3000, droppedBytes: 0, stored: content)
            events += [.attemptStarted(key), .attemptEnded(key, record)]
        }
        try await past.write(to: journal, events)
        guard kind != "open" else { return }
        // Closed in 2026, or a day before the end of time.
        let at = kind == "new" ? Timestamp(milliseconds: 4_000_000_000_000) : PastRun.start
        _ = try await journal.append(
            [.closed(.succeeded, .resolved)], to: past.record.id, at: at,
            lease: PastRun.deadLease)
        guard kind == "handed", let id = EscalationID(rawValue: "e-1") else { return }
        try await journal.record(
            Escalation(
                id: id, run: past.record.id, at: PastRun.start, actor: "ann", to: "t", note: "n",
                ticket: nil, alert: nil, evidence: digest, pack: digest))
    }

    static func isThere(_ digest: Digest?, _ bench: Workbench) throws -> Bool {
        let digest = try #require(digest).rawValue
        return FileManager.default.fileExists(
            atPath: bench.home + "/output/\(digest.prefix(2))/\(digest)")
    }

    @Test func onlyWhatNothingElseRefersToGoes() async throws {
        let (bench, digests) = try await Self.bench()
        // The runs of this bench ended in November 2026; "today" may be that very week.
        let dry = try bench.handrail("prune", "--older-than", "1d", "--dry-run", "--json")
        #expect(dry.status == 0, "\(dry.errors)")
        let wasOld = try dry.json()["outputs"] as? Int == 1
        try #require(wasOld, "the clock of this machine is before 2026-11-24: \(dry.output)")
        #expect(try dry.json()["output_bytes"] as? Int == 3000)
        for (_, digest) in digests { #expect(try Self.isThere(digest, bench)) }
        #expect(try bench.handrail("prune", "--older-than", "1d").status == 64, "nobody confirms")
        #expect(try bench.handrail("prune", "--older-than", "1h").status == 64)
        let result = try bench.handrail("prune", "--older-than", "1d", "--yes", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.json()["recorded"] as? Bool == true)
        for (kind, digest) in digests {
            #expect(try Self.isThere(digest, bench) == (kind != "old"), "\(kind)")
        }
        let logs = try bench.handrail("logs", "old", "--full")
        #expect(logs.status == 0, "\(logs.errors)")
        #expect(logs.output.contains("pruned on "), "\(logs.output)")
        #expect(logs.output.contains("the end"), "what the journal has of it is shown")
        let show = try bench.handrail("audit", "log")
        #expect(show.output.contains("home.pruned"), "\(show.output)")
        #expect(try bench.handrail("audit", "verify").status == 0)
        let again = try bench.handrail("prune", "--older-than", "1d", "--yes")
        #expect(again.output.hasPrefix("Nothing to remove"), "\(again.output)")
    }

    @Test func whatKilledCommandsLeftGoesAndNothingElse() async throws {
        let bench = try await AuditCommandTests.sealed()
        let left = [
            "export.new-\(UUID().uuidString)", "home.new-0123456789abcdef",
            "b.tar.new-0123456789abcdef",
        ]
        let kept = [
            "mine.new-\(UUID().uuidString)", "home.new-notes", "home.aside-20261126-030000",
            "young.new-\(UUID().uuidString)",
        ]
        for name in left + kept {
            let path = bench.folder + "/" + name
            if name.hasPrefix("b.tar") {
                try Data([1]).write(to: URL(fileURLWithPath: path))
            } else {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true)
                let file = name.hasPrefix("mine") ? "work.txt" : "events.txt"
                try Data("x".utf8).write(to: URL(fileURLWithPath: path + "/" + file))
            }
            guard !name.hasPrefix("young") else { continue }
            var times = [
                timeval(tv_sec: 1_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000, tv_usec: 0),
            ]
            try #require(utimes(path, &times) == 0)
        }
        let result = try bench.handrail("prune", "--yes", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.folder)
        #expect(Set(names) == Set(kept + ["home"]))
        #expect((try result.json()["leftovers"] as? [String])?.count == 3)
    }

    /// Not one block is left: outputs go first, and what was removed is recorded then.
    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aFullDiskIsFreed() async throws {
        let bench = try Workbench()
        try bench.makeSmallHome()
        defer { umount2(bench.home, Int32(MNT_DETACH)) }
        let (journal, store) = try await bench.journal()
        let own = try await store.put([UInt8](repeating: 65, count: 2_000_000))
        try await Self.write("old", 1, [own], to: journal, store)
        try await TrailSealer(journal: journal, store: store).seal()
        try FullDiskTests.fill(bench, leaving: 0)
        let result = try bench.handrail("prune", "--older-than", "1d", "--yes", "--json")
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        #expect(try result.json()["output_bytes"] as? Int == 2_000_000)
        #expect(try result.json()["recorded"] as? Bool == true)
        #expect(try bench.handrail("audit", "verify").status == 0)
    }
}
