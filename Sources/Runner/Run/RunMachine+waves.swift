import Runbooks

/// What this leader watches between two waves; part of no record.
struct WaveWatch: Sendable {
    /// The health checks that are being asked; nil for none.
    var look: HealthLook?
    /// Whether a timer is set at whose end the wave goes on.
    var isTimerSet = false
    /// Whether it is time to ask while it soaks.
    var isDue = false
}

/// Going over the waves: one ends, what lies between is done, and the next one begins
/// (docs/rollout.md).
extension RunMachine {
    /// Whether the run goes over waves, or something comes after its only one.
    package var hasWaves: Bool {
        guard !isRestored else { return false }
        return plan.hasWaveLists || !isRollback && (plan.waves != nil || hasMoreAfterWaves)
    }

    /// Whether it waits, or looks, after each wave.
    var hasMoreAfterWaves: Bool {
        !isRollback && (plan.rollout.soak != nil || plan.rollout.health != nil)
    }

    /// Whether a target's wave is the one under way.
    func isInWave(_ name: TargetName) -> Bool {
        guard hasWaves else { return true }
        return wave.phase == .running && waveOf[name] == wave.index && isWaveOpen
    }

    /// How many targets are in the waves that have begun.
    var countInWaves: Int {
        guard hasWaves else { return order.count }
        let begun = isRollback ? waves.suffix(from: wave.index) : waves.prefix(wave.index + 1)
        return begun.reduce(0) { $0 + $1.count }
    }

    /// What people call a wave.
    package func waveName(_ index: Int) -> String {
        plan.waves.flatMap { $0.indices.contains(index) ? "wave \($0[index].name)" : nil }
            .map { $0.hasPrefix("wave wave ") ? String($0.dropFirst(5)) : $0 } ?? "the wave"
    }

    /// The next wave with a target, or with one to undo; nil after the last one.
    var nextWave: Int? {
        guard isRollback else {
            let first = wave.phase == .due ? wave.index : wave.index + 1
            return waves.indices.dropFirst(first).first { !waves[$0].isEmpty }
        }
        let left = wave.phase == .due ? waves[...] : waves.prefix(wave.index)
        return left.indices.last { !waves[$0].isEmpty }
    }

    /// Whether the next wave may begin now.
    ///
    /// Everything of the wave before has ended, and nothing says stop; the gates are asked beside
    /// it, where the wave begins.
    var mayBeginWave: Bool {
        mayStartTargets && runningCount == 0 && admission.asked.isEmpty
    }

    /// Starts targets, and goes from wave to wave as far as it can.
    mutating func goOverWaves(_ turn: inout Turn) {
        startTargets(&turn)
        while hasWaves, moveLists(&turn) || passWave(&turn) { startTargets(&turn) }
    }

    /// Takes one step from a wave to the next.
    ///
    /// - Returns: false when the wave waits: for its targets, for time, answers or a person.
    private mutating func passWave(_ turn: inout Turn) -> Bool {
        guard !isAbortRequested, !isLeaving, !isHandedOver, haltReason == nil, !isThresholdReached
        else { return false }
        switch wave.phase {
        case .running: return endWave(&turn)
        case .ended:
            guard !isPauseRequested else { return false }
            guard let soak = plan.rollout.soak else { return look(isLast: true, &turn) }
            let until = turn.now.adding(.milliseconds(soak.milliseconds))
            emit(.wave(.soaking(wave.index, until: until)), &turn)
            emit(
                .stateChanged(.waiting, reason: "\(waveName(wave.index)) has ended, and soaks"),
                &turn)
            return true
        case .soaking(let until):
            guard !isPauseRequested else { return false }
            return soak(until: until, &turn)
        case .due, .passed, .promoted: return beginWave(&turn)
        case .unwell: return false
        }
    }

    /// Ends the wave once each of its targets has.
    private mutating func endWave(_ turn: inout Turn) -> Bool {
        if isAllHopeless {
            let names = order.filter(admission.hopeless.contains).prefix(3).map(\.rawValue)
            let text = names.joined(separator: ", ")
            let more = admission.hopeless.count - names.count
            emit(
                .wave(
                    .stopped(
                        wave.index,
                        reason: "what this run left behind keeps \(text)"
                            + (more > 0 ? " and \(more) more" : "") + " from being started")),
                &turn)
            return true
        }
        let members = waves[wave.index]
        guard runningCount == 0, members.allSatisfy({ targets[$0]?.outcome != nil }),
            !hasAfterList || wave.bracket == .closed
        else { return false }
        emit(.wave(.ended(wave.index)), &turn)
        // What they said before it ended is no answer for the next one.
        if admission.gates?.isOpen == true { admission.gates = nil }
        if !isRollback,
            !members.contains(where: {
                targets[$0]?.outcome?.isGood == true || wave.accepted.contains($0)
            })
        {
            emit(
                .wave(
                    .stopped(
                        wave.index, reason: "no target of \(waveName(wave.index)) ended well")),
                &turn)
        }
        return true
    }

    /// Begins the next wave.
    private mutating func beginWave(_ turn: inout Turn) -> Bool {
        guard let next = nextWave, !awaitsPromotion, mayBeginWave, gatesLetStart(&turn) else {
            return false
        }
        if state == .waiting {
            emit(.stateChanged(activeState, reason: "\(waveName(next)) begins"), &turn)
        }
        emit(.wave(.started(next)), &turn)
        return true
    }

    /// Whether a person has to say that the next wave may start.
    package var awaitsPromotion: Bool {
        hasWaves && !isRollback && plan.rollout.promote == .manual && wave.phase == .passed
            && nextWave != nil && !isThresholdReached
    }

    /// Whether the wave has ended, and what comes after it is not done.
    var isBetweenWaves: Bool {
        guard hasWaves, !isThresholdReached else { return false }
        switch wave.phase {
        case .ended, .soaking, .unwell: return true
        case .due, .running, .passed, .promoted: return false
        }
    }

    /// Waits for the end of the soak, and asks meanwhile.
    private mutating func soak(until: Timestamp, _ turn: inout Turn) -> Bool {
        let left = until.since(turn.now)
        guard left > 0 else {
            guard plan.rollout.health == nil else {
                // What was asked while it soaked is not the last word.
                guard watch.look == nil || watch.look?.isLast == true else { return false }
                return look(isLast: true, &turn)
            }
            emit(.wave(.passed(wave.index)), &turn)
            return true
        }
        let interval = plan.rollout.soak?.watchMilliseconds
        if interval != nil, watch.isDue { _ = look(isLast: false, &turn) }
        watch.isDue = false
        if !watch.isTimerSet {
            watch.isTimerSet = true
            turn.decision.effects.append(
                .timer(.wave, after: .milliseconds(min(left, interval ?? left))))
        }
        return false
    }

    /// Asks the health checks, unless they are being asked.
    ///
    /// - Returns: false, since the wave waits for answers.
    private mutating func look(isLast: Bool, _ turn: inout Turn) -> Bool {
        guard watch.look == nil else { return false }
        watch.look = newLook(isLast: isLast)
        askHealth(&turn)
        return watch.look == nil
    }

    /// What is asked after the wave: each check on each of its targets that ended well, or once.
    private func newLook(isLast: Bool) -> HealthLook {
        var look = HealthLook(isLast: isLast)
        let names = waves[wave.index].filter { targets[$0]?.outcome?.isGood == true }
        for check in plan.rollout.health ?? [] {
            for name in check.place == .target ? names : Array(waves[wave.index].prefix(1)) {
                guard let planned = planned(name) else { continue }
                switch resolver.resolved(
                    Action.run(check.script), target: planned,
                    outputs: outputs(ofWave: wave.index), answers: answers(ofWave: wave.index))
                {
                case .success(let action): look.queue.append(question(check, action, planned))
                case .failure(let missing):
                    look.noteUnasked("\(check.name) on \(name): \(missing.message)")
                }
            }
        }
        return look
    }

    private func question(
        _ check: HealthCheck, _ action: Action, _ planned: PlannedTarget
    ) -> HealthQuestion {
        let request = AttemptRequest(
            run: record.id, key: AttemptKey(target: planned.name, part: .peer, number: 1),
            target: planned, place: check.place, action: action, mode: .apply, effect: .read,
            timeout: HealthAnswer.timeout)
        return HealthQuestion(wave: wave.index, check: check, request: request)
    }

    /// Asks what there is room for, and tells what all said together once all have.
    private mutating func askHealth(_ turn: inout Turn) {
        guard var look = watch.look else { return }
        while let question = look.next(atOnce: max(1, plan.rollout.maxInFlight)) {
            turn.decision.effects.append(.askHealth(question))
        }
        watch.look = look
        guard look.isDone else { return }
        watch.look = nil
        let told = WaveProgress.Health(verdict: look.verdict, reason: look.reason)
        // While it soaks only what is new is recorded.
        guard look.isLast || wave.health != told else { return }
        emit(
            .wave(
                .healthTold(
                    wave.index, told.verdict, reason: told.reason, isLast: look.isLast)), &turn)
        if told.verdict == .failed {
            emit(
                .wave(
                    .stopped(
                        wave.index,
                        reason: "\(waveName(wave.index)) is not well: \(told.reason)")), &turn)
        } else if told.verdict == .inconclusive, look.isLast, !isPauseRequested {
            pauseByItself(&turn)
        }
    }

    /// Takes what a health check said.
    mutating func take(_ answer: HealthAnswer, _ turn: inout Turn) {
        guard answer.wave == wave.index, watch.look != nil else { return }
        watch.look?.note(answer)
        askHealth(&turn)
    }

    private mutating func pauseByItself(_ turn: inout Turn) {
        emit(
            .commanded(PersonCommand(verb: .pause, actor: PersonCommand.engine), inboxID: 0),
            &turn)
    }

    /// A person goes on: what the run stopped for is accepted.
    mutating func goOnAfterStop() {
        if isThresholdReached, pausesWhenStopped {
            isThresholdReached = false
            let failed = order.filter { targets[$0]?.outcome?.isGood == false }
            failures = 0
            wave.accept(failed)
        } else if wave.phase == .unwell, !isThresholdReached {
            wave.phase = .passed
        }
    }

    /// Whether a run that stops by itself is paused, and not ended.
    package var pausesWhenStopped: Bool {
        guard !isRollback, !isRestored else { return false }
        return (plan.rollout.onStop ?? (plan.waves == nil ? .abort : .pause)) == .pause
    }

    /// Whether the run has stopped by itself and is over, and its plan says to undo it then.
    ///
    /// What its targets owe doesn't hinder that: undoing them gives it back.
    package var isToBeUndone: Bool {
        let isOver = state == .failed || state == .needsPerson && canBeHandedOver
        return !isRollback && isThresholdReached && isOver && !isAbortRequested
            && plan.rollout.onStop == .rollback
    }

    /// Has a run that has stopped by itself paused where something is left to do.
    mutating func pauseWhenStopped(_ turn: inout Turn) {
        guard isThresholdReached, pausesWhenStopped, !isAbortRequested, !isPauseRequested,
            !isHandedOver,
            runningCount == 0, startedCount < order.count, needOfPerson == nil, !isLeaving
        else { return }
        pauseByItself(&turn)
    }

    /// Whether targets that were not started may be yet: it has not stopped, or a person may go on.
    var mayStillStart: Bool {
        !isThresholdReached || isPauseRequested && pausesWhenStopped
    }

    /// Leaves the run to the person who says that the next wave may start.
    mutating func waitForPromotion(_ turn: inout Turn) {
        let reason =
            "\(waveName(wave.index)) is done, and a person says whether "
            + "\(waveName(nextWave ?? wave.index)) may start (promote)"
        if state != .needsPerson || stateReason != reason {
            emit(.stateChanged(.needsPerson, reason: reason), &turn)
        }
        turn.decision.effects.append(.finish)
    }

    /// A person says that the next wave may start.
    mutating func promote(_ actor: String, _ turn: inout Turn) {
        emit(.wave(.promoted(wave.index, actor: actor)), &turn)
        if state == .needsPerson {
            emit(
                .stateChanged(activeState, reason: "\(waveName(wave.index)) was promoted"), &turn)
        }
    }

    /// The targets of each wave that a run is about; those that count as failed without being
    /// started come first, so that a threshold is reached before anything starts.
    static func waves(
        of record: RunRecord, _ absent: [TargetName: LeftOutTarget]
    ) -> [[TargetName]] {
        guard let descent = record.descent else {
            return record.plan.wavesOfTargets.map { names in
                names.filter { absent[$0]?.outcome != nil } + names.filter { absent[$0] == nil }
            }
        }
        let starts = descent.starts.map(\.target)
        if descent.kind == .rollback, record.plan.hasWaveLists {
            return record.plan.wavesOfTargets.map { starts.filter(Set($0).contains) }
        }
        guard descent.kind != .rollback, let waves = record.plan.waves else { return [starts] }
        let chosen = Set(starts)
        return waves.isEmpty ? [starts] : waves.map { $0.targets.filter(chosen.contains) }
    }

    /// Why the run is paused, in a few words.
    var pauseReason: String {
        if let stop = wave.stop { return "stopped by itself: \(stop)" }
        if isThresholdReached {
            return "stopped by itself: too many failures (stop_at)"
        }
        if wave.phase == .unwell, let health = wave.health {
            return "nobody knows whether \(waveName(wave.index)) is well: \(health.reason)"
        }
        return "paused by a person"
    }
}

/// Counting against `stop_at`, and leaving out what can't be reached.
extension RunMachine {
    /// Counts how a target ended, or takes that back with -1.
    mutating func count(_ outcome: Outcome, of name: TargetName, _ sign: Int) {
        guard outcome.countsAsFailure, name.isTarget, targets[name]?.isLeftOut != true,
            !wave.accepted.contains(name)
        else { return }
        failures += sign
        if let index = waveOf[name] { wave.failures[index] += sign }
    }

    /// The limit that failures have come to, but for those that a person has accepted.
    var limitReached: StopLimits.Reached? {
        guard !isRollback else {
            let limit = record.descent?.keepsGoing == true ? Int.max : 1
            return failures >= limit ? StopLimits.Reached(failures: failures, limit: limit) : nil
        }
        return limits.reached(
            inWave: wave.index, failures: wave.failures[wave.index], ofRun: failures)
    }

    mutating func noteThreshold(_ turn: inout Turn) {
        guard !isThresholdReached, let reached = limitReached else { return }
        emit(.thresholdReached(failures: reached.failures, limit: reached.limit), &turn)
    }

    /// Leaves a target out that can't be reached, where the rollout has room for one more.
    mutating func leaveOut(_ name: TargetName, _ outcome: Outcome, _ turn: inout Turn) {
        guard outcome == .unreachable, !isRollback, name.isTarget,
            wave.leftOut < limits.leaveOut,
            let target = targets[name], !target.isLeftOut, target.session == nil,
            target.owed.isEmpty, target.leftOwed.isEmpty,
            target.outcomes.values.allSatisfy({ $0 == .unreachable || $0 == .skipped })
        else { return }
        emit(.wave(.leftOut(name)), &turn)
    }
}
