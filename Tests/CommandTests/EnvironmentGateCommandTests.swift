import Foundation
import Testing

/// Gate 2 by the real command: what runs in production has succeeded in pre-release.
@Suite(.timeLimit(.minutes(10)))
struct EnvironmentGateCommandTests {
    private static func runbook(_ command: String) -> String {
        """
        handrail: 1
        id: web.limits
        title: Higher limits
        kind: change
        owner: operators
        targets: { pick: many, max: 5 }
        steps:
          - id: set
            title: Set it
            where: controller
            effect: idempotent
            probe: never
            run: { sh: "\(command)" }
            undo: []

        """
    }

    private static func bench() throws -> Workbench {
        let bench = try Workbench()
        try bench.makeLibrary()
        try bench.write(
            "handrail.yaml",
            """
            handrail: 1
            id: house
            environments:
              pre-release: { content: off, change: off, production: false }
              production: { content: off, change: off, production: false, after: pre-release }

            """)
        try bench.write(
            "inventory/all.yaml",
            """
            handrail: 1
            targets:
              pre-hub: { address: 127.0.0.1, environment: pre-release, labels: { role: hub } }
              hub1: { address: 127.0.0.2, environment: production, labels: { role: hub } }

            """)
        let own = try FileManager.default.contentsOfDirectory(atPath: bench.library + "/inventory")
        for name in own where name != "all.yaml" {
            try FileManager.default.removeItem(atPath: bench.library + "/inventory/" + name)
        }
        try bench.write("runbooks/web/limits/README.md", "# Higher limits\n")
        try bench.write("runbooks/web/limits/runbook.yaml", runbook("true"), commit: true)
        return bench
    }

    /// What gate 2 says of the plan for production.
    private static func gate(_ bench: Workbench) throws -> (verdict: String, reasons: String) {
        let result = try bench.handrail(
            "plan", "web.limits", "--on", "hub1", "--no-probe", "--json")
        let gates = try result.json()["gates"] as? [String: Any]
        let lines = gates?["lines"] as? [[String: Any]] ?? []
        let line = try #require(lines.first { $0["gate"] as? Int == 2 }, "\(result.errors)")
        let reasons = line["reasons"] as? [String] ?? []
        return (line["verdict"] as? String ?? "", reasons.joined(separator: "; "))
    }

    private static func run(_ bench: Workbench, on target: String) throws -> Workbench.Result {
        try bench.handrail("run", "web.limits", "--on", target, "--yes", "--json")
    }

    @Test func productionWaitsForPreReleaseAndAnEditClosesItAgain() throws {
        let bench = try Self.bench()
        let early = try Self.run(bench, on: "hub1")
        #expect(early.status == 4, "\(early.errors)")
        #expect(
            early.output.contains(
                "do it there first: handrail run web.limits --limit pre-hub"), "\(early.output)")
        let there = try Self.run(bench, on: "pre-hub")
        #expect(there.status == 0, "\(there.errors)")
        let id = try #require(try there.json()["run"] as? String)
        let open = try Self.gate(bench)
        #expect(open.verdict == "open")
        #expect(open.reasons.contains("\(id) succeeded in pre-release"), "\(open.reasons)")
        let told = try bench.handrail("plan", "web.limits", "--on", "hub1", "--no-probe")
        #expect(told.output.contains("2 environment: open"), "\(told.output)")
        let here = try Self.run(bench, on: "hub1")
        #expect(here.status == 0, "\(here.errors)")
        try bench.write(
            "runbooks/web/limits/runbook.yaml", Self.runbook("true # now"), commit: true)
        let edited = try Self.gate(bench)
        #expect(edited.verdict == "refused")
        #expect(edited.reasons.contains("ran there (\(id)"), "\(edited.reasons)")
        #expect(edited.reasons.contains("not this one"), "\(edited.reasons)")
        #expect(try Self.run(bench, on: "hub1").status == 4)
        #expect(try bench.handrail("audit", "verify").status == 0)
    }

    @Test func whatFailedThereDoesntOpenIt() throws {
        let bench = try Self.bench()
        try bench.write("runbooks/web/limits/runbook.yaml", Self.runbook("exit 3"), commit: true)
        #expect(try Self.run(bench, on: "pre-hub").status == 5)
        let gate = try Self.gate(bench)
        #expect(gate.verdict == "refused")
        #expect(gate.reasons.contains(" failed"), "\(gate.reasons)")
    }

    /// What trust demands holds where the library says nothing of it.
    @Test func aFloorDemandsItWhateverTheLibrarySays() throws {
        let bench = try Self.bench()
        let path = bench.library + "/handrail.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try bench.write(
            "handrail.yaml", text.replacing(", after: pre-release", with: ""), commit: true)
        #expect(try Self.gate(bench).reasons == "policy off")
        let begun = try bench.handrail("trust", "init", "--id", "anna", "--role", "implementer")
        try #require(begun.status == 0, "\(begun.errors)")
        let floor = "content: off, change: off, production: false"
        try Data(
            ("handrail: 1\nenvironments:\n  pre-release: { \(floor) }\n"
                + "  production: { \(floor), after: pre-release }\n").utf8
        ).write(to: URL(fileURLWithPath: bench.home + "/trust/environments.yaml"))
        let gate = try Self.gate(bench)
        #expect(gate.verdict == "refused", "\(gate.reasons)")
        #expect(try Self.run(bench, on: "hub1").status == 4)
        #expect(try Self.run(bench, on: "pre-hub").status == 0)
        #expect(try Self.run(bench, on: "hub1").status == 0)
    }
}
