import Audit
import Foundation
import GRDB
import Runbooks
import Runner
import TestSupport
import Testing

/// What the journal stores of an event is what `JSONEncoder` makes of it, byte by byte.
struct EventTextTests {
    @Test func everyEventIsStoredAsTheEncoderWritesIt() async throws {
        try await withHome { home in
            let journal = try await opened(home)
            let run = try await openedWithPlan("r-1", in: journal, home)
            var events = try EventLinesTests.events().filter {
                if case .closed = $0 { false } else { true }
            }
            events += try Self.events()
            _ = try await journal.append(
                events, to: run.id, at: Samples.time(1), lease: Samples.lease(1))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let wanted = try events.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
            let stored = try await looking(at: home).read { db in
                try String.fetchAll(db, sql: "SELECT event FROM events ORDER BY sequence")
            }
            #expect(stored.count == wanted.count)
            for (ours, theirs) in zip(stored, wanted) {
                #expect(Array(ours.utf8) == Array(theirs.utf8))
            }
            #expect(try await journal.events(of: run.id, after: 0).map(\.event) == events)
        }
    }

    /// Attempts of every part and ending, with every text that JSON may have to escape.
    private static func events() throws -> [RunEvent] {
        let (target, step) = (try Samples.target("web1"), try Samples.step("look"))
        let parts: [Part] = [
            .symptom, .guarding(step), .action(step), .check(step, 7), .verify(0),
            .release(step), .undo(step, 1),
        ]
        let scalars = (0..<0x300).compactMap { Unicode.Scalar(UInt32($0)) }
        var all = String.UnicodeScalarView()
        all.append(contentsOf: scalars)
        let texts = [
            "", String(all), "\u{2028}\u{2029}\u{FEFF}\u{FFFD}", "👩‍👩‍👧 e\u{301} \r\n", "</script>",
        ]
        return parts.flatMap { part in
            texts.flatMap { text -> [RunEvent] in
                let key = AttemptKey(target: target, part: part, number: .max)
                let output = OutputRecord(
                    text: text, totalBytes: .max, droppedBytes: .min, stored: nil)
                let endings: [Ending] = [
                    .exited(.min), .timedOut, .cancelled, .unreachable(text), .notStarted(text),
                    .unknown(text), .heldBack(text),
                ]
                let ended = endings.enumerated().map { number, ending in
                    RunEvent.attemptEnded(
                        key,
                        AttemptRecord(
                            ending: ending, stdout: output, stderr: output,
                            outputs: Dictionary(
                                uniqueKeysWithValues: (0..<number).map { ("\($0)" + text, text) }),
                            outputsProblem: number == 1 ? text : nil,
                            changed: number == 2 ? false : nil, diff: number == 3 ? text : nil,
                            seen: number == 4 ? SeenState(expected: text, actual: text) : nil,
                            collected: (0..<number).map { _ in .init(name: text, output: output) },
                            durationMilliseconds: .min))
                }
                return ended + [
                    .attemptStarted(key), .sessionOpened(target, text),
                    .stepEnded(target, step, .failed, reason: text),
                ]
            }
        }
    }
}
