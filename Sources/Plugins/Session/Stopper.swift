/// Ends one attempt early: the first reason counts.
final class Stopper: Sendable {
    /// Why an attempt is ended.
    enum Reason: Sendable { case timedOut, cancelled }

    private let latch = Latch<Reason>()
    private let passedOn = Latch<Void>()

    /// The reason, once there is one.
    var reason: Reason? { latch.value }

    /// Asks for the end.
    func stop(_ reason: Reason) { latch.set(reason) }

    /// Whether the target was told: what ends there from then on may end because of it.
    var isPassedOn: Bool { passedOn.value != nil }

    /// Notes that the target is told now.
    func passOn() { passedOn.set(()) }

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
