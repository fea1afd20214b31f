import Audit
import Foundation
import Runner
import Testing

/// The spools that must keep the port's rules.
enum SpoolKind: String, CaseIterable, Sendable {
    case memory, file, namedAtFirst

    func spool(in folder: String) -> any OutputSpool {
        switch self {
        case .memory: MemorySpool()
        case .file: FileOutputSpool(in: folder)
        case .namedAtFirst: FileOutputSpool(in: folder, isNamedAtFirst: true)
        }
    }
}

struct OutputSpoolTests {
    private static func bytes(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) }
    }

    @Test(arguments: SpoolKind.allCases)
    func whatIsWrittenIsReadAndPagesAreApart(kind: SpoolKind) async throws {
        try await withTemporaryFolder { folder in
            let spool = kind.spool(in: folder)
            let pages = try (0..<3).map { _ in try spool.takePage() }
            #expect(Set(pages).count == 3)
            for page in pages {
                try spool.write(Self.bytes(SpoolLimit.pageBytes, page)[...], to: page, at: 0)
            }
            try spool.write([1, 2, 3][1...], to: pages[1], at: 100)
            for page in pages {
                var wanted = Self.bytes(SpoolLimit.pageBytes, page)
                if page == pages[1] { wanted.replaceSubrange(100..<102, with: [2, 3]) }
                #expect(try spool.read(0..<SpoolLimit.pageBytes, of: page) == wanted)
                #expect(try spool.read(99..<103, of: page) == Array(wanted[99..<103]))
            }
            #expect(throws: Never.self) { spool.giveBack(pages) }
        }
    }

    @Test(arguments: SpoolKind.allCases)
    func streamsAtTheSameTimeKeepApart(kind: SpoolKind) async throws {
        try await withTemporaryFolder { folder in
            let spool = kind.spool(in: folder)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        for round in 0..<40 {
                            let pages = SpoolPages(of: spool)
                            let page = try pages.take()
                            let bytes = Self.bytes(5000, number * 1000 + round)
                            try pages.write(bytes[...], to: page, at: round)
                            await Task.yield()
                            #expect(try pages.read(round..<(round + 5000), of: page) == bytes)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// A kill can leave nothing, since nothing has a name.
    @Test(arguments: [SpoolKind.file, .namedAtFirst])
    func nothingInTheFolderHasAName(kind: SpoolKind) async throws {
        try await withTemporaryFolder { folder in
            let spool = kind.spool(in: folder)
            let page = try spool.takePage()
            try spool.write([1, 2, 3], to: page, at: 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aFullDiskRefusesAndWhatIsGivenBackIsRoomAgain() async throws {
        try await withSmallDisk { disk in
            let spool = FileOutputSpool(in: disk)
            let piece = Self.bytes(SpoolLimit.pageBytes, 1)
            var pages: [Int] = []
            var refusal: JournalError?
            while refusal == nil, pages.count < 100 {
                do throws(JournalError) {
                    pages.append(try spool.takePage())
                    try spool.write(piece[...], to: pages[pages.count - 1], at: 0)
                } catch {
                    refusal = error
                }
            }
            #expect(refusal?.code == .full)
            #expect(refusal?.message.contains(disk) == true)
            #expect(try spool.read(0..<piece.count, of: pages[0]) == piece)
            #expect(throws: (any Error).self) {
                try Data(piece).write(to: URL(fileURLWithPath: disk + "/other"))
            }
            spool.giveBack(pages)
            try Data(piece).write(to: URL(fileURLWithPath: disk + "/other"))
        }
    }

    @Test func aHomeThatIsNotThereIsNotMade() async throws {
        try await withTemporaryFolder { folder in
            let spool = FileOutputSpool(inHome: folder + "/home", else: folder)
            let page = try spool.takePage()
            try spool.write([1], to: page, at: 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    /// What lies in pages is stored under the digest that its bytes have in memory.
    @Test(arguments: [0, 1, 70_000, 1 << 20])
    func aSpooledOutputIsStoredAsItsBytes(count: Int) async throws {
        try await withHome { home in
            let store = try FileContentStore(in: home)
            let output = try Self.spooled(Self.bytes(count, 3), in: home)
            let digest = try await store.put(output)
            #expect(digest == FileContentStore.digest(of: Self.bytes(count, 3) + [33]))
            #expect(try await store.get(digest) == Self.bytes(count, 3) + [33])
            #expect(try await store.put(output) == digest)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a small file system"))
    func aSpooledOutputThatDoesNotFitIsRefusedWhole() async throws {
        try await withSmallDisk { disk in
            let home = try Home.open(at: disk + "/home")
            let store = try FileContentStore(in: home)
            let output = try Self.spooled(Self.bytes(1_300_000, 5), in: home)
            await expect(.full) { _ = try await store.put(output) }
            let left = try FileManager.default.subpathsOfDirectory(atPath: home.outputPath)
            #expect(left.allSatisfy { $0.count < 64 }, "\(left)")
            #expect(try output.suffix(3) == Array(Self.bytes(1_300_000, 5).suffix(2)) + [33])
        }
    }

    /// Bytes in pages of a home's spool, which are not in the order of their numbers, and one more
    /// in memory.
    private static func spooled(_ bytes: [UInt8], in home: Home) throws -> CapturedOutput {
        let pages = SpoolPages(of: FileOutputSpool(inHome: home.path, else: "/nonexistent"))
        let needed = (bytes.count + SpoolLimit.pageBytes - 1) / SpoolLimit.pageBytes
        let numbers = try (0..<needed).map { _ in try pages.take() }.reversed()
        var stretches: [SpooledOutput.Stretch] = []
        for (index, page) in numbers.enumerated() {
            let piece = bytes.dropFirst(index * SpoolLimit.pageBytes).prefix(SpoolLimit.pageBytes)
            try pages.write(piece, to: page, at: 0)
            stretches.append(SpooledOutput.Stretch(page: page, range: 0..<piece.count))
        }
        return CapturedOutput(
            spooled: SpooledOutput(stretches, in: pages), rest: [33], totalBytes: bytes.count + 1,
            droppedBytes: 0)
    }
}
