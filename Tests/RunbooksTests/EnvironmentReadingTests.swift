import Runbooks
import Testing

/// The order of environments in `handrail.yaml`.
struct EnvironmentReadingTests {
    private func read(_ environments: String) -> Checked<Library> {
        Library.read(
            TestTree.texts([
                "handrail.yaml": "handrail: 1\nid: lab\nenvironments:\n" + environments,
                "inventory/a.yaml":
                    "handrail: 1\ntargets: { a: { address: 192.0.2.1, environment: pre } }\n",
            ]))
    }

    @Test func whatComesBeforeIsANameOrAMapping() {
        let checked = read(
            """
              pre: { content: off }
              production: { after: pre }
              customers:
                after: { environment: production, targets: 3, within: 30d, policy: advisory }
              rest: { after: { environment: customers, one_of_each: site, targets: 2 } }
            """)
        #expect(checked.diagnostics.map(\.brief) == [])
        let found = checked.value?.configuration.environments.map(\.after)
        #expect(
            found == [
                nil, EnvironmentBefore(environment: "pre"),
                EnvironmentBefore(
                    environment: "production", oneOfEach: nil, targets: 3,
                    withinMilliseconds: 30 * 86_400_000, policy: .advisory),
                EnvironmentBefore(environment: "customers", oneOfEach: "site", targets: 2),
            ])
        let usual = found?[1]
        #expect(usual?.oneOfEach == "role")
        #expect(usual?.targets == 1)
        #expect(usual?.withinMilliseconds == Int64(90 * 86_400_000))
        #expect(usual?.policy == .required)
    }

    @Test(arguments: [
        ("  pre: { after: pro }\n  prod: {}", ["4:17 unknown-environment"]),
        ("  pre: { after: pre }", ["4:17 environment-cycle"]),
        (
            "  pre: { after: prod }\n  prod: { after: more }\n  more: { after: pre }",
            ["4:17 environment-cycle"]
        ),
        (
            "  pre: {}\n  prod: { after: { targets: 0, within: 1s, policy: never } }",
            ["5:18 missing-key", "5:29 bad-value", "5:40 bad-value", "5:52 bad-value"]
        ),
        (
            "  pre: {}\n  prod: { after: { environment: pre, one_of_each: Role } }",
            ["5:51 bad-name"]
        ),
        ("  pre: {}\n  prod: { after: [pre] }", ["5:18 wrong-type"]),
    ])
    func eachMistakeIsNamedWhereItStands(text: String, expected: [String]) {
        #expect(read(text).diagnostics.map(\.brief) == expected)
    }

    /// One that leads into a cycle is no part of it.
    @Test func aCycleIsReportedOnceWithAllOfIt() {
        let found = read("  a: { after: b }\n  b: { after: c }\n  c: { after: b }").diagnostics
        #expect(found.map(\.brief) == ["5:15 environment-cycle"])
        #expect(
            found.first?.message
                == "b comes after c comes after b: nothing could ever run there.")
    }
}
