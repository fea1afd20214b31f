import Audit
import Foundation
import Runbooks
import Testing

/// Libraries as folders, and the search for them.
struct WorkingTreeLibraryTests {
    @Test func readsTheFolderAsItIs() async throws {
        try await withTemporaryFolder { folder in
            let repository = try GitRepository(at: folder + "/library")
            try repository.write("handrail.yaml", "id: lab\n")
            try repository.write("scripts/x", "#!/bin/sh\n", mode: 0o755)
            try repository.write("nested/.git/HEAD", "of another repository")
            try repository.write("nested/file", "not ours")
            try FileManager.default.createSymbolicLink(
                atPath: repository.path + "/outside", withDestinationPath: "/etc")
            let tree = try await read(repository.path)
            #expect(
                described(tree) == [
                    "handrail.yaml": "file id: lab\n", "scripts/x": "executable #!/bin/sh\n",
                    "nested": "submodule ", "outside": "symlink /etc",
                ])
        }
    }

    @Test func aPipeIsRefusedWithoutWaitingForIt() async throws {
        try await withTemporaryFolder { folder in
            try "".write(toFile: folder + "/handrail.yaml", atomically: false, encoding: .utf8)
            try #require(mkfifo(folder + "/pipe", 0o600) == 0)
            let error = await #expect(throws: LibraryError.self) { try await read(folder) }
            #expect(error?.code == .badEntry)
        }
    }

    @Test func aNameThatIsNoTextIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try "".write(toFile: folder + "/handrail.yaml", atomically: false, encoding: .utf8)
            var name: [CChar] = (folder + "/x").utf8.map(CChar.init(bitPattern:)) + [-1, 0]
            let file = open(&name, O_CREAT | O_WRONLY, 0o600)
            try #require(file >= 0)
            close(file)
            let error = await #expect(throws: LibraryError.self) { try await read(folder) }
            #expect(error?.code == .badEntry)
            unlink(&name)
        }
    }

    @Test func theNearestFolderIsFoundUpwardsToTheTopOfGit() async throws {
        try await withTemporaryFolder { folder in
            try "".write(toFile: folder + "/handrail.yaml", atomically: false, encoding: .utf8)
            let repository = try GitRepository(at: folder + "/repository")
            try repository.write("a/b/file", "")
            let error = #expect(throws: LibraryError.self) {
                try LibraryFolder.nearest(to: repository.path + "/a/b")
            }
            #expect(error?.code == .notFound)
            try repository.write("a/handrail.yaml", "")
            for start in ["a/b", "a", "a/b/file", "a/handrail.yaml"] {
                let found = try LibraryFolder.nearest(to: repository.path + "/" + start)
                #expect(found.root.hasSuffix("/repository/a"))
                #expect(!found.isBare)
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
    func theSearchStopsWhereTheOwnerChanges() async throws {
        try await withTemporaryFolder { folder in
            try "".write(toFile: folder + "/handrail.yaml", atomically: false, encoding: .utf8)
            let mine = folder + "/mine"
            try FileManager.default.createDirectory(
                atPath: mine, withIntermediateDirectories: false)
            #expect(try LibraryFolder.nearest(to: mine).root.hasSuffix(folder))
            try #require(chown(mine, 65_534, 65_534) == 0)
            let error = #expect(throws: LibraryError.self) {
                try LibraryFolder.nearest(to: mine)
            }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("owner changes") == true)
        }
    }

    @Test func aPathThatIsNotThereIsNotFound() {
        let error = #expect(throws: LibraryError.self) {
            try LibraryFolder.nearest(to: "/nonexistent/library")
        }
        #expect(error?.code == .notFound)
    }

    private func read(_ path: String) async throws -> LibraryTree {
        try await WorkingTreeLibrary(
            in: try LibraryFolder.nearest(to: path), limits: LibraryLimits()
        ).read()
    }
}
