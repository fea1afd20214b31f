#if DEBUG
    import Runbooks
    import Runner
    import Synchronization

    /// Where a debug build dies on request, to try what comes after: `HANDRAIL_CRASH_AT=LABEL`, or
    /// `LABEL:N` for the Nth time that the point is passed (docs/reliability.md).
    ///
    /// A class, because all ports of a process count the same passings.
    final class CrashPoints: Sendable {
        private let label: String
        private let number: Int
        private let end: @Sendable () -> Void
        private let passed = Mutex(0)

        /// Nil where the variable is missing, or no label with a number from 1.
        init?(_ text: String?, end: @escaping @Sendable () -> Void) {
            guard let parts = text?.split(separator: ":", omittingEmptySubsequences: false),
                let label = parts.first, !label.isEmpty, parts.count <= 2,
                let number = parts.count == 2 ? Int(parts[1]) : 1, number > 0
            else { return nil }
            (self.label, self.number, self.end) = (String(label), number, end)
        }

        /// Ends the process when this is the point, for the Nth time.
        func pass(_ label: String) {
            guard label == self.label else { return }
            let count = passed.withLock {
                $0 += 1
                return $0
            }
            if count == number { end() }
        }

        /// Passes LABEL-before, does it, and passes LABEL-after, also after a failure.
        func around<Value, Problem: Error>(
            _ label: String, _ body: () async throws(Problem) -> Value
        ) async throws(Problem) -> Value {
            pass(label + "-before")
            defer { pass(label + "-after") }
            return try await body()
        }
    }

    /// A journal that dies around its writes: `append`, `admit`, `dismiss`, `renew`.
    struct CrashingJournal: Journal {
        let base: any Journal
        let points: CrashPoints

        func open(
            _ run: RunRecord, lease: Lease, leaseUntil: Timestamp
        ) async throws(JournalError) {
            try await base.open(run, lease: lease, leaseUntil: leaseUntil)
        }

        func append(
            _ events: [RunEvent], to run: RunID, at: Timestamp, lease: Lease
        ) async throws(JournalError) -> Int {
            try await points.around("append") { () async throws(JournalError) in
                try await base.append(events, to: run, at: at, lease: lease)
            }
        }

        func record(of run: RunID) async throws(JournalError) -> RunRecord {
            try await base.record(of: run)
        }

        func events(
            of run: RunID, after sequence: Int
        ) async throws(JournalError) -> [RecordedEvent] {
            try await base.events(of: run, after: sequence)
        }

        func takeOver(
            _ run: RunID, lease: Lease, now: Timestamp, until: Timestamp
        ) async throws(JournalError) -> Bool {
            try await base.takeOver(run, lease: lease, now: now, until: until)
        }

        func renew(_ lease: Lease, of run: RunID, until: Timestamp) async throws(JournalError) {
            try await points.around("renew") { () async throws(JournalError) in
                try await base.renew(lease, of: run, until: until)
            }
        }

        func admit(
            _ targets: [TargetName], to run: RunID, within groups: [ProtectedGroup],
            at: Timestamp, lease: Lease
        ) async throws(JournalError) -> [TargetName: Deferral] {
            try await points.around("admit") { () async throws(JournalError) in
                try await base.admit(targets, to: run, within: groups, at: at, lease: lease)
            }
        }

        func dismiss(
            _ targets: [TargetName], of run: RunID, lease: Lease
        ) async throws(JournalError) {
            try await points.around("dismiss") { () async throws(JournalError) in
                try await base.dismiss(targets, of: run, lease: lease)
            }
        }

        func release(_ lease: Lease, of run: RunID) async throws(JournalError) {
            try await base.release(lease, of: run)
        }

        func post(
            _ command: PersonCommand, to run: RunID, at: Timestamp
        ) async throws(JournalError) {
            try await base.post(command, to: run, at: at)
        }

        func inbox(
            of run: RunID, after id: Int
        ) async throws(JournalError) -> [(id: Int, PersonCommand)] {
            try await base.inbox(of: run, after: id)
        }
    }

    /// A trail that dies around its seals: `seal`, and `barrier` before a step starts.
    struct CrashingTrail: Trail {
        let base: any Trail
        let points: CrashPoints

        func seal() async throws(JournalError) {
            try await points.around("seal") { () async throws(JournalError) in
                try await base.seal()
            }
        }

        func sealBeforeStart() async throws(JournalError) {
            try await points.around("barrier") { () async throws(JournalError) in
                try await base.sealBeforeStart()
            }
        }
    }

    /// An output store that dies around its writes: `put`.
    struct CrashingStore: ContentStore {
        let base: any ContentStore
        let points: CrashPoints

        func put(_ bytes: [UInt8]) async throws(JournalError) -> Digest {
            try await points.around("put") { () async throws(JournalError) in
                try await base.put(bytes)
            }
        }

        func put(_ output: CapturedOutput) async throws(JournalError) -> Digest {
            try await points.around("put") { () async throws(JournalError) in
                try await base.put(output)
            }
        }

        func get(_ digest: Digest) async throws(JournalError) -> [UInt8] {
            try await base.get(digest)
        }
    }

    /// An executor that dies around what it does: `start`, `report`, `clean`, `close`, `shutdown`.
    struct CrashingExecutor: Executor {
        let base: any Executor
        let points: CrashPoints

        func perform(_ request: AttemptRequest) async -> AttemptReport {
            await points.around("start") { await base.perform(request) }
        }

        func perform(
            _ request: AttemptRequest,
            report: @Sendable (AttemptKey, AttemptReport) async -> Void
        ) async {
            await points.around("start") {
                await base.perform(request) { key, found in
                    await points.around("report") { await report(key, found) }
                }
            }
        }

        func recall(_ target: TargetName) async { await base.recall(target) }

        func cancel(_ target: TargetName) async { await base.cancel(target) }

        func close(_ target: TargetName) async {
            await points.around("close") { await base.close(target) }
        }

        func clean(_ target: TargetName) async {
            await points.around("clean") { await base.clean(target) }
        }

        func shutDown() async {
            await points.around("shutdown") { await base.shutDown() }
        }
    }
#endif

extension Session {
    /// Passes a point of this process where a debug build may be told to die; nothing else.
    func passCrashPoint(_ label: String) {
        #if DEBUG
            CrashPoints(world.environment["HANDRAIL_CRASH_AT"], end: world.endAtOnce)?.pass(label)
        #endif
    }
}
