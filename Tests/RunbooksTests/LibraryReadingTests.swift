import Foundation
import Runbooks
import Testing

struct LibraryReadingTests {
    @Test func readsTheProjectsOwnLibraryWithoutAnyFinding() throws {
        let tree = try TestTree.read(TestTree.repository.appending(path: "runbooks"))
        let checked = Library.read(tree)
        #expect(checked.diagnostics.map { "\($0)" } == [])
        #expect(checked.value?.runbooks.isEmpty == false)
    }

    private static let configuration =
        "handrail: 1\nid: lab\nenvironments: { lab: { content: off } }\n"

    private static func runbook(_ id: String, _ script: String = "scripts/x") -> String {
        """
        handrail: 1
        id: \(id)
        title: T
        kind: resolution
        owner: o
        steps:
          - { id: a, effect: read, run: { script: \(script) } }
        """
    }

    @Test func leavesOutOnlyWhatIsBroken() {
        let checked = Library.read(
            TestTree.texts([
                "handrail.yaml": Self.configuration, "inventory/x.yaml": "handrail: 1\n",
                "runbooks/a/runbook.yaml": Self.runbook("a"), "runbooks/a/scripts/x": "#!/bin/sh",
                "runbooks/a/README.md": "", "runbooks/b/runbook.yaml": "- nothing",
                "runbooks/c/c/runbook.yaml": Self.runbook("c"), "runbooks/c/c/scripts/x": "",
                "runbooks/d/runbook.yaml": Self.runbook("c"), "runbooks/d/scripts/x": "",
            ]))
        #expect(checked.value?.runbooks.map(\.id.rawValue) == ["a"])
        #expect(
            checked.diagnostics.map { "\($0.position?.file ?? "") \($0.brief)" } == [
                "runbooks/b/runbook.yaml 1:1 warning missing-article",
                "runbooks/b/runbook.yaml 1:1 wrong-type",
                "runbooks/c/c/runbook.yaml 1:1 duplicate-id",
                "runbooks/c/c/runbook.yaml 1:1 warning missing-article",
                "runbooks/d/runbook.yaml 1:1 duplicate-id",
                "runbooks/d/runbook.yaml 1:1 warning missing-article",
            ])
    }

    @Test func refusesLinksOddNamesAndNamesThatDifferInCase() {
        var entries = TestTree.texts([
            "runbook.yaml": Self.runbook("a"), "README.md": "", "scripts/X": "", "files/a\\b": "",
            "files/big": "version https://git-lfs.github.com/spec/v1\n",
        ]).entries
        entries["scripts/x"] = LibraryTree.Entry(kind: .symlink, bytes: Array("/etc/shadow".utf8))
        entries["files/module"] = LibraryTree.Entry(kind: .submodule, bytes: [])
        let checked = Runbook.read(
            path: "runbook.yaml", in: LibraryTree(source: "test", entries: entries))
        #expect(
            checked.diagnostics.map { "\($0.brief) \($0.excerpt ?? "")" } == [
                "1:1 bad-path files/a\\b", "1:1 case-clash scripts/x",
                "1:1 unsafe-file files/module", "1:1 warning unused-file files/big",
                "1:1 warning unused-file scripts/X", "7:43 unsafe-file scripts/x",
            ])
    }

    /// Quotes, spaces, dashes and `$` in a name would need care in every shell on the way.
    @Test(arguments: ["scripts/$(id)", "scripts/a b", "scripts/-x", "files/ü", "scripts/it's"])
    func refusesNamesThatCannotBeSentToTargets(path: String) {
        let checked = Runbook.read(
            path: "runbook.yaml",
            in: TestTree.texts([
                "runbook.yaml": Self.runbook("a"), "README.md": "", "scripts/x": "", path: "",
            ]))
        #expect(
            checked.diagnostics.map { "\($0.brief) \($0.excerpt ?? "")" } == [
                "1:1 bad-path \(path)"
            ])
    }

    @Test func withoutAConfigurationThereIsNoLibrary() {
        let checked = Library.read(TestTree.texts([:]))
        #expect(checked.value == nil)
        #expect(checked.diagnostics.map(\.brief) == ["1:1 missing-file"])
    }
}
