import Foundation
import Runbooks
import Testing

/// Baselines as documents: items, comparisons, exceptions, and runbooks that mend.
struct BaselineReadingTests {
    private static let head = """
        handrail: 1
        id: web.baseline
        title: Set up as agreed
        kind: baseline
        owner: web-leads

        """

    private func read(_ text: String, more: [String: String] = [:]) -> Checked<Runbook> {
        Runbook.read(
            path: "r/runbook.yaml", in: TestTree.runbook(Self.head + text, more: more))
    }

    @Test func anItemIsAStepThatOnlyReadsAndIsPassedOver() throws {
        let runbook = try #require(
            read(
                """
                every: 8h
                items:
                  - { id: clock, severity: major, expect: { sh: "echo 5", below: 100 } }
                  - { id: up, severity: critical, service: { name: nginx, state: running } }
                """
            ).value)
        #expect(runbook.kind == .baseline)
        #expect(runbook.targets.pick == .many)
        #expect(runbook.baseline?.every == .seconds(28_800))
        #expect(runbook.steps.map(\.effect) == [.read, .read])
        #expect(runbook.steps.map(\.onFailed) == [.continue, .continue])
        #expect(runbook.steps.map(\.audit?.severity) == [.major, .critical])
        #expect(
            runbook.steps[0].audit?.expected == .range([.init(.below, .text("100"))]))
        #expect(runbook.steps[1].audit?.expected == nil)
        #expect(
            runbook.steps[1].action
                == .service(ServiceAction(name: .text("nginx"), state: .running)))
    }

    @Test func whatHasNoMeaningInABaselineIsRefused() {
        let texts: [(String, String)] = [
            ("steps: [{ id: a, wait: 1s }]", "6:1 misplaced-key"),
            ("verify: [{ assert: \"true\" }]", "6:1 misplaced-key"),
            ("symptoms: [{ alert: X }]", "6:1 misplaced-key"),
            ("repeat: { at_most: 2, within: 24h }", "6:1 misplaced-key"),
            ("on_failure: { escalate: tier-3 }", "6:1 misplaced-key"),
            ("rollout: { on_stop: pause }", "6:12 misplaced-key"),
            ("targets: { pick: one }", "6:12 misplaced-key"),
        ]
        for (text, expected) in texts {
            let found = read(text + "\nitems: [{ id: a, severity: minor, expect: \"true\" }]")
            #expect(found.diagnostics.map(\.brief).contains(expected), "\(text): \(found)")
            #expect(found.value == nil)
        }
    }

    @Test func whatHasNoMeaningElsewhereIsRefused() throws {
        for key in ["items", "every", "exceptions"] {
            let text = try InvalidDocumentTests.text("baseline-keys.yaml")
            #expect(text.contains("\n\(key):"))
        }
    }

    @Test func aParameterThatATimerCantAnswerIsRefused() {
        let items = "items: [{ id: a, severity: minor, expect: { sh: x, equals: $p } }]"
        func codes(_ parameter: String) -> [String] {
            read("parameters: { p: \(parameter) }\n" + items).diagnostics.map(\.code)
        }
        #expect(codes("string") == ["missing-key"])
        #expect(codes("{ type: string, default: a }") == [])
        #expect(codes("{ type: string, optional: true }") == [])
    }

    @Test(arguments: [
        ("equals: a, one_of: [b]", true), ("equals: a, below: 5", true),
        ("matches: a, above: 5", true), ("below: 5, at_most: 6", true),
        ("above: 5, at_least: 6", true), ("below: 5, above: 1", false),
        ("at_least: 1, at_most: 2", false), ("one_of: [a, b]", false), ("equals: \"\"", false),
    ])
    func oneComparisonAtATime(text: String, isRefused: Bool) {
        let found = read(
            "items: [{ id: a, severity: minor, expect: { sh: x, \(text) } }]")
        #expect(
            found.diagnostics.map(\.code).filter { $0 == "conflicting-keys" }.count
                == (isRefused ? 1 : 0), "\(found)")
        #expect((found.value == nil) == isRefused)
    }

    @Test func aComparisonIsWrittenAndReadAgain() throws {
        let all: [ItemComparison] = [
            .equals(.text("")), .oneOf([.text("a"), .reference(Expression.Name(parts: ["x"]))]),
            .matches("[a-z]+"),
            .range([.init(.atLeast, .text("1.10")), .init(.below, .text("2"))]),
        ]
        for comparison in all {
            let bytes = try JSONEncoder().encode(comparison)
            #expect(try JSONDecoder().decode(ItemComparison.self, from: bytes) == comparison)
        }
    }
}
