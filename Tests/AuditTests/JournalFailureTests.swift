import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import Synchronization
import TestSupport
import Testing

/// Disks that are full, controllers that are killed.
struct JournalFailureTests {
    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aFullDiskRefusesWholeAppendsAndLosesNothing() async throws {
        try await withSmallDisk { folder in
            let home = try Home.open(at: folder + "/home")
            let journal = try await opened(home)
            let contents = try FileContentStore(in: home)
            let run = try await started("r-1", in: journal)
            let batch = [RunEvent](
                repeating: .stateChanged(.running, reason: String(repeating: "x", count: 9000)),
                count: 5)
            var recorded = 1
            var refusal: JournalError?
            while refusal == nil, recorded < 2000 {
                do {
                    recorded = try await journal.append(
                        batch, to: run, at: Samples.time(1), lease: Samples.lease(1))
                } catch let error as JournalError {
                    refusal = error
                }
            }
            #expect(refusal?.code == .full)
            #expect(recorded % 5 == 1 && recorded > 1)
            await expect(.full) {
                _ = try await contents.put([UInt8](repeating: 1, count: 1 << 20))
            }
            #expect(try await journal.events(of: run, after: 0).count == recorded)
            try FileManager.default.removeItem(atPath: folder + "/ballast")
            let last = try await journal.append(
                batch, to: run, at: Samples.time(2), lease: Samples.lease(1))
            #expect(last == recorded + 5)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func anOutcomeIsHeldUntilTheDiskHasRoomAgain() async throws {
        try await withSmallDisk { folder in
            let home = try Home.open(at: folder + "/home")
            let journal = try await opened(home)
            let record = try Samples.record(
                "r-1", targets: ["web1"], steps: ["one", "two"].map { try Samples.onceStep($0) })
            try await journal.open(
                record, lease: Samples.lease(1), leaseUntil: Samples.time(1000))
            let executor = FillingExecutor(folder: folder)
            let held = Mutex(0)
            let loop = RunLoop(
                executor: executor, journal: journal, trail: MemoryTrail(),
                store: try FileContentStore(in: home),
                lease: Samples.lease(1), secrets: [:], now: { Samples.time(5) },
                sleep: { delay in
                    try Task.checkCancellation()
                    await Task.yield()
                    guard delay == RunLoop.Limits().holdInterval else { return }
                    if held.withLock({
                        $0 += 1; return $0
                    }) == 3 {
                        executor.makeRoom()
                    }
                },
                observe: { _, _ in })
            let machine = try await loop.lead(RunMachine(record: record))
            #expect(machine.state == .succeeded)
            #expect(held.withLock { $0 } >= 3)
            #expect(executor.starts.withLock { $0 } == ["one", "two"])
            let again = try await opened(home)
            let events = try await again.events(of: record.id, after: 0)
            #expect(RunMachine(record: record, events: events).targets == machine.targets)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aHomeOnAFullOrReadOnlyDiskIsRefused() async throws {
        try await withSmallDisk { folder in
            try runTool("/bin/mount", ["-o", "remount,ro", folder])
            let error = #expect(throws: HomeError.self) {
                try Home.open(at: folder + "/home")
            }
            #expect(error?.code == .readOnly)
        }
    }

    @Test func nothingIsWrittenAnyMoreOnceTheFileWasFoundDamaged() async throws {
        try await withHome { home in
            let run = try await started("r-1", in: try await opened(home))
            let page = try await looking(at: home)
                .writeWithoutTransaction { db in
                    try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                    return try UInt64.fetchOne(
                        db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'runs'")
                }
            let journal = try await opened(home)
            let whole = try overwrite(home.journalPath, page: try #require(page), with: nil)
            let append = { (journal: SQLiteJournal) in
                try await journal.append(
                    [.stateChanged(.paused, reason: "")], to: run, at: Samples.time(1),
                    lease: Samples.lease(1))
            }
            await expect(.corrupt) { _ = try await append(journal) }
            _ = try overwrite(home.journalPath, page: try #require(page), with: whole)
            await expect(.corrupt) { _ = try await append(journal) }
            #expect(try await append(try await opened(home)) == 2)
        }
    }

    /// Writes a page of 4 KiB, zeros without any, and gives what was there.
    private func overwrite(_ path: String, page: UInt64, with bytes: Data?) throws -> Data {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: (page - 1) * 4096)
        let old = try #require(try file.read(upToCount: 4096))
        try file.seek(toOffset: (page - 1) * 4096)
        try file.write(contentsOf: bytes ?? Data(count: 4096))
        try file.close()
        return old
    }

    @Test func aKilledWriterLosesNothingThatWasAcknowledged() async throws {
        try await withHome { home in
            var acknowledged = 0
            for round in 1...5 {
                acknowledged = try killedWriter(home, after: 3 * round)
                let journal = try await SQLiteJournal.open(
                    in: home, trail: Samples.source, isProvedDead: { ProcessLife.isProvedDead($0) })
                let run = try Samples.run("r-child")
                let events = try await journal.events(of: run, after: 0)
                #expect(events.count >= acknowledged)
                #expect(events.count % Self.batch == 0)
                #expect(events.map(\.sequence) == Array(1...events.count))
                let ends = try await journal.takeOver(
                    run, lease: Samples.lease(round), now: Samples.time(0),
                    until: Samples.time(0))
                #expect(ends, "the killed leader is proved dead")
                #expect(try await journal.runs(matching: RunFilter()).count == 1)
            }
        }
    }

    /// Not a claim of its own: the writer that the test above kills.
    @Test(.enabled(if: childHome != nil, "runs only as a child of another test"))
    func childThatWritesUntilItIsKilled() async throws {
        let home = try Home.open(at: try #require(childHome))
        let journal = try await opened(home)
        let record = try Samples.record("r-child")
        let lease = try ProcessLife.lease(nonce: "child")
        let until = Samples.time(1_000_000)
        if try await journal.runs(matching: RunFilter()).isEmpty {
            try await journal.open(record, lease: lease, leaseUntil: until)
        } else {
            try #require(
                try await journal.takeOver(
                    record.id, lease: lease, now: Samples.time(1), until: until))
        }
        for _ in 0..<100_000 {
            let last = try await journal.append(
                [RunEvent](
                    repeating: .stateChanged(.running, reason: "batch"), count: Self.batch),
                to: record.id, at: Samples.time(2), lease: lease)
            try FileHandle.standardError.write(contentsOf: Data("ack \(last)\n".utf8))
        }
    }

    private static let batch = 7

    /// Starts a writer, kills it after so many acknowledgements, and gives the last one it read.
    private func killedWriter(_ home: Home, after count: Int) throws -> Int {
        let writer = try Tool(
            [
                "/proc/self/exe", "--testing-library", "swift-testing", "--filter",
                "childThatWritesUntilItIsKilled",
            ],
            environment: ProcessInfo.processInfo.environment.merging(
                ["HANDRAIL_TEST_CHILD_HOME": home.path]
            ) { $1 })
        var text = ""
        while text.components(separatedBy: "ack ").count <= count {
            // The file is looked at, never waited for: the child writes until it is killed.
            usleep(500)
            text = writer.errorSoFar
            if kill(writer.processID, 0) != 0 { break }
        }
        kill(writer.processID, SIGKILL)
        text = try writer.wait().error
        let acknowledged = text.split(separator: "\n").filter { $0.hasPrefix("ack ") }
        try #require(acknowledged.count >= count, "\(text)")
        // The last line may have been cut off: the one before it is whole.
        return try #require(Int(acknowledged[acknowledged.count - 2].dropFirst(4)))
    }
}

/// Fills its disk during the first step, until room is made.
private final class FillingExecutor: Executor {
    let starts = Mutex<[String]>([])
    private let path: String

    init(folder: String) { path = folder + "/filling" }

    func perform(_ request: AttemptRequest) async -> AttemptReport {
        let isFirst = starts.withLock { starts in
            if case .action(let step) = request.key.part { starts.append(step.rawValue) }
            return starts.count == 1
        }
        if isFirst { fill() }
        let output = [UInt8](repeating: UInt8(ascii: "x"), count: 2000)
        return AttemptReport(
            ending: .exited(0), stdout: CapturedOutput(bytes: output, totalBytes: output.count))
    }

    private func fill() {
        let block = [UInt8](repeating: 0, count: 4096)
        let file = fopen(path, "w")
        setvbuf(file, nil, _IONBF, 0)
        while fwrite(block, 1, block.count, file) == block.count {}
        fclose(file)
    }

    func makeRoom() { unlink(path) }

    func cancel(_ target: TargetName) async {}
    func close(_ target: TargetName) async {}
    func shutDown() async {}
}

/// The home of a child process of these tests; nil in the tests' own process.
private let childHome = ProcessInfo.processInfo.environment["HANDRAIL_TEST_CHILD_HOME"]

/// Mounts a few MiB, of which `ballast` takes 2, and takes it away afterwards.
func withSmallDisk(
    megabytes: Int = 4, _ body: (String) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        let disk = folder + "/disk"
        try FileManager.default.createDirectory(
            atPath: disk, withIntermediateDirectories: false)
        try runTool(
            "/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", disk])
        let result: Result<Void, any Error>
        do {
            try Data(repeating: 0, count: 2 << 20).write(
                to: URL(fileURLWithPath: disk + "/ballast"))
            result = .success(try await body(disk))
        } catch {
            result = .failure(error)
        }
        try runTool("/bin/umount", ["-l", disk])
        try result.get()
    }
}

private func runTool(_ path: String, _ arguments: [String]) throws {
    let result = try Tool.run([path] + arguments)
    try #require(result.status == 0, "\(path) \(arguments): \(result.error)")
}
