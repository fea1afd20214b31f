import Runbooks
import Runner

/// Opens a run in the journal: everything it needs later is durable before.
struct RunOpening: Sendable {
    let session: Session
    let home: OpenedHome
    let prepared: PreparedPlan
    let shown: PlanSubject
    let ticket: String?
    let decision: StartDecision
    /// Whether it waits where gates close, and starts by itself.
    var waits = false
    /// Who signed the start, where trust asks for it.
    var signer: PersonID?
    /// What two people signed who start it without a change; nil for any other run.
    var glass: BrokenGlass?

    /// Stores files, plan and forecast, and records the run with its leader.
    ///
    /// - Throws: `JournalError`.
    func open(_ id: RunID, lease: Lease) async throws -> RunRecord {
        for file in prepared.plan.runbook.files {
            _ = try await home.store.put(prepared.files[file.sha256] ?? [])
        }
        _ = try await home.store.put(try CanonicalJSON.bytes(of: prepared.plan))
        let forecast = try await home.store.put(try CanonicalJSON.bytes(of: shown.forecast))
        let redactor = Redactor(secrets: Array(prepared.parameters.secrets.values))
        let alerts = prepared.alertContent.map { $0.scrubbed(by: redactor) }
        let content =
            alerts.isEmpty ? nil : try await home.store.put(try CanonicalJSON.bytes(of: alerts))
        let outline = try await home.store.put(
            try CanonicalJSON.bytes(of: shown.forecast.outline))
        let record = RunRecord(
            id: id, number: try await home.journal.nextRunNumber(for: prepared.plan.planID),
            plan: prepared.plan, planDigest: prepared.digest,
            forecastDigest: forecast,
            actor: glass?.first ?? signer?.rawValue ?? session.actor,
            ticket: ticket.map { redactor.scrub($0) },
            alert: prepared.alert,
            librarySource: prepared.opened.source, opened: session.world.now(),
            leftOut: decision.leftOut.isEmpty ? nil : decision.leftOut,
            comparison: decision.comparison, alertContent: content, forecastOutline: outline,
            gating: prepared.gates.bindsStarts
                ? Gating(waits: waits, seenMilliseconds: prepared.seenMilliseconds) : nil,
            change: prepared.change, brokenGlass: glass)
        session.passCrashPoint("open-before")
        try await home.journal.open(record, lease: lease, leaseUntil: session.leaseEnd)
        session.passCrashPoint("open-after")
        return record
    }
}

extension Session {
    /// Runs a body that Ctrl-C and SIGTERM cancel: before a run there is nothing to pause.
    ///
    /// - Throws: what the body throws; `Failure` (aborted) after a signal.
    func interruptible<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let value = try await unless([.interrupt, .terminate], body) else {
            console.endInterruptedLine()
            throw Failure(.aborted, code: "aborted", "Interrupted: nothing was started.")
        }
        return value
    }

    /// Runs a body that the first of the signals cancels.
    ///
    /// - Returns: nil after a signal.
    func unless<Value: Sendable>(
        _ signals: [ProcessSignal], _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in world.signals(signals) { break }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
