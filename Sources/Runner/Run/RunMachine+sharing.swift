import Runbooks

/// Steps that are done once for a run, or for each of its waves (docs/rollout.md, "Steps done once").
///
/// The first target that comes to such a step has it begun; all that come to it wait, and share how it
/// ended. The run goes through it as through a target, under a name of its own.
extension RunMachine {
    /// What a target waits for, and shares, at a step; nil for a step of its own.
    func shared(_ step: Step, by name: TargetName) -> SharedStep? {
        guard let scope = step.scope, name.isTarget, !isRollback else { return nil }
        return SharedStep(step.id, wave: scope == .wave ? waveOf[name] ?? 0 : nil)
    }

    /// The step as it is done once: whether a target comes to it at all is that target's question.
    func sequence(of shared: SharedStep) -> [Step] {
        guard var step = plan.steps.first(where: { $0.id == shared.step }) else { return [] }
        (step.scope, step.when, step.onFailed) = (nil, nil, .stop)
        return [step]
    }

    /// What a shared step is given, where a target has its record in the plan.
    func planned(_ shared: SharedStep) -> PlannedTarget? {
        var place = shared.wave.flatMap { planned(WaveList(.before, wave: $0, round: 1)) }
        place?.name = shared.name
        return place
            ?? PlannedTarget(
                name: shared.name, address: "localhost", port: 22, user: nil, becomeUser: nil,
                hostKeys: [], labels: [:])
    }

    /// Has a shared step begun, or takes over how it ended.
    ///
    /// - Returns: false while the target waits for it.
    mutating func share(
        _ shared: SharedStep, _ step: Step, _ name: TargetName, _ turn: inout Turn
    ) -> Bool {
        if targets[shared.name] == nil {
            emit(.targetStarted(shared.name), &turn)
            advance(shared.name, &turn)
        }
        guard let done = targets[shared.name], let outcome = done.outcome,
            unsettledStep(on: shared.name) == nil
        else { return false }
        if let outputs = done.outputs[step.id], !outputs.isEmpty {
            emit(.outputsTaken(name, step.id, outputs), &turn)
        }
        let what = shared.wave.map(waveName) ?? "the run"
        let why = done.reasons[step.id].map { ": \($0)" } ?? ""
        return end(
            step, name, done.outcomes[step.id] ?? outcome, "done once for \(what)\(why)", &turn)
    }

    /// Lets those go on that waited for a shared step.
    mutating func wakeSharers(_ turn: inout Turn) {
        guard plan.hasSharedSteps else { return }
        let ended = Set(
            turn.decision.events.compactMap { event -> TargetName? in
                guard case .targetEnded(let name, _) = event, name.sharedStep != nil else {
                    return nil
                }
                return name
            })
        for shared in ended.sorted() {
            guard unsettledStep(on: shared) == nil else { continue }
            for name in runningTargets where name.isTarget {
                guard let target = targets[name], let step = stepUnderWay(name, target),
                    self.shared(step, by: name)?.name == shared
                else { continue }
                advance(name, &turn)
            }
        }
    }

    /// Says that a person is needed wherever targets wait for a step that was done once, and nobody
    /// knows how it ended: also after an answer, or a resume, that had the run go on.
    mutating func askForUnknownShared(_ turn: inout Turn) {
        guard plan.hasSharedSteps, state == activeState, !isAbortRequested,
            lists.contains(where: { $0.sharedStep != nil && unsettledStep(on: $0) != nil }),
            let reason = needOfPerson
        else { return }
        emit(.stateChanged(.needsPerson, reason: reason), &turn)
    }

    /// The names under which a step that is done once may have been started in this run.
    func begunShared(_ id: StepID) -> Set<TargetName> {
        Set(
            lists.filter { name in
                name.sharedStep?.step == id && targets[name]?.mayHaveChanged.contains(id) == true
            })
    }

    /// The shared steps that ended well, with those that this run took over: a run that goes on from
    /// it doesn't do them again.
    var sharedEnds: [SharedEnd] {
        targets.keys.filter { $0.sharedStep != nil }.sorted().compactMap { name in
            // Of the step itself: one that may fail leaves what it is done for well.
            guard let shared = name.sharedStep, let progress = targets[name],
                progress.outcome?.isGood == true, let outcome = progress.outcomes[shared.step],
                outcome.isGood
            else { return nil }
            return SharedEnd(
                name: name, outcome: outcome, outputs: progress.outputs[shared.step])
        }
    }

    /// Takes over what the run that it goes on from did once.
    mutating func takeOver(_ ends: [SharedEnd]) {
        for end in ends {
            guard let shared = end.name.sharedStep else { continue }
            var progress = TargetProgress()
            progress.phase = .ended(end.outcome)
            progress.outcomes[shared.step] = end.outcome
            progress.outputs[shared.step] = end.outputs
            progress.takenOver.insert(shared.step)
            targets[end.name] = progress
        }
    }
}

/// A step that was done once, and ended well, in a run that another one goes on from.
package struct SharedEnd: Sendable, Codable, Hashable {
    /// Such as `once:migrate`.
    package let name: TargetName
    /// How it ended.
    package let outcome: Outcome
    /// Its checked outputs; nil when it has none.
    package let outputs: [String: String]?

    package init(name: TargetName, outcome: Outcome, outputs: [String: String]?) {
        (self.name, self.outcome, self.outputs) = (name, outcome, outputs)
    }
}

extension Plan {
    /// Whether a step is done once for several targets.
    package var hasSharedSteps: Bool { steps.contains { $0.scope != nil } }
}
