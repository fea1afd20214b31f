import Synchronization

/// Lets only so many connections be opened at the same time; the number grows while all goes well.
///
/// A hundred handshakes at once overload a small controller, and a jump host's `MaxStartups`.
final class ConnectionLimiter: Sendable {
    private struct State {
        var width: Int
        var busy = 0
        var waiting: [Latch<Void>] = []
    }

    private let state: Mutex<State>
    private let narrowest: Int
    private let widest: Int

    init(from narrowest: Int, to widest: Int) {
        self.narrowest = narrowest
        self.widest = widest
        state = Mutex(State(width: narrowest))
    }

    /// Waits for a turn; false when the task was cancelled, and no turn was taken.
    func begin() async -> Bool {
        let turn = Latch<Void>()
        state.withLock { state in
            if state.busy < state.width {
                state.busy += 1
                turn.set(())
            } else {
                state.waiting.append(turn)
            }
        }
        if await turn.wait() != nil { return true }
        // Cancelled while waiting, or just after the turn came: give that one back.
        if !turn.set(()) { end(wentWell: true) }
        return false
    }

    /// Gives the turn back.
    func end(wentWell: Bool) {
        state.withLock { state in
            state.busy -= 1
            state.width =
                wentWell ? min(widest, state.width + 1) : max(narrowest, state.width / 2)
            while state.busy < state.width, !state.waiting.isEmpty {
                // A latch that is set already belongs to a task that has left.
                if state.waiting.removeFirst().set(()) { state.busy += 1 }
            }
        }
    }
}
