import Synchronization

/// A value that is set once, and that tasks can wait for.
///
/// The first `set` wins; later ones do nothing. Waiting ends at once when the waiting task is
/// cancelled.
final class Latch<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Value?, Never>] = [:]
    }

    private let state = Mutex(State())

    /// The value, if it was set.
    var value: Value? { state.withLock { $0.value } }

    /// Sets the value and wakes all waiters; false when it was set before.
    @discardableResult
    func set(_ value: Value) -> Bool {
        let woken: [CheckedContinuation<Value?, Never>]? = state.withLock { state in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        woken?.forEach { $0.resume(returning: value) }
        return woken != nil
    }

    /// Waits until the value is set; nil when the calling task is cancelled first.
    func wait() async -> Value? {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Value?? = state.withLock { state in
                    if let value = state.value { return .some(value) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters[waiter] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let continuation = state.withLock { $0.waiters.removeValue(forKey: waiter) }
            continuation?.resume(returning: nil)
        }
    }
}
