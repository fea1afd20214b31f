import Runbooks
import Runner

/// Brings the journal's lines into the trail (docs/trail.md, "When").
///
/// Callers that arrive while a seal is under way share the next one. An actor, because it owns
/// whose turn it is.
package actor TrailSealer: Trail {
    /// What a caller that had to wait is told.
    private enum Word: Sendable {
        case sealed(Result<Void, JournalError>)
        case yourTurn
    }

    private let drain: TrailDrain
    private let queue = BlockingQueue(label: "handrail.trail")
    private var isSealing = false
    private var waiting: [CheckedContinuation<Word, Never>] = []

    /// Seals what a journal records, and takes evidence from its store.
    ///
    /// - Parameters:
    ///   - journal: whose lines are sealed.
    ///   - store: where plans, forecasts and runbook files are.
    ///   - open: opens the trail at the first seal; an origin is given where none may be there yet.
    package init(
        journal: SQLiteJournal, store: FileContentStore,
        open: @escaping @Sendable (TrailOrigin?) throws(JournalError) -> any TrailSink
    ) {
        drain = TrailDrain(journal: journal, store: store, open: open)
    }

    /// Seals what a journal records in its home's repository.
    package init(journal: SQLiteJournal, store: FileContentStore) {
        let home = journal.home
        self.init(journal: journal, store: store) { origin throws(JournalError) in
            try TrailRepository.open(in: home, create: origin)
        }
    }

    /// Returns once everything that was recorded before the call is in the trail, on the disk.
    ///
    /// - Throws: `locked`, `full`, `io`; `corrupt` when journal and trail disagree.
    package func seal() async throws(JournalError) {
        if isSealing {
            switch await withCheckedContinuation({ waiting.append($0) }) {
            case .sealed(let result): return try result.get()
            case .yourTurn: break
            }
        }
        isSealing = true
        let followers = waiting
        waiting = []
        let result = await queue.run { [drain] () -> Result<Void, JournalError> in
            do throws(JournalError) {
                return .success(try drain.run())
            } catch {
                return .failure(error)
            }
        }
        for follower in followers { follower.resume(returning: .sealed(result)) }
        // Who came meanwhile may have recorded after this seal has looked.
        if waiting.isEmpty {
            isSealing = false
        } else {
            waiting.removeFirst().resume(returning: .yourTurn)
        }
        try result.get()
    }

    /// Where the trail ends, and how far the journal's lines are in it; nil while it has none.
    ///
    /// - Throws: as `seal`; `notFound` when the repository is gone.
    package func look() async throws(JournalError) -> (tip: TrailTip, rows: SealedSoFar)? {
        let found = try await asked { drain throws(JournalError) in try drain.look() }
        return found.map { (tip: $0.0, rows: $0.1) }
    }

    /// Finds out whether the home has the key that signs what is recorded next.
    ///
    /// - Throws: `corrupt`, `io` for one that is gone, another, or open to other accounts.
    package func confirmKey() async throws(JournalError) {
        try await asked { drain throws(JournalError) in try drain.confirmKey() }
    }

    /// Compares the trail's end with the journal: whether another line may be recorded.
    ///
    /// Waits for no other process, and makes nothing; a trail that isn't there yet agrees.
    /// - Throws: `corrupt` when they disagree; `notFound` when the repository is gone, `io`.
    package func compare() async throws(JournalError) {
        try await asked { drain throws(JournalError) in try drain.compare() }
    }

    /// Asks the drain, which blocks, on the queue.
    private func asked<Value: Sendable>(
        _ question: @escaping @Sendable (TrailDrain) throws(JournalError) -> Value
    ) async throws(JournalError) -> Value {
        let result = await queue.run { [drain] () -> Result<Value, JournalError> in
            do throws(JournalError) {
                return .success(try question(drain))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
