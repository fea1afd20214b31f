import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// A journal that isn't the one whose trail lies beside it: nothing is recorded in it, and whoever
/// reads it is told.
struct DifferentTrailTests {
    /// How a journal and a trail come together that don't belong together.
    enum Mishap: CaseIterable { case begunAnew, olderCopy, trailGone }

    /// A home with one run and one flag, after the mishap.
    private static func bench(_ mishap: Mishap) async throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        let past = try PastRun()
        try await past.write(to: bench.journal().0)
        try #require(try bench.handrail("note", "last", "before").status == 0)
        let files = FileManager.default
        let kept = bench.folder + "/kept"
        try files.createDirectory(atPath: kept, withIntermediateDirectories: true)
        for name in try names(bench) {
            try files.copyItem(atPath: bench.home + "/" + name, toPath: kept + "/" + name)
        }
        try #require(try bench.handrail("flag", "service.down", "--why", "x").status == 0)
        switch mishap {
        case .trailGone: try files.removeItem(atPath: bench.home + "/trail.git")
        case .begunAnew, .olderCopy:
            for name in try names(bench) {
                try files.removeItem(atPath: bench.home + "/" + name)
            }
            let source = mishap == .olderCopy ? kept : try await fresh(bench)
            for name in try files.contentsOfDirectory(atPath: source)
            where name.hasPrefix("journal.db") {
                try files.copyItem(
                    atPath: source + "/" + name, toPath: bench.home + "/" + name)
            }
        }
        return bench
    }

    private static func names(_ bench: Workbench) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: bench.home)
            .filter { $0.hasPrefix("journal.db") }
    }

    /// The home of a journal that was just made, with one run in it.
    private static func fresh(_ bench: Workbench) async throws -> String {
        let home = try Home.open(at: bench.folder + "/fresh")
        _ = try await SQLiteJournal.open(
            in: home,
            trail: TrailSource(
                hostName: "bench", program: "t", randomBytes: { [UInt8](repeating: 7, count: $0) }),
            isProvedDead: ProcessLife.isProvedDead)
        return home.path
    }

    private static func lines(_ bench: Workbench) async throws -> Int {
        try await bench.journal().0.recordedLines()
    }

    @Test(arguments: Mishap.allCases)
    func nothingIsRecordedAndEverybodyIsTold(_ mishap: Mishap) async throws {
        let bench = try await Self.bench(mishap)
        let before = try await Self.lines(bench)
        let code: Int32 = mishap == .trailGone ? 3 : 10
        var acts = [
            ["flag", "service.down", "--why", "y"],
            ["escalate", "--alert", "Down", "--to", "t", "--note", "n"],
        ]
        if mishap != .begunAnew {
            acts += [
                ["note", "last", "n"], ["abort", "last"], ["pause", "last"],
                ["escalate", "last", "--to", "t", "--note", "n"],
                ["escalate", "last", "--done", "--note", "n"],
            ]
        }
        for words in acts {
            let result = try bench.handrail(words)
            #expect(result.status == code, "\(words): \(result.errors)")
            #expect(result.errors.contains("Nothing was recorded."), "\(words): \(result.errors)")
            #expect(result.errors.contains(bench.home), "\(words): \(result.errors)")
            #expect(result.errors.contains("hint:"))
        }
        let started = try bench.handrail(
            "run", "service.down", "--on", "localhost", "--yes", "--set", "service=x")
        #expect(started.status == code, "\(started.errors)")
        #expect(started.errors.contains("Nothing was started."), "\(started.errors)")
        #expect(try await Self.lines(bench) == before, "not one line")
        #expect(!FileManager.default.fileExists(atPath: bench.home + "/escalations"))
        try Self.expectTold(bench, mishap)
    }

    /// What commands that only read say: what is wrong, where, and what to do.
    private static func expectTold(_ bench: Workbench, _ mishap: Mishap) throws {
        let inbox = try bench.handrail([])
        #expect(!inbox.output.contains("Nothing waits for you."))
        #expect(inbox.output.contains("can't be trusted"), "\(inbox.output)")
        #expect(inbox.output.contains("→ handrail audit verify"), "\(inbox.output)")
        let items = try #require(try bench.handrail("--json").json()["items"] as? [[String: Any]])
        #expect(items.first?["kind"] as? String == "record")
        for words in [["history"], ["list"], ["find", "service"]]
            + (mishap == .begunAnew ? [] : [["status", "last"], ["logs", "last"]])
        {
            let result = try bench.handrail(words)
            #expect(result.status == 0, "\(words): \(result.errors)")
            let warnings = result.errors.components(separatedBy: "warning:").count - 1
            #expect(warnings == 1, "\(words): \(result.errors)")
            #expect(result.errors.contains(bench.home), "\(words): \(result.errors)")
            #expect(result.errors.contains("hint:"), "\(words): \(result.errors)")
        }
    }
}
