import Runbooks
import Runner
import Testing

struct RunbookDigestTests {
    private let folder = "runbooks/web/restart/"

    private func digest(_ change: (inout PlanFixture) -> Void = { _ in }) throws -> RunbookDigest {
        var fixture = try PlanFixture()
        change(&fixture)
        return try RunbookDigest(
            of: fixture.runbook(), in: LibraryTree(source: "main@1", entries: fixture.entries))
    }

    @Test func coversTheDocumentScriptsFilesAndUses() throws {
        let digest = try digest { fixture in
            fixture.entries[folder + "files/a"] = PlanFixture.file("a")
            fixture.entries["lib/tool"] = PlanFixture.file("x", kind: .executable)
            fixture.entries["lib/unused"] = PlanFixture.file("y")
            fixture.uses = ["lib/tool"]
        }
        #expect(
            digest.files.map(\.path) == ["files/a", "lib/tool", "runbook.yaml", "scripts/look"])
        #expect(digest.files.map(\.mode) == ["100644", "100755", "100644", "100644"])
        #expect(
            digest.plannedFiles.map(\.path) == ["files/a", "lib/tool", "scripts/look"])
    }

    @Test func theArticleAndTheTestsHaveDigestsOfTheirOwn() throws {
        let plain = try digest()
        let article = try digest { $0.entries[folder + "README.md"] = PlanFixture.file("# New\n") }
        #expect(article.digest == plain.digest)
        #expect(article.articleDigest != plain.articleDigest)
        let tests = try digest { $0.entries[folder + "tests/a.yaml"] = PlanFixture.file("x") }
        #expect(tests.digest == plain.digest)
        #expect(plain.testsDigest == nil)
        #expect(tests.testsDigest != nil)
    }

    @Test func everyByteModeAndNameCounts() throws {
        let digests = try [
            digest(),
            digest { $0.entries[folder + "scripts/look"] = PlanFixture.file("exit 1\n") },
            digest {
                $0.entries[folder + "scripts/look"] = PlanFixture.file(
                    "exit 0\n", kind: .executable)
            },
            digest { $0.entries[folder + "scripts/new"] = PlanFixture.file("") },
            digest { $0.entries[folder + "runbook.yaml"] = PlanFixture.file("handrail: 1") },
        ]
        #expect(Set(digests.map(\.digest)).count == digests.count)
    }

    @Test(arguments: [
        ("scripts/link", LibraryTree.Kind.symlink, ""),
        ("scripts/module", .submodule, ""),
        ("files/big", .file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        ("files/../x", .file, ""), ("files//x", .file, ""), ("files/a\u{1B}b", .file, ""),
        ("files/a\u{202E}b", .file, ""), ("files/a\\b", .file, ""), ("scripts/LOOK", .file, ""),
        ("README.MD", .file, ""), ("image.png", .symlink, ""),
    ])
    func refusesWhatNoDigestCanBeTakenOf(
        path: String, kind: LibraryTree.Kind, text: String
    ) throws {
        let error = #expect(throws: PlanError.self) {
            try digest { $0.entries[folder + path] = PlanFixture.file(text, kind: kind) }
        }
        #expect(error?.code == .unsafeFile)
    }

    @Test func aFileThatUsesNamesMustBeThere() throws {
        for path in ["lib/none", "runbooks/web/restart/README.md"] {
            let error = #expect(throws: PlanError.self) { try digest { $0.uses = [path] } }
            #expect(error?.code == .missingFile)
        }
    }
}
