/// The one ordered stream of a run's inputs, taken in batches.
///
/// Its length is bounded by what can be under way: one attempt and two timers a target, and what
/// the inbox holds.
actor InputQueue {
    private var waiting: [RunInput] = []
    private var taker: CheckedContinuation<Void, Never>?
    private var isClosed = false

    /// Adds an input; inputs that come after `close` are dropped.
    func put(_ input: RunInput) {
        guard !isClosed else { return }
        waiting.append(input)
        wake()
    }

    /// Wakes whoever waits, for good.
    func close() {
        isClosed = true
        wake()
    }

    /// What has arrived by now, up to a limit; waits for the first input alone.
    ///
    /// - Returns: nothing only after `close`.
    func batch(upTo limit: Int) async -> [RunInput] {
        while waiting.isEmpty, !isClosed {
            await withCheckedContinuation { taker = $0 }
        }
        let batch = Array(waiting.prefix(limit))
        waiting.removeFirst(batch.count)
        return batch
    }

    private func wake() {
        taker?.resume()
        taker = nil
    }
}
