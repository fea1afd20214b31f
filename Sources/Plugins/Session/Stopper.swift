/// Ends one attempt early: the first reason counts.
final class Stopper: Sendable {
    /// Why an attempt is ended.
    enum Reason: Sendable { case timedOut, cancelled }

    private let latch = Latch<Reason>()

    /// The reason, once there is one.
    var reason: Reason? { latch.value }

    /// Asks for the end.
    func stop(_ reason: Reason) { latch.set(reason) }

    /// Waits until the end is asked for; nil when the calling task is cancelled.
    func wait() async -> Reason? { await latch.wait() }

    /// Waits for a while; false when the end is asked for, or the task cancelled, meanwhile.
    func pause(_ duration: Duration, _ clock: ExecutorClock) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await clock.pause(duration) }
            group.addTask {
                _ = await self.wait(); return false
            }
            let wasFull = await group.next() ?? false
            group.cancelAll()
            return wasFull
        }
    }
}
