import Audit
import Foundation
import Glibc
import TestSupport
import Testing

/// `backup`, `restore` and `prune` killed at random moments: what stands under a name is whole.
struct BackupKillTests {
    /// How often each is killed.
    private static let kills =
        ProcessInfo.processInfo.environment["HANDRAIL_FULL"] == "1" ? 100 : 6

    /// A bench with outputs enough that copying them takes a while.
    private static func bench() async throws -> Workbench {
        let bench = try await AuditCommandTests.sealed()
        let (_, store) = try await bench.journal()
        for number in 0..<60 {
            let bytes = Array(repeating: Array("\(number) 0123456789".utf8), count: 4000).flatMap(
                \.self)
            _ = try await store.put(bytes)
        }
        return bench
    }

    /// How long a command takes that nobody kills.
    private static func length(_ body: () throws -> Void) rethrows -> Duration {
        let clock = ContinuousClock()
        return try clock.measure(body)
    }

    private static func killed(
        _ bench: Workbench, _ words: [String], after fraction: Double, of length: Duration
    ) async throws {
        let tool = try bench.begin(words)
        try await Task.sleep(for: length * fraction)
        kill(tool.processID, SIGKILL)
        _ = try tool.wait()
    }

    @Test func aKilledBackupLeavesNoHalfUnderItsName() async throws {
        let bench = try await Self.bench()
        let first = bench.folder + "/first.tar"
        let length = try Self.length { _ = try bench.handrail("backup", "-o", first) }
        var numbers = SeededNumbers(seed: 1)
        for number in 0..<Self.kills {
            let file = bench.folder + "/\(number).tar"
            let fraction = Double.random(in: 0...1.1, using: &numbers)
            try await Self.killed(bench, ["backup", "-o", file], after: fraction, of: length)
            guard FileManager.default.fileExists(atPath: file) else { continue }
            let other = bench.folder + "/home-\(number)"
            let result = try bench.handrail("restore", file, "--home", other)
            #expect(result.status == 12, "kill \(number): \(result.errors)")
        }
        #expect(try bench.handrail("audit", "verify").status == 0)
        // What they left is found once it is old, and nothing else is.
        for name in try FileManager.default.contentsOfDirectory(atPath: bench.folder)
        where name.contains(".new-") {
            var times = [
                timeval(tv_sec: 1_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000, tv_usec: 0),
            ]
            try #require(utimes(bench.folder + "/" + name, &times) == 0)
        }
        let last = try bench.handrail("backup", "-o", bench.folder + "/last.tar")
        #expect(last.status == 0, "\(last.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.folder)
        #expect(!names.contains { $0.contains(".tar.new-") }, "\(names)")
    }

    @Test func aKilledRestoreLeavesTheOldHomeOrTheNewOne() async throws {
        let bench = try await Self.bench()
        let file = bench.folder + "/b.tar"
        try #require(try bench.handrail("backup", "-o", file).status == 0)
        let other = bench.folder + "/timed"
        let length = try Self.length { _ = try bench.handrail("restore", file, "--home", other) }
        var numbers = SeededNumbers(seed: 2)
        for number in 0..<Self.kills {
            let fraction = Double.random(in: 0...1.1, using: &numbers)
            let words = ["restore", file, "--replace", "--yes", "--lose-newer"]
            try await Self.killed(bench, words, after: fraction, of: length)
            let verified = try bench.handrail("audit", "verify")
            #expect(verified.status == 0, "kill \(number): \(verified.output) \(verified.errors)")
            let history = try bench.handrail("history")
            #expect(history.output.contains("r-20261123-0700-k3f9"), "kill \(number)")
            #expect(try bench.handrail("logs", "k3f9", "--full").status == 0, "kill \(number)")
        }
    }

    @Test func aKilledPruneRemovesNothingThatIsReferredTo() async throws {
        var numbers = SeededNumbers(seed: 3)
        for number in 0..<Self.kills {
            let (bench, digests) = try await PruneCommandTests.bench()
            let fraction = Double.random(in: 0...1.1, using: &numbers)
            try await Self.killed(
                bench, ["prune", "--older-than", "1d", "--yes"], after: fraction,
                of: .milliseconds(250))
            for (kind, digest) in digests where kind != "old" {
                #expect(try PruneCommandTests.isThere(digest, bench), "kill \(number): \(kind)")
            }
            #expect(try bench.handrail("audit", "verify").status == 0, "kill \(number)")
            #expect(try bench.handrail("prune", "--older-than", "1d", "--yes").status == 0)
            #expect(try !PruneCommandTests.isThere(digests["old"], bench), "kill \(number)")
            #expect(try bench.handrail("logs", "old", "--full").output.contains("pruned on"))
        }
    }
}
