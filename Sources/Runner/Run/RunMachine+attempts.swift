import Runbooks

/// Starting attempts: what is owed, what must hold at the end, and how a request is made.
extension RunMachine {
    /// A release that is to be paid now: the newest first, once its step's bracket has closed.
    func dueRelease(of target: TargetProgress, _ name: TargetName) -> StepID? {
        // What was begun is brought to its end, whatever has come to be owed since.
        if let id = target.releasing, target.owed.contains(id) { return id }
        let isOver = target.ending != nil || target.stop != nil
        return target.owed.last { id in
            guard step(id)?.release != nil, !isOpening(id, name) else { return isOver }
            return isOver || isBracketClosed(id, name, target)
        }
    }

    /// Whether nothing more happens within the bracket of a step with a release.
    func isBracketClosed(_ id: StepID, _ name: TargetName, _ target: TargetProgress) -> Bool {
        guard let release = step(id)?.release else { return false }
        guard isRollback else { return hasEnded(release.after, target) }
        return !sequence(of: name).contains { step in
            target.outcomes[step.id]?.isGood != true && isWithin(step.id, bracketOf: id)
        }
    }

    /// Whether a release's bracket has closed: its step ended, and the sequence went on after it.
    private func hasEnded(_ id: StepID, _ target: TargetProgress) -> Bool {
        guard let outcome = target.outcomes[id] else { return false }
        return outcome.isGood || step(id)?.passesOver(outcome) == true
    }

    /// Pays, keeps or goes on paying a release.
    ///
    /// - Returns: false when the target waits.
    mutating func pay(
        _ id: StepID, _ name: TargetName, _ target: TargetProgress, isRetryDue: Bool,
        _ turn: inout Turn
    ) -> Bool {
        guard let step = step(id), let release = step.release else { return false }
        if isRestored, !target.isPayAsked {
            return leave(
                id, name, "it may have been given back since: " + Self.restoredReason, &turn)
        }
        let isClosed = isBracketClosed(id, name, target)
        if !target.isPayAsked, !isClosed {
            if target.ending == .unknown {
                return leave(id, name, "an outcome on this target is unknown", &turn)
            }
            if release.ifStopped == .keep {
                return leave(
                    id, name, "kept, since its step \(release.after) did not end well", &turn)
            }
        }
        let part = Part.release(id)
        if let attempt = target.releaseRecord {
            let (outcome, reason) = Verdicts.check(attempt)
            if outcome == .ok {
                emit(.paid(name, id), &turn)
                return true
            }
            // One that was lost with its leader says nothing about the release itself.
            let mayTryAgain = Verdicts.mayTryAgain(
                after: outcome == .aborted ? .failed : outcome, made: target.releaseTries,
                lost: target.lostReleaseTries,
                limit: Retry(attempts: 2, pauseMilliseconds: step.retry.pauseMilliseconds))
            guard mayTryAgain else {
                return leave(
                    id, name, "giving it back failed: \(reason ?? outcome.rawValue)", &turn)
            }
            guard isRetryDue else {
                turn.decision.effects.append(
                    .timer(.retry(name), after: .milliseconds(step.retry.pauseMilliseconds)))
                return false
            }
        }
        return start(part, .run(release.script), of: step, name, &turn)
    }

    private mutating func leave(
        _ id: StepID, _ name: TargetName, _ reason: String, _ turn: inout Turn
    ) -> Bool {
        emit(.leftOwed(name, id, reason: reason), &turn)
        return true
    }

    /// Moves the runbook's own `verify` on.
    mutating func verify(
        _ name: TargetName, _ target: TargetProgress, isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        let index = target.verifyCursor
        let part = Part.verify(index)
        if let attempt = target.verifyRecord {
            let (outcome, reason) = Verdicts.check(attempt)
            let limit = Retry(attempts: outcome == .failed ? 1 : 2, pauseMilliseconds: 1000)
            let mayRetry = Verdicts.mayTryAgain(
                after: outcome, made: target.made(part),
                lost: target.lostAttempts[part, default: 0], limit: limit, isLook: part.isLook)
            guard mayRetry, !isAbortRequested else {
                let text = reason.map { "verify \(index + 1): \($0)" }
                emit(.verifyEnded(name, index, outcome, reason: text), &turn)
                return true
            }
            guard isRetryDue else {
                turn.decision.effects.append(.timer(.retry(name), after: .seconds(1)))
                return false
            }
        }
        return start(part, .assert(plan.verify[index]), of: nil, name, &turn)
    }

    /// Asks for the symptom until it was gone for its time, or is seen.
    mutating func askSymptom(
        _ name: TargetName, _ target: TargetProgress, isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        guard let symptom = plan.symptom else { return false }
        if let attempt = target.symptomRecord, !isRetryDue {
            switch attempt.ending {
            case .exited(0):
                emit(.symptomAsked(name, isPresent: true), &turn)
                return true
            case .exited(1) where attempt.stderr.totalBytes == 0:
                let gone = target.symptomGoneSince.map { turn.now.since($0) } ?? 0
                let left = symptom.goneForMilliseconds - gone
                guard left > 0 else {
                    emit(.symptomAsked(name, isPresent: false), &turn)
                    return true
                }
                turn.decision.effects.append(
                    .timer(.retry(name), after: .milliseconds(min(left, 5000))))
                return false
            default:
                emit(.symptomAsked(name, isPresent: nil), &turn)
                return true
            }
        }
        return start(
            .symptom, .assert(AssertAction(script: symptom.present)), of: nil, name, &turn)
    }

    /// Records the intent of an attempt, and asks for it.
    ///
    /// - Returns: false, since the target waits now; true when a value is missing, which ends the
    ///   part as failed.
    mutating func start(
        _ part: Part, _ action: Action, of step: Step?, _ name: TargetName, _ turn: inout Turn
    ) -> Bool {
        guard let planned = planned(name), let target = targets[name] else { return false }
        // What gives back, or undoes, asks nobody.
        if !part.isRelease, !part.isUndo, isKeptAtStart(name, &turn) { return false }
        switch resolver.resolved(
            action, target: planned, outputs: outputs(seenBy: name), answers: answers(for: name))
        {
        case .failure(let missing):
            return endUnstarted(part, step, name, missing.message, &turn)
        case .success(let resolved):
            let request = request(part, resolved, of: step, planned, target)
            emit(.attemptStarted(request.key), &turn)
            turn.decision.effects.append(.perform(request))
            return false
        }
    }

    /// The next attempt of a part.
    func request(
        _ part: Part, _ action: Action, of step: Step?, _ planned: PlannedTarget,
        _ target: TargetProgress
    ) -> AttemptRequest {
        let number = target.attempts[part, default: 0] + 1
        let key = AttemptKey(target: planned.name, part: part, number: number)
        return request(key, action, of: step, planned, target)
    }

    /// An attempt of a part, new or recorded before.
    func request(
        _ key: AttemptKey, _ action: Action, of step: Step?, _ planned: PlannedTarget,
        _ target: TargetProgress
    ) -> AttemptRequest {
        let part = key.part
        var request = AttemptRequest(
            run: record.id, key: key, target: planned, place: step?.place ?? .target,
            action: action,
            // INVARIANT: an item of a baseline is only looked at.
            mode: part.isUndo ? .undo : step?.audit == nil ? .apply : .probe,
            effect: part.isAction ? step?.effect ?? .once : .once,
            timeout: timeout(of: action, step),
            wantsOutputs: part.isAction && step?.writesOutputs == true,
            previousSessions: target.unprovedSessions)
        if isDetached(key) {
            request.detachment = Detachment(
                run: record, key: key, knownSpool: target.spool,
                mayStart: !isAbortRequested && haltReason == nil)
            request.detachment?.awaitsReboot = part.isAction && step?.awaitsReboot == true
        }
        return request
    }

    private mutating func endUnstarted(
        _ part: Part, _ step: Step?, _ name: TargetName, _ why: String, _ turn: inout Turn
    ) -> Bool {
        switch part {
        case .guarding, .action, .check, .undo:
            guard let step else { return false }
            return end(step, name, .failed, why, &turn)
        case .verify(let index):
            emit(.verifyEnded(name, index, .failed, reason: why), &turn)
        case .symptom: emit(.symptomAsked(name, isPresent: nil), &turn)
        case .release(let id): emit(.leftOwed(name, id, reason: why), &turn)
        case .peer: return false
        }
        return true
    }

    private func timeout(of action: Action, _ step: Step?) -> Duration {
        let own = step?.timeout ?? .seconds(60)
        switch action {
        case .wait(let wait): return wait.upTo + .seconds(5)
        case .assert(let assertion): return own + assertion.staysOKFor
        case .reboot(let reboot): return reboot.upTo
        case .run, .file, .service, .package, .collect, .http, .manual, .ask, .stop: return own
        }
    }
}

extension Part {
    /// Whether it is a step's action itself.
    var isAction: Bool { if case .action = self { true } else { false } }
    /// Whether it undoes a step.
    var isUndo: Bool { if case .undo = self { true } else { false } }

    /// Whether it only looks, and changes nothing.
    var isLook: Bool {
        switch self {
        case .symptom, .guarding, .check, .verify, .peer: true
        case .action, .release, .undo: false
        }
    }
}
