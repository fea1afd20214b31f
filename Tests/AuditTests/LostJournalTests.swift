import Audit
import Foundation
import Runner
import Testing

/// A journal that is gone or empty in a home that was in use is no new journal.
struct LostJournalTests {
    /// How the journal gets lost.
    enum Loss: CaseIterable { case emptied, removed }

    /// What somebody does to the log of a journal in use.
    enum LogLoss: CaseIterable { case emptied, cut, removed, replaced, zeroed, older }

    @Test(arguments: Loss.allCases) func aHomeWithOutputsRefusesANewJournal(
        _ loss: Loss
    ) async throws {
        try await withHome { home in
            _ = try await opened(home)
            _ = try await FileContentStore(in: home).put([1, 2, 3])
            try lose(home, loss)
            await expect(.corrupt) { _ = try await opened(home) }
            try FileManager.default.removeItem(atPath: home.outputPath)
            _ = try Home.open(at: home.path)
            _ = try await opened(home)
        }
    }

    /// SQLite would throw the log away beside an empty file.
    @Test(arguments: Loss.allCases) func eventsThatAreStillInTheLogAreKept(
        _ loss: Loss
    ) async throws {
        try await withHome { home in
            let journal = try await opened(home)
            _ = try await started("r-1", in: journal)
            let log = try #require(FileManager.default.contents(atPath: home.journalPath + "-wal"))
            try #require(!log.isEmpty)
            try lose(home, loss)
            await expect(.corrupt) { _ = try await opened(home) }
            #expect(FileManager.default.contents(atPath: home.journalPath + "-wal") == log)
            _ = journal
        }
    }

    /// SQLite writes on into a file without a name, and all of it is gone with the process.
    @Test(arguments: [false, true]) func nothingIsWrittenIntoAJournalThatLostItsName(
        _ isReplaced: Bool
    ) async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            let away = home.path + "/away"
            try #require(rename(home.journalPath, away) == 0)
            if isReplaced {
                try FileManager.default.copyItem(atPath: away, toPath: home.journalPath)
            }
            let event = RunEvent.stateChanged(.running, reason: "")
            await expect(.io) {
                _ = try await journal.append(
                    [event], to: run, at: Samples.time(1), lease: Samples.lease(1))
            }
            if isReplaced { try #require(unlink(home.journalPath) == 0) }
            try #require(rename(away, home.journalPath) == 0)
            _ = try await opened(home).append(
                [event], to: run, at: Samples.time(2), lease: Samples.lease(1))
        }
    }

    /// SQLite itself goes on writing behind the gap, and says that all is well.
    @Test(arguments: LogLoss.allCases) func nothingIsRecordedAfterTheLogLostSomething(
        _ loss: LogLoss
    ) async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            let log = home.journalPath + "-wal"
            let earlier = try #require(FileManager.default.contents(atPath: log))
            _ = try await journal.append(
                [.stateChanged(.running, reason: "")], to: run, at: Samples.time(1),
                lease: Samples.lease(1))
            let now = try #require(FileManager.default.contents(atPath: log))
            switch loss {
            case .emptied: try #require(truncate(log, 0) == 0)
            case .cut: try #require(truncate(log, off_t(now.count - 100)) == 0)
            case .removed: try #require(unlink(log) == 0)
            case .replaced: try now.write(to: URL(filePath: log), options: .atomic)
            case .zeroed: try overwrite(log, Data(count: now.count + 4096))
            case .older:
                var old = earlier + Data(count: now.count)
                // The log before the one in use: its number is smaller.
                old.replaceSubrange(12..<16, with: [255, 255, 255, 255])
                try overwrite(log, old)
            }
            for _ in 0..<2 {
                await expect(.corrupt) {
                    _ = try await journal.append(
                        [.stateChanged(.paused, reason: "")], to: run, at: Samples.time(2),
                        lease: Samples.lease(1))
                }
            }
        }
    }

    /// SQLite begins its log anew when all of it is in the database.
    @Test func aLogThatBeginsAnewIsNoLoss() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await started("r-1", in: journal)
            let other = try await opened(home)
            let log = home.journalPath + "-wal"
            var beginnings: Set<Data> = []
            for number in 0..<30 {
                let leader = number % 3 == 0 ? other : journal
                _ = try await leader.append(
                    [.stateChanged(.running, reason: String(repeating: "x", count: 200_000))],
                    to: run, at: Samples.time(1), lease: Samples.lease(1))
                let header = try #require(FileManager.default.contents(atPath: log)).prefix(24)
                beginnings.insert(Data(header))
            }
            #expect(beginnings.count > 1)
        }
    }

    private func overwrite(_ path: String, _ bytes: Data) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.write(contentsOf: bytes)
        try file.close()
    }

    @Test(arguments: Loss.allCases) func aHomeWhoseJournalIsGoneIsStillOneInUse(
        _ loss: Loss
    ) async throws {
        try await withHome { home in
            #expect(!Home.isUsed(at: home.path))
            _ = try await opened(home)
            _ = try await FileContentStore(in: home).put([1, 2, 3])
            try lose(home, loss)
            #expect(Home.isUsed(at: home.path))
        }
    }

    @Test func anEmptyJournalInANewHomeIsOnlyUnfinished() async throws {
        try await withHome { home in
            try Data().write(to: URL(filePath: home.journalPath))
            try Data([1]).write(to: URL(filePath: home.outputPath + "/new/half"))
            _ = try await started("r-1", in: try await opened(home))
        }
    }

    private func lose(_ home: Home, _ loss: Loss) throws {
        switch loss {
        case .emptied: try #require(truncate(home.journalPath, 0) == 0)
        case .removed: try #require(unlink(home.journalPath) == 0)
        }
    }
}
