import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// Who wrote what a library has, by the commits of real repositories.
struct GitAuthorsTests {
    /// A repository with a library in it, and the account of commits by different people.
    private final class Scene: Sendable {
        let repository: GitRepository
        private let root: String

        init() throws {
            let template = NSTemporaryDirectory() + "/handrail-authors-XXXXXX"
            var bytes = Array(template.utf8CString)
            let made = try #require(mkdtemp(&bytes))
            root = String(cString: made)
            repository = try GitRepository(at: root + "/repository")
            try repository.write("lib/handrail.yaml", "handrail: 1\n")
        }

        deinit {
            do {
                try FileManager.default.removeItem(atPath: root)
            } catch {
                Issue.record("\(root) could not be removed: \(error)")
            }
        }

        /// Writes files of the library and commits them as somebody.
        @discardableResult
        func commit(
            _ person: String, message: String = "x", _ files: [String: String?]
        ) throws -> String {
            for (name, text) in files {
                if let text {
                    try repository.write("lib/" + name, text)
                } else {
                    try FileManager.default.removeItem(atPath: repository.path + "/lib/" + name)
                }
            }
            try repository.git(["add", "-A"])
            try repository.git([
                "commit", "-q", "--allow-empty", "-m", message, "--author",
                "\(person) <\(person.uppercased())@Example.COM>",
            ])
            return try repository.git(["rev-parse", "HEAD"])
        }

        /// Makes a commit whose head says something else than HEAD's, and one of its own after it.
        func commitOddly(_ line: String, _ instead: String) throws -> String {
            let text = try repository.git(["cat-file", "commit", "HEAD"])
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.hasPrefix(line + " ") ? "\(line) \(instead)" : String($0)
            }
            let odd = try repository.git(
                ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
                input: lines.joined(separator: "\n") + "\n")
            let next = try repository.git(["commit-tree", "-p", odd, "-m", "x", "HEAD^{tree}"])
            try repository.git(["reset", "-q", "--hard", next])
            return odd
        }

        func authors(
            since: String? = nil, changed: [String] = ["web/runbook.yaml", "web/scripts"],
            added: [String] = [], limit: Int = GitAuthors.commitsLimit
        ) async throws -> GitAuthors.Answer {
            let head = try repository.git(["rev-parse", "HEAD"])
            let folder = try LibraryFolder.nearest(to: repository.path + "/lib")
            return try await GitAuthors(in: folder, limit: limit).authors(
                of: .init(commit: head, since: since, changed: changed, added: added))
        }
    }

    /// Everybody who made a commit here is also its committer under this name.
    private static let committer = "ann@example.invalid"

    private static func names(_ answer: GitAuthors.Answer) -> [String] {
        answer.identities.filter { $0 != committer }.map {
            String($0.prefix { $0 != "@" })
        }.sorted()
    }

    @Test func onlyWhoTouchedTheFilesOfTheRunbookWroteIt() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1", "web/scripts/a": "1"])
        try scene.commit("bea", ["web/README.md": "article", "mail/runbook.yaml": "1"])
        try scene.commit("cid", ["web/scripts/b": "1"])
        let answer = try await scene.authors()
        #expect(Self.names(answer) == ["ada", "cid"])
        #expect(answer.identities.contains("ada@example.com"), "lower case")
        #expect(answer.identities.contains(Self.committer), "who committed it, too")
        #expect(answer.since == nil && answer.missing == nil)
    }

    @Test func whoTookAFileAwayWroteTheVersionToo() async throws {
        let scene = try Scene()
        let first = try scene.commit("ada", ["web/runbook.yaml": "1", "web/scripts/a": "1"])
        try scene.commit("bea", ["web/scripts/a": nil])
        let answer = try await scene.authors(since: first)
        #expect(Self.names(answer) == ["bea"])
        #expect(answer.since == first)
    }

    @Test func afterAVersionOnlyWhatCameLaterCountsButOfAnAddedFileAllOfIt() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1", "lib/old.sh": "1", "lib/new.sh": "1"])
        let before = try scene.commit("bea", ["web/runbook.yaml": "2"])
        try scene.commit("cid", ["web/runbook.yaml": "3"])
        #expect(Self.names(try await scene.authors(since: before)) == ["cid"])
        let added = try await scene.authors(
            since: before, changed: ["web/runbook.yaml", "lib/old.sh"], added: ["lib/new.sh"])
        #expect(Self.names(added) == ["ada", "cid"])
    }

    @Test func aCommitThatTheRepositoryHasNoMoreIsNoBase() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1"])
        try scene.commit("bea", ["web/runbook.yaml": "2"])
        let answer = try await scene.authors(since: String(repeating: "0", count: 39) + "1")
        #expect(Self.names(answer) == ["ada", "bea"])
        #expect(answer.since == nil)
    }

    /// What was mended on one branch comes back by a merge that keeps the other one's files.
    @Test func aMergeThatBringsBackWhatIsOlderHidesNobody() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1", "web/scripts/a": "1"])
        let bad = try scene.commit("mal", ["web/scripts/a": "bad"])
        let before = try scene.commit("bea", ["web/scripts/a": "1"])
        try scene.repository.git(["checkout", "-q", "-b", "side", bad])
        let old = try await scene.authors(since: before)
        #expect(Self.names(old) == ["ada", "mal"], "the version before didn't lead to it")
        #expect(old.since == nil)
        try scene.commit("cid", ["README.md": "x"])
        try scene.repository.git(["merge", "-q", "-s", "ours", "-m", "x", "main"])
        let merged = try await scene.authors(since: before)
        #expect(Self.names(merged) == ["ada", "bea", "mal"])
        #expect(merged.since == nil && merged.missing == nil)
    }

    @Test func aMergeThatTakesAFileAwayAgainHidesNobody() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1", "web/scripts/check": "1"])
        let bad = try scene.commit("mal", ["web/scripts/check": nil])
        let before = try scene.commit("bea", ["web/scripts/check": "1"])
        try scene.repository.git(["checkout", "-q", "-b", "side", bad])
        try scene.commit("cid", ["README.md": "x"])
        try scene.repository.git(["merge", "-q", "-s", "ours", "-m", "x", "main"])
        let merged = try await scene.authors(since: before)
        #expect(Self.names(merged) == ["ada", "bea", "mal"])
        #expect(merged.since == nil)
    }

    @Test func whatABranchBringsAfterTheVersionBeforeIsWhatCounts() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1", "web/scripts/a": "1"])
        try scene.repository.git(["checkout", "-q", "-b", "side"])
        try scene.commit("bea", ["web/scripts/b": "1"])
        try scene.repository.git(["checkout", "-q", "main"])
        let before = try scene.commit("cid", ["web/scripts/a": "2"])
        try scene.repository.git(["merge", "-q", "--no-commit", "side"])
        try scene.commit("dan", [:])
        let answer = try await scene.authors(since: before)
        #expect(Self.names(answer) == ["bea"])
        #expect(answer.since == before)
    }

    @Test func whereNobodyWroteItSinceAllOfTheHistoryCounts() async throws {
        let scene = try Scene()
        let only = try scene.commit("ada", ["web/runbook.yaml": "1"])
        let answer = try await scene.authors(since: only)
        #expect(Self.names(answer) == ["ada"])
        #expect(answer.since == nil && answer.missing == nil)
        let nothing = try await scene.authors(changed: ["none.yaml"])
        #expect(nothing.missing == "no commit of its history made it what it is")
    }

    @Test(arguments: ["author", "committer"])
    func aCommitThatCantBeReadIsSomebodysWhomNobodyKnows(line: String) async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1"])
        try scene.commit("bea", ["web/runbook.yaml": "2"])
        let odd = try scene.commitOddly(line, "nobody")
        try scene.commit("cid", ["README.md": "x"])
        let other = try scene.commitOddly(line, "nobody else")
        let answer = try await scene.authors()
        #expect(answer.missing == nil)
        let unread = "commit \(odd.prefix(7)), whose author can't be read"
        #expect(Self.names(answer) == ["ada", unread])
        #expect(
            !answer.identities.contains { $0.contains(String(other.prefix(7))) },
            "it touched nothing")
    }

    @Test func aHistoryThatCantBeGoneThroughIsAnAnswer() async throws {
        let scene = try Scene()
        let lost = try scene.commit("ada", ["web/runbook.yaml": "1"])
        try scene.commit("bea", ["web/runbook.yaml": "2"])
        try FileManager.default.removeItem(
            atPath: scene.repository.path + "/.git/objects/\(lost.prefix(2))/\(lost.dropFirst(2))")
        let gone = try await scene.authors()
        #expect(gone.missing?.contains("history can't be read") == true, "\(gone)")
        #expect(gone.identities == [])
        // A parent that is none must not cut off what was before it.
        let other = try Scene()
        try other.commit("ada", ["web/runbook.yaml": "1"])
        try other.commit("bea", ["web/runbook.yaml": "2"])
        _ = try other.commitOddly("parent", "nothing")
        let cut = try await other.authors()
        #expect(cut.missing?.contains("it has no form of a commit") == true, "\(cut)")
    }

    @Test func aMergeWroteOnlyWhatNoneOfItsParentsHas() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1", "web/scripts/a": "1"])
        try scene.repository.git(["checkout", "-q", "-b", "side"])
        try scene.commit("bea", ["web/scripts/b": "1"])
        try scene.repository.git(["checkout", "-q", "main"])
        try scene.commit("cid", ["web/scripts/a": "2"])
        try scene.repository.git(["merge", "-q", "--no-commit", "side"])
        try scene.commit("dan", [:])
        #expect(Self.names(try await scene.authors()) == ["ada", "bea", "cid"])
        try scene.repository.git(["checkout", "-q", "-b", "other"])
        try scene.commit("eva", ["web/scripts/c": "1"])
        try scene.repository.git(["checkout", "-q", "main"])
        try scene.commit("ada", ["web/scripts/d": "1"])
        try scene.repository.git(["merge", "-q", "--no-commit", "other"])
        try scene.commit("fay", ["web/scripts/c": "another"])
        #expect(
            Self.names(try await scene.authors()) == ["ada", "bea", "cid", "eva", "fay"])
    }

    @Test func coAuthorsWroteIt() async throws {
        let scene = try Scene()
        try scene.commit(
            "ada", message: "Add it\n\nCo-Authored-By: Gil <Gil@Example.com>\n",
            ["web/runbook.yaml": "1"])
        #expect(Self.names(try await scene.authors()) == ["ada", "gil"])
        try scene.commit(
            "bea",
            message: "Mend it\n\nCo-authored-by : Hal < hal@Example.com >\nCo-Authored-By:\n  Ida\n"
                + "\t<ida@example.com>\nSee-also: x <no@example.com>\n",
            ["web/runbook.yaml": "2"])
        let answer = try await scene.authors()
        #expect(Self.names(answer) == ["ada", "bea", "gil", "hal", "ida"])
        #expect(
            answer.coAuthors == ["gil@example.com", "hal@example.com", "ida@example.com"])
    }

    @Test func aHistoryThatIsNotWholeSaysSo() async throws {
        let scene = try Scene()
        try scene.commit("ada", ["web/runbook.yaml": "1"])
        try scene.commit("bea", ["web/runbook.yaml": "2"])
        let cut = try await scene.authors(limit: 1)
        #expect(cut.missing == "its history has more than 1 commits")
        let clone = scene.repository.path + "-shallow"
        let made = try Tool.run([
            "git", "clone", "-q", "--depth", "1", "file://" + scene.repository.path, clone,
        ])
        try #require(made.status == 0, "\(made.error)")
        let head = try scene.repository.git(["rev-parse", "HEAD"])
        let answer = try await GitAuthors(in: try LibraryFolder.nearest(to: clone + "/lib"))
            .authors(
                of: .init(commit: head, since: nil, changed: ["web/runbook.yaml"]))
        #expect(answer.missing?.contains("shallow clone") == true, "\(answer)")
    }

    @Test func ofAPartOnlyWhoGaveItItsFormWroteIt() async throws {
        let scene = try Scene()
        func text(_ lines: String...) -> String { lines.joined(separator: "\n") + "\n" }
        try scene.commit("ada", ["handrail.yaml": text("one: 1", "two: 1")])
        try scene.commit("bea", ["handrail.yaml": text("one: 2", "two: 1")])
        try scene.commit("cid", ["handrail.yaml": text("one: 2", "two: 3")])
        try scene.commit("dan", ["handrail.yaml": text("# why", "one: 2", "two: 3")])
        let head = try scene.repository.git(["rev-parse", "HEAD"])
        let folder = try LibraryFolder.nearest(to: scene.repository.path + "/lib")
        func wrote(_ key: String) async throws -> [String] {
            Self.names(
                try await GitAuthors(in: folder).authors(
                    ofPart: { bytes in
                        String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                            .first { $0.hasPrefix(key) }.map(String.init)
                    }, in: "handrail.yaml", upTo: head))
        }
        #expect(try await wrote("one") == ["bea"])
        #expect(try await wrote("two") == ["cid"])
        #expect(try await wrote("three") == [], "what never was has nobody")
    }
}
