import Runner
import Synchronization

/// A line of the trail with the event that this process made it of.
struct MadeLine: Sendable {
    let line: TrailLine
    /// The digest of the line before.
    let previous: String
    private let id: String
    private let event: TrailEvent
    private let isWhole: Bool

    init(_ event: TrailEvent, sequence: Int, after previous: String, id: String) {
        (line, isWhole) = TrailLine.made(of: event, sequence: sequence, after: previous, id: id)
        (self.previous, self.id, self.event) = (previous, id, event)
    }

    /// What reading the line gives; nil where that has to be found out by reading it.
    var record: TrailRecord? {
        guard isWhole else { return nil }
        return TrailRecord(event, sequence: line.sequence, previous: previous, id: id)
    }
}

/// The last lines that this process made, so that its seals needn't read them.
///
/// A memory and no authority: a line may be in it whose transaction was not kept. Who uses one
/// compares its text with the journal's, byte by byte.
///
/// A class, since a lock can't be copied.
final class MadeLines: Sendable {
    /// How many are kept: more than may be unsealed before dispatch stops, and a batch.
    static let most = 4096 + 512

    private struct State {
        /// Of consecutive numbers.
        var lines: [MadeLine] = []
        /// Those before this index are sealed.
        var start = 0
    }

    private let state = Mutex(State())

    /// Adds a line; one of its number, and what came after that, is forgotten.
    func add(_ line: MadeLine) {
        state.withLock { state in
            while let last = state.lines.last, last.line.sequence >= line.line.sequence {
                state.lines.removeLast()
            }
            let isNext = state.lines.last.map { $0.line.sequence + 1 == line.line.sequence }
            if isNext == false || state.lines.count - state.start >= Self.most {
                state.lines = []
            }
            state.start = min(state.start, state.lines.count)
            state.lines.append(line)
        }
    }

    /// Lines from a number on, in order; none where the first isn't here.
    func lines(from first: Int, limit: Int) -> ArraySlice<MadeLine> {
        state.withLock { state in
            guard let known = state.lines.first?.line.sequence, known <= first,
                first - known < state.lines.count
            else { return [] }
            return state.lines[(first - known)...].prefix(limit)
        }
    }

    /// Forgets lines up to a number.
    func forget(through last: Int) {
        state.withLock { state in
            guard let known = state.lines.first?.line.sequence, known <= last else { return }
            state.start = min(state.lines.count, last - known + 1)
            guard state.start > state.lines.count / 2 else { return }
            state.lines.removeFirst(state.start)
            state.start = 0
        }
    }
}
