import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// `audit export`, and the commands of its VERIFY.md, typed literally: stock git and ssh-keygen.
struct AuditExportTests {
    @Test func whatVerifyTellsToTypeAcceptsAnExport() async throws {
        let (bench, folder) = try await Self.exported()
        let result = try Self.typed(in: folder)
        #expect(result.status == 0, "\(result.output)\n\(result.error)")
        #expect(result.error.contains("Good \"git\" signature"))
        let log = try String(contentsOfFile: folder + "/events.txt", encoding: .utf8)
        #expect(log.contains("run.opened by ann"))
        let again = try bench.handrail("audit", "export", "k3f9", folder)
        #expect(again.status == 3 && again.errors.contains("is there already"))
    }

    /// A record names people and machines: as a pack, it is for its owner alone.
    @Test func nobodyElseMayReadAnExport() async throws {
        let (bench, folder) = try await Self.exported()
        defer { withExtendedLifetime(bench) {} }
        let below = try FileManager.default.subpathsOfDirectory(atPath: folder)
        for path in [folder] + below.map({ folder + "/" + $0 }) {
            let found = try FileManager.default.attributesOfItem(atPath: path)
            let mode = found[.posixPermissions] as? Int
            let isFolder = found[.type] as? FileAttributeType == .typeDirectory
            #expect(mode == (isFolder ? 0o700 : 0o600), "\(path)")
        }
        #expect(below.contains { $0.hasPrefix("evidence/") })
    }

    @Test func whatHasNotEndedSaysSo() async throws {
        let (bench, folder) = try await Self.exported()
        let page = try String(contentsOfFile: folder + "/VERIFY.md", encoding: .utf8)
        #expect(!page.contains("had not ended"))
        let open = bench.folder + "/open"
        let result = try bench.handrail("audit", "export", "bbbb", open, "--json")
        #expect(try result.json()["ended"] as? Bool == false)
        let guide = try String(contentsOfFile: open + "/VERIFY.md", encoding: .utf8)
        #expect(guide.contains("**The run had not ended then** (its last state here: opened)"))
        #expect(try Self.typed(in: open).status == 0)
        let shown = try bench.handrail("audit", "show", "bbbb")
        #expect(shown.output.contains("ended    not yet\n"), "\(shown.output)")
        #expect(try bench.handrail("audit", "show", "k3f9").output.contains("ended    failed"))
    }

    @Test func anExportRemovesNothingThatIsThere() async throws {
        let (bench, folder) = try await Self.exported()
        let other = bench.folder + "/second"
        try FileManager.default.createDirectory(
            atPath: other + ".new", withIntermediateDirectories: true)
        try "mine".write(toFile: other + ".new/f", atomically: true, encoding: .utf8)
        #expect(try bench.handrail("audit", "export", "k3f9", other + "/").status == 0)
        #expect(try String(contentsOfFile: other + ".new/f", encoding: .utf8) == "mine")
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.folder)
        #expect(names.filter { $0.hasPrefix("second") }.sorted() == ["second", "second.new"])
        #expect(FileManager.default.fileExists(atPath: folder))
    }

    /// What somebody does to an export before it is read.
    enum Edit: String, CaseIterable {
        case event, eventRemoved, evidence, key, bundleByte, bundleOfAnotherKey, bundleCut
    }

    @Test(arguments: Edit.allCases)
    func whatVerifyTellsToTypeNoticesAnEdit(_ edit: Edit) async throws {
        let (bench, folder) = try await Self.exported()
        defer { withExtendedLifetime(bench) {} }
        switch edit {
        case .event:
            try Self.change(folder + "/events.ndjson") { $0.replacing("\"ann\"", with: "\"eve\"") }
        case .eventRemoved:
            try Self.change(folder + "/events.ndjson") { text in
                text.split(separator: "\n").dropLast().map { $0 + "\n" }.joined()
            }
        case .evidence:
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder + "/evidence").first)
            try Self.change("\(folder)/evidence/\(name)") { $0 + " " }
        case .key:
            let text = "eve namespaces=\"git\" \(TrailKey().publicKey.line)\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/allowed_signers"))
        case .bundleByte:
            let file = URL(fileURLWithPath: folder + "/trail.bundle")
            var bytes = Array(try Data(contentsOf: file))
            bytes[bytes.count - 100] ^= 1
            try Data(bytes).write(to: file)
        case .bundleOfAnotherKey:
            try Self.rewrite(folder, ["commit", "-q", "--allow-empty", "-m", "x"])
        case .bundleCut: try Self.rewrite(folder, ["reset", "-q", "--soft", "HEAD^"])
        }
        let result = try Self.typed(in: folder)
        #expect(result.status != 0, "\(edit): \(result.output)")
    }

    /// An export of a run whose plan is kept.
    private static func exported() async throws -> (Workbench, String) {
        let bench = try await AuditCommandTests.sealed()
        let folder = bench.folder + "/export"
        let result = try bench.handrail("audit", "export", "k3f9", folder)
        try #require(result.status == 0, "\(result.errors)")
        return (bench, folder)
    }

    /// Types every block of the page; stops at the first that fails, as a person would.
    private static func typed(in folder: String) throws -> Tool.Result {
        let page = try String(contentsOfFile: folder + "/VERIFY.md", encoding: .utf8)
        let blocks = page.components(separatedBy: "```sh\n").dropFirst().map {
            String($0.prefix(upTo: $0.range(of: "```")?.lowerBound ?? $0.endIndex))
        }
        #expect(blocks.count == 6)
        return try Tool.run(
            ["sh", "-eu", "-c", blocks.joined()],
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"],
            directory: folder)
    }

    private static func change(_ path: String, _ edit: (String) -> String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = edit(text)
        try #require(changed != text)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// Makes the bundle anew after a command of git in a clone of it.
    private static func rewrite(_ folder: String, _ command: [String]) throws {
        let clone = folder + "-clone"
        func git(_ arguments: [String]) throws -> String {
            let result = try Tool.run(
                [
                    "git", "-C", clone, "-c", "user.name=Eve", "-c",
                    "user.email=eve@example.invalid",
                ] + arguments,
                environment: ["PATH": "/usr/bin:/bin", "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"])
            try #require(result.status == 0, "git \(arguments): \(result.error)")
            return result.output.trimmingCharacters(in: .newlines)
        }
        try FileManager.default.createDirectory(
            atPath: clone, withIntermediateDirectories: true)
        let heads = try git(["ls-remote", folder + "/trail.bundle"])
        let branch = try #require(
            heads.split(separator: "\n").first { $0.contains("refs/heads/") }?
                .split(separator: "\t").last.map(String.init))
        _ = try git(["init", "-q"])
        _ = try git(["fetch", "-q", folder + "/trail.bundle", "\(branch):\(branch)"])
        _ = try git(["checkout", "-q", String(branch.dropFirst(11))])
        _ = try git(command)
        _ = try git(["bundle", "create", "-q", folder + "/trail.bundle", branch])
    }
}
