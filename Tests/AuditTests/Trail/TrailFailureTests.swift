import Audit
import Foundation
import Runner
import TestSupport
import Testing

/// What is refused, by which code, and that nothing is half done.
struct TrailFailureTests {
    @Test func aMissingTrailIsNotMadeWithoutAnOrigin() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(at: folder + "/home")
            let error = #expect(throws: JournalError.self) {
                try TrailRepository.open(in: home, create: nil)
            }
            #expect(error?.code == .notFound)
            #expect(error?.hint != nil)
        }
    }

    @Test(arguments: ["nothing", "file", "repository", "branch"])
    func aForeignRepositoryIsRefused(kind: String) async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let path = sample.home.trailPath
            switch kind {
            case "nothing": try #require(mkdir(path, 0o700) == 0)
            case "file": try Data().write(to: URL(fileURLWithPath: path))
            case "repository": _ = try GitRepository(at: path, bare: true)
            default:
                let repository = try GitRepository(at: path, bare: true)
                let tree = try repository.git(["mktree"])
                let commit = try repository.git(["commit-tree", "-m", "x", tree])
                let branch = "refs/heads/trail/\(sample.origin.controller)"
                try repository.git(["update-ref", branch, commit])
                try repository.git(["symbolic-ref", "HEAD", branch])
            }
            let error = #expect(throws: JournalError.self) { try sample.open() }
            #expect(error?.code == .corrupt, "\(String(describing: error))")
            #expect(error?.hint != nil)
        }
    }

    @Test func anotherKeyThanTheTrailsSealsNothing() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            let commits = try sample.seal(runs: 1, in: trail)
            try FileManager.default.removeItem(atPath: sample.home.path + "/keys/controller")
            _ = try TrailKeyFile.makeKey(of: sample.home, comment: "another")
            let batch = try TrailBatch(lines: [try sample.line(.flagged)])
            let error = #expect(throws: JournalError.self) { try trail.seal(batch) }
            #expect(error?.code == .corrupt)
            #expect(try trail.tip().commit == commits.last)
        }
    }

    @Test func aLockHeldByAnotherProcessIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try TrailRepository(
                sample.home, origin: sample.origin, wait: .milliseconds(20))
            let batch = try TrailBatch(lines: [try sample.beginning()])
            let lock = sample.home.path + "/trail.lock"
            try #require(mkfifo(folder + "/end", 0o600) == 0)
            let holder = try Tool([
                "flock", lock, "sh", "-c", "echo held; read -r _ < \(folder)/end",
            ])
            while holder.outputSoFar.isEmpty { usleep(2_000) }
            let error = #expect(throws: JournalError.self) { try trail.seal(batch) }
            #expect(error?.code == .locked)
            #expect(error?.hint?.contains(lock) == true)
            try Data("\n".utf8).write(to: URL(fileURLWithPath: folder + "/end"))
            _ = try holder.wait()
            _ = try trail.seal(batch)
        }
    }

    @Test func whatACrashLeftOfAMoveIsCleared() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 1, in: trail)
            let branch = sample.home.trailPath + "/refs/heads/trail/" + sample.origin.controller
            try Data().write(to: URL(fileURLWithPath: branch + ".lock"))
            try sample.seal(runs: 1, in: trail)
            #expect(try trail.tip().sequence == sample.sequence)
        }
    }

    @Test func aHalfMadeRepositoryIsMadeAnew() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let half = sample.home.trailPath + ".new"
            try #require(mkdir(half, 0o700) == 0)
            try Data("ref: ".utf8).write(to: URL(fileURLWithPath: half + "/HEAD"))
            try sample.seal(runs: 1, in: try sample.open())
            #expect(access(half, F_OK) != 0)
        }
    }

    @Test(arguments: ["commit", "tree", "checkpoint"])
    func aDamagedTipIsRefused(what: String) async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            try sample.seal(runs: 1, in: try sample.open())
            let name = ["commit": "HEAD", "tree": "HEAD^{tree}", "checkpoint": "HEAD:checkpoint"]
            let id = try sample.git(["rev-parse", try #require(name[what])]).output
                .trimmingCharacters(in: .newlines)
            let path = "\(sample.home.trailPath)/objects/\(id.prefix(2))/\(id.dropFirst(2))"
            try #require(chmod(path, 0o600) == 0)
            for bytes in [Data("not zlib".utf8), Data()] {
                try bytes.write(to: URL(fileURLWithPath: path))
                let error = #expect(throws: JournalError.self) { try sample.open() }
                #expect(error?.code == .corrupt, "\(String(describing: error))")
            }
            try FileManager.default.removeItem(atPath: path)
            let error = #expect(throws: JournalError.self) { try sample.open() }
            #expect(error?.code == .corrupt, "\(String(describing: error))")
        }
    }

    @Test func linesThatAreNoneMakeNoBatch() throws {
        for text in ["{}", "", "{\"v\":1}"] {
            let error = #expect(throws: JournalError.self) {
                try TrailBatch(lines: [TrailLine(sequence: 1, text: text)])
            }
            #expect(error?.code == .corrupt)
        }
        #expect(throws: JournalError.self) { try TrailBatch(lines: []) }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount"))
    func onAFullDiskNothingIsSealedAndTheSameBatchGoesThroughLater() async throws {
        try await withTemporaryFolder { folder in
            let disk = folder + "/disk"
            try #require(mkdir(disk, 0o700) == 0)
            let mount = try Tool.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk])
            guard mount.status == 0 else { return }
            defer {
                do { _ = try Tool.run(["umount", disk]) } catch { Issue.record("\(error)") }
            }
            try #require(chmod(disk, 0o700) == 0)
            let sample = try SampleTrail(in: disk)
            let trail = try sample.open()
            let commits = try sample.seal(runs: 1, in: trail)
            let filler = disk + "/filler"
            _ = try Tool.run(["dd", "if=/dev/zero", "of=\(filler)", "bs=4k"])
            let run = try sample.run("r-20261123-0714-full")
            let batch = try TrailBatch(lines: run.lines, evidence: run.evidence)
            let error = #expect(throws: JournalError.self) { try trail.seal(batch) }
            #expect(error?.code == .full, "\(String(describing: error))")
            #expect(try trail.tip().commit == commits.last)
            try FileManager.default.removeItem(atPath: filler)
            _ = try trail.seal(batch)
            #expect(try sample.git(["fsck", "--strict", "--no-dangling"]).status == 0)
        }
    }
}
