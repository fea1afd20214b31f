import Audit
import Foundation
import Runner
import Testing

/// A journal that is gone or empty in a home that was in use is no new journal.
struct LostJournalTests {
    /// How the journal gets lost.
    enum Loss: CaseIterable { case emptied, removed }

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
