import Audit
import Foundation
import Runbooks
import Runner
import TestSupport
import Testing

/// What a process seals from its memory is what another one would have read from the journal.
struct MadeLineTests {
    @Test func whatIsSealedFromMemoryIsTheCommitOfWhoReadsTheJournal() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            // Sealed in several commits, so that the folders of one are those of the next.
            let sealer = TrailSealer(journal: journal, store: try FileContentStore(in: home))
            var reading: String?
            for part in try Self.parts() {
                _ = try await journal.append(
                    part, to: run.id, at: Samples.time(70_000), lease: Samples.lease(1))
                reading = try await Self.sealedElsewhere(home)
                try await sealer.seal()
                let commit = try #require(try await sealer.look()?.tip.commit)
                #expect(commit == reading)
            }
            #expect(try git(home, ["fsck", "--strict", "--no-dangling"]) == "")
            let lines = try await trailLines(home)
            #expect(try git(home, ["show", "HEAD:checkpoint"]).contains("\n\(lines.count)\n"))
        }
    }

    @Test func aLineThatWasChangedSinceIsNotSealedFromMemory() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            _ = try await journal.append(
                [
                    .stateChanged(.running, reason: "started"),
                    .thresholdReached(failures: 1, limit: 1),
                ],
                to: run.id, at: Samples.time(1), lease: Samples.lease(1))
            try await change(
                home,
                "DROP TRIGGER trail_is_final; UPDATE trail SET line = "
                    + "replace(line, '\"started\"', '\"stopped\"') WHERE seq = 3")
            let sealer = TrailSealer(journal: journal, store: try FileContentStore(in: home))
            let error = await #expect(throws: JournalError.self) { try await sealer.seal() }
            #expect(error?.code == .corrupt)
        }
    }

    @Test func aLineOfATransactionThatWasNotKeptIsForgotten() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            try await change(
                home,
                "CREATE TRIGGER full BEFORE INSERT ON trail WHEN NEW.line LIKE '%\"limit\":7%' "
                    + "BEGIN SELECT RAISE(ABORT, 'no'); END;")
            let started = RunEvent.stateChanged(.running, reason: "started")
            await #expect(throws: JournalError.self) {
                try await journal.append(
                    [started, .thresholdReached(failures: 1, limit: 7)], to: run.id,
                    at: Samples.time(1), lease: Samples.lease(1))
            }
            _ = try await journal.append(
                [.thresholdReached(failures: 1, limit: 8)], to: run.id, at: Samples.time(2),
                lease: Samples.lease(1))
            let reading = try await Self.sealedElsewhere(home)
            let sealer = TrailSealer(journal: journal, store: try FileContentStore(in: home))
            try await sealer.seal()
            #expect(try await sealer.look()?.tip.commit == reading)
            #expect(try await trailLines(home).count == 3)
        }
    }

    // --- helpers --------------------------------------------------------------------------------

    /// Events of every kind; with texts that are escaped, cut or no text at all; more than a batch.
    private static func parts() throws -> [[RunEvent]] {
        let (target, step) = (try Samples.target("web1"), try Samples.step("look"))
        let texts = [
            "", "a \"b\" \\ / \u{8}\u{C}\n\r\t\u{1}\u{1f}\u{7f}",
            "naïve e\u{301} 👩‍👩‍👧 \u{2028}\u{202e}",
            String(repeating: "long ", count: 60), String(repeating: "ä", count: 20_000),
        ]
        var own: [RunEvent] = []
        for text in texts {
            let output = OutputRecord(
                text: text, totalBytes: 1 << 60, droppedBytes: 1, stored: nil)
            let record = AttemptRecord(
                ending: .unknown(text), stdout: output, stderr: output, outputs: ["a": text],
                diff: text, collected: [.init(name: text, output: output)],
                durationMilliseconds: .max)
            own += [
                .stateChanged(.paused, reason: text),
                .stepEnded(target, step, .failed, reason: text),
                .attemptEnded(AttemptKey(target: target, part: .undo(step, 1), number: 3), record),
                .commanded(PersonCommand(verb: .note(text), actor: "ann"), inboxID: 0),
                .outputsTaken(target, step, ["b": text, "a": text]),
            ]
        }
        var all = try EventLinesTests.events() + own
        // After it nothing is taken any more.
        all.removeAll { if case .closed = $0 { true } else { false } }
        return [
            all, [.targetStarted(target)],
            [RunEvent](repeating: .stepEnded(target, step, .changed, reason: nil), count: 600),
            [.closed(.aborted, .unclear)],
        ]
    }

    /// The commit that another process makes of the same home, in a copy of it.
    private static func sealedElsewhere(_ home: Home) async throws -> String? {
        let copy = home.path + ".copy"
        try FileManager.default.copyItem(atPath: home.path, toPath: copy)
        defer { remove(copy) }
        return try await sealed(Home.open(at: copy))
    }

    private static func sealed(_ home: Home) async throws -> String? {
        let sealer = TrailSealer(
            journal: try await opened(home), store: try FileContentStore(in: home))
        try await sealer.seal()
        return try await sealer.look()?.tip.commit
    }
}
