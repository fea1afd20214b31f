import Runbooks
import Testing

/// A baseline's file of exceptions.
struct ExceptionReadingTests {
    private static let baseline = """
        handrail: 1
        id: web.baseline
        title: Set up as agreed
        kind: baseline
        owner: web-leads
        exceptions: exceptions.yaml
        items:
          - { id: clock, severity: major, expect: "true" }
          - { id: up, severity: major, for_each: [nginx, a b], service: { name: nginx, state: running } }

        """

    private func read(_ exceptions: String) -> Checked<Library> {
        Library.read(
            TestTree.texts([
                "handrail.yaml": "handrail: 1\nid: lab\nenvironments: { lab: { content: off } }\n",
                "inventory/a.yaml": "handrail: 1\ntargets: { a: {}, b: {} }\n",
                "runbooks/b/runbook.yaml": Self.baseline, "runbooks/b/README.md": "x",
                "runbooks/b/exceptions.yaml": "handrail: 1\nexceptions:\n" + exceptions,
            ]))
    }

    private func problems(_ exceptions: String) -> [String] {
        read(exceptions).diagnostics.filter {
            $0.position?.file.hasSuffix("exceptions.yaml") == true
        }.map(\.brief)
    }

    private let rest = "until: 2027-01-31, why: Known, who: jdoe"

    @Test func theyAreReadAsTheyAreWritten() throws {
        let library = read(
            """
              - { item: clock, target: a, \(rest) }
              - { item: "up[nginx]", target: [a, b], until: 2028-02-29, why: Known, who: jdoe }
            """)
        #expect(problems("  - { item: clock, target: a, \(rest) }") == [])
        let found = try #require(library.value?.runbooks.first?.baseline?.exceptions)
        #expect(found.map(\.item.rawValue) == ["clock", "up[nginx]"])
        #expect(found.map { $0.targets.map(\.rawValue) } == [["a"], ["a", "b"]])
        #expect(found.map(\.until) == ["2027-01-31", "2028-02-29"])
        #expect(found.map(\.who) == ["jdoe", "jdoe"])
    }

    @Test func eachMistakeIsNamedWhereItStands() {
        let texts: [(String, [String])] = [
            ("  - { item: clok, target: a, \(rest) }", ["3:13 dangling-reference"]),
            ("  - { item: \"up[sshd]\", target: a, \(rest) }", ["3:13 dangling-reference"]),
            ("  - { item: \"clock[x]\", target: a, \(rest) }", ["3:13 dangling-reference"]),
            ("  - { item: clock, target: c, \(rest) }", ["3:28 unknown-member"]),
            ("  - { item: clock, target: [a, a], \(rest) }", ["3:32 duplicate-id"]),
            ("  - { item: clock, target: [], \(rest) }", ["3:28 bad-value"]),
            (
                "  - { item: clock, target: a, until: 2027-02-30, why: x, who: y }",
                ["3:38 bad-value"]
            ),
            ("  - { item: clock, target: a }", Array(repeating: "3:5 missing-key", count: 3)),
            ("  - { item: clock, target: a, \(rest), note: x }", ["3:73 unknown-key"]),
            (
                "  - { item: clock, target: a, \(rest) }\n  - { item: clock, target: [b, a], \(rest) }",
                ["4:5 duplicate-id"]
            ),
            (
                "  - { item: up, target: a, \(rest) }\n  - { item: \"up[nginx]\", target: a, \(rest) }",
                ["4:5 duplicate-id"]
            ),
        ]
        for (text, expected) in texts {
            #expect(problems(text) == expected, "\(text)")
            #expect(read(text).value?.runbooks.isEmpty == true, "\(text)")
        }
    }
}
