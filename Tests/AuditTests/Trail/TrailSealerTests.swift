import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import Synchronization
import TestSupport
import Testing

/// What is recorded gets into the repository, once, in order, whoever seals it.
struct TrailSealerTests {
    @Test func whatWasRecordedIsSealedAndMarked() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            let sealer = try sealer(journal, home)
            #expect(try await sealer.look()?.rows.unsealed == 2)
            try await sealer.seal()
            let (tip, rows) = try #require(try await sealer.look())
            #expect(rows == sealedSoFar(try await marks(home)))
            #expect(rows.unsealed == 0)
            #expect(try await marks(home) == [tip.commit, tip.commit])
            let lines = try await trailLines(home)
            #expect(try sealedLines(home) == lines.map(\.text))
            #expect(tip.anchor == "2:" + lines[1].digest)
            let evidence = try git(home, ["ls-tree", "-r", "--name-only", "HEAD", "evidence"])
            #expect(evidence.contains(run.planDigest.rawValue))
            let story = try git(home, ["log", "-1", "--format=%B"])
            #expect(story.contains("Trail-Runs: r-1"))
        }
    }

    @Test func nothingNewMakesNoCommit() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            _ = try await openedWithPlan("r-1", in: journal, home)
            let sealer = try sealer(journal, home)
            for _ in 0..<3 { try await sealer.seal() }
            #expect(try git(home, ["rev-list", "--count", "HEAD"]) == "1\n")
        }
    }

    @Test func aBatchIs256EventsAtMost() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            try await append(600, to: run.id, journal)
            try await sealer(journal, home).seal()
            #expect(try git(home, ["rev-list", "--count", "HEAD"]) == "3\n")
            #expect(try sealedLines(home) == (try await trailLines(home)).map(\.text))
        }
    }

    @Test func callersThatWaitShareACommit() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            let count = Mutex(0)
            let sealer = try sealer(journal, home) { point throws(JournalError) in
                if point == .before { count.withLock { $0 += 1 } }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await append(1, to: run.id, journal)
                        let last = try await trailLines(home).count
                        try await sealer.seal()
                        let marks = try await marks(home)
                        #expect(
                            marks.prefix(last).allSatisfy { $0 != nil }, "sealed when it returns")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try sealedLines(home).count == 52)
            #expect(count.withLock { $0 } < 50)
        }
    }

    @Test func severalProcessesOfAHomeTakeTurns() async throws {
        try await withHome { home in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...3 {
                    let journal = try await opened(home)
                    let sealer = try sealer(journal, home)
                    group.addTask {
                        let run = try await openedWithPlan(
                            "r-\(number)", plan: Character("\(number)"), in: journal, home)
                        for _ in 0..<8 {
                            try await append(3, to: run.id, journal)
                            try await sealer.seal()
                        }
                    }
                }
                try await group.waitForAll()
            }
            let lines = try await trailLines(home)
            #expect(lines.count == 76)
            try expectChain(lines)
            #expect(try sealedLines(home) == lines.map(\.text))
            #expect(try await isAllMarked(home))
        }
    }

    @Test func evidenceThatIsGoneIsRecordedAsAGap() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            _ = try await started("r-1", in: journal)
            let sealer = try sealer(journal, home)
            try await sealer.seal()
            try await sealer.seal()
            let lines = try await trailLines(home)
            #expect(
                try kinds(lines) == ["trail.created", "run.opened", "run.state", "trail.gap"])
            #expect(lines[3].text.contains(try Samples.digest("c").rawValue))
            #expect(try sealedLines(home) == lines.map(\.text))
        }
    }

    // --- disagreement ---------------------------------------------------------------------------

    /// How journal and trail come to say different things.
    enum Damage: CaseIterable {
        case lineChanged, journalCut, trailCut, trailGone, chainBroken
    }

    @Test(arguments: Damage.allCases)
    func everythingStopsWhenJournalAndTrailDisagree(_ damage: Damage) async throws {
        try await withHome { home in
            let run = try await sealedTwice(home)
            switch damage {
            case .lineChanged:
                try await change(
                    home,
                    "DROP TRIGGER trail_is_final; UPDATE trail SET line = "
                        + "replace(line, 'web1', 'web2') WHERE seq = 3")
            case .chainBroken:
                try await change(
                    home,
                    "DROP TRIGGER trail_is_final; UPDATE trail SET sealed = NULL WHERE seq > 1;"
                        + "UPDATE trail SET line = replace(line, '\"ann\"', '\"eve\"')"
                        + " WHERE seq = 2")
            case .journalCut:
                try await change(
                    home, "DROP TRIGGER trail_is_kept; DELETE FROM trail WHERE seq = 3")
            case .trailCut:
                let parent = try git(home, ["rev-parse", "HEAD^"]).dropLast()
                _ = try git(home, ["update-ref", "HEAD", String(parent)])
            case .trailGone: try FileManager.default.removeItem(atPath: home.trailPath)
            }
            let journal = try await opened(home)
            let sealer = try sealer(journal, home)
            try await append(1, to: run, journal)
            let error = await #expect(throws: JournalError.self) { try await sealer.seal() }
            let code: JournalError.Code = damage == .trailGone ? .notFound : .corrupt
            #expect(error?.code == code)
            #expect(error?.hint != nil)
            let last = try #require(try await marks(home).last)
            #expect(last == nil)
        }
    }

    // --- crashes --------------------------------------------------------------------------------

    @Test(arguments: SealPoint.allCases)
    func aSealThatFailedIsFinishedByTheNext(_ point: SealPoint) async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            try await append(300, to: run.id, journal)
            let calls = Mutex(0)
            let failing = try sealer(journal, home) { now throws(JournalError) in
                guard now == point,
                    calls.withLock({
                        $0 += 1; return $0
                    }) == 2
                else { return }
                throw JournalError(.full, "no room")
            }
            await expect(.full) { try await failing.seal() }
            try await append(1, to: run.id, journal)
            try await failing.seal()
            let lines = try await trailLines(home)
            #expect(try sealedLines(home) == lines.map(\.text))
            #expect(try await isAllMarked(home))
            #expect(try git(home, ["fsck", "--strict", "--no-dangling"]) == "")
        }
    }

    @Test(arguments: SealPoint.allCases)
    func aKilledSealIsFinishedByTheNextProcess(_ point: SealPoint) async throws {
        try await withHome { home in
            for round in 1...3 {
                let child = try Tool.run(
                    [
                        "/proc/self/exe", "--testing-library", "swift-testing", "--filter",
                        "childThatIsKilledWhileItSeals",
                    ],
                    environment: ProcessInfo.processInfo.environment.merging([
                        "HANDRAIL_TEST_SEAL_HOME": home.path,
                        "HANDRAIL_TEST_SEAL_POINT": point.rawValue,
                        "HANDRAIL_TEST_SEAL_ROUND": "\(round)",
                    ]) { $1 })
                #expect(child.status != 0, "it was to be killed: \(child.output)")
                let journal = try await opened(home)
                let before = try await marks(home)
                #expect(before.contains { $0 == nil }, "killed before it marked")
                try await sealer(journal, home).seal()
                let lines = try await trailLines(home)
                #expect(lines.count == 11 * round + 1)
                try expectChain(lines)
                #expect(try sealedLines(home) == lines.map(\.text))
                #expect(try await isAllMarked(home))
            }
            #expect(try git(home, ["rev-list", "--count", "HEAD"]) == "3\n", "nothing twice")
        }
    }

    /// Not a claim of its own: what the test above starts.
    @Test(.enabled(if: child != nil, "runs only as a child of another test"))
    func childThatIsKilledWhileItSeals() async throws {
        let (path, point, round) = try #require(child)
        let home = try Home.open(at: path)
        let journal = try await opened(home)
        let run = try await openedWithPlan(
            "r-\(round)", plan: Character(round), in: journal, home)
        try await append(10, to: run.id, journal)
        let sealer = try sealer(journal, home) { now throws(JournalError) in
            if now == point { kill(getpid(), SIGKILL) }
        }
        try await sealer.seal()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aFullDiskRefusesASealAndTheNextOneHasItAll() async throws {
        try await withSmallDisk(megabytes: 8) { folder in
            let home = try Home.open(at: folder + "/home")
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            let sealer = try sealer(journal, home)
            try await sealer.seal()
            try await append(200, to: run.id, journal)
            let filler = fopen(folder + "/filler", "w")
            setvbuf(filler, nil, _IONBF, 0)
            let block = [UInt8](repeating: 0, count: 4096)
            while fwrite(block, 1, block.count, filler) == block.count {}
            fclose(filler)
            await expect(.full) { try await sealer.seal() }
            let left = try FileManager.default.subpathsOfDirectory(atPath: home.trailPath)
            #expect(!left.contains { $0.contains("tmp_") })
            try FileManager.default.removeItem(atPath: folder + "/filler")
            try await sealer.seal()
            #expect(try sealedLines(home) == (try await trailLines(home)).map(\.text))
        }
    }
}

// --- helpers ------------------------------------------------------------------------------------

/// Where a seal can be interrupted: before the commit, or after it and before the journal's mark.
enum SealPoint: String, CaseIterable, Sendable { case before, after }

/// A trail that tells before and after each commit.
private struct ToldSink: TrailSink {
    let trail: TrailRepository
    let tell: @Sendable (SealPoint) throws(JournalError) -> Void

    func tip() throws(JournalError) -> TrailTip { try trail.tip() }
    func confirmKey() throws(JournalError) { try trail.confirmKey() }

    func whileLocked<Value>(
        _ body: () throws(JournalError) -> Value
    ) throws(JournalError) -> Value { try trail.whileLocked(body) }

    func seal(_ batch: TrailBatch) throws(JournalError) -> String {
        try tell(.before)
        let commit = try trail.seal(batch)
        try tell(.after)
        return commit
    }
}

/// A sealer of a home's own repository.
private func sealer(
    _ journal: SQLiteJournal, _ home: Home,
    _ tell: @escaping @Sendable (SealPoint) throws(JournalError) -> Void = { _ in }
) throws -> TrailSealer {
    TrailSealer(
        journal: journal, store: try FileContentStore(in: home)
    ) { origin throws(JournalError) in
        ToldSink(trail: try TrailRepository.open(in: home, create: origin), tell: tell)
    }
}

/// Opens a run whose plan is in the store.
func openedWithPlan(
    _ id: String, plan: Character = "a", in journal: SQLiteJournal, _ home: Home
) async throws -> RunRecord {
    let digest = try await FileContentStore(in: home).put(Array("the plan of \(id)".utf8))
    let record = try Samples.record(id, plan: plan, planDigest: digest)
    try await journal.open(record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
    return record
}

private func append(_ count: Int, to run: RunID, _ journal: SQLiteJournal) async throws {
    _ = try await journal.append(
        [RunEvent](repeating: .targetStarted(try Samples.target("web1")), count: count), to: run,
        at: Samples.time(1), lease: Samples.lease(1))
}

/// The commits that the journal notes, line by line.
private func marks(_ home: Home) async throws -> [String?] {
    try await looking(at: home).read { db in
        try Optional<String>.fetchAll(db, sql: "SELECT sealed FROM trail ORDER BY seq")
    }
}

private func sealedSoFar(_ marks: [String?]) -> SealedSoFar {
    SealedSoFar(recorded: marks.count, sealed: marks.lastIndex { $0 != nil }.map { $0 + 1 } ?? 0)
}

/// The lines in the repository, as stock git reads them.
private func sealedLines(_ home: Home) throws -> [String] {
    let files = try git(home, ["ls-tree", "-r", "--name-only", "HEAD", "events"])
    return try files.split(separator: "\n").sorted {
        ($0.split(separator: "/").last ?? "") < ($1.split(separator: "/").last ?? "")
    }.flatMap { file in
        try git(home, ["cat-file", "blob", "HEAD:\(file)"]).split(separator: "\n").map(String.init)
    }
}

/// What stock git says of the trail, without anyone's configuration.
func git(_ home: Home, _ arguments: [String]) throws -> String {
    let result = try Tool.run(
        ["git", "--git-dir", home.trailPath] + arguments,
        environment: [
            "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
        ])
    try #require(result.status == 0, "\(arguments): \(result.error)")
    return result.output
}

/// Seals a run in two commits: three lines.
private func sealedTwice(_ home: Home) async throws -> RunID {
    let journal = try await opened(home)
    let run = try await openedWithPlan("r-1", in: journal, home)
    let sealer = try sealer(journal, home)
    try await sealer.seal()
    try await append(1, to: run.id, journal)
    try await sealer.seal()
    return run.id
}

/// Whether the journal notes a commit for every line.
private func isAllMarked(_ home: Home) async throws -> Bool {
    try await marks(home).allSatisfy { $0 != nil }
}

/// What a child process of these tests is to do; nil in the tests' own process.
private let child: (home: String, point: SealPoint, round: String)? = {
    let environment = ProcessInfo.processInfo.environment
    guard let home = environment["HANDRAIL_TEST_SEAL_HOME"],
        let point = environment["HANDRAIL_TEST_SEAL_POINT"].flatMap(SealPoint.init(rawValue:)),
        let round = environment["HANDRAIL_TEST_SEAL_ROUND"]
    else { return nil }
    return (home, point, round)
}()
