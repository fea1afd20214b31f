import Runbooks

/// Undoing: what a rollback does on a target, step by step, the last first.
///
/// Every undo looks first where it can, and is refused with status 3 when something was changed
/// since (docs/semantics.md, "Undo").
extension RunMachine {
    /// One action that undoes a step, or a part of it.
    struct UndoStep: Sendable {
        let action: Action
        let mode: Mode
        /// The run that is undone.
        let run: RunID

        /// Whether it looks before it changes anything, so that it may be asked again.
        var looksFirst: Bool { Restoration(of: action) != nil }

        /// Whether it is claimed on its target: a script that undoes happens once, like the step.
        func runsDetached(at place: Step.Place) -> Bool {
            if case .run = action { place == .target } else { false }
        }
    }

    /// What each target of a rollback undoes; nil for another run.
    static func undoings(of descent: RunDescent, _ plan: Plan) -> [TargetName: [Step]]? {
        guard descent.kind == .rollback else { return nil }
        return Dictionary(
            uniqueKeysWithValues: descent.starts.compactMap { start in
                guard let planned = plan.targets.first(where: { $0.name == start.target }) else {
                    return nil
                }
                let steps = Dictionary(
                    plan.sequence(of: planned).map { ($0.id, $0) },
                    uniquingKeysWith: { first, _ in first })
                return (
                    start.target,
                    start.undone.compactMap { undone in
                        steps[undone.step].map(Self.undoing)
                    }
                )
            })
    }

    /// The step as it is shown and judged while it is undone.
    private static func undoing(_ step: Step) -> Step {
        var step = step
        // What the runbook says about the step's own end says nothing about its undoing.
        (step.onFailed, step.ifFails, step.when, step.verify) = (.stop, nil, nil, [])
        step.isSafeStop = false
        return step
    }

    /// The runs that a step is undone for, on a target.
    private func undone(_ id: StepID, _ name: TargetName) -> TargetStart.Undone? {
        record.descent?.starts.first { $0.target == name }?.undone.first { $0.step == id }
    }

    /// What undoing a step takes, in order, and why it can't be claimed.
    func undoTasks(_ step: Step, _ name: TargetName) -> (tasks: [UndoStep], obstacle: String?) {
        guard let undone = undone(step.id, name), let newest = undone.runs.first,
            let undo = PlannedUndo(undoing: step)
        else { return ([], nil) }
        if step.isGivenBack { return ([], nil) }
        if let obstacle = undo.notUndone { return ([], obstacle) }
        if undo.restores != nil {
            return (undone.runs.map { UndoStep(action: step.action, mode: .restore, run: $0) }, nil)
        }
        return (
            (undo.actions ?? []).map { UndoStep(action: $0, mode: .undo, run: newest) }, nil
        )
    }

    /// One of the actions that undo a step on a target.
    func undoTask(_ index: Int, of step: Step, _ name: TargetName) -> UndoStep? {
        guard let known = sequence(of: name).first(where: { $0.id == step.id }) else { return nil }
        let tasks = undoTasks(known, name).tasks
        return tasks.indices.contains(index) ? tasks[index] : nil
    }

    /// Moves the undoing of a target on.
    ///
    /// - Returns: false when the target waits, or has ended.
    mutating func undo(
        _ name: TargetName, _ target: TargetProgress, isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        guard let step = stepUnderWay(name, target) else {
            emit(.targetEnded(name, target.goodOutcome), &turn)
            close(name, &turn)
            return false
        }
        let (tasks, obstacle) = undoTasks(step, name)
        if let obstacle { return end(step, name, .skipped, "not undone: \(obstacle)", &turn) }
        guard target.undoCursor < tasks.count else {
            let why =
                tasks.isEmpty
                ? step.isGivenBack ? "its release has given it back" : "it needs no undo"
                : "it was as before already"
            return end(
                step, name, target.isUndone ? .changed : .satisfied, target.isUndone ? nil : why,
                &turn)
        }
        let task = tasks[target.undoCursor]
        if isRestored { return end(step, name, .unknown, Self.restoredReason, &turn) }
        switch target.position {
        case .acted(let attempt):
            return judgeUndo(
                step, task, name, attempt, target, tasks.count, isRetryDue: isRetryDue, &turn)
        case .guarded(let ending, let hadErrors):
            return judgeUndoGuard(step, name, ending, hadErrors, target, tasks.count, &turn)
        case .fresh, .checking, .checked: return start(task, of: step, name, target, &turn)
        }
    }

    /// Records the intent of an undo action, and asks for it.
    private mutating func start(
        _ task: UndoStep, of step: Step, _ name: TargetName, _ target: TargetProgress,
        _ turn: inout Turn
    ) -> Bool {
        guard let planned = planned(name) else { return false }
        switch resolver.resolved(
            task.action, target: planned, outputs: outputs(seenBy: name),
            answers: answers(for: name))
        {
        case .failure(let missing):
            return end(step, name, .failed, missing.message, &turn)
        case .success(let action):
            var request = request(
                .undo(step.id, target.undoCursor), action, of: step, planned, target)
            (request.run, request.mode, request.effect) = (task.run, task.mode, .once)
            emit(.attemptStarted(request.key), &turn)
            turn.decision.effects.append(.perform(request))
            return false
        }
    }

    /// Judges an undo action that did not end well; one that did has moved on already.
    private mutating func judgeUndo(
        _ step: Step, _ task: UndoStep, _ name: TargetName, _ attempt: AttemptRecord,
        _ target: TargetProgress, _ count: Int, isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        let (outcome, why) = Verdicts.check(attempt)
        var reason = why
        if let refusal = target.refusals[step.id] { reason = refusal.sentence }
        let part = Part.undo(step.id, target.undoCursor)
        let mayRepeat: Bool
        switch attempt.ending {
        case .unreachable, .notStarted: mayRepeat = true
        case .unknown: mayRepeat = task.looksFirst
        case .exited, .timedOut, .cancelled, .heldBack: mayRepeat = false
        }
        if outcome == .unknown, !mayRepeat {
            if let unless = step.unless, target.made(.guarding(step.id)) < 4 {
                return start(
                    .guarding(step.id), .assert(AssertAction(script: unless)), of: step, name, &turn
                )
            }
            reason = "undoing it may have run: \(reason ?? "")"
        }
        let limit = Retry(attempts: 2, pauseMilliseconds: step.retry.pauseMilliseconds)
        guard mayRepeat, !isAbortRequested,
            Verdicts.mayTryAgain(
                after: outcome, made: target.made(part),
                lost: target.lostAttempts[part, default: 0], limit: limit)
        else { return end(step, name, outcome, reason, &turn) }
        if isRetryDue { return start(task, of: step, name, target, &turn) }
        turn.decision.effects.append(
            .timer(.retry(name), after: .milliseconds(limit.pauseMilliseconds)))
        return false
    }

    /// Lets a step's guard say whether an undo of unknown end was done: it says so only when what
    /// the step did is gone, and nothing else was to be undone.
    private mutating func judgeUndoGuard(
        _ step: Step, _ name: TargetName, _ ending: Ending, _ hadErrors: Bool,
        _ target: TargetProgress, _ count: Int, _ turn: inout Turn
    ) -> Bool {
        if ending == .exited(1), !hadErrors, target.undoCursor == count - 1 {
            return end(step, name, .changed, "settled by its guard: what it did is gone", &turn)
        }
        let what =
            ending == .exited(0)
            ? "its guard finds what the step did" : "its guard can't tell how far it came"
        return end(step, name, .unknown, "undoing it may have run: \(what)", &turn)
    }

    /// Takes what an undo action came to.
    func noteUndo(
        _ id: StepID, _ index: Int, _ name: TargetName, _ record: AttemptRecord,
        _ target: inout TargetProgress
    ) {
        let isCertain = undone(id, name)?.isCertain ?? true
        // What did not end well may have changed nothing at all.
        let hadNothing =
            !isCertain && record.ending == .exited(3)
            && record.stderr.text.hasPrefix(Restoration.nothingRemembered)
        guard record.ending == .exited(0) || hadNothing else {
            target.position = .acted(record)
            target.refusals[id] =
                record.ending == .exited(3) ? UndoRefusal(record.stderr.text) : nil
            return
        }
        target.position = .fresh
        target.undoCursor = index + 1
        target.isUndone = target.isUndone || (!hadNothing && record.changed != false)
        target.refusals[id] = nil
    }
}

extension RunMachine {
    /// Whether anything that it still may do needs a secret.
    package var usesSecrets: Bool {
        guard let descent = record.descent, isRollback else { return true }
        // Its waves are begun and ended as those of the run that it undoes.
        let listed = plan.listedSteps.flatMap { step in
            [step.action] + step.verify.map { Action.assert($0) }
                + [step.unless].compactMap { $0 }.map { Action.run($0) }
        }
        if listed.contains(where: { !resolver.secrets(in: $0).isEmpty }) { return true }
        return descent.starts.contains { start in
            let undone = (undoings?[start.target] ?? []).flatMap { step in
                undoTasks(step, start.target).tasks.map(\.action)
            }
            let brackets = (start.reopened + start.owed).compactMap(step)
            let scripts =
                brackets.compactMap(\.release?.script).map { Action.run($0) }
                + brackets.compactMap(\.unless).map { Action.run($0) }
            let guards = (undoings?[start.target] ?? []).compactMap(\.unless)
                .map { Action.run($0) }
            let checks = brackets.flatMap(\.verify).map { Action.assert($0) }
            return (undone + brackets.map(\.action) + scripts + guards + checks)
                .contains { !resolver.secrets(in: $0).isEmpty }
        }
    }
}

extension Step {
    /// Whether its release is all that gives back what it took.
    package var isGivenBack: Bool {
        release != nil && undo == nil && effect != .irreversible
            && Restoration(of: action) == nil
    }
}

extension Restoration {
    /// How a typed action's answer begins that remembers nothing of the step: what a step changes is
    /// remembered before it is changed.
    static let nothingRemembered = "Nothing is remembered here of step"
}
