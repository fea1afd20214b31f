import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

@testable import handrail

/// Breaking the glass by the real command, with real keys.
@Suite(.timeLimit(.minutes(10)))
struct BreakGlassCommandTests {
    private static let runbook = """
        handrail: 1
        id: web.limits
        title: Higher limits
        kind: change
        owner: operators
        targets: { pick: one }
        steps:
          - id: set
            title: Set it
            where: controller
            effect: idempotent
            probe: never
            run: { sh: "true" }
            undo: []

        """

    /// A bench whose environment needs a change; three people of this account with trust: an
    /// operator and two approvers.
    private static func bench(trust: Bool = true, change: String = "required") throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        let path = bench.library + "/handrail.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
            .replacing("change: off", with: "change: \(change)")
        try bench.write("handrail.yaml", text)
        try bench.write("runbooks/web/limits/README.md", "# Higher limits\n")
        try bench.write("runbooks/web/limits/runbook.yaml", runbook, commit: true)
        guard trust else { return bench }
        for person in ["anna", "bob", "carl"] {
            let made = try Tool.run(
                [
                    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f",
                    bench.folder + "/" + person,
                ])
            try #require(made.status == 0)
        }
        let begun = try bench.handrail(
            "trust", "init", "--id", "anna", "--role", "operator", "--key",
            bench.folder + "/anna.pub")
        try #require(begun.status == 0, "\(begun.errors)")
        for id in ["bob", "carl"] { try write(id, "roles: [approver]", in: bench) }
        return bench
    }

    private static func write(_ id: String, _ more: String, in bench: Workbench) throws {
        let key = try String(contentsOfFile: bench.folder + "/\(id).pub", encoding: .utf8)
        let person =
            "handrail: 1\nname: \(id)\naccounts: [\(NSUserName())]\n\(more)\n"
            + "keys: [{ key: \(key.split(separator: "\n")[0]) }]\n"
        try Data(person.utf8).write(
            to: URL(fileURLWithPath: bench.home + "/trust/people/\(id).yaml"))
    }

    private static let run = [
        "run", "web.limits", "--on", "localhost", "--yes", "--break-glass", "--why",
        "mail is down, nobody of the board is reachable",
    ]

    private static func key(_ person: String, _ bench: Workbench) -> [String] {
        ["env", "HANDRAIL_KEY=" + bench.folder + "/" + person]
    }

    @Test func aHomeOfOnePersonHasNoSecond() throws {
        let bench = try Self.bench(trust: false)
        let result = try bench.handrail(Self.run)
        #expect(result.status == 4)
        #expect(result.errors.contains("this home has no trust"), "\(result.errors)")
    }

    @Test func twoPeopleAtOneTerminal() throws {
        let bench = try Self.bench()
        let closed = try bench.handrail("run", "web.limits", "--on", "localhost", "--yes")
        #expect(closed.status == 4, "\(closed.errors)")
        let result = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/bob", "--json"],
            through: Self.key("anna", bench))
        try #require(result.status == 0, "\(result.errors)")
        let document = try result.json()
        let glass = try #require(document["broken_glass"] as? [String: Any])
        #expect(glass["first"] as? String == "anna")
        #expect(glass["second"] as? String == "bob")
        #expect(document["actor"] as? String == "anna")
        let id = try #require(document["run"] as? String)
        #expect(try bench.handrail("status", id).output.contains("BREAK-GLASS: anna and bob"))
        let history = try bench.handrail("history", "--json").json()["runs"] as? [[String: Any]]
        #expect(history?.first?["broke_glass"] as? Bool == true)
        let change = try bench.handrail("change", "show", "CHG-1", "--json").json()
        #expect(change["state"] as? String == "review")
        let review = change["review"] as? [String: Any]
        #expect(review?["owner"] as? String == "anna")
        let inbox = try bench.handrail([], through: Self.key("anna", bench))
        #expect(
            inbox.output.split(separator: #/\s+/#).joined(separator: " ")
                .contains("its review waits for anna"), "\(inbox)")
        let signed = try Tool.run(
            ["git", "-C", bench.home + "/trail.git", "grep", "-h", "act.signed", "HEAD"]
        ).output
        #expect(signed.contains("\"verb\":\"break-glass\""), "\(signed)")
        #expect(signed.contains("\"verb\":\"break-glass.second\""), "\(signed)")
        #expect(try bench.handrail("audit", "verify").status == 0)
    }

    @Test func twoPeopleAtTwoTerminals() async throws {
        let bench = try Self.bench()
        let first = try Self.begin(bench)
        let id = try await Self.waiting(bench)
        let listed = try bench.handrail("break-glass", "--json").json()["requests"]
        #expect((listed as? [[String: Any]])?.first?["first"] as? String == "anna")
        #expect(try bench.handrail().output.contains("BREAK-GLASS: \(id), asked for by anna"))
        #expect(try bench.handrail("break-glass").output.contains("runs   web.limits"))
        let same = try bench.handrail(
            "break-glass", "approve", id, "--yes", "--key", bench.folder + "/anna")
        #expect(same.status == 4, "\(same.errors)")
        #expect(same.errors.contains("anna"), "\(same.errors)")
        let signed = try bench.handrail(
            "break-glass", "approve", id, "--yes", "--key", bench.folder + "/bob")
        #expect(signed.status == 0, "\(signed.errors)")
        #expect(signed.errors.contains("mail is down"), "\(signed.errors)")
        let result = try first.wait()
        #expect(result.status == 0, "\(result.error)")
        #expect(try GlassFolder(of: Home(path: bench.home)).requests() == [])
        #expect(
            try bench.handrail("break-glass", "approve", id, "--yes").errors
                .contains("waits for a second person"))
    }

    @Test func aSignatureIsUsedOnce() async throws {
        let bench = try Self.bench()
        let done = try Self.begin(bench)
        let id = try await Self.waiting(bench)
        let folder = GlassFolder(of: Home(path: bench.home))
        let run: RunID = try name(id)
        let request = try #require(folder.request(of: run))
        _ = try bench.handrail(
            "break-glass", "approve", id, "--yes", "--key", bench.folder + "/bob")
        let (_, store) = try await bench.journal()
        #expect(try done.wait().status == 0)
        let used = try await Self.secondStatement(of: bench, store)
        // What was signed for one request is put under another one, and then under its own again.
        let next = try Self.begin(bench)
        let other = try await Self.waiting(bench, not: id)
        let later: RunID = try name(other)
        let waiting = try #require(folder.request(of: later))
        #expect(waiting.run != request.run)
        try folder.answer(used, to: waiting)
        var errors = ""
        for _ in 0..<300 where !errors.contains("It doesn't count") {
            usleep(100_000)
            errors = next.errorSoFar
        }
        #expect(errors.contains("is for another"), "\(errors)")
        kill(next.processID, SIGTERM)
        let ended = try next.wait()
        #expect(ended.status == 8, "\(ended.error)")
        #expect(try folder.requests() == [])
    }

    @Test func aRetiredKeyBreaksNothing() async throws {
        let bench = try Self.bench()
        try Self.write("bob", "roles: [approver]\nretired: 2020-01-01", in: bench)
        let result = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/bob"], through: Self.key("anna", bench))
        #expect(result.status == 4, "\(result.errors)")
        try Self.write("carl", "roles: [operator]", in: bench)
        let unfit = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/carl"], through: Self.key("anna", bench))
        #expect(unfit.status == 4, "\(unfit.errors)")
        #expect(unfit.errors.contains("approver is needed"), "\(unfit.errors)")
        let own = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/anna"], through: Self.key("anna", bench))
        #expect(own.status == 4, "\(own.errors)")
        #expect(try bench.handrail("history", "--json").json()["runs"] as? [String] == [])
    }

    @Test func whereNothingIsClosedThereIsNothingToBreak() throws {
        let bench = try Self.bench(change: "off")
        let result = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/bob"], through: Self.key("anna", bench))
        #expect(result.status == 64)
        #expect(result.errors.contains("No gate is closed here that"), "\(result.errors)")
    }

    @Test func whatIsMissingIsSaidBeforeAnythingIsAsked() throws {
        let bench = try Self.bench()
        for (words, said) in [
            (["run", "web.limits", "--on", "localhost", "--break-glass"], "needs a reason"),
            (["run", "CHG-1", "--break-glass", "--why", "x"], "is a change"),
            (["run", "web.limits", "--on", "localhost", "--second-key", "x"], "belong to"),
            (
                [
                    "run", "web.limits", "--on", "localhost", "--break-glass", "--why", "x",
                    "--wait",
                ],
                "--wait waits"
            ),
        ] {
            let result = try bench.handrail(words)
            #expect(result.status == 64)
            #expect(result.errors.contains(said), "\(result.errors)")
        }
    }

    @Test func aPlanSaysWhatItWouldReplaceAndWhatBindsAndStartsNothing() throws {
        let bench = try Self.bench()
        let words = ["plan", "web.limits", "--on", "localhost", "--no-probe", "--break-glass"]
        let shown = try bench.handrail(words, through: Self.key("anna", bench))
        #expect(shown.status == 0, "\(shown.errors)")
        for words in [
            "BREAK-GLASS", "Replaced    5 change: refused", "Replaced    6 window: refused",
            "Binds       3 role: open", "Binds       7 four eyes: open (breaking the glass",
            "Binds       8 locks",
        ] {
            #expect(shown.output.contains(words), "\(words): \(shown.output)")
        }
        let document = try bench.handrail(words + ["--json"], through: Self.key("anna", bench))
            .json()
        let glass = try #require(document["break_glass"] as? [String: [[String: Any]]])
        #expect(glass["replaces"]?.compactMap { $0["gate"] as? Int } == [5, 6])
        #expect(glass["binds"]?.compactMap { $0["gate"] as? Int } == [1, 3, 4, 7, 8])
        #expect(try bench.handrail("history", "--json").json()["runs"] as? [String] == [])
        #expect(try GlassFolder(of: Home(path: bench.home)).requests() == [])
        // Who may break it is said of whoever asks.
        try Self.write("anna", "roles: [approver]", in: bench)
        let unfit = try bench.handrail(words, through: Self.key("anna", bench))
        #expect(unfit.status == 4)
        #expect(unfit.output.contains("Binds       3 role: refused"), "\(unfit.output)")
    }

    @Test func aPlanRefusesWhatARunWouldRefuse() throws {
        let words = ["plan", "web.limits", "--on", "localhost", "--no-probe"]
        let solo = try Self.bench(trust: false)
        let alone = try solo.handrail(words + ["--break-glass"])
        #expect(alone.status == 4)
        #expect(alone.errors.contains("this home has no trust"), "\(alone.errors)")
        let open = try Self.bench(change: "off")
        let needless = try open.handrail(words + ["--break-glass"])
        #expect(needless.status == 64)
        #expect(needless.errors.contains("No gate is closed here that"), "\(needless.errors)")
        let stray = try open.handrail(words + ["--protected", "pair = p1"])
        #expect(stray.status == 64)
        #expect(stray.errors.contains("--protected belongs to --break-glass"), "\(stray.errors)")
    }

    /// Who wrote it is asked for a plan as for a run: what the one shows, the other refuses.
    @Test func aPlanSaysThatNobodyCanBeTheSecond() throws {
        let bench = try Self.bench()
        // An older commit that only a whole clone has.
        try bench.write("runbooks/web/limits/README.md", "# Limits\n", commit: true)
        let shallow = bench.folder + "/shallow"
        let cloned = try Tool.run(
            ["git", "clone", "-q", "--depth", "1", "file://" + bench.library, shallow])
        try #require(cloned.status == 0, "\(cloned.error)")
        let there = ["--library", shallow]
        let words = ["plan", "web.limits", "--on", "localhost", "--no-probe", "--break-glass"]
        let shown = try bench.handrail(words + there, through: Self.key("anna", bench))
        #expect(shown.status == 4, "\(shown.errors)")
        #expect(shown.output.contains("Binds       7 four eyes: refused"), "\(shown.output)")
        let run = try bench.handrail(
            Self.run + there + ["--second-key", bench.folder + "/bob"],
            through: Self.key("anna", bench))
        #expect(run.status == 4, "\(run.errors)")
        #expect(run.errors.contains("git fetch --unshallow"), "\(run.errors)")
    }

    /// A commit that can't be read stops nobody: it is somebody's whom nobody knows.
    @Test func aCommitOfNobodysStopsNoGlass() throws {
        let bench = try Self.bench()
        let commit = try Self.git(bench, ["cat-file", "commit", "HEAD"])
        let odd = try Self.git(
            bench, ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
            input: commit.replacing(#/author [^\n]*/#, with: "author nobody") + "\n")
        let next = try Self.git(bench, ["commit-tree", "-p", odd, "-m", "x", "HEAD^{tree}"])
        try Self.git(bench, ["reset", "-q", "--hard", next])
        let result = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/bob"], through: Self.key("anna", bench))
        #expect(result.status == 0, "\(result.errors)")
        #expect(
            result.errors.contains("commit \(odd.prefix(7)), whose author can't be read"),
            "\(result.errors)")
    }

    @Test func whoWroteItIsNoSecond() throws {
        let bench = try Self.bench()
        try Self.write("bob", "roles: [approver]\ngit: [Ann@Example.invalid]", in: bench)
        let own = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/bob"], through: Self.key("anna", bench))
        #expect(own.status == 4, "\(own.errors)")
        #expect(own.errors.contains("bob wrote what is to run"), "\(own.errors)")
        let other = try bench.handrail(
            Self.run + ["--second-key", bench.folder + "/carl"], through: Self.key("anna", bench))
        #expect(other.status == 0, "\(other.errors)")
    }

    @Test func theSecondReadsTheParametersToo() throws {
        let run = try PastRun(parameters: [
            PlannedParameter(name: try name("most"), kind: .integer, text: "200"),
            PlannedParameter(name: try name("mode"), kind: .string, text: nil),
            PlannedParameter(
                name: try name("key"), kind: .string, text: nil,
                secret: SecretReference(source: "file", name: "/run/key")),
        ])
        let lines = GlassText.lines(run.record.plan)
        #expect(lines.contains("  with   most = 200"))
        #expect(lines.contains("         mode = (not given)"))
        #expect(lines.contains("         key = [secret]"))
    }

    @Test func eachGateThatIsClosedHasItsLine() throws {
        let bench = try Self.bench()
        let closed = try bench.handrail("run", "web.limits", "--on", "localhost", "--yes")
        #expect(closed.status == 4)
        let lines = closed.errors.split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(lines.contains("error: 4 gates are closed:"), "\(closed.errors)")
        for gate in ["3 role: ref", "5 change: ref", "6 window: ref", "7 four eyes: ref"] {
            #expect(lines.count { $0.hasPrefix(gate) } == 1, "\(closed.errors)")
        }
    }

    /// Runs git in the bench's library, and gives what it wrote.
    @discardableResult
    private static func git(
        _ bench: Workbench, _ arguments: [String], input: String = ""
    ) throws -> String {
        let result = try Tool.run(
            ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.invalid"] + arguments,
            input: input, directory: bench.library)
        try #require(result.status == 0, "\(result.error)")
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // --- waiting ---------------------------------------------------------------------------------

    /// Starts a run that waits for the second person.
    private static func begin(_ bench: Workbench) throws -> Tool {
        try bench.begin(run, through: key("anna", bench))
    }

    /// The run of the request that waits.
    private static func waiting(_ bench: Workbench, not other: String = "") async throws -> String {
        let folder = GlassFolder(of: Home(path: bench.home))
        for _ in 0..<600 {
            let found = try folder.requests().map(\.run.rawValue).first { $0 != other }
            if let found { return found }
            usleep(100_000)
        }
        throw Missing()
    }

    /// The statement that the second person signed, as the trail's evidence has it.
    private static func secondStatement(
        of bench: Workbench, _ store: FileContentStore
    ) async throws -> SignedStatement {
        let lines = try Tool.run(
            ["git", "-C", bench.home + "/trail.git", "grep", "-h", "break-glass.second", "HEAD"])
        let digest = try #require(
            lines.output.split(separator: "\"signed_digest\":\"").last?.prefix(64))
        let bytes = try await store.get(try name(String(digest)))
        return try JSONDecoder().decode(SignedStatement.self, from: Data(bytes))
    }

    private struct Missing: Error {}
}
