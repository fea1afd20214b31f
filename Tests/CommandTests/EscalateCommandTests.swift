import Foundation
import Runbooks
import Runner
import Testing

@testable import handrail

/// `escalate`: the pack has everything, the trail names it, and nothing secret is in either.
struct EscalateCommandTests {
    /// A bench with a run whose restart failed on both targets.
    private static func bench() async throws -> (Workbench, PastRun) {
        let bench = try Workbench()
        let past = try PastRun()
        try await past.write(to: bench.journal().0, past.failedEvents())
        return (bench, past)
    }

    private static func pack(_ folder: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/pack.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func aRunIsHandedOverWithAllItsSteps() async throws {
        let (bench, past) = try await Self.bench()
        let result = try bench.handrail(
            "escalate", "last", "--to", "tier-3", "--note", "port 80 is taken", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let document = try result.json()
        #expect(document["run"] as? String == past.record.id.rawValue)
        let folder = try #require(document["folder"] as? String)
        #expect(folder.hasPrefix(bench.home + "/escalations/e-"))
        let pack = try Self.pack(folder)
        #expect(pack["note"] as? String == "port 80 is taken")
        #expect(pack["ticket"] as? String == "T-1")
        #expect((pack["attempts"] as? [Any])?.count == 2)
        #expect((pack["run"] as? [String: Any])?["resolution"] as? String == "unresolved")
        let files = try #require(pack["files"] as? [[String: Any]])
        #expect(files.map { $0["path"] as? String } == ["plan.json"])
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/pack.json")))
        #expect(document["content_digest"] as? String == Digest.sha256(of: bytes).rawValue)
        let page = try Self.text(folder + "/pack.md")
        for text in [
            "# Escalated to tier-3: The web server doesn't answer (web.restart) on web1, web2",
            "> port 80 is taken", "| restart | failed | exit 3 \"port 80 in use\" |",
            "port 80 in use\\x1b[2J",
        ] {
            #expect(page.contains(text), "\(text) in\n\(page)")
        }
        #expect(!page.contains("\u{1b}"))
    }

    /// A run whose leader was killed, one target within a step, another before one; a third asks.
    @Test func thePackOfARunThatNobodyLeadsSaysWhatWasBegun() async throws {
        let bench = try Workbench()
        let past = try PastRun()
        let (web1, web2): (TargetName, TargetName) = (try name("web1"), try name("web2"))
        let users: StepID = try name("users")
        let restart = AttemptKey(target: web1, part: .action(try name("restart")), number: 1)
        try await past.write(
            to: bench.journal().0,
            [
                .stateChanged(.running, reason: "started"), .targetStarted(web1),
                .targetStarted(web2), .asked(users, nil, until: PastRun.start.adding(.seconds(60))),
                .stepEnded(web1, users, .ok, reason: nil), .attemptStarted(restart),
            ])
        let handed = try bench.handrail(
            "escalate", "last", "--to", "t", "--note", "n", "--out", bench.folder + "/pack")
        #expect(handed.status == 0, "\(handed.errors)")
        let page = try Self.text(bench.folder + "/pack/pack.md")
        for text in [
            "| Led | by nobody: 'handrail resume",
            "| restart | begun, end unknown | it was started, and nobody saw its end",
            "| users | not begun | it was not started: nobody leads the run |",
            "## What waits for an answer",
            "Can users log in? (yes, no): `handrail answer r-20261123-0700-k3f9 users yes`",
        ] {
            #expect(page.contains(text), "\(text) in\n\(page)")
        }
        let run = try #require(try Self.pack(bench.folder + "/pack")["run"] as? [String: Any])
        #expect(run["led"] as? Bool == false)
        let targets = try #require(run["targets"] as? [[String: Any]])
        #expect(targets.map { $0["under_way"] as? String } == ["restart", "users"])
        #expect(targets.map { $0["begun"] as? Bool } == [true, false])
    }

    @Test func aPackThatGotNoPlaceIsNoEscalation() async throws {
        let (bench, _) = try await Self.bench()
        let place = bench.folder + "/dangling"
        try FileManager.default.createSymbolicLink(
            atPath: place, withDestinationPath: bench.folder + "/nowhere")
        let refused = try bench.handrail(
            "escalate", "last", "--to", "tier-nine", "--note", "n", "--out", place)
        #expect(refused.status == 3)
        #expect(refused.errors.contains("can't be written"))
        let inbox = try bench.handrail("--json")
        #expect(!inbox.output.contains("tier-nine"))
    }

    @Test func theTrailsCopyHoldsNoOutput() async throws {
        let (bench, _) = try await Self.bench()
        let document = try bench.handrail(
            "escalate", "last", "--to", "tier-3", "--note", "n", "--json"
        ).json()
        let digest = try #require((document["pack_digest"] as? String).flatMap(Digest.init))
        let (_, store) = try await bench.journal()
        let outline = String(decoding: try await store.get(digest), as: UTF8.self)
        #expect(!outline.contains("\\\\x1b[2J"), "\(outline)")
        #expect(outline.contains("\"sha256\""))
        #expect(outline.contains("\"part\":\"restart\""))
    }

    @Test func theRunbookSaysWhomElseItIsRefused() async throws {
        let (bench, _) = try await Self.bench()
        let result = try bench.handrail("escalate", "last", "--note", "n")
        #expect(result.status == 64)
        #expect(result.errors.contains("--to tier-3"))
        #expect(!FileManager.default.fileExists(atPath: bench.home + "/escalations"))
    }

    @Test func anAlertWithoutARunIsHandedOverToo() async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let page = bench.folder + "/page.json"
        try Data(
            "{\"labels\":{\"alertname\":\"Odd\",\"instance\":\"web1\"},\"annotations\":{\"summary\":\"very odd\"}}"
                .utf8
        ).write(to: URL(fileURLWithPath: page))
        let out = bench.folder + "/pack"
        let result = try bench.handrail(
            "escalate", "--alert", page, "--to", "tier-3", "--note", "nothing fits", "--ticket",
            "INC-9", "--out", out)
        #expect(result.status == 0, "\(result.errors)")
        let pack = try Self.pack(out)
        #expect(pack["alert"] as? String == "Odd")
        #expect(pack["run"] == nil)
        let alerts = try #require(pack["alerts"] as? [[String: Any]])
        #expect((alerts.first?["problems"] as? [String])?.isEmpty == false)
        #expect(try Self.text(out + "/pack.md").contains("summary: very odd"))
        #expect(try bench.handrail("audit", "verify").status == 0)
        let again = try bench.handrail(
            "escalate", "--alert", page, "--to", "t", "--note", "n", "--out", out)
        #expect(again.status == 3)
        #expect(again.errors.contains("is there already"))
    }

    @Test func itIsDoneWhenSomebodySaysSo() async throws {
        let (bench, past) = try await Self.bench()
        _ = try bench.handrail("escalate", "last", "--to", "t", "--note", "n")
        let early = try bench.handrail("escalate", "nothing", "--done", "--note", "n")
        #expect(early.status == 3)
        let result = try bench.handrail(
            "escalate", past.record.id.rawValue, "--done", "--note", "driver replaced", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.json()["ended"] is Int)
        let id = try #require(try result.json()["escalation"] as? String)
        for name in ["last", id] {
            let again = try bench.handrail("escalate", name, "--done", "--note", "n")
            #expect(again.status == 3)
            #expect(
                again.errors.contains("The escalation \(id) has ended already"),
                "\(again.errors)")
            #expect(again.errors.contains("driver replaced"), "\(again.errors)")
        }
        let unknown = try bench.handrail("escalate", "e-nothing", "--done", "--note", "n")
        #expect(unknown.errors.contains("is escalated and has not ended"), "\(unknown.errors)")
    }

    @Test(arguments: ["-3 mails since noon", "--all of it"])
    func aNoteMayBeginWithADash(_ note: String) async throws {
        let (bench, _) = try await Self.bench()
        let handed = try bench.handrail("escalate", "last", "--to", "t", "--note", note)
        #expect(handed.status == 0, "\(handed.errors)")
        let done = try bench.handrail("escalate", "last", "--done", "--note", note, "--json")
        #expect(done.status == 0, "\(done.errors)")
        let open = try Workbench()
        try await PastRun().write(
            to: open.journal().0, [.stateChanged(.running, reason: "started")])
        #expect(try open.handrail("note", "last", note).status == 0)
        let notes = try open.handrail("status", "last", "--json").json()["notes"] as? [String]
        #expect(notes == [note])
        for words in [["--attch", "f"], ["more"], ["--attch=f"]] {
            #expect(try open.handrail(["note", "last", "x"] + words).status == 64)
        }
        let slip = try bench.handrail("escalate", "last", "--note", "--done")
        #expect(slip.status == 64, "\(slip.errors)")
    }

    @Test(arguments: [
        ["escalate", "--note", "n"], ["escalate", "last", "--alert", "x", "--note", "n"],
        ["escalate", "last"], ["escalate", "--done", "--note", "n"],
    ])
    func refusesWhatIsNoOrder(_ words: [String]) throws {
        #expect(try Workbench().handrail(words).status == 64)
    }

    @Test(arguments: ["", "two\nlines", String(repeating: "x", count: 129), "esc\u{1b}[2J"])
    func refusesATicketThatIsNone(_ ticket: String) async throws {
        let (bench, _) = try await Self.bench()
        let result = try bench.handrail(
            "escalate", "last", "--to", "t", "--note", "n", "--ticket", ticket)
        #expect(result.status == 3)
    }

    @Test(arguments: [
        ("a|b", "a\\|b"), ("<script>", "\\<script\\>"), ("\u{1b}[2J", "\\\\x1b\\[2J"),
        ("[x](y)", "\\[x\\](y)"), ("- a - b", "\\- a - b"), ("+ a", "\\+ a"),
        ("===", "\\==="), ("1. a 2. b", "1\\. a 2. b"), ("12) a", "12\\) a"),
        ("1.5 GiB", "1.5 GiB"), ("1.", "1\\."), ("2026-11-23", "2026-11-23"),
        ("a &lt; b", "a \\&lt; b"),
        ("      code", "code"), ("---", "\\---"),
    ])
    func textIsNoMarkup(_ text: String, _ shown: String) {
        #expect(Markdown.inline(text) == shown)
    }

    @Test func aFenceIsLongerThanAnyInTheText() {
        #expect(Markdown.block("a\n````\nb") == ["`````text\na\n````\nb\n`````"])
    }

    @Test(arguments: [
        ("/var/log/mail.log", "var-log-mail.log"), ("../../etc", "etc"), ("", "unnamed"),
        (".hidden", "hidden"), ("a b\u{0}c", "a-b-c"),
    ])
    func namesOfFilesLeadNowhere(_ text: String, _ name: String) {
        #expect(PackFolder.name(text) == name)
    }
}
