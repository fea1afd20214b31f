/// The limits of a calendar; each has its row in docs/calendars.md.
package enum CalendarLimits {
    /// Bytes of a file.
    package static let fileSize = 4 << 20
    /// Lines of a file, before long ones are put together.
    package static let lines = 100_000
    /// Bytes of one line, after its parts were put together.
    package static let lineLength = 64 << 10
    /// Events of a file, with the changed occurrences.
    package static let events = 10_000
    /// Dates of EXDATE and of RDATE that one event has.
    package static let dates = 5_000
    /// Occurrences of a rule with COUNT.
    package static let count = 100_000
    /// Occurrences of a file within the horizon.
    package static let occurrences = 100_000
    /// Days looked at and starts found in one reading, and in one expansion, of a file.
    package static let work = 3_000_000
    /// The years that an event may start or end in.
    package static let years = 1970...2199
    /// How deep components nest.
    static let depth = 8
    /// Findings of one file; the rest are counted.
    static let findings = 50
}
