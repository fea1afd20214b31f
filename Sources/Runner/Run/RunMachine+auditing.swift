import Runbooks

/// Auditing a baseline: each step is an item, which is looked at whatever the others say
/// (docs/baselines.md).
extension RunMachine {
    /// Moves an item on: what was seen is recorded, and what could not be seen is tried again.
    mutating func judgeItem(
        _ step: Step, _ audit: ItemAudit, _ name: TargetName, _ attempt: AttemptRecord,
        _ target: TargetProgress, _ isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        guard let planned = planned(name) else { return false }
        let known: ItemAudit
        switch resolver.resolved(
            audit, target: planned, outputs: target.outputs, answers: answers(for: name))
        {
        case .failure(let missing): return end(step, name, .failed, missing.message, &turn)
        case .success(let resolved): known = resolved
        }
        let judged = AuditJudgement(known, step.action, attempt)
        guard judged.outcome == .ok else {
            return retryOrEnd(
                step, .action(step.id), name, (judged.outcome, judged.result.why), isRetryDue,
                &turn, limit: step.retry
            ) { machine, turn in machine.act(step, name, &turn) }
        }
        let exception = (plan.exceptions ?? []).covering(step.id, on: name, at: turn.now)
        let result = judged.result.excepted(by: exception)
        emit(.audited(name, step.id, result), &turn)
        return end(step, name, .ok, result.deviation, &turn)
    }

    /// Records of an item that it could not be looked at, as it ends.
    ///
    /// Of a target that can't be reached, and of an abort, the target's own end says it.
    ///
    /// - Returns: how the step ends; nothing was changed, so nothing is unknown.
    mutating func noteUnseen(
        _ step: Step, _ audit: ItemAudit, _ name: TargetName, _ outcome: Outcome,
        _ reason: String?, _ turn: inout Turn
    ) -> Outcome {
        switch outcome {
        case .failed, .timedOut, .unknown:
            let why = reason ?? outcome.rawValue
            emit(
                .audited(name, step.id, AuditResult(.failed, audit.severity, why: why)), &turn)
            return outcome == .unknown ? .failed : outcome
        case .satisfied, .changed, .ok, .skipped, .unreachable, .aborted: return outcome
        }
    }

    /// How a target ends whose sequence came to its end.
    func endOfSequence(_ target: TargetProgress) -> Outcome {
        guard plan.isAudit, target.outcomes.values.contains(where: { !$0.isGood }) else {
            return target.goodOutcome
        }
        return .failed
    }

    /// Whether anything deviates: what an audit comes to, once it has ended.
    var auditResolution: RunResolution {
        let all = order.compactMap { targets[$0] }
        let deviates = all.contains { target in
            target.audited.values.contains { $0.verdict == .deviates }
        }
        if deviates { return .unresolved }
        return all.allSatisfy { $0.outcome == .ok } ? .resolved : .unclear
    }
}

extension Plan {
    /// Whether it audits a baseline.
    package var isAudit: Bool { runbook.kind == .baseline }
}

extension ItemAudit: ArgumentHolder {
    /// The same with every value of its comparison and its fix put through a function.
    package func mappingArguments<Failure: Error>(
        _ transform: (Argument) throws(Failure) -> Argument
    ) throws(Failure) -> ItemAudit {
        var audit = self
        if let expected { audit.expected = try expected.mappingValues(transform) }
        if var fix {
            for (name, value) in fix.set { fix.set[name] = try transform(value) }
            audit.fix = fix
        }
        return audit
    }

    /// Every reference, in a fixed order: the comparison, then the fix by name.
    package var references: [Expression.Name] {
        let set = (fix?.set ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        return ((expected?.values ?? []) + set).compactMap(\.referenced)
    }
}

extension RunMachine {
    /// What an audit has seen so far: by target in the plan's order, and by item.
    package var auditRows: [BaselineReport.Row] {
        plan.targets.flatMap { planned -> [BaselineReport.Row] in
            guard let target = targets[planned.name], !target.audited.isEmpty else { return [] }
            return sequence(of: planned.name).compactMap { item in
                guard let result = target.audited[item.id] else { return nil }
                return BaselineReport.Row(
                    target: planned.name, item: item.id, title: item.title, result: result,
                    at: record.opened, drift: nil, since: nil, fix: fix(of: item, on: planned))
            }
        }
    }

    /// What mends an item on a target; nil where nothing is named, or a value of it isn't known.
    private func fix(of item: Step, on target: PlannedTarget) -> BaselineReport.Fix? {
        guard let audit = item.audit, audit.fix != nil,
            case .success(let known) = resolver.resolved(
                audit, target: target, outputs: [:], answers: [:]),
            let fix = known.fix
        else { return nil }
        return BaselineReport.Fix(
            runbook: fix.runbook,
            values: fix.set.compactMapValues { if case .text(let text) = $0 { text } else { nil } })
    }
}
