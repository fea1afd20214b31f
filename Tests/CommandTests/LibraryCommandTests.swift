import Foundation
import Testing

/// `list`, `show`, `inventory`: the library as people see it.
struct LibraryCommandTests {
    @Test func listShowsRunbooksThatHaveAllWords() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let all = try bench.handrail("list")
        #expect(all.status == 0)
        #expect(all.output.hasPrefix("RUNBOOK"))
        #expect(all.output.contains("service.down  A service is not running  resolution"))
        let none = try bench.handrail("list", "postfix", "--json")
        #expect((try none.json()["runbooks"] as? [Any])?.isEmpty == true)
    }

    @Test func listCountsBrokenRunbooksInAWarning() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        try bench.write(
            "runbooks/web/broken/runbook.yaml", "handrail: 1\nid: web.x\n", commit: true)
        let result = try bench.handrail("list")
        #expect(result.status == 0)
        #expect(result.errors.contains("1 file of the library has errors"))
    }

    @Test func listSaysWhenARunbookHelpedLast() async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let (journal, _) = try await bench.journal()
        let past = try PastRun(runbook: "service.down")
        try await past.write(to: journal, [.closed(.succeeded, .resolved)])
        let result = try bench.handrail("list", "--json")
        let runbooks = try #require(try result.json()["runbooks"] as? [[String: Any]])
        #expect(runbooks.map { $0["runs"] as? Int } == [1])
        let helped = runbooks.first?["last_resolved"] as? [String: Any]
        #expect(helped?["run"] as? String == past.record.id.rawValue)
        #expect(try bench.handrail("list").output.contains(": resolved"))
        #expect(
            try bench.handrail("show", "service.down").output.contains("resolved   ann on web1"))
    }

    /// A list is the library's: what ran here before is beside it.
    @Test(arguments: ["", "no journal"])
    func aJournalThatIsLostOrDamagedTakesOnlyTheHistoryAway(_ text: String) async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let past = try PastRun(runbook: "service.down")
        try await past.write(to: bench.journal().0, [.closed(.succeeded, .resolved)])
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.home)
        for name in names where name.hasPrefix("journal.db") {
            try FileManager.default.removeItem(atPath: bench.home + "/" + name)
        }
        // What holds events of a journal that is gone says that it was there.
        let left = text.isEmpty ? ("/journal.db-wal", "events") : ("/journal.db", text)
        try Data(left.1.utf8).write(to: URL(fileURLWithPath: bench.home + left.0))
        for command in [["list"], ["show", "service.down"], ["find", "service"]] {
            let result = try bench.handrail(command)
            #expect(result.status == 0, "\(command): \(result.errors)")
            #expect(result.output.contains("service.down"))
            #expect(result.errors.contains("warning: The journal"), "\(result.errors)")
            #expect(result.errors.contains("can't be shown"), "\(result.errors)")
        }
        let alert = bench.folder + "/alert"
        try Data("alertname=ServiceDown\ninstance=localhost\n".utf8).write(
            to: URL(fileURLWithPath: alert))
        for command in [
            ["list"], ["show", "service.down"], ["find", "service"], ["alert", alert],
        ] {
            let document = try bench.handrail(command + ["--json"]).json()
            #expect(
                (document["no_history"] as? String)?.contains("journal.db") == true,
                "\(command): \(document)")
        }
    }

    @Test func showExplainsParametersAndSteps() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail("show", "service.down")
        #expect(result.status == 0)
        for text in [
            "  service  string, needed, all of it matches [a-z][a-z0-9@._-]{0,60}",
            "1.  · look   Keep what the service manager says",
            "2.  ~ start  Start the service", "changes, guarded, can be undone",
            "Next: handrail plan service.down --on TARGET",
        ] {
            #expect(result.output.contains(text), "\(text) in\n\(result.output)")
        }
    }

    @Test func showSuggestsTheNearestRunbook() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail("show", "service.donw")
        #expect(result.status == 3)
        #expect(result.errors.contains("did you mean service.down?"))
    }

    @Test func inventoryRefusesZeroMatchesWithANearMiss() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let found = try bench.handrail("inventory", "--limit", "role = trial")
        #expect(found.status == 0)
        #expect(found.output.contains("localhost  127.0.0.1  lab          role=trial"))
        let missed = try bench.handrail("inventory", "--limit", "localhots")
        #expect(missed.status == 3)
        #expect(missed.errors.contains("localhost"))
    }

    @Test func completionsOfferWhatTheLibraryHas() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        for shell in ["bash", "zsh", "fish"] {
            let script = try bench.handrail("completions", shell)
            #expect(script.status == 0)
            #expect(script.output.contains("handrail"))
        }
        let offers = try bench.handrail(
            "---completion", "show", "--", "positional@0", "1", "0", "handrail", "show")
        #expect(offers.output == "service.down\n")
    }

    @Test(arguments: ["runbook", "inventory", "configuration"])
    func schemaNeedsNoLibraryAndIsJSON(_ kind: String) throws {
        let bench = try Workbench()
        let result = try bench.handrail("schema", kind)
        #expect(result.status == 0)
        let schema = try result.json()
        #expect((schema["properties"] as? [String: Any])?["handrail"] != nil)
        #expect(try bench.handrail("schema", "runbok").status == 64)
    }

    @Test func doctorFindsTheLibraryAndItsHome() throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        let result = try bench.handrail("doctor", "--json")
        let findings = try #require(try result.json()["findings"] as? [[String: Any]])
        let verdicts = Dictionary(
            uniqueKeysWithValues: findings.map {
                ($0["check"] as? String, $0["verdict"] as? String)
            })
        #expect(verdicts["git"] == "ok")
        #expect(verdicts["library"] == "ok")
        #expect(verdicts["home"] == "ok")
        #expect(verdicts["documents"] == "ok")
    }

    @Test func doctorEndsWithElevenWithoutALibrary() throws {
        let bench = try Workbench()
        let result = try bench.handrail("doctor", "--library", bench.folder)
        #expect(result.status == 11)
        #expect(result.output.contains("✗ library"))
    }
}
