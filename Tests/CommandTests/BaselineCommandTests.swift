import Foundation
import Glibc
import Testing

/// Baselines by the real command, with items that are looked at on the controller.
///
/// What they see on targets is in `scripts/test.d/on_fleet/baselines.py`.
@Suite(
    .enabled(if: access("/usr/bin/bwrap", X_OK) == 0, "needs bubblewrap"), .timeLimit(.minutes(10)))
struct BaselineCommandTests {
    private static func baseline(_ answer: String) -> String {
        """
        handrail: 1
        id: baseline.trial
        title: Set up as agreed
        kind: baseline
        owner: leads
        targets: { select: role = trial }
        every: 8h
        exceptions: exceptions.yaml
        items:
          - id: driver
            title: The old driver isn't loaded
            severity: critical
            where: controller
            expect: { sh: "echo \(answer)", equals: "no" }
            fix: { runbook: service.down, set: { service: nginx } }
          - id: clock
            severity: minor
            where: controller
            expect: { sh: "echo 5", below: 100 }

        """
    }

    private static let none = "handrail: 1\nexceptions: []\n"

    private static func bench(
        _ answer: String = "yes", exceptions: String = none
    ) throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        try put(answer, exceptions, in: bench)
        return bench
    }

    private static func put(
        _ answer: String, _ exceptions: String = none, in bench: Workbench
    ) throws {
        try bench.write("runbooks/baseline/README.md", "What holds.\n")
        try bench.write("runbooks/baseline/exceptions.yaml", exceptions)
        try bench.write("runbooks/baseline/runbook.yaml", baseline(answer), commit: true)
    }

    private func results(_ document: [String: Any]) throws -> [String] {
        let baselines = try #require(document["baselines"] as? [[String: Any]])
        let rows = try #require(baselines.first?["results"] as? [[String: Any]])
        return rows.map {
            "\($0["item"] ?? "") \($0["verdict"] ?? "") \($0["drift"] ?? "-")"
        }
    }

    @Test func anAuditAsksNothing() throws {
        let bench = try Self.bench()
        let result = try bench.handrail("run", "baseline.trial")
        #expect(result.status == 14, "\(result.errors)")
        for words in [
            "baseline.trial succeeded", "deviates", "CRITICAL", "yes instead of no",
            "handrail run service.down --on localhost --set service=nginx",
            "role trial: 1 target: 1 comply, 1 deviate",
            "handrail baseline report baseline.trial",
        ] {
            #expect(result.output.contains(words), "\(words): \(result.output)")
        }
        #expect(!result.output.contains("it did not help"))
        #expect(!result.output.contains("retry"), "\(result.output)")
        let plan = try bench.handrail("plan", "baseline.trial")
        #expect(plan.status == 0, "\(plan.errors)")
        #expect(plan.output.contains("Nothing would change."), "\(plan.output)")
    }

    @Test func theSecondAuditSaysWhatWasMended() throws {
        let bench = try Self.bench()
        #expect(try bench.handrail("run", "baseline.trial").status == 14)
        try Self.put("no", in: bench)
        #expect(try bench.handrail("run", "baseline.trial", "--json").status == 0)
        let report = try bench.handrail("baseline", "report", "--json")
        #expect(report.status == 0, "\(report.errors)")
        #expect(try results(report.json()) == ["driver complies mended", "clock complies -"])
        let shown = try bench.handrail("baseline", "report", "baseline.trial").output
        #expect(shown.contains("mended       driver on 1 target (localhost)"), "\(shown)")
        #expect(shown.contains("nothing deviates, every 8h"), "\(shown)")
    }

    @Test func auditRunsWhatIsDueAndNothingElse() throws {
        let bench = try Self.bench()
        #expect(try bench.handrail("baseline", "due", "--detailed-exitcode").status == 2)
        let first = try bench.handrail("baseline", "audit", "--json")
        #expect(first.status == 14, "\(first.errors)")
        #expect((try first.json()["runs"] as? [Any])?.count == 1)
        let second = try bench.handrail("baseline", "audit")
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.errors.contains("Nothing is due."), "\(second.errors)")
        let due = try bench.handrail("baseline", "due", "--detailed-exitcode")
        #expect(due.status == 0)
        #expect(due.output.contains("in 7 h 59 min"), "\(due.output)")
        #expect(try bench.handrail("baseline", "audit", "--now").status == 14)
        let wrong = try bench.handrail("baseline", "audit", "service.down")
        #expect(wrong.status == 3)
        #expect(wrong.errors.contains("no baseline"), "\(wrong.errors)")
    }

    @Test func anExceptionHoldsItsPeace() throws {
        let known = """
            handrail: 1
            exceptions:
              - item: driver
                target: localhost
                until: 2999-12-31
                why: It goes with CHG-42
                who: jdoe

            """
        let bench = try Self.bench("yes", exceptions: known)
        let result = try bench.handrail("run", "baseline.trial")
        #expect(result.status == 0, "\(result.output)")
        #expect(
            result.output.contains("until 2999-12-31, jdoe: It goes with CHG-42"),
            "\(result.output)")
        #expect(try bench.handrail("baseline", "report").status == 0)
        // One that ends lets the deviation speak, without another audit.
        try Self.put("yes", known.replacing("2999-12-31", with: "2020-12-31"), in: bench)
        let report = try bench.handrail("baseline", "report")
        #expect(report.status == 14, "\(report.output)")
        #expect(report.output.contains("ended on 2020-12-31, and counts no more"))
    }

    @Test func whatItemsMissIsNamedBeforeAnythingRuns() throws {
        let bench = try Self.bench()
        let exceptions =
            "handrail: 1\nexceptions:\n  - { item: driver, target: web9, "
            + "until: 2999-12-31, why: x, who: y }\n"
        try Self.put("yes", exceptions, in: bench)
        let result = try bench.handrail("run", "baseline.trial")
        #expect(result.status == 3)
        #expect(result.errors.contains("no target 'web9'"), "\(result.errors)")
        #expect(result.errors.contains("exceptions.yaml:3"), "\(result.errors)")
    }

    @Test func monitoringIsToldByItsConvention() throws {
        let bench = try Self.bench()
        let never = try bench.handrail("baseline", "report", "--nagios")
        #expect(never.status == 3, "\(never.output)")
        #expect(never.output.hasPrefix("HANDRAIL UNKNOWN - never audited"), "\(never.output)")
        _ = try bench.handrail("run", "baseline.trial")
        let critical = try bench.handrail("baseline", "report", "--nagios")
        #expect(critical.status == 2)
        #expect(
            critical.output
                == "HANDRAIL CRITICAL - 1 critical deviate: driver on localhost | complies=1 "
                + "deviates=1 excepted=0 failed=0 overdue=0\n")
        try Self.put("no", in: bench)
        _ = try bench.handrail("run", "baseline.trial")
        let well = try bench.handrail("baseline", "report", "--nagios")
        #expect(well.status == 0)
        #expect(well.output.hasPrefix("HANDRAIL OK - 2 results comply | "), "\(well.output)")
        let broken = try bench.handrail("baseline", "report", "baseline.no", "--nagios")
        #expect(broken.status == 3)
        #expect(broken.output.hasPrefix("HANDRAIL UNKNOWN - "), "\(broken.output)")
    }

    @Test func aDeviationLeadsToWhatMendsIt() throws {
        let bench = try Self.bench()
        _ = try bench.handrail("run", "baseline.trial")
        let alerts = try bench.handrail("baseline", "report", "--alerts")
        #expect(alerts.status == 14)
        try Data(alerts.output.utf8).write(to: URL(fileURLWithPath: bench.folder + "/alerts.json"))
        let answer = try bench.handrail("alert", "alerts.json")
        #expect(answer.status == 0, "\(answer.errors)")
        for words in [
            "BaselineDeviates", "mends driver",
            "handrail run service.down --set service=nginx --on localhost",
        ] {
            #expect(answer.output.contains(words), "\(words): \(answer.output)")
        }
        let found = try bench.handrail("find", "driver", "loaded").output
        #expect(found.contains("service.down"), "\(found)")
    }

    @Test func theReportSurvivesARebuildOfTheJournal() throws {
        let bench = try Self.bench()
        _ = try bench.handrail("run", "baseline.trial")
        try Self.put("no", in: bench)
        _ = try bench.handrail("run", "baseline.trial")
        let before = try bench.handrail("baseline", "report", "--json")
        for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
            let path = bench.home + "/" + name
            if FileManager.default.fileExists(atPath: path) {
                try FileManager.default.removeItem(atPath: path)
            }
        }
        let restored = try bench.handrail("restore", "--from-trail")
        #expect(restored.status == 0 || restored.status == 12, "\(restored.errors)")
        let after = try bench.handrail("baseline", "report", "--json")
        #expect(after.output == before.output)
        #expect(try results(after.json()) == ["driver complies mended", "clock complies -"])
    }
}
