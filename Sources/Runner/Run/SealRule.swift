import Runbooks
import Synchronization

/// Which decisions wait until they are in the trail, before their effects (docs/trail.md, "When").
struct SealRule: Sendable {
    /// Whether this leader has started anything yet.
    private var hasActed = false

    init() {}

    /// Whether the effects of a decision, which is recorded, wait for the trail.
    mutating func waits(_ decision: RunDecision) -> Bool {
        // The first effect of a leader: whatever the last one left is sealed with it.
        let isFirst = !hasActed && decision.effects.contains(where: \.acts)
        hasActed = hasActed || isFirst
        return isFirst || decision.events.contains(where: \.isBarrier)
            || decision.effects.contains(where: \.isFinish)
    }
}

extension RunEvent {
    /// Whether what it allows waits until it is in the trail: people's acts, and the end.
    var isBarrier: Bool {
        switch self {
        case .commanded(let command, _):
            if case .note = command.verb { false } else { true }
        case .answered, .closed, .gatesAnswered: true
        case .stateChanged, .targetStarted, .deferred, .lockKept, .unlocked, .vouched,
            .sessionOpened, .attemptStarted, .attemptEnded, .stepEnded, .reopened, .outputsTaken,
            .audited,
            .verifyEnded,
            .symptomAsked, .owed, .paid, .notOwed, .leftOwed, .asked, .stopped, .targetEnded,
            .refused, .thresholdReached, .restored, .wave:
            false
        }
    }
}

extension RunEffect {
    /// Whether it ends the loop.
    var isFinish: Bool { if case .finish = self { true } else { false } }

    /// Whether it begins something on a target, other than to give back what a run still owes.
    var startsStep: Bool {
        guard case .perform(let request) = self else { return false }
        return !request.key.part.isRelease && request.key.target.waveList?.kind != .after
    }

    /// Whether it does something on a target.
    fileprivate var acts: Bool {
        switch self {
        case .perform, .askPeer, .askHealth, .cancel, .close, .clean: true
        case .timer, .finish, .ask, .withdraw, .recall, .admit, .dismiss, .askGates: false
        }
    }
}

/// What a leader has recorded and not sealed yet, and who is to seal it.
///
/// A class, since a lock can't be copied: the loop and the seals beside it look at it.
final class SealBacklog: Sendable {
    /// What is to be done about events that were just recorded.
    enum Need: Sendable, Equatable {
        /// A seal is on its way already.
        case nothing
        /// A seal within the interval.
        case soon
        /// A seal beside the loop, at once.
        case atOnce
        /// The loop must wait: there is too much, or the last seal failed.
        case wait
    }

    private struct State {
        var count = 0
        var isSoon = false
        var isAtOnce = false
        var hasFailed = false
    }

    private let state = Mutex(State())

    /// Notes events that the journal has.
    func note(_ count: Int, batch: Int, most: Int) -> Need {
        state.withLock { state in
            state.count += count
            if state.hasFailed || state.count >= most { return .wait }
            if state.count >= batch, !state.isAtOnce {
                state.isAtOnce = true
                return .atOnce
            }
            if state.isSoon || state.isAtOnce || state.count == 0 { return .nothing }
            state.isSoon = true
            return .soon
        }
    }

    /// How many events a seal that begins now covers at least.
    var count: Int { state.withLock { $0.count } }

    /// Notes how a seal of so many events ended.
    func end(_ need: Need, count: Int, failed: Bool) {
        state.withLock { state in
            if need == .soon { state.isSoon = false }
            if need == .atOnce { state.isAtOnce = false }
            state.hasFailed = failed
            if !failed { state.count = max(0, state.count - count) }
        }
    }
}
