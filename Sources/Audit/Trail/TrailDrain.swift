import Glibc
import Runbooks
import Runner
import Synchronization

/// Seals the journal's lines in order, a batch at a time; every call blocks.
///
/// The repository's tip decides what comes next; the journal's marks only say the same for those
/// who read. A class, because it keeps the trail open and what it has read of runs.
final class TrailDrain: Sendable {
    private struct State: Sendable {
        var sink: (any TrailSink)?
        /// The tip that was found to be the journal's own.
        var trusted: TrailTip?
        /// What messages say of runs, by their keys.
        var runs: [Int64: KnownRun] = [:]
    }

    private struct KnownRun: Sendable {
        let id: RunID
        let run: TrailRun
    }

    private let journal: SQLiteJournal
    private let store: FileContentStore
    private let open: @Sendable (TrailOrigin?) throws(JournalError) -> any TrailSink
    private let state = Mutex(State())

    init(
        journal: SQLiteJournal, store: FileContentStore,
        open: @escaping @Sendable (TrailOrigin?) throws(JournalError) -> any TrailSink
    ) {
        (self.journal, self.store, self.open) = (journal, store, open)
    }

    /// Seals everything that is recorded when it begins.
    func run() throws(JournalError) {
        let goal = try journal.sealedSoFar()
        guard goal.unsealed > 0 else { return }
        let sink = try sink(goal)
        var last = goal.sealed
        while last < goal.recorded {
            last = try sink.whileLocked { () throws(JournalError) -> Int in
                let tip = try sink.tip()
                try adopt(tip)
                return try seal(after: tip, in: sink)
            }
        }
    }

    /// Where the trail ends, once it is found to be the journal's own; nil without a line.
    func look() throws(JournalError) -> (TrailTip, SealedSoFar)? {
        let rows = try journal.sealedSoFar()
        guard rows.recorded > 0 else {
            try compare()
            return nil
        }
        let sink = try sink(rows)
        return try sink.whileLocked { () throws(JournalError) in
            let tip = try sink.tip()
            let now = try journal.sealedSoFar()
            try check(tip, now)
            return (tip, now)
        }
    }

    /// Finds out whether what is recorded next can be signed.
    func confirmKey() throws(JournalError) {
        let rows = try journal.sealedSoFar()
        // The first line makes the key.
        if rows.recorded > 0 { try sink(rows).confirmKey() }
    }

    /// Compares the trail's end with the journal; holds nobody up, and makes nothing.
    ///
    /// INVARIANT: what is sealed was recorded before, so the marks are read before the tip, and
    /// the number of lines after it.
    func compare() throws(JournalError) {
        let before = try journal.sealedSoFar()
        let sink: any TrailSink
        do throws(JournalError) {
            if let known = state.withLock({ $0.sink }) {
                sink = known
            } else {
                sink = try open(nil)
            }
        } catch {
            // The first seal makes it.
            if error.code == .notFound, before.sealed == 0 { return }
            throw error
        }
        let tip = try sink.tip()
        let after = try journal.sealedSoFar()
        try check(tip, SealedSoFar(recorded: after.recorded, sealed: before.sealed))
    }

    private func sink(_ rows: SealedSoFar) throws(JournalError) -> any TrailSink {
        if let sink = state.withLock({ $0.sink }) { return sink }
        // Once something was sealed the repository is there, or it is gone.
        let sink = try open(rows.sealed == 0 ? try origin() : nil)
        state.withLock { $0.sink = sink }
        return sink
    }

    /// What the journal's first line makes a trail with.
    private func origin() throws(JournalError) -> TrailOrigin {
        let record = try Self.record(try line(1))
        guard record.isA(.trailCreated), let host = record.detail("host"),
            let key = record.detail("key").flatMap(TrailPublicKey.init(line:))
        else { throw disagreeing(1, "the journal's first event isn't the trail's beginning") }
        return TrailOrigin(id: record.id, hostName: host, key: key)
    }

    private func line(_ sequence: Int) throws(JournalError) -> TrailLine {
        guard let row = try journal.lines(from: sequence, limit: 1).first,
            row.line.sequence == sequence
        else { throw disagreeing(sequence, "the journal has no such event") }
        return row.line
    }

    // --- what is sealed already -----------------------------------------------------------------

    /// Takes over what the repository holds and the journal has no mark of: a crash came between,
    /// or another process has sealed it.
    private func adopt(_ tip: TrailTip) throws(JournalError) {
        guard state.withLock({ $0.trusted }) != tip else { return }
        let rows = try journal.sealedSoFar()
        try check(tip, rows)
        if tip.sequence > rows.sealed, let commit = tip.commit {
            try journal.markSealed(through: tip.sequence, by: commit)
        }
        state.withLock { $0.trusted = tip }
    }

    /// Refuses a trail that isn't this journal's, or lacks what the journal has seen sealed.
    ///
    /// The digest of one line stands for all before it: each names the one before.
    private func check(_ tip: TrailTip, _ rows: SealedSoFar) throws(JournalError) {
        guard tip.sequence >= rows.sealed else {
            throw disagreeing(
                tip.sequence + 1,
                "the trail ends at event \(tip.sequence), and \(rows.sealed) were sealed")
        }
        guard tip.sequence <= rows.recorded else {
            throw disagreeing(
                rows.recorded + 1,
                "the trail has \(tip.sequence) events, and the journal \(rows.recorded)")
        }
        guard tip.sequence > 0 else { return }
        var sequence = max(1, rows.sealed)
        var previous = try line(sequence).digest
        while sequence < tip.sequence {
            let next = try journal.lines(
                from: sequence + 1, limit: min(256, tip.sequence - sequence))
            guard !next.isEmpty else {
                throw disagreeing(sequence + 1, "the journal has no such event")
            }
            for row in next {
                guard try Self.record(row.line).previous == previous else {
                    throw disagreeing(row.line.sequence, "it doesn't follow the one before")
                }
                (sequence, previous) = (row.line.sequence, row.line.digest)
            }
        }
        guard previous == tip.digest else {
            throw disagreeing(tip.sequence, "its line in the journal is another one")
        }
    }

    // --- the next batch -------------------------------------------------------------------------

    /// Seals the lines after the tip, a batch at most; gives the last one's number.
    private func seal(after tip: TrailTip, in sink: any TrailSink) throws(JournalError) -> Int {
        let rows = try journal.lines(from: tip.sequence + 1, limit: TrailLayout.largestBatch)
        guard let last = rows.last?.line else { return tip.sequence }
        var read: [ReadLine] = []
        for row in rows { read.append(try row.read()) }
        let batch = try TrailBatch(
            read: read, evidence: try evidence(for: read, of: rows), runs: try runs(of: rows))
        let commit = try sink.seal(batch)
        try journal.markSealed(through: last.sequence, by: commit)
        let sealed = try sink.tip()
        state.withLock { $0.trusted = sealed }
        return last.sequence
    }

    /// What is known of the runs that the lines are about.
    private func runs(of rows: [StoredLine]) throws(JournalError) -> [RunID: TrailRun] {
        var runs: [RunID: TrailRun] = [:]
        for key in Set(rows.compactMap(\.run)) {
            if let known = state.withLock({ $0.runs[key] }) {
                runs[known.id] = known.run
            } else if let record = try journal.record(key: key) {
                let known = KnownRun(id: record.id, run: TrailRun(record))
                state.withLock { $0.runs[key] = known }
                runs[known.id] = known.run
            }
        }
        return runs
    }

    /// The kinds of events that name what the trail keeps.
    private static let naming: [TrailEvent.Kind] = [
        .runOpened, .escalated, .trustChanged, .actSigned, .changeOpened, .changeAmended,
    ]

    /// What the digests in the lines name; what the store hasn't kept is recorded as a gap.
    private func evidence(
        for lines: [ReadLine], of rows: [StoredLine]
    ) throws(JournalError) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        for (row, line) in zip(rows, lines) {
            let event = line.record
            guard Self.naming.contains(where: event.isA) else { continue }
            var missing: [Digest] = []
            for digest in try digests(in: event, of: row.run) {
                do throws(JournalError) {
                    pieces.append(try store.getBlocking(digest))
                } catch {
                    guard error.code == .notFound || error.code == .corrupt else { throw error }
                    missing.append(digest)
                }
            }
            if !missing.isEmpty {
                let run = event.about["run"].flatMap(RunID.init(rawValue:))
                try journal.recordBlocking(Self.gap(missing, run, at: event.at), run: row.run)
            }
        }
        return pieces
    }

    /// What a line names that the trail keeps: of a run its plan and files, of an escalation its
    /// pack without outputs.
    private func digests(
        in event: TrailRecord, of run: Int64?
    ) throws(JournalError) -> [Digest] {
        if event.isA(.changeOpened) || event.isA(.changeAmended) {
            return try digests(ofChange: event)
        }
        if event.isA(.escalated) {
            return [event.detail("pack_digest").flatMap(Digest.init(rawValue:))].compactMap { $0 }
        }
        for (kind, key) in [
            (TrailEvent.Kind.trustChanged, "trust_digest"), (.actSigned, "signed_digest"),
        ] where event.isA(kind) {
            return [event.detail(key).flatMap(Digest.init(rawValue:))].compactMap { $0 }
        }
        guard event.isA(.runOpened), let run, let record = try journal.record(key: run) else {
            return []
        }
        return Self.digests(record)
    }

    /// What is approved with a change: its plan, the plan's files, and the forecast's outline.
    private func digests(ofChange event: TrailRecord) throws(JournalError) -> [Digest] {
        let named = ["plan_digest", "forecast_outline"].compactMap {
            event.detail($0).flatMap(Digest.init(rawValue:))
        }
        guard let plan = event.detail("plan_digest").flatMap(Digest.init(rawValue:)) else {
            return named
        }
        do throws(JournalError) {
            let files = TrailReader.files(ofPlan: try store.getBlocking(plan))
            return named + files.compactMap { Digest(rawValue: $0.1) }
        } catch {
            // That it is missing is recorded as a gap.
            guard error.code == .notFound || error.code == .corrupt else { throw error }
            return named
        }
    }

    /// The plan, the forecast's outline and the runbook's files: they can hold no secret.
    private static func digests(_ run: RunRecord) -> [Digest] {
        [run.planDigest] + [run.forecastOutline].compactMap { $0 }
            + run.plan.runbook.files.map(\.sha256)
    }

    private static func gap(_ missing: [Digest], _ run: RunID?, at: Timestamp) -> TrailEvent {
        var event = TrailEvent(kind: .trailGap, at: at, actor: TrailEvent.engine, via: .engine)
        event.run = run
        event.details = [
            "reason": .string("evidence is not in the store any more"),
            "missing": .array(missing.map { .string($0.rawValue) }),
        ]
        return event
    }

    private static func record(_ line: TrailLine) throws(JournalError) -> TrailRecord {
        do {
            return try TrailRecord(line: Array(line.text.utf8))
        } catch {
            throw .unreadableLine(line.sequence, error)
        }
    }

    /// Journal and trail don't say the same.
    private func disagreeing(_ sequence: Int, _ why: String) -> JournalError {
        JournalError(
            .corrupt,
            "Journal and trail of \(journal.home.path) disagree at event \(sequence): \(why).",
            hint: "Nothing more is recorded or started. Keep a copy of the home, run "
                + "'handrail audit verify', and restore journal and trail from the same backup.")
    }
}
