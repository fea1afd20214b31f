import Synchronization

/// The one ordered stream of a run's inputs, taken in batches.
///
/// Its length is bounded by what can be under way: one attempt, those sent ahead with it and two
/// timers a target, and what the inbox holds. A class, since a lock can't be copied; the lock is
/// never held while waiting.
final class InputQueue: Sendable {
    private struct State {
        var waiting: [RunInput] = []
        var taker: CheckedContinuation<Void, Never>?
        /// Who waits for an input of some kind, which is left for the taker.
        var watcher: (fits: @Sendable (RunInput) -> Bool, CheckedContinuation<Void, Never>)?
        var isClosed = false

        /// The watcher to wake, taken out.
        mutating func takeWatcher() -> CheckedContinuation<Void, Never>? {
            defer { watcher = nil }
            return watcher?.1
        }

        /// The taker to wake, taken out.
        mutating func takeTaker() -> CheckedContinuation<Void, Never>? {
            defer { taker = nil }
            return taker
        }
    }

    private let state = Mutex(State())

    /// Adds an input; inputs that come after `close` are dropped.
    func put(_ input: RunInput) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>?] in
            guard !state.isClosed else { return [] }
            state.waiting.append(input)
            let isWatched = state.watcher?.fits(input) == true
            return [state.takeTaker(), isWatched ? state.takeWatcher() : nil]
        }
        for waiting in woken { waiting?.resume() }
    }

    /// Adds an input that goes before all that wait.
    func putFirst(_ input: RunInput) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed else { return nil }
            state.waiting.insert(input, at: 0)
            return state.takeTaker()
        }?.resume()
    }

    /// Returns once an input waits that fits, the queue is closed, or the calling task is cancelled.
    ///
    /// One caller at a time.
    func arrival(where fits: @escaping @Sendable (RunInput) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { watcher in
                let isOver = state.withLock { state in
                    // Cancelled before this: the handler has found nobody to wake.
                    guard !state.isClosed, !Task.isCancelled, !state.waiting.contains(where: fits)
                    else { return true }
                    state.watcher = (fits, watcher)
                    return false
                }
                if isOver { watcher.resume() }
            }
        } onCancel: {
            state.withLock { $0.takeWatcher() }?.resume()
        }
    }

    /// Whether an input waits that fits.
    func contains(where fits: (RunInput) -> Bool) -> Bool {
        state.withLock { $0.waiting.contains(where: fits) }
    }

    /// Wakes whoever waits, for good.
    func close() {
        let woken = state.withLock { state in
            state.isClosed = true
            return [state.takeTaker(), state.takeWatcher()]
        }
        for waiting in woken { waiting?.resume() }
    }

    /// Lets tasks go first that have an input at hand, as long as one comes each time: one commit
    /// for all of them costs as much as one for the first alone.
    private func gather(_ limit: Int) async {
        var count = 0
        while true {
            let now = state.withLock { $0.isClosed ? 0 : $0.waiting.count }
            guard now > count, now < limit else { return }
            count = now
            await Task.yield()
        }
    }

    /// What has arrived by now, up to a limit; waits for the first input alone.
    ///
    /// When the calling task is cancelled, the queue closes.
    ///
    /// - Returns: nothing only after `close`.
    func batch(upTo limit: Int) async -> [RunInput] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { taker in
                let isReady = state.withLock { state in
                    guard state.waiting.isEmpty, !state.isClosed else { return true }
                    state.taker = taker
                    return false
                }
                if isReady { taker.resume() }
            }
        } onCancel: {
            close()
        }
        await gather(limit)
        return state.withLock { state in
            let batch = Array(state.waiting.prefix(limit))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }
}
