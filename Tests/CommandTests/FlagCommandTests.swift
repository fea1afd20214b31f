import Foundation
import Runbooks
import Runner
import Testing

@testable import handrail

/// `flag`: a warning is met wherever the runbook is, until it is taken back.
struct FlagCommandTests {
    private static func bench() throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        return bench
    }

    @Test func everybodyWhoMeetsTheRunbookIsTold() throws {
        let bench = try Self.bench()
        let page = bench.folder + "/page"
        let text = try String(
            contentsOfFile: bench.library + "/inventory/targets.yaml", encoding: .utf8)
        let target = try #require(text.firstMatch(of: /\n  ([a-z0-9-]+):/)).1
        try Data("alertname=ServiceDown\ninstance=\(target)\nservice=x\n".utf8)
            .write(to: URL(fileURLWithPath: page))
        let raised = try bench.handrail("flag", "service.down", "--why", "it stops the wrong one")
        #expect(raised.status == 0, "\(raised.errors)")
        for words in [
            ["show", "service.down"], ["list"], ["find", "service"], ["alert", page], [],
        ] {
            let result = try bench.handrail(words)
            #expect(result.output.contains("FLAGGED"), "\(words): \(result.output)\(result.errors)")
            guard words.first != "alert" || result.status == 0 else { continue }
            let json = try bench.handrail(words + ["--json"]).output
            #expect(json.contains("it stops the wrong one"), "\(words): \(json)")
        }
        #expect(try bench.handrail([]).output.contains("handrail flag service.down --clear"))
        let cleared = try bench.handrail("flag", "service.down", "--clear", "--why", "mended")
        #expect(cleared.status == 0)
        #expect(try !bench.handrail("list").output.contains("FLAGGED"))
        #expect(try bench.handrail([]).output.hasPrefix("Nothing waits for you."))
        #expect(try bench.handrail("audit", "verify").status == 0)
        let again = try bench.handrail("flag", "service.down", "--clear", "--why", "mended")
        #expect(again.status == 3)
    }

    @Test func aLongReasonIsWholeInShowAlone() throws {
        let bench = try Self.bench()
        let why = "begin " + String(repeating: "word ", count: 1500) + "finish"
        try #require(try bench.handrail("flag", "service.down", "--why", why).status == 0)
        #expect(try bench.handrail("show", "service.down").output.contains("finish"))
        for words in [[], ["find", "service"], ["list"]] {
            let shown = try bench.handrail(words).output
            #expect(!shown.contains("finish") && shown.count < 2000, "\(shown)")
            #expect(words == ["list"] || shown.contains("'handrail show service.down'"))
        }
    }

    @Test func aRunbookThatNobodyKnowsIsRefused() throws {
        let bench = try Self.bench()
        let result = try bench.handrail("flag", "service.dwn", "--why", "x")
        #expect(result.status == 3)
        #expect(result.errors.contains("did you mean service.down?"))
        #expect(!FileManager.default.fileExists(atPath: bench.home + "/journal.db"))
    }

    @Test func aRunbookThatTheLibraryLostCanBeFlagged() async throws {
        let bench = try Self.bench()
        try await PastRun(runbook: "old.one").write(to: bench.journal().0)
        #expect(try bench.handrail("flag", "old.one", "--why", "x").status == 0)
    }
}

/// The inbox beyond runs that wait: outcomes that nobody knows, and what was handed over.
struct InboxCommandTests {
    private static func unknown(_ past: PastRun) throws -> [RunEvent] {
        let restart: StepID = try name("restart")
        let targets = past.record.plan.targets.map(\.name)
        return targets.flatMap { target -> [RunEvent] in
            [
                .targetStarted(target), .stepEnded(target, restart, .unknown, reason: "lost"),
                .targetEnded(target, target == targets[0] ? .unknown : .ok),
            ]
        } + [.closed(.failed, .unclear)]
    }

    @Test func anUnknownOutcomeWaitsUntilALaterRunEndedWell() async throws {
        let bench = try Workbench()
        let (journal, _) = try await bench.journal()
        let past = try PastRun()
        try await past.write(to: journal, Self.unknown(past))
        let first = try bench.handrail([])
        #expect(first.output.contains("outcome unknown"), "\(first.output)")
        #expect(first.output.contains("→ handrail logs r-20261123-0700-k3f9 --on web1\n"))
        // On web2 the step was passed over, and the target went on.
        #expect(first.output.contains("restart of web.restart, passed over on web2"))
        #expect(first.output.contains("--on web2 --step restart\n"))
        let items = try #require(
            try bench.handrail("--json").json()["items"] as? [[String: Any]])
        #expect(items.map { $0["kind"] as? String } == ["unknown", "unknown"])
        #expect(items.map { $0["target"] as? String } == ["web1", "web2"])
        #expect(items.map { $0["step"] as? String } == [nil, "restart"])
        let later = try PastRun("r-20261123-0800-bbbb", number: 2)
        try await later.write(
            to: journal, [.targetEnded(try name("web1"), .ok), .closed(.succeeded, .resolved)])
        let second = try bench.handrail([]).output
        #expect(!second.contains("on web1") && second.contains("on web2"), "\(second)")
        let last = try PastRun("r-20261123-0900-cccc", number: 3)
        try await last.write(
            to: journal, [.targetEnded(try name("web2"), .ok), .closed(.succeeded, .resolved)])
        #expect(try bench.handrail([]).output.hasPrefix("Nothing waits for you."))
    }

    @Test func whatIsHandedOverWaitsUntilItsEnd() async throws {
        let bench = try Workbench()
        let past = try PastRun()
        try await past.write(to: bench.journal().0, Self.unknown(past))
        _ = try bench.handrail("escalate", "last", "--to", "tier-3", "--note", "lost it")
        let shown = try bench.handrail([]).output
        #expect(!shown.contains("outcome unknown"))
        #expect(shown.contains("escalated to tier-3"))
        #expect(shown.contains("--done --note '…'"))
        let status = try bench.handrail("status", "last").output
        #expect(status.contains("to tier-3 by "), "\(status)")
        _ = try bench.handrail("escalate", "last", "--done", "--note", "mended by hand")
        #expect(try bench.handrail([]).output.hasPrefix("Nothing waits for you."))
        #expect(try bench.handrail("status", "last").output.contains("mended by hand"))
    }
}

/// What a run over several targets came to on each of them.
struct TargetEndTests {
    @Test(
        arguments: [
            (Outcome.changed, SymptomAnswer.gone, nil, false, RunResolution.resolved),
            (.satisfied, nil, nil, true, .resolved), (.changed, nil, nil, false, .unclear),
            (.ok, nil, .resolved, false, .resolved), (.ok, nil, .unresolved, true, .unresolved),
            (.changed, .present, nil, true, .unresolved), (.changed, .unclear, nil, true, .unclear),
            (.failed, nil, nil, true, .unresolved), (.aborted, nil, nil, true, .unclear),
            (nil, nil, nil, true, nil),
        ] as [(Outcome?, SymptomAnswer?, StopAction.Resolution?, Bool, RunResolution?)])
    func helpedThereOrNot(
        _ outcome: Outcome?, _ symptom: SymptomAnswer?, _ stop: StopAction.Resolution?,
        _ hasVerify: Bool, _ resolution: RunResolution?
    ) {
        let end = TargetEnd(
            outcome: outcome, symptom: symptom, stop: stop, hasVerify: hasVerify)
        #expect(end.resolution == resolution)
    }

    @Test func historyCountsEachTargetByItsOwnEnd() async throws {
        let bench = try Workbench()
        let past = try PastRun(targets: ["web1", "web2", "web3"])
        let (web1, web2): (TargetName, TargetName) = (try name("web1"), try name("web2"))
        try await past.write(
            to: bench.journal().0,
            [
                .targetStarted(web1), .symptomAsked(web1, isPresent: false),
                .targetEnded(web1, .changed), .targetStarted(web2), .targetEnded(web2, .failed),
                .closed(.failed, .unresolved),
            ])
        let helped = try #require(
            try bench.handrail("history", "--json").json()["helped"] as? [[String: Any]])
        #expect(helped.map { $0["target"] as? String } == ["web1", "web2"])
        let counts = helped.map { $0["past"] as? [String: Any] }
        #expect(counts.map { $0?["resolved"] as? Int } == [1, 0])
        #expect(counts.map { $0?["unresolved"] as? Int } == [0, 1])
    }

    @Test func anAliasIsATargetsNameHereToo() async throws {
        let bench = try Workbench()
        try bench.makeLibrary()
        try bench.write(
            "inventory/targets.yaml",
            """
            handrail: 1
            targets:
              web1: { address: 127.0.0.1, environment: lab, aliases: ["Web1.Example:80"] }

            """, commit: true)
        try await PastRun().write(to: bench.journal().0)
        for words in [["--on", "Web1.Example:80"], ["--on", "web2"], ["--since", "2024-02-29"]] {
            let shown = try bench.handrail(["history"] + words)
            #expect(shown.output.contains("k3f9"), "\(words): \(shown.output)\(shown.errors)")
        }
        let unknown = try bench.handrail("history", "--on", "Web9.Example:80")
        #expect(unknown.status == 3)
        #expect(unknown.errors.contains("as an alias"), "\(unknown.errors)")
        for day in ["2026-02-30", "2026-04-31", "2025-02-29", "2026-13-01", "2026-00-10"] {
            #expect(try bench.handrail("history", "--since", day).status == 64, "\(day)")
        }
    }
}

/// What helped, and who ran it here before.
struct EarlierTextTests {
    private static let time = ShownTime(
        now: PastRun.start.adding(.seconds(3600)), zoneOffset: { _ in 3600 })

    private static func run(
        _ id: String, ago hours: Int, _ resolution: RunResolution?, on targets: [String] = ["web1"]
    ) throws -> RunSummary {
        RunSummary(
            id: try name(id), runbook: try name("web.limits"), title: "t", environment: "lab",
            actor: "anna", ticket: nil, state: resolution == nil ? .running : .succeeded,
            resolution: resolution, targets: try targets.map { try name($0) },
            opened: time.now.adding(.seconds(-3600 * hours)), closed: nil, isLed: false)
    }

    @Test func whatRanTodayIsSaidWithItsTime() throws {
        let runs = [
            try Self.run("r-1", ago: 1, .unresolved), try Self.run("r-2", ago: 20, nil),
            try Self.run("r-3", ago: 72, .resolved), try Self.run("r-4", ago: 96, .resolved),
        ]
        let lines = EarlierText(runs: runs, targets: [try name("web1")], time: Self.time)
            .lines(.plain, width: 100)
        #expect(
            lines == [
                "Already run here today by anna at 08:00: unresolved (r-1)",
                "Already run here yesterday by anna at 13:00: running (r-2)",
                "Run here before, 3 days ago, by anna: resolved (r-3)", "and 1 time before",
            ])
    }

    @Test func whatHelpedIsCountedByRunbookAndTarget() throws {
        let runs = [
            try Self.run("r-1", ago: 1, .unresolved, on: ["web1", "web2"]),
            try Self.run("r-2", ago: 2, .resolved), try Self.run("r-3", ago: 3, .unclear),
        ]
        let helped = HelpedHere.of(runs)
        #expect(helped.map(\.target.rawValue) == ["web1", "web2"])
        #expect(helped.map(\.past.runs) == [3, 1])
        #expect(helped.map(\.past.resolved) == [1, 0])
        #expect(helped.map(\.past.unresolved) == [1, 1])
        #expect(helped.map(\.past.unclear) == [1, 0])
        let (web1, web2): (TargetName, TargetName) = (try name("web1"), try name("web2"))
        func end(_ outcome: Outcome?, _ symptom: SymptomAnswer?) -> TargetEnd {
            TargetEnd(outcome: outcome, symptom: symptom, stop: nil, hasVerify: false)
        }
        let several: RunID = try name("r-1")
        let told = HelpedHere.of(
            runs, ends: [several: [web1: end(.changed, .gone), web2: end(.failed, nil)]])
        #expect(told.map(\.past.resolved) == [2, 0])
        #expect(told.map(\.past.unresolved) == [0, 1])
        let never = HelpedHere.of(
            runs, ends: [several: [web1: end(.changed, .present), web2: end(nil, nil)]])
        #expect(never.map(\.target) == [web1])
        #expect(never.map(\.past.unresolved) == [1])
        let onOne = HelpedHere.of(runs, on: try name("web2"))
        #expect(onOne.map(\.target.rawValue) == ["web2"])
    }
}
