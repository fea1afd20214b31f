import Audit
import Foundation
import Runbooks
import Testing

/// Libraries as commits, read from real repositories.
struct GitLibraryTests {
    @Test func readsTheCommitAndNotTheFolder() async throws {
        try await withRepository { repository in
            try repository.write("handrail.yaml", "id: lab\n")
            try repository.write("runbooks/a/scripts/x", "#!/bin/sh\n", mode: 0o755)
            try repository.write("runbooks/a/Ünïcode $(x) \u{1B}[31m 'n\"ame", "odd")
            try repository.write("empty", bytes: [])
            try repository.write("raw", bytes: [0, 255, 13, 10])
            let commit = try repository.commit()
            try repository.write("handrail.yaml", "id: other\n")

            let snapshot = try await read(repository.path)
            #expect(
                described(snapshot.tree) == [
                    "handrail.yaml": "file id: lab\n",
                    "runbooks/a/scripts/x": "executable #!/bin/sh\n",
                    "runbooks/a/Ünïcode $(x) \u{1B}[31m 'n\"ame": "file odd", "empty": "file ",
                    "raw": "file " + String(decoding: [0, 255, 13, 10], as: UTF8.self),
                ])
            #expect(snapshot.tree.entries["raw"]?.bytes == [0, 255, 13, 10])
            #expect(snapshot.commit == commit)
            #expect(snapshot.branch == "main")
            #expect(snapshot.tree.source == "main@\(commit.prefix(7))")
            #expect(snapshot.isDirty)
            #expect(snapshot.changedPaths == ["handrail.yaml"])
        }
    }

    @Test func aLibraryInASubfolderIsReadAlone() async throws {
        try await withRepository { repository in
            try repository.write("ops/lab/handrail.yaml", "id: lab\n")
            try repository.write("ops/lab/runbooks/a.md", "a")
            try repository.write("outside", "o")
            try repository.write(".gitignore", "*.tmp\n")
            try repository.commit()
            let clean = try await read(repository.path + "/ops/lab/runbooks")
            #expect(Set(clean.tree.entries.keys) == ["handrail.yaml", "runbooks/a.md"])
            #expect(!clean.isDirty && clean.changedPaths.isEmpty)
            #expect(clean.root.hasSuffix("/ops/lab"))

            try repository.write("outside", "changed")
            try repository.write("ops/lab2", "a neighbour with the same start")
            try repository.write("ops/lab/x.tmp", "ignored")
            #expect(try await !read(repository.path + "/ops/lab").isDirty)

            for number in 10..<30 { try repository.write("ops/lab/new/\(number)", "n") }
            try FileManager.default.removeItem(atPath: repository.path + "/ops/lab/runbooks/a.md")
            let dirty = try await read(repository.path + "/ops/lab")
            #expect(dirty.isDirty)
            #expect(dirty.changedPaths == (10..<20).map { "new/\($0)" })
        }
    }

    @Test func symlinksAndSubmodulesAreReportedAndNotFollowed() async throws {
        try await withRepository { repository in
            let yaml = try repository.blob("id: lab\n")
            let link = try repository.blob("/etc/passwd")
            try repository.commitTree([
                "100644 blob \(yaml)\thandrail.yaml", "120000 blob \(link)\tlink",
                "160000 commit \(String(repeating: "1", count: 40))\tmodule",
            ])
            try repository.write("handrail.yaml", "")
            let tree = try await read(repository.path).tree
            #expect(
                described(tree) == [
                    "handrail.yaml": "file id: lab\n", "link": "symlink /etc/passwd",
                    "module": "submodule ",
                ])
        }
    }

    @Test func aDetachedHeadIsCalledThat() async throws {
        try await withRepository { repository in
            try repository.write("handrail.yaml", "id: lab\n")
            let commit = try repository.commit()
            try repository.git(["checkout", "-q", "--detach"])
            let snapshot = try await read(repository.path)
            #expect(snapshot.branch == nil)
            #expect(snapshot.tree.source == "detached@\(commit.prefix(7))")
        }
    }

    @Test func aBareRepositoryIsALibraryOfItsOwn() async throws {
        try await withRepository { repository in
            try repository.write("handrail.yaml", "id: lab\n")
            let commit = try repository.commit()
            let bare = repository.path + "-bare"
            try repository.git(["clone", "-q", "--bare", ".", bare])
            let snapshot = try await read(bare)
            #expect(snapshot.commit == commit)
            #expect(!snapshot.isDirty)
            #expect(Array(snapshot.tree.entries.keys) == ["handrail.yaml"])
        }
    }

    @Test func aRepositoryWithoutCommitSaysSo() async throws {
        try await withTemporaryFolder { folder in
            let bare = try GitRepository(at: folder + "/bare", bare: true)
            await expectLibrary(.noCommit) { try await read(bare.path) }
            let fresh = try GitRepository(at: folder + "/fresh")
            try fresh.write("handrail.yaml", "")
            await expectLibrary(.noCommit) { try await read(fresh.path) }
        }
    }

    @Test func aLibraryThatIsNotCommittedSaysSo() async throws {
        try await withRepository { repository in
            try repository.write("other", "")
            try repository.commit()
            try repository.write("handrail.yaml", "")
            await expectLibrary(.notFound) { try await read(repository.path) }
            try repository.write("sub/handrail.yaml", "")
            await expectLibrary(.notFound) { try await read(repository.path + "/sub") }
        }
    }

    @Test func aFolderOutsideOfGitIsNoRepository() async throws {
        try await withTemporaryFolder { folder in
            try "".write(toFile: folder + "/handrail.yaml", atomically: false, encoding: .utf8)
            await expectLibrary(.notRepository) { try await read(folder) }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
    func aRepositoryOfAnotherAccountIsRefused() async throws {
        try await withRepository { repository in
            try repository.write("handrail.yaml", "id: lab\n")
            try repository.commit()
            for path in [repository.path, repository.path + "/.git"] {
                try #require(chown(path, 65_534, 65_534) == 0)
            }
            await expectLibrary(.unsafeOwner) { try await read(repository.path) }
        }
    }

    @Test func nothingOfAHostileRepositoryIsRun() async throws {
        try await withRepository { repository in
            try repository.write("handrail.yaml", "id: lab\n")
            try repository.write(".gitattributes", "* filter=evil diff=evil\n")
            try repository.commit()
            let trap = repository.path + "/.git/ran"
            let script = repository.path + "/.git/trap"
            try repository.write(".git/trap", "#!/bin/sh\ntouch '\(trap)'\ncat\n", mode: 0o755)
            for key in [
                "core.fsmonitor", "filter.evil.clean", "filter.evil.smudge",
                "filter.evil.process", "diff.evil.command", "core.sshCommand", "core.pager",
            ] {
                try repository.git(["config", key, script])
            }
            try repository.write("handrail.yaml", "id: dirty\n")
            _ = try await read(repository.path)
            #expect(!FileManager.default.fileExists(atPath: trap))
        }
    }

    @Test func limitsAreKept() async throws {
        try await withRepository { repository in
            try repository.write("handrail.yaml", "id: lab\n")
            try repository.write("a/b/c", String(repeating: "x", count: 100))
            try repository.commit()
            var exact = LibraryLimits()
            (exact.fileBytes, exact.entries, exact.totalBytes, exact.depth) = (100, 4, 108, 3)
            _ = try await read(repository.path, exact)
            for narrow: (inout LibraryLimits) -> Void in [
                { $0.fileBytes -= 1 }, { $0.entries -= 1 }, { $0.totalBytes -= 1 },
                { $0.depth -= 1 },
            ] {
                var limits = exact
                narrow(&limits)
                await expectLibrary(.tooLarge) { try await read(repository.path, limits) }
                await expectLibrary(.tooLarge) {
                    let folder = try LibraryFolder.nearest(to: repository.path)
                    _ = try await WorkingTreeLibrary(in: folder, limits: limits).read()
                }
            }
        }
    }

    @Test func aFileOverFourMebibytesIsRefusedByName() async throws {
        try await withRepository { repository in
            try repository.write("handrail.yaml", "id: lab\n")
            try repository.write("files/big", bytes: Array(repeating: 7, count: (4 << 20) + 1))
            try repository.commit()
            let error = await #expect(throws: LibraryError.self) {
                _ = try await read(repository.path)
            }
            #expect(error?.code == .tooLarge)
            #expect(error?.message.contains("files/big") == true)
        }
    }

    @Test func aMissingObjectIsAnError() async throws {
        try await withRepository { repository in
            let yaml = try repository.blob("id: lab\n")
            try repository.commitTree([
                "100644 blob \(yaml)\thandrail.yaml",
                "100644 blob \(String(repeating: "2", count: 40))\tlost",
            ])
            try repository.write("handrail.yaml", "")
            await expectLibrary(.io) { try await read(repository.path) }
        }
    }

    private func withRepository(_ body: (GitRepository) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try await body(try GitRepository(at: folder + "/library"))
        }
    }

    private func read(
        _ path: String, _ limits: LibraryLimits = LibraryLimits()
    ) async throws -> LibrarySnapshot {
        let folder = try LibraryFolder.nearest(to: path)
        return try await GitLibrary(in: folder, limits: limits).snapshot()
    }

    private func expectLibrary(
        _ code: LibraryError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> some Any
    ) async {
        let error = await #expect(throws: LibraryError.self, sourceLocation: sourceLocation) {
            _ = try await body()
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}

/// A tree's entries as `kind text`, by path.
func described(_ tree: LibraryTree) -> [String: String] {
    tree.entries.mapValues {
        $0.kind.rawValue + " " + String(decoding: $0.bytes, as: UTF8.self)
    }
}
