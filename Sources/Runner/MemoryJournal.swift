import Runbooks

/// A journal in memory, for simulations and tests: the rules of the real one, none of its files.
package actor MemoryJournal: Journal, RunCatalog {
    /// One run with all that is known of it.
    struct Entry {
        let record: RunRecord
        var events: [RecordedEvent] = []
        var summary = SummaryFold()
        var held: HeldLease?
        var inbox: [(id: Int, PersonCommand)] = []
    }

    var entries: [RunID: Entry] = [:]
    /// Who holds which target (MemoryJournal+locks.swift).
    var holds: [TargetName: [RunID: Hold]] = [:]
    /// What their last runs left unavailable.
    var standings: [TargetName: Standing] = [:]
    /// In the order in which they were opened.
    private var order: [RunID] = []
    private var lastInboxID = 0
    private let isProvedDead: @Sendable (Lease) -> Bool

    /// Makes an empty journal; the closure says which leaders are dead.
    package init(isProvedDead: @escaping @Sendable (Lease) -> Bool) {
        self.isProvedDead = isProvedDead
    }

    /// Records a new run and gives its leader the lease.
    package func open(
        _ run: RunRecord, lease: Lease, leaseUntil: Timestamp
    ) throws(JournalError) {
        let leftOut = Set(run.leftOut?.map(\.target) ?? [])
        try refuseRepetition(of: run, leftOut)
        let isTaken = entries.values.contains {
            $0.record.plan.planID == run.plan.planID && $0.record.number == run.number
        }
        guard entries[run.id] == nil, !isTaken else {
            throw .taken(run.id, number: run.number)
        }
        // What was done is undone however often it was done.
        let counts =
            run.descent?.kind == .rollback
            ? [] : repeats(of: run.plan, leftOut: leftOut, at: run.opened)
        if let refusal = JournalError.repeated(run.plan, counts) { throw refusal }
        entries[run.id] = Entry(
            record: run, held: HeldLease(lease: lease, until: leaseUntil))
        order.append(run.id)
    }

    /// Refuses what another run of the plan does, or has done.
    private func refuseRepetition(
        of run: RunRecord, _ leftOut: Set<TargetName>
    ) throws(JournalError) {
        let others = order.compactMap { entries[$0] }
            .filter { $0.record.plan.planID == run.plan.planID }
        // A child run goes on from its parent, which hands over what is owed and ends.
        if let other = others.last(where: {
            $0.summary.closed == nil && $0.record.id != run.descent?.parent
        }) {
            throw .underWay(other.record.id)
        }
        if run.descent?.kind == .rollback { return }
        for other in others.reversed() {
            let done = run.plan.targets.map(\.name).filter {
                !leftOut.contains($0) && other.summary.outcomes[$0]?.isGood == true
            }
            guard done.isEmpty else { throw .usedUp(done, by: other.record.id) }
        }
    }

    /// Appends events in order, all or none.
    package func append(
        _ events: [RunEvent], to run: RunID, at: Timestamp, lease: Lease
    ) throws(JournalError) -> Int {
        var entry = try led(run, by: lease)
        guard entry.summary.closed == nil else { throw .closed(run, entry.summary.state) }
        for event in events {
            let recorded = RecordedEvent(
                sequence: entry.events.count + 1, at: at, event: event)
            entry.events.append(recorded)
            entry.summary.fold(recorded)
        }
        entry.inbox.removeAll { entry.summary.doneCommands[$0.id] != nil }
        entries[run] = entry
        for event in events { noteStanding(after: event, of: run, entry.summary.outcomes) }
        change(LockChanges(events), of: run)
        return entry.events.count
    }

    /// The run's facts.
    package func record(of run: RunID) throws(JournalError) -> RunRecord { try known(run).record }

    /// The run's events after a sequence number, in order.
    package func events(
        of run: RunID, after sequence: Int
    ) throws(JournalError) -> [RecordedEvent] {
        try known(run).events.filter { $0.sequence > sequence }
    }

    /// Takes over a run that nobody alive leads.
    package func takeOver(
        _ run: RunID, lease: Lease, now: Timestamp, until: Timestamp
    ) throws(JournalError) -> Bool {
        let entry = try known(run)
        guard entry.summary.closed == nil else { throw .closed(run, entry.summary.state) }
        if let held = entry.held,
            !held.canBeTaken(by: lease, now: now, isProvedDead: isProvedDead)
        {
            return false
        }
        entries[run]?.held = HeldLease(lease: lease, until: until)
        dismissUnstarted(of: run)
        return true
    }

    /// Prolongs the lease.
    package func renew(
        _ lease: Lease, of run: RunID, until: Timestamp
    ) throws(JournalError) {
        var entry = try led(run, by: lease)
        entry.held = HeldLease(lease: lease, until: until)
        entries[run] = entry
    }

    /// Gives the lease back; without one there is nothing to do.
    package func release(_ lease: Lease, of run: RunID) throws(JournalError) {
        guard let held = try known(run).held else { return }
        guard held.lease == lease else { throw .leaseLost(run) }
        entries[run]?.held = nil
        dismissUnstarted(of: run)
    }

    /// Puts a person's command into the run's inbox.
    package func post(
        _ command: PersonCommand, to run: RunID, at: Timestamp
    ) throws(JournalError) {
        let entry = try known(run)
        guard !entry.summary.state.isTerminal else { throw .closed(run, entry.summary.state) }
        guard entry.inbox.count < JournalLimit.waitingCommands else { throw .inboxFull(run) }
        lastInboxID += 1
        entries[run]?.inbox.append((id: lastInboxID, command))
    }

    /// The commands after an id whose effect isn't recorded yet, in order.
    package func inbox(
        of run: RunID, after id: Int
    ) throws(JournalError) -> [(id: Int, PersonCommand)] {
        try known(run).inbox.filter { $0.id > id }
    }

    /// The newest runs first.
    package func runs(matching filter: RunFilter) -> [RunSummary] {
        let newest = order.enumerated().compactMap { index, id in
            entries[id].map { (index, $0) }
        }
        .sorted { ($0.1.record.opened, $0.0) > ($1.1.record.opened, $1.0) }
        return Array(
            newest.lazy.map { self.summary(of: $0.1) }.filter { filter.matches($0) }
                .prefix(max(0, filter.limit)))
    }

    /// The number that the next run of a plan gets.
    package func nextRunNumber(for plan: PlanID) -> Int {
        1
            + (entries.values.filter { $0.record.plan.planID == plan }.map(\.record.number).max()
                ?? 0)
    }

    /// The targets that ended well in some run of a plan.
    package func targetsEndedWell(_ plan: PlanID) -> Set<TargetName> {
        var result: Set<TargetName> = []
        for entry in entries.values
        where entry.record.plan.planID == plan && entry.record.descent?.kind != .rollback {
            result.formUnion(entry.summary.outcomes.filter { $0.value.isGood }.keys)
        }
        return result
    }

    /// The newest runs of a plan's runbook in an environment of its library, the newest first.
    package func earlierRuns(of plan: Plan, in environment: String) -> [EarlierRun] {
        let runs = order.reversed().compactMap { entries[$0] }.filter { entry in
            let other = entry.record.plan
            return other.runbook.id == plan.runbook.id && other.environment.name == environment
                && other.libraryID == plan.libraryID
        }
        return runs.prefix(EarlierRun.mostLookedAt).map { entry in
            let other = entry.record.plan
            let isSame = other.runbook.digest == plan.runbook.digest
            return EarlierRun(
                id: entry.record.id, plan: other.planID, number: entry.record.number,
                digest: other.runbook.digest, state: entry.summary.state,
                resolution: entry.summary.resolution, opened: entry.record.opened,
                ended: entry.summary.closed, outcomes: isSame ? entry.summary.outcomes : [:],
                labels: isSame ? other.labelsOfTargets : [:])
        }
    }

    /// The runs of a plan's runbook that count against its `repeat`.
    package func repeats(
        of plan: Plan, leftOut: Set<TargetName>, at: Timestamp
    ) -> [RepeatCount] {
        guard let rule = plan.repeatRule else { return [] }
        let since = RepeatCount.since(rule, at: at)
        let past = entries.values.filter {
            $0.record.plan.runbook.id == plan.runbook.id && $0.record.opened > since
                && $0.record.descent?.kind != .rollback
        }.flatMap { entry in
            let left = Set(entry.record.leftOut?.map(\.target) ?? [])
            return entry.record.plan.targets.map(\.name).filter { !left.contains($0) }.map {
                target in
                RepeatCount.PastRun(
                    run: entry.record.id, actor: entry.record.actor, opened: entry.record.opened,
                    target: target, outcome: entry.summary.outcomes[target],
                    isOpen: entry.summary.closed == nil)
            }
        }
        return RepeatCount.of(plan, leftOut: leftOut, past: past)
    }

    /// How long targets took in the newest ended runs of a runbook.
    package func seenTimes(of runbook: RunbookID) -> SeenTimes {
        let past = order.reversed().compactMap { entries[$0] }.filter {
            $0.record.plan.runbook.id == runbook && $0.summary.closed != nil
                && $0.record.descent == nil
        }
        return SeenTimes(
            past.prefix(SeenTimes.mostRuns).flatMap { SeenTimes(of: $0.events).milliseconds })
    }

    private func known(_ run: RunID) throws(JournalError) -> Entry {
        guard let entry = entries[run] else { throw .noRun(run) }
        return entry
    }

    func led(_ run: RunID, by lease: Lease) throws(JournalError) -> Entry {
        let entry = try known(run)
        guard entry.held?.lease == lease else { throw .leaseLost(run) }
        return entry
    }

    private func summary(of entry: Entry) -> RunSummary {
        let record = entry.record
        return RunSummary(
            id: record.id, runbook: record.plan.runbook.id, title: record.plan.runbook.title,
            environment: record.plan.environment.name, actor: record.actor, ticket: record.ticket,
            state: entry.summary.state, resolution: entry.summary.resolution,
            targets: record.plan.targets.map(\.name), opened: record.opened,
            closed: entry.summary.closed,
            isLed: isLed(entry), parent: record.descent?.parent,
            goesOnAs: record.descent?.kind, isGlassBroken: record.brokenGlass != nil)
    }

    /// Whether a living process leads a run.
    func isLed(_ entry: Entry) -> Bool {
        entry.summary.closed == nil && entry.held.map { !isProvedDead($0.lease) } ?? false
    }
}

extension RunFilter {
    /// Whether a run belongs into the list; the limit isn't looked at.
    package func matches(_ run: RunSummary) -> Bool {
        (isOpen == nil || isOpen == (run.closed == nil))
            && (target.map { run.targets.contains($0) } ?? true)
            && (runbook.map { run.runbook == $0 } ?? true)
            && (since.map { run.opened >= $0 } ?? true)
    }
}
