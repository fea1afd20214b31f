/// Whether the wall clock was set since somebody began to watch it.
package struct ClockWatch: Sendable, Hashable {
    /// Wall and boot clock further apart than before by more than this: the wall clock was set
    /// (docs/semantics.md, "Time").
    package static let tolerance: Duration = .seconds(30)

    private let offset: Int64

    /// Watches from an instant on: what the wall clock says then, and for how many milliseconds the
    /// machine has been up.
    package init(wall: Timestamp, sinceBoot: Int64) { offset = wall.milliseconds - sinceBoot }

    /// By how many milliseconds it was set, less than 0 for back; nil when it wasn't.
    package func step(wall: Timestamp, sinceBoot: Int64) -> Int64? {
        let step = wall.milliseconds - sinceBoot - offset
        return step.magnitude > UInt64(Self.tolerance.inMilliseconds) ? step : nil
    }
}
