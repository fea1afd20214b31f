import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// The repository as its writer and as stock git see it.
struct TrailRepositoryTests {
    @Test func beginsEmptyAndGrowsByOneCommitForABatch() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            #expect(try trail.tip().sequence == 0)
            #expect(try trail.tip().digest == TrailLine.noLine)
            let commits = try sample.seal(runs: 3, in: trail)
            let tip = try trail.tip()
            #expect(tip.sequence == sample.sequence)
            #expect(tip.digest == sample.previous)
            #expect(tip.commit == commits.last)
            #expect(tip.origin == SampleTrail.id(1))
            let log = try sample.git(["log", "--format=%H"]).output
            #expect(log.split(separator: "\n").map(String.init) == commits.reversed())
            // Another one that opens it sees the same.
            let other = try TrailRepository.open(in: sample.home, create: nil)
            #expect(try other.tip().commit == tip.commit)
        }
    }

    @Test func stockGitTellsTheStoryAndAcceptsEverySignature() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let commits = try sample.seal(runs: 4, in: try sample.open())
            let fsck = try sample.git(["fsck", "--strict", "--no-dangling"])
            #expect(fsck.status == 0)
            #expect(fsck.output + fsck.error == "")
            let allowed = folder + "/allowed"
            let signers = try sample.git(["show", "HEAD:meta/allowed_signers"]).output
            try Data(signers.utf8).write(to: URL(fileURLWithPath: allowed))
            for commit in commits {
                let check = try sample.git([
                    "-c", "gpg.ssh.allowedSignersFile=\(allowed)", "verify-commit", commit,
                ])
                #expect(check.status == 0, "\(check.error)")
                #expect(check.error.hasPrefix("Good \"git\" signature for ctl.example-"))
            }
            let subjects = try sample.git(["log", "--format=%s"]).output
            #expect(
                subjects
                    == String(
                        repeating:
                            "anna runs \"Free a full disk\" (disk.full) on mbx01: succeeded, "
                            + "resolved\n", count: 4) + "The trail begins\n")
            let trailers = try sample.git(["log", "-1", "--format=%(trailers:key=Trail-Seq)"])
            #expect(trailers.output.trimmingCharacters(in: .newlines) == "Trail-Seq: 17-21")
        }
    }

    @Test func theTreeHoldsWhatTheSpecificationSays() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            try sample.seal(runs: 1, in: try sample.open())
            let plan = TrailLine.digest(of: Array("{\"plan\":\"of r-20261123-0714-k1x0\"}".utf8))
            let paths = try sample.git(["ls-tree", "-r", "--name-only", "HEAD"]).output
            #expect(
                paths.split(separator: "\n").map(String.init) == [
                    "checkpoint", "events/2026-11/18/11/06/000000000001.ndjson",
                    "events/2026-11/18/11/06/000000000002.ndjson",
                    "evidence/\(plan.prefix(2))/\(plan)", "meta/allowed_signers", "meta/format",
                    "meta/origin",
                ])
            let checkpoint = try sample.git(["show", "HEAD:checkpoint"]).output
            #expect(checkpoint == "\(SampleTrail.id(1))\n6\n\(sample.previous)\n")
            let references = try sample.git(["for-each-ref", "--format=%(refname)"]).output
            #expect(references == "refs/heads/trail/\(sample.origin.controller)\n")
            let head = try String(contentsOfFile: sample.home.trailPath + "/HEAD", encoding: .utf8)
            #expect(head == "ref: refs/heads/trail/\(sample.origin.controller)\n")
        }
    }

    @Test func aBatchThatIsSealedAlreadyGivesItsCommit() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            let begin = try TrailBatch(lines: [try sample.beginning()])
            let first = try trail.seal(begin)
            #expect(try trail.seal(begin) == first)
            let run = try sample.run("r-20261123-0714-k3f9")
            let batch = try TrailBatch(lines: run.lines, evidence: run.evidence)
            let second = try trail.seal(batch)
            // After a crash, another process finds it sealed.
            #expect(try TrailRepository.open(in: sample.home, create: nil).seal(batch) == second)
            let part = try TrailBatch(lines: [run.lines[0]])
            #expect(throws: (any Error).self) { try trail.seal(part) }
            #expect(try trail.tip().commit == second)
        }
    }

    @Test func whatDoesNotFollowTheTipIsRefusedAndNothingMoves() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            let commit = try sample.seal(runs: 0, in: trail)
            _ = try sample.line(.flagged)
            let gap = try TrailBatch(lines: [try sample.line(.flagged)])
            let error = #expect(throws: JournalError.self) { try trail.seal(gap) }
            #expect(error?.code == .corrupt)
            #expect(try trail.tip().commit == commit.last)
        }
    }

    @Test func twoWritersTakeTurns() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let (one, two) = (try sample.open(), try sample.open())
            try sample.seal(runs: 1, in: one)
            try sample.seal(runs: 1, in: two)
            try sample.seal(runs: 1, in: one)
            let tip = try two.tip()
            #expect(tip.sequence == sample.sequence)
            #expect(tip == (try one.tip()))
        }
    }

    @Test func aBodyThatHoldsTheLockMaySeal() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            let batch = try TrailBatch(lines: [try sample.beginning()])
            let commit = try trail.whileLocked { () throws(JournalError) in
                try trail.seal(batch)
            }
            #expect(try trail.tip().commit == commit)
        }
    }

    @Test func anEvidenceIsKeptOnceAndTheTreeCostsNoMoreWithSize() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 30, in: trail)
            let before = try Self.objects(in: sample)
            let line = try sample.line(.flagged)
            _ = try trail.seal(TrailBatch(lines: [line], evidence: [Array("pack".utf8)]))
            // One file, one checkpoint, one piece of evidence; six folders of events and the root
            // with it, two of evidence; the commit.
            #expect(try Self.objects(in: sample) - before <= 3 + 6 + 2 + 1)
            let again = try sample.line(.flagged)
            _ = try trail.seal(TrailBatch(lines: [again], evidence: [Array("pack".utf8)]))
            let paths = try sample.git(["ls-tree", "-r", "--name-only", "HEAD", "evidence"]).output
            #expect(paths.split(separator: "\n").count == 31)
        }
    }

    @Test func foldersThatGitRemovedAreMadeAgain() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 5, in: trail)
            #expect(try sample.git(["gc", "--quiet", "--prune=now"]).status == 0)
            let left = try FileManager.default.contentsOfDirectory(
                atPath: sample.home.trailPath + "/objects")
            #expect(left.sorted() == ["info", "pack"])
            // Evidence that is in the pack, and in the tree: no second time.
            let plan = Array("{\"plan\":\"of r-20261123-0714-k1x0\"}".utf8)
            let line = try sample.line(.flagged)
            let commit = try trail.seal(TrailBatch(lines: [line], evidence: [plan]))
            #expect(try Self.objects(in: sample) == 9)
            #expect(try TrailRepository.open(in: sample.home, create: nil).tip().commit == commit)
            let fsck = try sample.git(["fsck", "--strict", "--no-dangling"])
            #expect(fsck.output + fsck.error == "")
        }
    }

    private static func objects(in sample: SampleTrail) throws -> Int {
        let text = try sample.git(["count-objects"]).output
        return try #require(text.split(separator: " ").first.flatMap { Int($0) })
    }

    @Test func aNewKeySignsFromTheCommitAfterItsEvent() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 1, in: trail)
            let next = try TrailKeyFile.makeNextKey(of: sample.home, comment: "next")
            let added = try sample.line(
                .keyAdded, actor: "anna", ["key": .string(next.publicKey.line)])
            let rotation = try trail.seal(TrailBatch(lines: [added]))
            // The new key is put into its place by the first seal after the event.
            let after = try sample.seal(runs: 1, in: trail)
            #expect(try TrailKeyFile.key(of: sample.home)?.publicKey == next.publicKey)
            let signers = try sample.git(["show", "HEAD:meta/allowed_signers"]).output
            let name = sample.origin.controller
            #expect(
                signers
                    == [sample.key, next].map {
                        "\(name) namespaces=\"git\" \($0.publicKey.line)\n"
                    }.joined())
            for (commit, key) in [(rotation, sample.key), (try #require(after.last), next)] {
                try Data("\(name) \(key.publicKey.line)\n".utf8)
                    .write(to: URL(fileURLWithPath: folder + "/one"))
                let check = try sample.git([
                    "-c", "gpg.ssh.allowedSignersFile=\(folder)/one", "verify-commit", commit,
                ])
                #expect(check.status == 0, "\(check.error)")
            }
        }
    }
}
