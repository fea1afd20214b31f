import Runbooks
import Runner
import Testing

/// `status`, `logs`, `history`: runs as the journal has them.
struct RunRecordTests {
    @Test func statusGroupsFailuresAndNamesTheLogs() async throws {
        let bench = try Workbench()
        let past = try PastRun()
        try await past.write(to: bench.journal().0, past.failedEvents())
        let result = try bench.handrail("status", "k3f9")
        #expect(result.status == 0)
        for text in [
            "r-20261123-0700-k3f9\n", "Runbook  web.restart · The web server doesn't answer",
            "failed, unresolved", "2 × restart: exit 3 \"port 80 in use\" (web1, web2)",
            "Look at its log.", "More: handrail logs r-20261123-0700-k3f9 --failed",
        ] {
            #expect(result.output.contains(text), "\(text) in\n\(result.output)")
        }
    }

    @Test func statusNamesWhoWasLeftOutAndWhy() async throws {
        let bench = try Workbench()
        let past = try PastRun(
            leftOut: [LeftOutTarget(target: try name("web2"), reason: "in repair")])
        try await past.write(to: bench.journal().0)
        let result = try bench.handrail("status", "k3f9")
        for text in ["0 of 2 ended, 1 not started, 1 left out", "left out     in repair"] {
            #expect(result.output.contains(text), "\(text) in\n\(result.output)")
        }
        let all = try bench.handrail("status", "k3f9", "--json").output
        #expect(all.contains("left_out"))
    }

    @Test func nothingWaitsInAnEmptyHome() throws {
        let bench = try Workbench()
        for arguments in [[], ["status"]] {
            let result = try bench.handrail(arguments)
            #expect(result.status == 0)
            #expect(result.output.hasPrefix("Nothing waits for you.\n"))
            #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 60 })
        }
    }

    @Test func theInboxNamesQuestionsWithWhatToType() async throws {
        let bench = try Workbench()
        let past = try PastRun()
        let users: StepID = try name("users")
        try await past.write(
            to: bench.journal().0,
            [
                .stateChanged(.running, reason: "started"), .targetStarted(try name("web1")),
                .asked(users, nil, until: PastRun.start.adding(.seconds(3600))),
            ])
        let result = try bench.handrail([])
        #expect(result.output.contains("awaited users"))
        for choice in ["yes", "no"] {
            let line = "→ handrail answer r-20261123-0700-k3f9 users \(choice)\n"
            #expect(result.output.contains(line), "\(result.output)")
        }
        #expect(result.output.contains("r-20261123-0700-k3f9  nobody leads it\n"))
        #expect(result.output.contains("led by nobody"))
    }

    @Test func logsShowOnlyPrintableText() async throws {
        let bench = try Workbench()
        let past = try PastRun()
        try await past.write(to: bench.journal().0, past.failedEvents())
        let plain = try bench.handrail("logs", "last")
        #expect(plain.status == 0)
        #expect(!plain.output.contains("\u{1b}"))
        #expect(plain.output.contains("  ! port 80 in use\\x1b[2J\n"))
        let grouped = try bench.handrail("logs", "last", "--group", "--failed")
        #expect(grouped.output.contains("2 × (web1, web2)  restart  exit 3"))
        let one = try bench.handrail("logs", "last", "--on", "web2", "--json")
        #expect((try one.json()["attempts"] as? [Any])?.count == 1)
    }

    @Test func logsSuggestTheNearestTargetAndStep() async throws {
        let bench = try Workbench()
        try await PastRun().write(to: bench.journal().0)
        let target = try bench.handrail("logs", "last", "--on", "wbe1")
        #expect(target.status == 3)
        #expect(target.errors.contains("did you mean web1?"))
        let step = try bench.handrail("logs", "last", "--step", "restrat")
        #expect(step.errors.contains("did you mean restart?"))
    }

    @Test func historyFiltersByTargetRunbookAndTime() async throws {
        let bench = try Workbench()
        let past = try PastRun()
        try await past.write(to: bench.journal().0, past.failedEvents())
        let all = try bench.handrail("history")
        #expect(all.output.contains("r-20261123-0700-k3f9  web.restart  web1, web2  failed"))
        for (arguments, count) in [
            (["--on", "web1"], 1), (["--on", "web3"], 0), (["--runbook", "web.restart"], 1),
            (["--since", "2026-11-23"], 1), (["--since", "2026-11-24"], 0),
        ] {
            let result = try bench.handrail(["history", "--json"] + arguments)
            #expect((try result.json()["runs"] as? [Any])?.count == count, "\(arguments)")
        }
        #expect(try bench.handrail("history", "--since", "soon").status == 64)
    }

    @Test func aPartOfAnIdMustFitOneRun() async throws {
        let bench = try Workbench()
        let (journal, _) = try await bench.journal()
        try await PastRun("r-20261123-0700-k3f9").write(to: journal)
        try await PastRun("r-20261123-0701-bbbb", number: 2).write(to: journal)
        #expect(try bench.handrail("status", "bbbb").status == 0)
        let several = try bench.handrail("status", "20261123")
        #expect(several.status == 3)
        #expect(several.errors.contains("fits 2 runs"))
        let near = try bench.handrail("status", "r-20261123-0700-k3g9")
        #expect(near.errors.contains("did you mean r-20261123-0700-k3f9?"))
    }
}
