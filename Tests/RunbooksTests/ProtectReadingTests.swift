import Runbooks
import Testing

/// The rules of the house in `handrail.yaml`.
struct ProtectReadingTests {
    private static let head = "handrail: 1\nid: lab\nenvironments: { lab: { content: off } }\n"
    private static let inventory = """
        handrail: 1
        targets:
          a: { address: 192.0.2.1, labels: { cluster: one, role: [mail, hub] } }
        """

    private func read(_ text: String) -> Checked<Library> {
        Library.read(
            TestTree.texts([
                "handrail.yaml": Self.head + text, "inventory/a.yaml": Self.inventory,
            ]))
    }

    @Test func rulesAreReadAsTheyAreWritten() {
        let checked = read(
            """
            protect:
              - { per: cluster, max_unavailable: 1, require_labels: true }
              - per: [role, cluster]
                max_unavailable: 34%
                peers_ok: systemctl is-active -q mail
            """)
        #expect(checked.diagnostics.map(\.brief) == [])
        let rules = checked.value?.configuration.protect ?? []
        #expect(rules.map(\.per) == [["cluster"], ["role", "cluster"]])
        #expect(rules.map(\.limit) == [.count(1), .percent(34)])
        #expect(rules.map(\.requiresLabels) == [true, false])
        #expect(
            rules.map(\.peersOK) == [
                nil, ScriptCall(program: .inline("systemctl is-active -q mail")),
            ])
        #expect(read("").value?.configuration.protect == [])
    }

    @Test(arguments: [
        ("[{ per: cluster }]", ["4:11 missing-key"]),
        ("[{ max_unavailable: 1 }]", ["4:11 missing-key"]),
        ("[{ per: cluster, max_unavailable: 0 }]", ["4:44 bad-value"]),
        ("[{ per: cluster, max_unavailable: 0% }]", ["4:44 bad-value"]),
        ("[{ per: cluster, max_unavailable: 101% }]", ["4:44 bad-value"]),
        ("[{ per: cluster, max_unavailable: 1.5% }]", ["4:44 bad-value"]),
        ("[{ per: cluster, max_unavailable: half }]", ["4:44 bad-value"]),
        ("[{ per: [], max_unavailable: 1 }]", ["4:18 bad-value"]),
        ("[{ per: [role, role], max_unavailable: 1 }]", ["4:25 duplicate-id"]),
        ("[{ per: Cluster, max_unavailable: 1 }]", ["4:18 bad-name"]),
        ("[{ per: cluster, max_unavailable: 1, peers_ok: [x] }]", ["4:57 wrong-type"]),
        ("[{ per: cluster, max_unavailable: 1, peers_ok: '' }]", ["4:57 bad-value"]),
        ("[{ per: cluster, max_unavailble: 1 }]", ["4:11 missing-key", "4:27 unknown-key"]),
        (
            "[{ per: cluster, max_unavailable: 1 }, { per: [cluster], max_unavailable: 2 }]",
            ["4:51 duplicate-id"]
        ),
        ("[{ per: clutser, max_unavailable: 1 }]", ["4:18 warning unknown-label"]),
        ("{ per: cluster }", ["4:10 wrong-type"]),
    ])
    func eachMistakeIsNamedWhereItStands(text: String, expected: [String]) {
        #expect(read("protect: " + text).diagnostics.map(\.brief) == expected)
    }

    @Test func aLabelThatNobodyHasIsSuggested() {
        let found = read("protect: [{ per: clutser, max_unavailable: 1 }]").diagnostics
        #expect(found.map(\.hint) == ["Did you mean 'cluster'?"])
        #expect(read("protect: [{ per: clutser, max_unavailable: 1 }]").value != nil)
    }
}
