import Runbooks
import Testing

/// What a baseline says of the runbooks that mend its items.
struct FixRuleTests {
    private func read(
        _ fix: String, item: String = "for_each: [dovecot, postfix]"
    ) -> Checked<Library> {
        Library.read(
            TestTree.texts([
                "handrail.yaml": "handrail: 1\nid: lab\nenvironments: { lab: { content: off } }\n",
                "inventory/a.yaml": "handrail: 1\ntargets: { a: { labels: { unit: cyrus } } }\n",
                "runbooks/b/runbook.yaml": """
                handrail: 1
                id: web.baseline
                title: Set up as agreed
                kind: baseline
                owner: web-leads
                items:
                  - id: up
                    severity: major
                    \(item)
                    service: { name: $item, state: running }
                    fix: \(fix)
                """, "runbooks/b/README.md": "x",
                "runbooks/s/runbook.yaml": """
                handrail: 1
                id: services.start
                title: Start a service
                kind: resolution
                owner: web-leads
                parameters:
                  service: { type: string, pattern: "[a-z]+" }
                  patience: { type: duration, default: 5s }
                steps:
                  - { id: start, service: { name: $service, state: running }, help: x }
                  - { id: wait, effect: read, run: { sh: "sleep 1", args: [$patience] } }
                """, "runbooks/s/README.md": "x",
            ]))
    }

    private func codes(_ fix: String) -> [String] {
        read(fix).diagnostics.filter { $0.severity == .error }.map(\.code)
    }

    @Test func aFixThatFitsIsNoProblem() throws {
        #expect(codes("{ runbook: services.start, set: { service: $item } }") == [])
        #expect(codes("{ runbook: services.start, set: { service: $target.unit } }") == [])
        let library = try #require(
            read("{ runbook: services.start, set: { service: $item, patience: 9s } }").value)
        let baseline = try #require(library.runbooks.last)
        let item = try #require(StepID(recorded: "up[postfix]"))
        let fix = try #require(baseline.fix(of: item, on: library.inventory.targets[0]))
        #expect(fix.runbook.rawValue == "services.start")
        #expect(fix.values == ["service": "postfix", "patience": "9s"])
    }

    @Test func eachWayNotToFitIsNamed() {
        #expect(codes("{ runbook: services.stat }") == ["dangling-reference"])
        #expect(codes("{ runbook: web.baseline }") == ["bad-value"])
        #expect(codes("{ runbook: services.start }") == ["missing-parameter"])
        #expect(
            codes("{ runbook: services.start, set: { service: $item, unit: x } }")
                == ["unknown-parameter"])
        #expect(
            codes("{ runbook: services.start, set: { service: $item, unit: $target.unit } }")
                == ["unknown-parameter"])
        #expect(
            codes("{ runbook: services.start, set: { service: UPPER } }") == ["bad-parameter"])
        #expect(
            codes("{ runbook: services.start, set: { service: $item, patience: long } }")
                == ["bad-parameter"])
    }

    @Test func aBaselineThatNamesNoFixIsLeftOutAndTheOthersStay() {
        let library = read("{ runbook: services.stat }")
        #expect(library.value?.runbooks.map(\.id.rawValue) == ["services.start"])
        let found = library.diagnostics.first { $0.code == "dangling-reference" }
        #expect(found?.hint == "Did you mean 'services.start'?")
        #expect(found?.position?.line == 11)
    }
}
