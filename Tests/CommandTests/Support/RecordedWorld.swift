import Calendars
import Runner
import Synchronization

@testable import handrail

/// A world without a terminal: what is written is kept, and standard input is a text.
///
/// A class, because the world's closures and the test look at the same texts.
final class RecordedWorld: Sendable {
    private let texts = Mutex<(output: String, errors: String)>(("", ""))
    private let answers: Mutex<[String]>

    init(answers: [String] = []) { self.answers = Mutex(answers) }

    var output: String { texts.withLock { $0.output } }
    var errors: String { texts.withLock { $0.errors } }

    /// The world for a command; everything that isn't given fails or stands still.
    func world(
        environment: [String: String] = [:], folder: String = "/nowhere", isTerminal: Bool = false
    ) -> World {
        World(
            environment: environment,
            terminal: World.Terminal(
                isInputTerminal: isTerminal, isOutputTerminal: isTerminal,
                isErrorTerminal: isTerminal, columns: { 80 }, rows: { 24 },
                write: { text in self.texts.withLock { $0.output += text } },
                writeError: { text in self.texts.withLock { $0.errors += text } },
                readLine: { _ in self.answers.withLock { $0.isEmpty ? nil : $0.removeFirst() } },
                discardTyped: {}, readAll: { _ in [] }),
            now: { Timestamp(milliseconds: 1_795_000_000_000) }, sinceBoot: { 5_000 },
            sleep: { _ in },
            randomBytes: { count in Array(repeating: 7, count: count) },
            account: { Account(name: "operator", homeFolder: "/nowhere") },
            hostName: { "controller" },
            workingFolder: { folder },
            signals: { _ in AsyncStream { _ in } }, zoneOffset: { _ in 0 },
            zones: ZoneFolder())
    }
}
