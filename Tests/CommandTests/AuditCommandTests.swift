import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// `audit log` and `audit show`: what the trail tells, and what is said when it can't be read.
struct AuditCommandTests {
    @Test func theLogTellsWhatRanAndForWhat() async throws {
        let bench = try await Self.sealed()
        let result = try bench.handrail("audit", "log")
        #expect(result.status == 0, "\(result.errors)")
        for text in [
            "r-20261123-0700-k3f9  2026-11-23T07:00:00Z  ann  web.restart  web1, web2  T-1",
            "trail.created", "event 1", "T-1  failed, unresolved  ", "T-1  not yet  ",
        ] {
            #expect(result.output.contains(text), "\(text) in\n\(result.output)")
        }
        for (arguments, count) in [
            ([], 2), (["--on", "web1"], 2), (["--on", "web9"], 0), (["--limit", "1"], 1),
            (["--run", "bbbb"], 1), (["--since", "2026-11-23"], 2), (["--since", "2026-11-24"], 0),
        ] {
            let found = try bench.handrail(["audit", "log", "--json"] + arguments)
            #expect((try found.json()["runs"] as? [Any])?.count == count, "\(arguments)")
        }
    }

    @Test func showFindsARunAnEventAndACommit() async throws {
        let bench = try await Self.sealed()
        let run = try bench.handrail("audit", "show", "k3f9")
        #expect(run.status == 0, "\(run.errors)")
        for text in [
            "started  by ann · ticket T-1", "run.opened by ann", "Sealed in", "Evidence",
            "kept     plan",
        ] {
            #expect(run.output.contains(text), "\(text) in\n\(run.output)")
        }
        let event = try bench.handrail("audit", "show", "2", "--json").json()
        let lines = try #require(event["lines"] as? [[String: Any]])
        #expect(lines.count == 1 && lines[0]["event"] as? Int == 2)
        let text = try #require(lines[0]["text"] as? String)
        #expect(lines[0]["sha256"] as? String == TrailLine.digest(of: Array(text.utf8)))
        let commit = try #require(lines[0]["commit"] as? String)
        let whole = try bench.handrail("audit", "show", String(commit.prefix(9)), "--json").json()
        #expect((whole["commits"] as? [Any])?.count == 1)
        #expect(try bench.handrail("audit", "show", "9999").errors.contains("it ends at"))
        let near = try bench.handrail("audit", "show", "r-20261123-0700-k3g9")
        #expect(near.status == 3)
        #expect(near.errors.contains("did you mean r-20261123-0700-k3f9?"))
    }

    @Test func aCopyElsewhereIsReadToo() async throws {
        let bench = try await Self.sealed()
        let copy = bench.folder + "/copy.git"
        try FileManager.default.copyItem(atPath: bench.home + "/trail.git", toPath: copy)
        let result = try bench.handrail("audit", "log", "--trail", copy, "--home", "/nowhere/x")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("r-20261123-0700-k3f9"))
    }

    /// A folder or file of something else is no trail that somebody changed.
    @Test func whatIsNoRepositoryIsNoTrail() async throws {
        let bench = try await Self.sealed()
        let plain = bench.folder + "/plain"
        try FileManager.default.createDirectory(
            atPath: plain + "/x", withIntermediateDirectories: true)
        for place in [plain, "/dev/null", bench.folder + "/nothing"] {
            for command in ["verify", "log"] {
                let result = try bench.handrail("audit", command, "--trail", place)
                #expect(result.status == 3, "\(command) \(place): \(result.errors)")
                #expect(result.errors.contains("There is no trail at \(place)"))
            }
        }
        let own = bench.home + "/trail.git"
        for name in try FileManager.default.contentsOfDirectory(atPath: own) {
            try FileManager.default.removeItem(atPath: own + "/" + name)
        }
        #expect(try bench.handrail("audit", "verify").status == 10, "the home's own is damaged")
    }

    /// What a run leaves that nobody confirmed: a home, and nothing in it that a run would make.
    @Test func aHomeWithoutARunHasNoTrail() async throws {
        let bench = try await Self.sealed()
        for name in ["trail.git", "keys"] {
            try FileManager.default.removeItem(atPath: bench.home + "/" + name)
        }
        let found = try bench.handrail("audit", "verify")
        #expect(found.status == 3)
        #expect(found.errors.contains("There is no trail at"), "\(found.errors)")
        #expect(found.errors.contains("first run"), "\(found.errors)")
    }

    @Test func verifyComparesTheJournalToo() async throws {
        let bench = try await Self.sealed()
        #expect(try bench.handrail("audit", "verify").status == 0)
        let edit = """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("DROP TRIGGER trail_is_final")
            db.execute("UPDATE trail SET line = replace(line, 'ann', 'eve') WHERE seq = 2")
            db.commit()
            """
        let edited = try Tool.run(
            ["python3", "-c", edit, bench.home + "/journal.db"],
            environment: ["PATH": "/usr/bin:/bin"])
        try #require(edited.status == 0, "\(edited.error)")
        let found = try bench.handrail("audit", "verify")
        #expect(found.status == 10)
        #expect(found.output.contains("journal-differs  event 2"), "\(found.output)")
        // The trail itself is as it was.
        let copy = bench.home + "/trail.git"
        #expect(try bench.handrail("audit", "verify", "--trail", copy).status == 0)
    }

    /// The trail is what is asked once the journal is lost.
    @Test(arguments: ["", "no journal"])
    func theTrailIsReadAndVerifiedWithoutItsJournal(_ text: String) async throws {
        let bench = try await Self.sealed()
        for name in try FileManager.default.contentsOfDirectory(atPath: bench.home)
        where name.hasPrefix("journal.db") {
            try FileManager.default.removeItem(atPath: bench.home + "/" + name)
        }
        try Data(text.utf8).write(to: URL(fileURLWithPath: bench.home + "/journal.db"))
        for command in [["log"], ["show", "k3f9"], ["export", "k3f9", bench.folder + "/export"]] {
            let result = try bench.handrail(["audit"] + command)
            #expect(result.status == 0, "\(command): \(result.errors)")
            #expect(result.output.contains("r-20261123-0700-k3f9"), "\(command)")
            #expect(result.errors.contains("The trail is read without the journal."))
        }
        let verified = try bench.handrail("audit", "verify")
        #expect(verified.status == 10, "nobody compared it: \(verified.errors)")
        #expect(verified.output.hasPrefix("consistent, not anchored"), "\(verified.output)")
        #expect(verified.errors.contains("verified without it"), "\(verified.errors)")
        #expect(verified.errors.contains("journal.db"))
    }

    /// How a trail comes to be one that can't be read.
    enum Damage: CaseIterable {
        case missing, foreign, truncated, unreadable
    }

    @Test(arguments: Damage.allCases)
    func aTrailThatCannotBeReadIsSaidSo(_ damage: Damage) async throws {
        let bench = try await Self.sealed()
        let trail = bench.home + "/trail.git"
        let files = FileManager.default
        let (words, code): (String, Int32)
        switch damage {
        case .missing:
            try files.removeItem(atPath: trail)
            (words, code) = ("There is no trail at", 3)
        case .foreign:
            try Data("ref: refs/heads/main\n".utf8).write(
                to: URL(fileURLWithPath: trail + "/HEAD"))
            try files.removeItem(atPath: trail + "/refs/heads/trail")
            (words, code) = ("is no trail of this home", 10)
        case .truncated:
            let head = try String(contentsOfFile: trail + "/HEAD", encoding: .utf8)
            let branch = trail + "/" + head.dropFirst(5).dropLast()
            let tip = try String(contentsOfFile: branch, encoding: .utf8).dropLast()
            let object = "\(trail)/objects/\(tip.prefix(2))/\(tip.dropFirst(2))"
            try #require(chmod(object, 0o600) == 0)
            try Data().write(to: URL(fileURLWithPath: object))
            (words, code) = ("is damaged: the commit", 10)
        case .unreadable:
            try files.removeItem(atPath: trail)
            try Data("x".utf8).write(to: URL(fileURLWithPath: trail))
            (words, code) = ("There is no trail at", 3)
        }
        for command in [["log"], ["show", "last"]] {
            let result = try bench.handrail(["audit"] + command)
            #expect(result.status == code, "\(damage) \(command): \(result.errors)")
            #expect(result.errors.contains(words), "\(damage) \(command): \(result.errors)")
            #expect(result.errors.contains("hint:"), "\(damage) \(command): \(result.errors)")
            #expect(result.output == "")
        }
    }

    /// A bench with two runs in journal and trail: one that failed, and one that is open.
    static func sealed() async throws -> Workbench {
        let bench = try Workbench()
        try await record("r-20261123-0700-k3f9", number: 1, hasFailed: true, on: bench)
        try await record("r-20261123-0701-bbbb", number: 2, on: bench)
        return bench
    }

    @Test(arguments: [["audit", "log"], ["history"]])
    func aLimitThatIsNoneIsRefusedWithWhatToDo(_ command: [String]) throws {
        let bench = try Workbench()
        for words in [["--limit", "-1"], ["--limit=0"]] {
            let result = try bench.handrail(command + words)
            #expect(result.status == 64)
            #expect(result.errors.contains("--limit takes a number from 1."), "\(result.errors)")
            #expect(result.errors.contains("hint: leave it out"), "\(result.errors)")
        }
        let odd = try bench.handrail("audit", "log", "--limt", "3")
        #expect(odd.errors.contains("'handrail audit log --help'"), "\(odd.errors)")
    }

    /// Records and seals a run whose plan is kept.
    static func record(
        _ id: String, number: Int, hasFailed: Bool = false, on bench: Workbench
    ) async throws {
        let (journal, store) = try await bench.journal()
        let plan = try await store.put(Array("{\"plan\":\"of \(id)\"}".utf8))
        let past = try PastRun(id, number: number, planDigest: plan)
        try await past.write(to: journal, hasFailed ? past.failedEvents() : [])
        try await TrailSealer(journal: journal, store: store).seal()
    }
}
