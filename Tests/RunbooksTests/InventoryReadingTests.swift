import Runbooks
import Testing

struct InventoryReadingTests {
    private static let configuration = """
        handrail: 1
        id: lab
        environments:
          lab: { content: off, change: off, production: false }
          live: {}
        """

    private static func read(_ text: String, _ more: [String: String] = [:]) -> Checked<Inventory> {
        let files = ["handrail.yaml": configuration, "inventory/a.yaml": text]
        return Inventory.read(TestTree.texts(files.merging(more) { $1 }))
    }

    @Test func readsTargetsWithLabelsOfTheirGroups() throws {
        let checked = Self.read(
            """
            handrail: 1
            targets:
              mbx02: { address: "2001:db8::1", environment: lab, labels: { role: [a, b], n: 1.10 } }
              mbx01: { environment: live, port: 2200, user: root, aliases: "mbx01:9100", spool: /srv/a }
            groups:
              pilot: { members: [mbx01], labels: { canary: true, role: x } }
              all: { members: [pilot], select: role = a, labels: { site: no } }
            """)
        #expect(checked.diagnostics == [])
        let first = Target(
            name: try #require(TargetName(rawValue: "mbx01")), address: "mbx01", port: 2200,
            user: "root", environment: "live",
            labels: ["canary": ["true"], "role": ["x"], "site": ["no"]], aliases: ["mbx01:9100"],
            groups: ["all", "pilot"], spool: "/srv/a")
        let second = Target(
            name: try #require(TargetName(rawValue: "mbx02")), address: "2001:db8::1",
            environment: "lab", labels: ["role": ["a", "b"], "n": ["1.10"], "site": ["no"]],
            groups: ["all"])
        #expect(checked.value == Inventory(targets: [first, second]))
    }

    @Test func findsAllMistakesAtOnce() {
        let checked = Self.read(
            """
            handrail: 1
            targets:
              -bad: { environment: lab }
              a: { environment: lab, address: -oProxyCommand=x }
              b: { environment: prod, port: 0, adress: x, user: "a b" }
              c: { aliases: [a, "x y"] }
              d: { address: 192.0.2.1, environment: lab }
              e: { address: 192.0.2.1, environment: lab, labels: { Role: x } }
            groups:
              a: { members: [d] }
              one: { members: [d, two, f], labels: { x: 1 } }
              two: { members: [one, d], labels: { x: 2 } }
              empty: { labels: { y: 1 } }
            """)
        #expect(checked.value == nil)
        #expect(
            checked.diagnostics.map(\.brief) == [
                "3:3 bad-name", "4:35 bad-value", "5:21 unknown-environment", "5:33 bad-value",
                "5:36 unknown-key", "5:53 bad-name", "6:3 missing-key", "6:18 duplicate-id",
                "6:21 bad-name", "8:3 warning duplicate-address", "8:56 bad-name",
                "10:3 duplicate-id", "11:3 group-cycle", "11:28 unknown-member",
                "12:3 conflicting-labels", "12:3 group-cycle", "13:10 missing-key",
            ])
    }

    @Test(
        arguments: ["tmp", "/", "/a/", "/a//b", "/a/../b", "/a/.", "/a b", "/ä", "~/x", "/a;b"])
    func aSpoolsPlaceIsAPlainAbsolutePath(_ place: String) {
        let checked = Self.read(
            """
            handrail: 1
            targets:
              a: { environment: lab, spool: "\(place)" }
            """)
        #expect(checked.value == nil)
        #expect(checked.diagnostics.map(\.brief) == ["3:33 bad-value"])
    }

    @Test func namesAreUniqueOverAllFiles() {
        let text = "handrail: 1\ntargets: { a: { environment: lab } }\n"
        let checked = Self.read(text, ["inventory/b.yaml": text])
        #expect(
            checked.diagnostics.map { "\($0.position?.file ?? "") \($0.brief)" } == [
                "inventory/b.yaml 2:12 duplicate-id"
            ])
    }

    @Test func anEmptyInventoryIsNoMistake() {
        #expect(Self.read("handrail: 1\n").value == Inventory(targets: []))
    }

    @Test func theInventoryMustBeInTheTreeAndPlain() {
        let files = [
            "handrail.yaml": Self.configuration + "\ninventory: [inventory/no.yaml, ../x]\n"
        ]
        let checked = Library.read(TestTree.texts(files))
        #expect(checked.value == nil)
        #expect(checked.diagnostics.map(\.brief) == ["6:13 missing-file", "6:32 bad-path"])
    }
}
