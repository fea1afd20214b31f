import Calendars
import Runner

/// Everything outside that commands touch, as values and closures; `Live.swift` has the real one.
struct World: Sendable {
    /// The terminal, or the pipes in its place.
    struct Terminal: Sendable {
        var isInputTerminal: Bool
        var isOutputTerminal: Bool
        var isErrorTerminal: Bool
        /// The terminal's columns now.
        var columns: @Sendable () -> Int
        /// The terminal's lines now.
        var rows: @Sendable () -> Int
        /// Writes to standard output; what can't be written is dropped.
        var write: @Sendable (String) -> Void
        /// Writes to standard error; what can't be written is dropped.
        var writeError: @Sendable (String) -> Void
        /// The next line of standard input without its end; nil at the end of input.
        ///
        /// Throws `CancellationError` when its task is cancelled; nothing typed is lost then.
        var readLine: @Sendable (_ isHidden: Bool) async throws -> String?
        /// Drops what was typed before it was asked for.
        var discardTyped: @Sendable () async -> Void
        /// All of standard input, up to a limit in bytes; nil when there is more.
        var readAll: @Sendable (_ limit: Int) async throws -> [UInt8]?
    }

    var environment: [String: String]
    var terminal: Terminal
    var now: @Sendable () -> Timestamp
    /// Milliseconds since the machine was started, by a clock that nobody sets.
    var sinceBoot: @Sendable () -> Int64
    var sleep: @Sendable (Duration) async throws -> Void
    /// So many random bytes, fit for nonces.
    var randomBytes: @Sendable (Int) -> [UInt8]
    /// The account that owns this process, by its real uid.
    var account: @Sendable () -> Account
    /// What the machine calls itself.
    var hostName: @Sendable () -> String
    var workingFolder: @Sendable () -> String
    /// The signals of a kind as they come; their usual effect is off while this is iterated.
    var signals: @Sendable ([ProcessSignal]) -> AsyncStream<ProcessSignal>
    /// How times are shown: the zone's offset from UTC, in seconds, at an instant.
    var zoneOffset: @Sendable (Timestamp) -> Int
    /// The time zones that calendars name.
    var zones: any ZoneSource
    #if DEBUG
        /// Ends this process as `kill -9` does: for tries of what comes after.
        var endAtOnce: @Sendable () -> Void = {}
    #endif
}

/// The signals that commands react to.
enum ProcessSignal: Int32, Sendable, CaseIterable {
    case hangUp = 1
    case interrupt = 2
    case terminate = 15
}

/// An account of this machine.
struct Account: Sendable, Hashable {
    let name: String
    let homeFolder: String
}
