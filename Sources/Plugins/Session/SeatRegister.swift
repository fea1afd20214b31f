import Runbooks
import Runner
import Synchronization

/// Notices that two targets of a run lead to the same account of the same machine.
///
/// A class, because all sessions of a run share it.
final class SeatRegister: Sendable {
    private struct State {
        var holders: [MachineSeat: [TargetName]] = [:]
        /// Targets on which the run itself has started something: those go on.
        var begun: Set<TargetName> = []
    }

    private let state = Mutex(State())

    /// Takes a target's seat before something is started on it.
    ///
    /// - Parameters:
    ///   - seat: where the target's session acts.
    ///   - target: the target that asks.
    ///   - isRehearsal: whether a dry run asks, which starts nothing that counts.
    /// - Returns: why nothing may be started there; nil when it may.
    func take(_ seat: MachineSeat, for target: TargetName, isRehearsal: Bool) -> String? {
        state.withLock { state in
            var holders = state.holders[seat, default: []]
            if !holders.contains(target) { holders.append(target) }
            state.holders[seat] = holders
            let others = holders.filter { $0 != target }
            guard !others.isEmpty, !state.begun.contains(target) else {
                if !isRehearsal { state.begun.insert(target) }
                return nil
            }
            let names = others.map(\.rawValue).joined(separator: ", ")
            return "\(target) and \(names) are one and the same: \(seat.words). Nothing is "
                + "started twice there. Keep one of them in the inventory, or leave one out "
                + "with --exclude."
        }
    }
}
