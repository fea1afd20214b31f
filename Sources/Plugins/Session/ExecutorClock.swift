/// The time as executors see it: a monotonic reading, and a way to wait.
///
/// Tests pass their own, so that no test waits.
package struct ExecutorClock: Sendable {
    /// The time since some fixed instant; never goes back.
    package let now: @Sendable () -> Duration
    /// Waits; throws `CancellationError` when the task is cancelled.
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's own clock.
    package static let system: ExecutorClock = {
        let start = ContinuousClock.now
        return ExecutorClock(
            now: { ContinuousClock.now - start },
            sleep: { try await Task.sleep(for: $0) })
    }()

    /// Waits; false when the task was cancelled meanwhile.
    func pause(_ duration: Duration) async -> Bool {
        do {
            try await sleep(duration)
            return true
        } catch {
            // A sleep fails for one reason only: the task was cancelled, and the caller is told so.
            return false
        }
    }
}
