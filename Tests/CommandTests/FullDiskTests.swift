import Foundation
import Glibc
import Runner
import TestSupport
import Testing

/// At any amount of space that is left, what a command says of its record is true.
struct FullDiskTests {
    /// What became of one command.
    private enum Said { case done, recorded, refused }

    /// A bench whose home is a file system of its own.
    private static func withSmallHome(_ body: (Workbench) async throws -> Void) async throws {
        let bench = try Workbench()
        try bench.makeSmallHome()
        defer { umount2(bench.home, Int32(MNT_DETACH)) }
        try bench.makeLibrary()
        try await body(bench)
    }

    /// Fills the home's file system but for some blocks of 4 KiB.
    static func fill(_ bench: Workbench, leaving blocks: Int) throws {
        let path = bench.home + "/filler"
        let filler = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        try #require(filler >= 0)
        defer { close(filler) }
        let block = [UInt8](repeating: 0, count: 4096)
        var size = 0
        while write(filler, block, block.count) == block.count { size += block.count }
        try #require(ftruncate(filler, off_t(max(0, size - blocks * 4096))) == 0)
    }

    private static func said(_ result: Workbench.Result) -> Said? {
        if result.status == 0 { return .done }
        if result.errors.contains("is recorded, and not sealed") { return .recorded }
        return result.errors.contains("is recorded") ? nil : .refused
    }

    /// Runs a command with ever more space, until it is done; all that can be said has to be met.
    ///
    /// How much the journal's log has taken already differs from time to time, so where one way
    /// through didn't meet everything, there is another.
    private static func sweep(
        _ bench: Workbench, upTo most: Int, _ command: (_ text: String) throws -> Workbench.Result,
        check: (_ text: String, Said, Workbench.Result) async throws -> Void
    ) async throws {
        var seen: Set<Said> = []
        for round in 1...4 where seen.count < 3 {
            for blocks in 0..<most {
                let text = "w\(round)-\(blocks)."
                try fill(bench, leaving: blocks)
                let result = try command(text)
                try FileManager.default.removeItem(atPath: bench.home + "/filler")
                let said = try #require(Self.said(result), "\(result.errors)")
                seen.insert(said)
                try await check(text, said, result)
                if said == .done { break }
            }
        }
        #expect(seen == [.done, .recorded, .refused])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aFlagIsRecordedOrSaysThatItIsNot() async throws {
        try await Self.withSmallHome { bench in
            try #require(try bench.handrail("flag", "service.down", "--why", "first").status == 0)
            try await Self.sweep(bench, upTo: 48) { text in
                try bench.handrail("flag", "service.down", "--why", text)
            } check: { text, said, result in
                let flags = try await bench.journal().0.flags().map(\.why)
                #expect(
                    flags.contains(text) == (said != .refused),
                    "\(text): \(result.status) \(result.errors)")
                if said == .recorded {
                    #expect(result.status == 12)
                    #expect(result.errors.contains("Don't do it again"), "\(result.errors)")
                }
            }
            let verified = try bench.handrail("audit", "verify")
            #expect(verified.status == 0, "\(verified.output)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aNoteIsRecordedOrSaysThatItIsNot() async throws {
        try await Self.withSmallHome { bench in
            try await AuditCommandTests.record("r-20261123-0701-bbbb", number: 1, on: bench)
            try #require(try bench.handrail("note", "last", "first").status == 0)
            try await Self.sweep(bench, upTo: 60) { text in
                try bench.handrail("note", "last", text)
            } check: { text, said, result in
                let notes = try bench.handrail("status", "last", "--json").json()["notes"]
                #expect(
                    (notes as? [String])?.contains(text) == (said != .refused),
                    "\(text): \(result.status) \(result.errors)")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func anEscalationIsRecordedOrLeavesNothing() async throws {
        try await Self.withSmallHome { bench in
            try await AuditCommandTests.record(
                "r-20261123-0700-k3f9", number: 1, hasFailed: true, on: bench)
            try #require(try bench.handrail("flag", "service.down", "--why", "first").status == 0)
            let out = { (text: String) in bench.folder + "/pack-" + text }
            try await Self.sweep(bench, upTo: 120) { text in
                try bench.handrail(
                    "escalate", "last", "--to", "t", "--note", text, "--out", out(text))
            } check: { text, said, result in
                let notes = try await bench.journal().0.escalations().map(\.note)
                let isRecorded = notes.contains(text)
                #expect(
                    isRecorded == (said != .refused),
                    "\(text): \(result.status) \(result.errors)")
                #expect(
                    FileManager.default.fileExists(atPath: out(text) + "/pack.md") == isRecorded,
                    "\(text): \(result.errors)")
                if said == .recorded { #expect(result.errors.contains(out(text))) }
            }
            let verified = try bench.handrail("audit", "verify")
            #expect(verified.status == 0, "\(verified.output)")
        }
    }
}

/// What killed escalations left is removed by the next one, and nothing else is.
struct StaleDraftsTests {
    @Test func onlyOldDraftsThatNobodyHoldsGo() async throws {
        let bench = try Workbench()
        let past = try PastRun()
        try await past.write(to: bench.journal().0, past.failedEvents())
        let folder = bench.home + "/escalations"
        let files = FileManager.default
        let names = [
            "e-20261123-0709-b2c3.new-aabbccdd", "e-20261123-0709-held.new-aabbccdd",
            "e-20261123-0709-yong.new-aabbccdd", "e-20261123-0709-done", "mine.new-aabbccdd",
            "e-20261123-0709-odd1.new-report",
        ]
        for name in names {
            let path = folder + "/" + name
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(fileURLWithPath: path + "/plan.json"))
            guard !name.contains("yong") else { continue }
            var times = [
                timeval(tv_sec: 1_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000, tv_usec: 0),
            ]
            try #require(utimes(path, &times) == 0)
        }
        let held = open(folder + "/" + names[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(held >= 0 && flock(held, LOCK_EX) == 0)
        defer { close(held) }
        let result = try bench.handrail("escalate", "last", "--to", "t", "--note", "n")
        #expect(result.status == 0, "\(result.errors)")
        let left = Set(try files.contentsOfDirectory(atPath: folder)).intersection(names)
        #expect(left == Set(names.dropFirst()))
    }
}
