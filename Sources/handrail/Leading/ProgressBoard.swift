import Runbooks
import Runner
import Synchronization

/// What is known of a run under way, between the loop that tells and the screen that shows.
///
/// A class, because both hold the same one.
final class ProgressBoard: Sendable {
    /// What a look at the board gives.
    struct Snapshot: Sendable {
        let run: RunMachine
        /// Lines since the last look, in order.
        let lines: [String]
        /// When each target last moved on.
        let since: [TargetName: Timestamp]
        /// Targets on which something runs and that can't be reached: since when.
        let lost: [TargetName: Timestamp]
    }

    /// Lines that wait for a screen; older ones go first, since the journal has them all.
    private static let mostLines = 1000

    private struct State {
        var run: RunMachine
        var lines: [String] = []
        var since: [TargetName: Timestamp] = [:]
        var lost: [TargetName: Timestamp] = [:]
    }

    private let state: Mutex<State>
    private let view: ProgressView
    private let now: @Sendable () -> Timestamp

    init(_ run: RunMachine, view: ProgressView, now: @escaping @Sendable () -> Timestamp) {
        state = Mutex(State(run: run))
        self.view = view
        self.now = now
    }

    /// Takes what was recorded; called by the loop after each commit.
    ///
    /// WHY NOT the loop's own machine: who keeps one makes the loop copy all of its targets before
    /// it changes the next.
    func note(_ events: [RunEvent]) {
        let time = now()
        state.withLock { state in
            for event in events { state.run.apply(event, at: time) }
            for event in events {
                if let line = view.line(for: event, in: state.run) { state.lines.append(line) }
            }
            state.lines.removeFirst(max(0, state.lines.count - Self.mostLines))
            for event in events {
                switch event {
                case .attemptStarted(let key): state.since[key.target] = time
                // What was sent ahead of it begins with the end of the step before.
                case .stepEnded(let target, _, _, _):
                    (state.since[target], state.lost[target]) = (time, nil)
                default: break
                }
            }
        }
    }

    /// Takes that a target can't be reached on which something runs, and why; nil: it answers again.
    func noteReach(_ target: TargetName, lost: String?) {
        let time = now()
        let line = view.line(forReachOf: target, lost: lost)
        state.withLock { state in
            state.lost[target] = lost == nil ? nil : time
            state.lines.append(line)
        }
    }

    /// Adds a line of the command's own.
    func say(_ line: String) { state.withLock { $0.lines.append(line) } }

    /// The run as it was last recorded.
    var run: RunMachine { state.withLock { $0.run } }

    /// What to show now; its lines are taken off the board.
    func take() -> Snapshot {
        state.withLock { state in
            defer { state.lines = [] }
            return Snapshot(
                run: state.run, lines: state.lines, since: state.since, lost: state.lost)
        }
    }
}
