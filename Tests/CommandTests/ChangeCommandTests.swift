import Foundation
import Runbooks
import Runner
import Testing

@testable import handrail

/// `handrail change …`: what is typed, what is refused, and with which words.
struct ChangeCommandTests {
    private static func bench() throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        return bench
    }

    private static let runbook = "service.down"

    private static func opening(_ bench: Workbench, _ more: [String]) throws -> Workbench.Result {
        let text = try String(
            contentsOfFile: bench.library + "/inventory/targets.yaml", encoding: .utf8)
        let target = try #require(text.firstMatch(of: /\n  ([a-z0-9-]+):/)).1
        return try bench.handrail(
            ["change", "open", runbook, "--on", String(target), "--no-probe", "--set", "service=x"]
                + more)
    }

    @Test func offATerminalAllThatIsMissingIsNamedAtOnce() throws {
        let bench = try Self.bench()
        let result = try Self.opening(bench, ["--title", " "])
        #expect(result.status == 3)
        for words in [
            "a title is missing", "why it is needed is missing", "--why '…'",
            "its type, of the known change types is missing", "how long it takes is missing",
            "what it does to the service is missing", "--impact-service '…'; 'none' is an answer",
            "what it does to recovery is missing", "--draft",
        ] {
            #expect(result.errors.contains(words), "\(words): \(result.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: bench.home + "/journal.db"))
    }

    @Test func aDraftIsOpenedShownListedHeldAndCancelled() throws {
        let bench = try Self.bench()
        let opened = try Self.opening(bench, ["--draft", "--why", "it loops", "--urgency", "high"])
        #expect(opened.status == 0, "\(opened.errors)")
        #expect(opened.output.hasPrefix("CHG-1  draft  "), "\(opened.output)")
        #expect(opened.output.contains("→ handrail change submit CHG-1"))
        let shown = try bench.handrail("change", "show", "1", "--json").json()
        #expect(shown["change"] as? String == "CHG-1" && shown["urgency"] as? String == "high")
        #expect((shown["missing"] as? [String])?.first == "type")
        let inbox = try bench.handrail([])
        #expect(inbox.output.contains("CHG-1  draft"), "\(inbox.output)")
        let submitted = try bench.handrail("change", "submit", "chg-1", "--type", "nothing")
        #expect(submitted.status == 3)
        #expect(submitted.errors.contains("the change type 'nothing' is not a known one"))
        #expect(submitted.errors.contains("how long it takes is missing"))
        #expect(try bench.handrail("change", "hold", "CHG-1", "--why", "wait").status == 0)
        let held = try bench.handrail("change", "hold", "CHG-1", "--why", "wait")
        #expect(held.status == 3 && held.errors.contains("holds it since"))
        #expect(try bench.handrail("change", "list").output.contains("draft, on hold"))
        #expect(
            try bench.handrail("change", "hold", "CHG-1", "--off", "--why", "go").status == 0)
        let cancelled = try bench.handrail("change", "cancel", "CHG-1", "--why", "not needed")
        #expect(cancelled.status == 0 && cancelled.output.contains("cancelled"))
        #expect(try !bench.handrail("change", "list").output.contains("CHG-1"))
        #expect(try bench.handrail("change", "list", "--all").output.contains("CHG-1"))
        #expect(try bench.handrail([]).output.hasPrefix("Nothing waits for you."))
        #expect(try bench.handrail("audit", "verify").status == 0)
        let late = try bench.handrail("change", "cancel", "CHG-1", "--why", "again")
        #expect(late.status == 3)
        #expect(late.errors.contains("CHG-1 is cancelled: nothing can be told to it"))
    }

    @Test func aChangeThatIsNotThereIsRefusedWithANearOne() throws {
        let bench = try Self.bench()
        let none = try bench.handrail("change", "show", "CHG-7")
        #expect(none.status == 3 && none.errors.contains("There is no change"))
        try #require(try Self.opening(bench, ["--draft"]).status == 0)
        let near = try bench.handrail("change", "show", "CGH-1")
        #expect(near.status == 3 && near.errors.contains("did you mean CHG-1?"))
        let state = try bench.handrail("change", "list", "--state", "drfat")
        #expect(state.status == 3 && state.errors.contains("did you mean draft?"))
    }

    @Test(arguments: [
        (["--urgency", "hgh"], "did you mean high?"),
        (["--expected", "soon"], "such as 40m or 2h30m"),
        (["--title", String(repeating: "t", count: 250)], "title is too long for a record"),
        (["--start", "2026-11-28T20:00:00Z"], "--start and --end go together"),
        (
            ["--start", "2026-11-28T20:00:00", "--end", "2026-11-28T21:00:00Z"],
            "has no zone: it is another instant elsewhere"
        ),
        (
            ["--start", "2026-11-28T20:00:00Z", "--end", "2026-11-28T19:00:00Z"],
            "--end is not after --start"
        ),
    ])
    func aFieldThatCantBeTakenIsNamed(_ words: [String], _ hint: String) throws {
        let bench = try Self.bench()
        let result = try Self.opening(bench, ["--draft"] + words)
        #expect(result.status == 3)
        #expect(result.errors.contains(hint), "\(result.errors)")
    }

    @Test func aPlanOfAChangeIsMadeAgainAndMustBeEqual() throws {
        let bench = try Self.bench()
        try #require(try Self.opening(bench, ["--draft"]).status == 0)
        let same = try bench.handrail("plan", "CHG-1", "--no-probe", "--json")
        #expect(same.status == 0, "\(same.errors)")
        let shown = try bench.handrail("change", "show", "CHG-1", "--json").json()
        let digest = (shown["plan"] as? [String: Any])?["digest"] as? String
        #expect(digest != nil)
        #expect(try same.json()["digest"] as? String == digest)
        let other = try bench.handrail("plan", "CHG-1", "--no-probe", "--on", "x")
        #expect(other.status == 64)
        let path = try #require(
            FileManager.default.enumerator(atPath: bench.library)?.compactMap { $0 as? String }
                .first { $0.hasSuffix("runbook.yaml") && $0.contains("down") })
        let text = try String(contentsOfFile: bench.library + "/" + path, encoding: .utf8)
        try bench.write(
            path, text.replacing("title: ", with: "title: Now ", maxReplacements: 1), commit: true)
        let drifted = try bench.handrail("plan", "CHG-1", "--no-probe")
        #expect(drifted.status == 4, "\(drifted.errors)")
        #expect(drifted.errors.contains("The plan of CHG-1 is not what the library gives now"))
    }

    @Test func aRunOfAChangesPlanFileIsThatChanges() throws {
        let bench = try Self.bench()
        try #require(try Self.opening(bench, ["--draft"]).status == 0)
        let file = bench.folder + "/plan.json"
        let planned = try bench.handrail("plan", "CHG-1", "--no-probe", "-o", file)
        try #require(planned.status == 0, "\(planned.errors)")
        let document = try bench.handrail("run", file, "--yes", "--json").json()
        #expect(document["change"] as? String == "CHG-1", "\(document)")
        // What undoes it after its end is shown with it, too: here there is nothing to undo.
        let shown = try bench.handrail("change", "show", "CHG-1", "--json").json()
        let runs = shown["runs"] as? [[String: Any]]
        #expect(runs?.map { $0["run"] as? String } == [document["run"] as? String])
    }

    /// Nothing answers on the bench's target: that is the run's outcome, and no refusal.
    @Test func aRunOfAChangeNamesItAndIsNamedByIt() throws {
        let bench = try Self.bench()
        try #require(try Self.opening(bench, ["--draft"]).status == 0)
        let run = try bench.handrail("run", "CHG-1", "--yes", "--json")
        let document = try run.json()
        let id = try #require(document["run"] as? String, "\(run.output)\(run.errors)")
        #expect(document["change"] as? String == "CHG-1")
        let shown = try bench.handrail("change", "show", "CHG-1", "--json").json()
        let runs = try #require(shown["runs"] as? [[String: Any]])
        #expect(runs.map { $0["run"] as? String } == [id])
        #expect(runs.first?["state"] as? String == document["state"] as? String)
        #expect(shown["state"] as? String == "draft")
        #expect(try bench.handrail("status", id).output.contains("change CHG-1"))
        #expect(try bench.handrail("audit", "verify").status == 0)
    }
}
