import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

/// What the walk says of trails that nobody has touched, and of what it is told from outside.
struct TrailVerifierTests {
    @Test func aCleanTrailHasNoFindings() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let commits = try sample.seal(runs: 5, in: try sample.open())
            let found = try sample.verify()
            #expect(found.findings == [])
            #expect(found.isConsistent)
            #expect(!found.isAnchored)
            #expect(found.events == sample.sequence)
            #expect(found.commits == 6)
            #expect(found.tip == TrailAnchor(size: sample.sequence, digest: sample.previous))
            #expect(found.commit == commits.last)
            #expect(found.lastTrusted == sample.sequence)
        }
    }

    @Test func aTrailThatGitPackedHasNoFindings() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 5, in: trail)
            #expect(try sample.git(["gc", "-q", "--prune=now"]).status == 0)
            #expect(try sample.verify().findings == [])
            try sample.seal(runs: 2, in: trail)
            #expect(try sample.verify().findings == [])
            _ = try sample.git(["remote", "add", "office", "ssh://git@office/trail.git"])
            #expect(try sample.verify().findings == [])
        }
    }

    /// As a leader leaves it that was killed between its first record and its first seal.
    @Test func aTrailBeforeItsFirstSealHasNoFindingWhereTheJournalSaysSo() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            _ = try sample.open()
            #expect(try sample.verify().findings.map(\.kind) == [.branchMissing])
            let found = try sample.verify { $0.isBeforeFirstSeal = true }
            #expect(found.isConsistent && found.events == 0 && found.commit == nil)
            let branches = sample.home.trailPath + "/refs/heads/trail"
            try FileManager.default.createDirectory(
                atPath: branches, withIntermediateDirectories: true)
            try Data("evil\n".utf8).write(
                to: URL(fileURLWithPath: branches + "/" + sample.origin.controller))
            let garbage = try sample.verify { $0.isBeforeFirstSeal = true }
            #expect(garbage.findings.map(\.kind) == [.branchMissing])
            try FileManager.default.removeItem(atPath: sample.home.trailPath)
            let none = try sample.verify { $0.isBeforeFirstSeal = true }
            #expect(none.isConsistent && none.commits == 0)
            #expect(throws: JournalError.self) {
                try sample.verify {
                    $0.isBeforeFirstSeal = true
                    $0.anchors = [TrailAnchor(size: 1, digest: TrailLine.noLine)]
                }
            }
        }
    }

    /// As one that seals at this moment, or was killed while it moved the branch, leaves it.
    @Test func aBranchThatIsBeingMovedIsNoFinding() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let commits = try sample.seal(runs: 2, in: try sample.open())
            let editor = try TrailEditor(sample)
            let next = String(repeating: "a", count: 40)
            for text in ["", next, next + "\n"] {
                try editor.write(editor.branch + ".lock", text)
                #expect(try sample.verify().findings == [], "'\(text)'")
                #expect(try sample.verify().commit == commits.last)
            }
            try editor.write(editor.branch + ".lock", "ref: refs/heads/other\n")
            #expect(try sample.verify().findings.map(\.kind) == [.refUnexpected])
        }
    }

    @Test func aRotationHasNoFindings() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 1, in: trail)
            try sample.rotate(in: trail)
            try sample.seal(runs: 1, in: trail)
            try sample.rotate(in: trail)
            try sample.seal(runs: 1, in: trail)
            #expect(try sample.verify().findings == [])
        }
    }

    @Test func anchorsAreCompared() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 2, in: trail)
            let tip = try trail.tip()
            try sample.seal(runs: 2, in: trail)
            let right = TrailAnchor(size: tip.sequence, digest: tip.digest)
            let found = try sample.verify { $0.anchors = [right] }
            #expect(found.isConsistent && found.isAnchored)
            let wrong = TrailAnchor(size: tip.sequence, digest: TrailLine.noLine)
            #expect(
                try sample.verify { $0.anchors = [wrong] }.findings.map(\.kind) == [.anchorDiffers])
            let later = TrailAnchor(size: 1000, digest: tip.digest)
            let cut = try sample.verify { $0.anchors = [later] }
            #expect(cut.findings.map(\.kind) == [.anchorMissing])
            #expect(cut.lastTrusted == sample.sequence)
            let commit = try #require(tip.commit)
            #expect(try sample.verify { $0.knownCommits = [commit] }.isAnchored)
            let other = String(repeating: "0", count: 40)
            #expect(
                try sample.verify { $0.knownCommits = [other] }.findings.map(\.kind)
                    == [.anchorMissing])
            #expect(TrailAnchor(text: right.text) == right)
            for text in ["", "1", "0:\(tip.digest)", "+1:\(tip.digest)", "1:\(tip.digest)0"] {
                #expect(TrailAnchor(text: text) == nil, "\(text)")
            }
        }
    }

    @Test func theJournalsLinesAreCompared() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            var lines = [try sample.beginning()]
            _ = try trail.seal(TrailBatch(lines: lines))
            let run = try sample.run("r-20261123-0714-k3f9", steps: 3)
            _ = try trail.seal(TrailBatch(lines: run.lines, evidence: run.evidence))
            lines += run.lines
            let texts = lines.map(\.text)
            @Sendable func slice(_ texts: [String], _ range: ClosedRange<Int>) -> [String] {
                Array(texts.prefix(range.upperBound).dropFirst(range.lowerBound - 1))
            }
            let same = try sample.verify { $0.journal = { slice(texts, $0) } }
            #expect(same.findings == [])
            var other = texts
            other[4] = other[4].replacing("mbx01", with: "mbx02")
            let changed = other
            let found = try sample.verify { $0.journal = { slice(changed, $0) } }
            #expect(found.findings.map(\.kind) == [.journalDiffers])
            #expect(found.findings.map(\.sequence) == [5])
            let short = try sample.verify { $0.journal = { slice(Array(texts.prefix(6)), $0) } }
            #expect(short.findings.map(\.sequence) == [7])
        }
    }

    @Test func evidenceThatIsNamedMustBeThere() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 1, in: trail)
            let run = try sample.run("r-20261123-0714-k3f9")
            let commit = try trail.seal(TrailBatch(lines: run.lines))
            let found = try sample.verify().findings
            #expect(found.map(\.kind) == [.evidenceMissing])
            #expect(found.map(\.commit) == [commit])
            #expect(found.map(\.sequence) == [7])
            #expect(found.map(\.lastTrusted) == [6])
        }
    }

    @Test func aClockThatIsSetBackMustBeAnnounced() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            let trail = try sample.open()
            try sample.seal(runs: 1, in: trail)
            sample.clock += 3_600_000
            try sample.seal(runs: 1, in: trail)
            sample.clock -= 3_600_000
            let stepped = try sample.line(.clockStepped, ["by_ms": .integer(-3_600_000)])
            _ = try trail.seal(TrailBatch(lines: [stepped]))
            try sample.seal(runs: 1, in: trail)
            #expect(try sample.verify().findings == [])
            sample.clock -= 100_000
            let back = try sample.line(.flagged)
            _ = try trail.seal(TrailBatch(lines: [back]))
            let found = try sample.verify().findings
            #expect(found.map(\.kind) == [.clockBackwards])
            #expect(found.map(\.sequence) == [back.sequence])
        }
    }

    @Test func nobodyVouchesForAKeyThatOnlyTheTrailNames() async throws {
        try await withTemporaryFolder { folder in
            let sample = try SampleTrail(in: folder)
            try sample.seal(runs: 1, in: try sample.open())
            let found = try TrailVerifier(
                path: sample.home.trailPath, signers: [TrailKey().publicKey]
            ).verify()
            #expect(found.findings.map(\.kind) == [.keyUnknown])
            #expect(found.lastTrusted == 0)
        }
    }

    @Test func aMissingTrailIsNamed() throws {
        let error = #expect(throws: JournalError.self) {
            try TrailVerifier(path: "/nonexistent/trail.git", signers: []).verify()
        }
        #expect(error?.code == .notFound)
    }

    @Test(arguments: 0..<8)
    func aTrailOfAnyShapeHasNoFindings(seed: UInt64) async throws {
        try await withTemporaryFolder { folder in
            var random = SeededNumbers(seed: seed)
            let sample = try SampleTrail(in: folder)
            try sample.grow(by: 12, &random)
            let found = try sample.verify()
            #expect(found.findings == [])
            #expect(found.events == sample.sequence)
        }
    }
}

extension SampleTrail {
    /// Walks through the trail with the first key.
    func verify(_ change: (inout TrailVerifier) -> Void = { _ in }) throws -> TrailVerification {
        var verifier = TrailVerifier(path: home.trailPath, signers: [key.publicKey])
        change(&verifier)
        return try verifier.verify()
    }

    /// Gives the trail a new key.
    @discardableResult
    func rotate(in trail: TrailRepository) throws -> TrailKey {
        let next = try TrailKeyFile.makeNextKey(of: home, comment: "next")
        let added = try line(.keyAdded, actor: "anna", ["key": .string(next.publicKey.line)])
        _ = try trail.seal(TrailBatch(lines: [added]))
        // The next key is in its place before another rotation makes one.
        try trail.confirmKey()
        return next
    }

    /// Seals so many batches of any shape.
    func grow(by count: Int, _ random: inout SeededNumbers) throws {
        let trail = try open()
        try seal(runs: 0, in: trail)
        for number in 0..<count {
            clock += Int64.random(in: 0...7_200_000, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0: try rotate(in: trail)
            case 1:
                let text = String(repeating: "ä\u{202E}\n\"", count: Int(random.next() % 9000))
                let line = try line(.personActed, actor: "bob", ["note": .string(text)])
                _ = try trail.seal(TrailBatch(lines: [line]))
            default:
                let run = try run(
                    "r-20261123-0714-g\(number)", steps: Int(random.next() % 60))
                let cut = Int.random(in: 1...run.lines.count, using: &random)
                _ = try trail.seal(
                    TrailBatch(lines: Array(run.lines.prefix(cut)), evidence: run.evidence))
                if cut < run.lines.count {
                    _ = try trail.seal(TrailBatch(lines: Array(run.lines.dropFirst(cut))))
                }
            }
        }
    }
}
