import Runbooks

/// What the latest audits of a baseline say, judged now with the library in use.
package struct BaselineReport: Sendable {
    /// What changed between the last two looks at an item.
    package enum Drift: String, Sendable, Codable, CaseIterable { case new, mended, staying }

    /// One item on one target.
    package struct Row: Sendable, Hashable {
        /// Which target.
        package let target: TargetName
        /// The item; of one with `for_each` a single one.
        package let item: StepID
        /// What holds where it complies.
        package let title: String
        /// The newest result; a deviation is excepted by what the library says now.
        package let result: AuditResult
        /// When that was seen.
        package let at: Timestamp
        /// What changed since the look before; nil for nothing.
        package let drift: Drift?
        /// Of a deviation: the first look of an unbroken row of them that is known.
        package let since: Timestamp?
        /// What mends it, with its values for this target; nil when nothing is named.
        package let fix: Fix?
    }

    /// A runbook that mends an item, with values.
    package struct Fix: Sendable, Hashable {
        /// Which runbook.
        package let runbook: RunbookID
        /// Its parameters, by name.
        package let values: [String: String]
    }

    /// What is to be said of an exception.
    package enum ExceptionNote: String, Sendable, Codable, CaseIterable {
        case ended
        case endsSoon = "ends_soon"
        /// Nothing deviates that it covers.
        case idle
    }

    /// Which baseline.
    package let baseline: RunbookID
    /// Its title.
    package let title: String
    /// How old an audit may be; nil where nothing says.
    package let every: Duration?
    /// The targets that it is about, by name.
    package let targets: [TargetName]
    /// All results, the most severe items first, then by item and target.
    package let rows: [Row]
    /// The label that `counts` go by.
    package let label: String
    /// The results by that label's values, sorted.
    package let counts: [AuditCounts]
    /// Targets that were never audited, or not for too long, with when they last were.
    package let overdue: [(target: TargetName, looked: Timestamp?)]
    /// Exceptions of which something is to be said, in the file's order.
    package let exceptions: [(exception: BaselineException, note: ExceptionNote)]
    /// When the newest audit of any target began; nil where none was ever looked at.
    package let newest: Timestamp?

    package init(
        of runbook: Runbook, in inventory: Inventory, _ history: AuditHistory, at now: Timestamp,
        by label: String = AuditHistory.usualLabel
    ) {
        let chosen = inventory.targets
            .filter { target in runbook.targets.select?.holds(in: target.scope) ?? true }
            .sorted { $0.name < $1.name }
        let exceptions = runbook.baseline?.exceptions ?? []
        let rows = chosen.flatMap { target in
            Self.rows(of: target, runbook, history.targets[target.name], exceptions, now)
        }
        baseline = runbook.id
        title = runbook.title
        every = runbook.baseline?.every
        targets = chosen.map(\.name)
        self.label = label
        counts = AuditCounts.by(chosen.map { ($0.name, $0.labels[label]) }, rows)
        let order = Dictionary(
            runbook.steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.rows = rows.sorted { left, right in
            let (first, second) = (order[left.item.step] ?? 0, order[right.item.step] ?? 0)
            return (left.result.severity, first, left.item, left.target)
                < (right.result.severity, second, right.item, right.target)
        }
        let schedule = every.map(AuditSchedule.init)
        overdue = chosen.compactMap { target in
            let looked = history.targets[target.name]?.looked
            let isLate = schedule?.isOverdue(looked: looked, at: now) ?? (looked == nil)
            return isLate ? (target: target.name, looked: looked) : nil
        }
        self.exceptions = exceptions.compactMap { exception in
            Self.note(on: exception, rows, chosen, now).map { (exception: exception, note: $0) }
        }
        newest = chosen.compactMap { history.targets[$0.name]?.looked }.max()
    }

    /// How many results have a verdict.
    package func count(_ verdict: AuditResult.Verdict) -> Int {
        rows.count { $0.result.verdict == verdict }
    }

    /// Whether something deviates that nobody answers for.
    package var deviates: Bool { rows.contains { $0.result.verdict == .deviates } }

    private static func rows(
        of target: Target, _ runbook: Runbook, _ known: AuditHistory.OfTarget?,
        _ exceptions: [BaselineException], _ now: Timestamp
    ) -> [Row] {
        guard let known else { return [] }
        let values = BaselineValues(runbook, target)
        return runbook.steps.flatMap(values.items).compactMap { item -> Row? in
            guard let found = known.items[item.id], let latest = found.latest,
                item.when?.holds(in: values.scope) ?? true
            else { return nil }
            let exception = exceptions.covering(item.id, on: target.name, at: now)
            // What deviates is worth what the library says now.
            var result = latest.result.excepted(by: exception)
            result.severity = item.audit?.severity ?? result.severity
            return Row(
                target: target.name, item: item.id, title: item.title, result: result,
                at: latest.run.opened, drift: drift(of: found, result),
                since: result.deviation == nil ? nil : found.since,
                fix: values.fix(of: item.id))
        }
    }

    /// An audit that could not look says nothing of what changed.
    private static func drift(of found: AuditHistory.OfItem, _ result: AuditResult) -> Drift? {
        guard let seen = found.seen, result.verdict != .failed else { return nil }
        let deviated = found.before?.isDeviation ?? false
        guard seen.isDeviation else { return deviated ? .mended : nil }
        guard result.verdict == .deviates else { return nil }
        return deviated ? .staying : .new
    }

    /// What to say of an exception; one whose targets were never audited says nothing yet.
    private static func note(
        on exception: BaselineException, _ rows: [Row], _ targets: [Target], _ now: Timestamp
    ) -> ExceptionNote? {
        let state = exception.state(at: now)
        guard state != .ended else { return .ended }
        let isAbout = targets.contains { exception.targets.contains($0.name) }
        let covered = rows.filter { exception.covers($0.item, on: $0.target) }
        let isNeeded = covered.contains {
            $0.result.deviation != nil || $0.result.verdict == .failed
        }
        if !isNeeded, !isAbout || !covered.isEmpty { return .idle }
        return state == .endsSoon ? .endsSoon : nil
    }
}
