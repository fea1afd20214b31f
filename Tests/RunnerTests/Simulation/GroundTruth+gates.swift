import Runbooks

@testable import Runner

/// What must hold of runs that gates bind.
extension GroundTruth {
    /// Whether anything of the run may have begun on a target, as far as anybody can know.
    private func mayHaveBegun(on target: TargetName) -> Bool {
        startCounts[target]?.isEmpty == false || endedSteps[target]?.isEmpty == false
            || records.contains {
                $0.key.target == target && $0.value.ending?.isUnknown == true
            }
    }

    /// A target is recorded as started: on an answer that is 5 s old at most and true, and inside
    /// the window still.
    func checkGates(starting target: TargetName, at: Timestamp, by process: SimulatedProcess) {
        guard !isRollback, target.isTarget || target.waveList?.kind == .before,
            let change = process.run.change
        else { return }
        let fresh = process.verdicts.filter {
            (0...5000).contains(at.since($0.asked)) && !$0.astray.contains(target)
        }
        guard let verdict = fresh.last(where: { $0.isOpen && $0.closed.isEmpty }) else {
            return broken(
                .gatesAreOpen,
                "\(target) is started, and the gates said: "
                    + "\(process.verdicts.last?.closed.joined(separator: ", ") ?? "nothing")")
        }
        expect(
            change.truth.isOpenByClock(at.milliseconds), .gatesAreOpen,
            "\(target) is started when the window has ended")
        checkWindow(of: target, verdict, change)
    }

    /// The first target of a wave starts where the wave, its soak and its undoing fit.
    private func checkWindow(
        of target: TargetName, _ verdict: SimulatedVerdict, _ change: SimulatedChange
    ) {
        let waves = plan.waves?.map(\.targets) ?? [plan.targets.map(\.name)]
        let known = [
            plan.rollout.expectedMilliseconds, change.record.gating?.seenMilliseconds,
        ].compactMap { $0 }
        guard
            let index = target.waveList?.wave ?? waves.firstIndex(where: { $0.contains(target) }),
            begunWaves.insert(index).inserted, let one = known.max()
        else { return }
        func time(_ count: Int) -> Int64 {
            Int64((Double(count) / Double(plan.rollout.maxInFlight)).rounded(.up)) * one
        }
        let count = waves[index].count { !endedTargets.contains($0) }
        var needed = time(count) + (plan.rollout.soak?.milliseconds ?? 0)
        if plan.rollout.onStop == .rollback {
            needed += time(count + endedTargets.count { $0.isTarget && isSurelyChanged($0) })
        }
        expect(
            change.truth.fits(at: verdict.asked.milliseconds, for: needed), .windowFits,
            "wave \(index + 1) starts with \(target), takes \(needed) ms, and the window ends")
    }

    /// Whether an action that changes something has ended well on a target.
    private func isSurelyChanged(_ target: TargetName) -> Bool {
        starts.contains { key, start in
            key.target == target && mayChange(key) && !key.part.isRelease
                && start.ending == .exited(0) && records[key]?.ending == .exited(0)
        }
    }

    /// Something is to begin on a target: the first time on an answer that is 5 s old at most by the
    /// machine's own clock.
    func checkGates(before request: AttemptRequest, by process: SimulatedProcess) {
        guard !isRollback, process.run.change != nil, !request.key.part.isRelease,
            request.key.target.isTarget || request.key.target.waveList?.kind == .before,
            request.detachment?.isRecovery != true, !mayHaveBegun(on: request.key.target)
        else { return }
        let world = process.world
        let isRight = process.verdicts.contains { verdict in
            // Nobody can tell how long it was stopped, or that the clock was set by seconds.
            let isPassed = verdict.instant >= world.scheduler.now - 5000
            guard !verdict.astray.contains(request.key.target) else { return false }
            let isExcused =
                (process.stoppedAt ?? -1) >= verdict.instant || verdict.offset != world.clockOffset
            return verdict.isOpen && verdict.closed.isEmpty && (isPassed || isExcused)
        }
        expect(
            isRight, .gatesAreOpen,
            "\(request.key.short) is to begin, and the gates said nothing for 5 s")
    }
}

extension RunEvent {
    /// The target that it is about; nil for none.
    var target: TargetName? {
        switch self {
        case .targetStarted(let target), .sessionOpened(let target, _), .targetEnded(let target, _),
            .paid(let target, _), .owed(let target, _), .stepEnded(let target, _, _, _):
            target
        case .attemptStarted(let key), .attemptEnded(let key, _): key.target
        default: nil
        }
    }
}

extension SimulatedWorld {
    /// What people do about gates; true where that is all for now.
    func decideAboutGates(
        _ run: SimulatedRun, _ say: (PersonCommand.Verb) -> Void
    ) -> Bool {
        let machine = run.journal.fold
        guard let change = run.change, machine.asksGates, machine.areGatesOpen == false,
            machine.state == .waiting || machine.state == .paused, !machine.isAbortRequested
        else { return false }
        let question = machine.gateQuestion
        let needed = question.neededMilliseconds
        guard isCalm else {
            if machine.state == .paused, happens(100) { say(.resume) }
            return false
        }
        // Whoever began while the clock was wrong takes it for wrong now.
        if machine.state == .waiting,
            processes.contains(where: { $0.isAlive && $0.run === run && $0.isWatchAlarmed })
        {
            say(.pause)
            return true
        }
        guard
            change.truth.opensLater(
                than: time.milliseconds, for: needed, on: question.remaining)
        else {
            say(.abort)
            return true
        }
        return machine.state == .paused && machine.wave.stop == nil && happens(850)
            && !change.truth.closed(
                at: time.milliseconds, for: needed, on: question.remaining
            ).isEmpty
    }

    /// What must hold of a run while it is led, after it has become calm.
    func checkGates(_ run: SimulatedRun, led leaders: [SimulatedProcess]) {
        let (machine, now) = (run.journal.fold, scheduler.now)
        guard isCalm, let change = run.change, machine.asksGates, !run.isOver,
            leaders.count == 1, let leader = leaders.first, !leader.isStopped,
            now - leader.began > 90_000, now - weather.calm > 90_000
        else { return }
        let question = machine.gateQuestion
        let isOpen = change.truth.closed(
            at: time.milliseconds, for: question.neededMilliseconds, on: question.remaining
        ).isEmpty
        change.openSince = isOpen ? change.openSince ?? now : nil
        if let since = change.openSince, now - since > 60_000, machine.state == .waiting,
            machine.areGatesOpen == false, !leader.isWatchAlarmed, machine.deferrals.isEmpty
        {
            findings.broken(.opensByItself, "\(run.record.id) waits, and the gates are open")
        }
        guard machine.areGatesOpen == false, !machine.isPauseRequested else { return }
        for (name, target) in machine.targets
        where target.isRunning && target.mayHaveBegun && !target.hasUnderWay
            && now - (run.truth.lastNews[name] ?? now) > 60_000
            && !machine.questions.keys.contains(where: machine.isOpen)
        {
            findings.broken(.workFinishes, "\(name) of \(run.record.id) stands still at work")
        }
    }

    /// Says what it is that gates keep from ending.
    func blameGates(for run: SimulatedRun) {
        let machine = run.journal.fold
        guard run.change != nil, machine.record.gating != nil else { return }
        let isOwing = machine.targets.values.contains { $0.isRunning && !$0.owed.isEmpty }
        if machine.isAbortRequested || machine.isRollback || isOwing {
            findings.broken(
                .undoIsFree, "\(run.record.id) doesn't end, which undoes, gives back or aborts")
        }
    }
}

extension SimulatedRun {
    /// The record of a run that undoes this one; nil where nothing can be undone.
    var rollback: RunRecord? {
        let run = journal.fold
        guard record.descent == nil, run.state.isTerminal, let id = RunID(rawValue: "r-9\(number)"),
            case .success(let starts) = RunChain([run]).rollback(targets)
        else { return nil }
        let begun = Set(starts.map(\.target))
        return RunRecord(
            id: id, number: 2, plan: record.plan, planDigest: record.planDigest,
            forecastDigest: nil, actor: record.actor, ticket: nil, alert: nil,
            librarySource: record.librarySource, opened: record.opened,
            leftOut: targets.filter { !begun.contains($0) }.map {
                LeftOutTarget(target: $0, reason: "nothing to undo")
            },
            descent: RunDescent(kind: .rollback, parent: record.id, starts: starts),
            gating: record.gating, change: record.change)
    }

    private var number: String { String(record.plan.planID.rawValue.prefix(1)) }
}
