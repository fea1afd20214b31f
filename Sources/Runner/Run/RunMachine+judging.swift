import Runbooks

/// Judging what came back from a step's guard, action and checks.
extension RunMachine {
    /// How often the guard of a step that runs once is asked, before and after its attempt.
    private static let mostSettling = 4

    mutating func judgeGuard(
        _ step: Step, _ name: TargetName, _ ending: Ending, _ hadErrors: Bool,
        _ target: TargetProgress, _ isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        let isTouched = target.touched.contains(step.id)
        let wasTried = isTouched && startsOnce(step)
        switch ending {
        case .exited(0):
            // After an attempt whose end is unknown, a satisfied guard settles it.
            let outcome: Outcome = isTouched ? .changed : .satisfied
            return end(step, name, outcome, isTouched ? "settled by its guard" : nil, &turn)
        case .exited(1) where !hadErrors:
            if wasTried { return settle(step, name, "its guard says it is still needed", &turn) }
            return act(step, name, &turn)
        case .exited(let status) where wasTried:
            return settle(step, name, "its guard can't tell (exit \(status))", &turn)
        case .exited(77):
            return end(step, name, .failed, "its guard can't look (exit 77)", &turn)
        case .exited(let status):
            return end(
                step, name, .failed,
                "its guard failed: exit \(status)\(hadErrors ? ", with a message on stderr" : "")",
                &turn)
        case .timedOut, .cancelled, .unreachable, .notStarted, .unknown, .heldBack:
            var result = Verdicts.outcome(of: ending)
            // Whoever can't be asked what became of it leaves it unknown.
            if wasTried { result = (.unknown, "it may have run: its guard: \(result.1 ?? "")") }
            // Nothing of the step has begun: that much is known.
            if !isTouched, result.0 == .unknown {
                result = (.failed, "its guard could not be asked: \(result.1 ?? "")")
            }
            return retryOrEnd(
                step, .guarding(step.id), name, result, isRetryDue, &turn,
                limit: Retry(
                    attempts: wasTried ? Self.mostSettling : 2,
                    pauseMilliseconds: step.retry.pauseMilliseconds)
            ) { machine, turn in
                guard let unless = step.unless else { return false }
                return machine.start(
                    .guarding(step.id), .assert(AssertAction(script: unless)), of: step, name, &turn
                )
            }
        }
    }

    mutating func judgeAction(
        _ step: Step, _ name: TargetName, _ attempt: AttemptRecord, _ target: TargetProgress,
        _ isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        if let audit = step.audit {
            return judgeItem(step, audit, name, attempt, target, isRetryDue, &turn)
        }
        if let fact = step.factDeclaration {
            return judgeFact(fact, of: step, name, attempt, target, isRetryDue, &turn)
        }
        var (outcome, reason) = Verdicts.action(step, attempt)
        if target.owed.contains(step.id), !target.begun.contains(step.id) {
            emit(.notOwed(name, step.id), &turn)
        }
        if outcome == .unknown, startsOnce(step) || step.expectsReboot {
            if let unless = step.unless, target.made(.guarding(step.id)) < Self.mostSettling {
                return start(
                    .guarding(step.id), .assert(AssertAction(script: unless)), of: step, name, &turn
                )
            }
            return settle(step, name, reason ?? "", &turn)
        }
        if outcome.isGood, !step.outputs.isEmpty {
            switch Verdicts.outputs(step, attempt) {
            case .success(let values): emit(.outputsTaken(name, step.id, values), &turn)
            case .failure(let problem): (outcome, reason) = (.failed, problem.message)
            }
        }
        if outcome.isGood {
            if !step.verify.isEmpty { return check(step, 0, name, &turn) }
            return end(step, name, outcome, reason, &turn)
        }
        return retryOrEnd(
            step, .action(step.id), name, (outcome, reason), isRetryDue, &turn,
            limit: step.effect.isOnce ? nil : step.retry
        ) { machine, turn in
            // The lost attempt may have done all of it: its guard knows.
            guard outcome == .unknown, let unless = step.unless else {
                return machine.act(step, name, &turn)
            }
            return machine.start(
                .guarding(step.id), .assert(AssertAction(script: unless)), of: step, name, &turn)
        }
    }

    mutating func check(
        _ step: Step, _ index: Int, _ name: TargetName, _ turn: inout Turn
    ) -> Bool {
        start(.check(step.id, index), .assert(step.verify[index]), of: step, name, &turn)
    }

    /// Lets a step's `verify` say whether an action of unknown end was done; else it stays unknown.
    mutating func settle(
        _ step: Step, _ name: TargetName, _ why: String, _ turn: inout Turn
    ) -> Bool {
        if !step.verify.isEmpty { return check(step, 0, name, &turn) }
        return end(step, name, .unknown, "it may have run: \(why)", &turn)
    }

    mutating func judgeCheck(
        _ step: Step, _ name: TargetName, _ index: Int, _ attempt: AttemptRecord,
        _ action: Outcome, _ target: TargetProgress, _ isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        let (outcome, reason) = Verdicts.check(attempt)
        if outcome == .ok {
            guard index + 1 < step.verify.count else {
                let isSettled = action == .unknown
                return end(
                    step, name, isSettled ? .changed : action,
                    isSettled ? "settled by its verify" : nil, &turn)
            }
            return check(step, index + 1, name, &turn)
        }
        if action == .unknown, outcome == .failed {
            return end(
                step, name, .unknown, "it may have run: its verify does not hold", &turn)
        }
        let result: (Outcome, String?) =
            action == .unknown
            ? (.unknown, "it may have run: its verify: \(reason ?? "")")
            : (outcome, "what must hold afterwards does not: \(reason ?? "")")
        return retryOrEnd(
            step, .check(step.id, index), name, result, isRetryDue, &turn,
            limit: Retry(
                attempts: outcome == .failed ? 1 : 2,
                pauseMilliseconds: step.retry.pauseMilliseconds)
        ) { machine, turn in machine.check(step, index, name, &turn) }
    }

    /// Tries a part again, when its limit and its effect allow it; else ends the step.
    mutating func retryOrEnd(
        _ step: Step, _ part: Part, _ name: TargetName, _ result: (Outcome, String?),
        _ isRetryDue: Bool, _ turn: inout Turn, limit: Retry?,
        again: (inout RunMachine, inout Turn) -> Bool
    ) -> Bool {
        guard let target = targets[name] else { return false }
        // INVARIANT: without a limit (a step that must run once) nothing is tried again.
        guard let limit else { return end(step, name, result.0, result.1, &turn) }
        let isAllowed = Verdicts.mayTryAgain(
            after: result.0, made: target.made(part),
            lost: target.lostAttempts[part, default: 0], limit: limit, isLook: part.isLook)
        guard isAllowed, !isAbortRequested else {
            return end(step, name, result.0, result.1, &turn)
        }
        if isRetryDue { return again(&self, &turn) }
        turn.decision.effects.append(
            .timer(.retry(name), after: .milliseconds(limit.pauseMilliseconds)))
        return false
    }
}
