import Runbooks

/// What a leader has asked for to start targets.
///
/// Part of no record: the next leader asks again, and a lock that it holds already is given again.
struct Admission: Sendable {
    /// How long a target waits before it is asked for again.
    static let interval: Duration = .seconds(2)
    /// Targets whose reasons to wait are named in a run's own reason.
    static let named = 3

    /// The place, in the order of starts, of the next target that nobody has asked for.
    var next = 0
    /// Asked for, and not answered.
    var asked: Set<TargetName> = []
    /// To be asked for again, in this order, before those that nobody has asked for.
    var again: [TargetName] = []
    /// Those that wait, as the last answer said.
    var deferred: Set<TargetName> = []
    /// Those of them that nothing but this run's own failures is in the way of.
    var hopeless: Set<TargetName> = []
    /// Whether a timer is set after which they are asked for again.
    var isTimerSet = false
    /// Members of groups that were asked whether they are well, each for the last time.
    var peersAsked: [TargetName: Timestamp] = [:]
    /// What the gates said last; nil where they are to be asked.
    var gates: GateAnswer?
    /// Whether they were asked, and have not answered.
    var isGateAsked = false
    /// Whether a timer is set after which they are asked again.
    var isGateTimerSet = false
    /// Targets in flight whose first step waits for them.
    var keptAtStart: Set<TargetName> = []
    /// What those answered that aren't.
    var peerAnswers: [TargetName: PeerAnswer] = [:]
}

extension RunEvent {
    fileprivate var isEndOfTarget: Bool { if case .targetEnded = self { true } else { false } }
}

/// Starting targets: where something may change, each takes its lock first.
extension RunMachine {
    /// Whether nothing says that no target is to be started.
    var mayStartTargets: Bool {
        (state == activeState || state == .waiting) && mayBeginSequences && !isLeaving
            && haltReason == nil
    }

    /// Starts targets, or asks for them, while there is room and nothing says stop.
    mutating func startTargets(_ turn: inout Turn) {
        if plan.protection != nil, !admission.deferred.isEmpty,
            turn.decision.events.contains(where: \.isEndOfTarget)
        {
            // It may be one of this run's own that the others wait for.
            askAgain()
        }
        var names: [TargetName] = []
        while mayStartTargets, runningCount + admission.asked.count < plan.rollout.maxInFlight,
            hasCandidate, gatesLetStart(&turn), let name = takeCandidate()
        {
            if let outcome = leftOut[name]?.outcome {
                endUnstarted(name, outcome, &turn)
            } else if takesLocks, !isRestored {
                admission.asked.insert(name)
                names.append(name)
            } else {
                emit(.targetStarted(name), &turn)
                advance(name, &turn)
            }
        }
        if !names.isEmpty { turn.decision.effects.append(.admit(names)) }
    }

    /// Counts a target that isn't started, since it is worse than in the plan's forecast.
    mutating func endUnstarted(_ name: TargetName, _ outcome: Outcome, _ turn: inout Turn) {
        emit(.targetStarted(name), &turn)
        leaveOut(name, outcome, &turn)
        emit(.targetEnded(name, outcome), &turn)
        noteThreshold(&turn)
    }

    /// Whether there may be a target that nobody has asked for yet.
    private var hasCandidate: Bool {
        !admission.again.isEmpty && isWaveOpen
            || order.dropFirst(admission.next).first { targets[$0]?.phase == .notStarted }
                .map(isInWave) == true
    }

    /// The next target to start, taken out.
    private mutating func takeCandidate() -> TargetName? {
        if !admission.again.isEmpty, isWaveOpen { return admission.again.removeFirst() }
        while admission.next < order.count {
            let name = order[admission.next]
            guard isInWave(name) || targets[name]?.phase != .notStarted else { return nil }
            admission.next += 1
            if targets[name]?.phase == .notStarted { return name }
        }
        return nil
    }

    /// Starts what was admitted, and notes what waits.
    mutating func take(
        _ names: [TargetName], _ deferred: [TargetName: Deferral], _ turn: inout Turn
    ) {
        var unused: [TargetName] = []
        for name in names where admission.asked.remove(name) != nil {
            if let deferral = deferred[name] {
                admission.deferred.insert(name)
                if isOfOwnMaking(deferral) {
                    admission.hopeless.insert(name)
                } else {
                    admission.hopeless.remove(name)
                }
                askPeers(about: deferral, &turn)
                let (cause, text) = words(of: deferral)
                guard deferrals[name]?.cause != cause else { continue }
                emit(.deferred(name, cause: cause, reason: text), &turn)
            } else if mayStartTargets, isWaveOpen, isOpenByGates(at: turn.now) {
                admission.deferred.remove(name)
                admission.hopeless.remove(name)
                if state == .waiting {
                    emit(.stateChanged(activeState, reason: "\(name) may start now"), &turn)
                }
                emit(.targetStarted(name), &turn)
                advance(name, &turn)
            } else {
                admission.deferred.remove(name)
                admission.again.append(name)
                unused.append(name)
            }
        }
        if !unused.isEmpty { turn.decision.effects.append(.dismiss(unused)) }
        if !admission.deferred.isEmpty, !admission.isTimerSet, !isAllHopeless {
            admission.isTimerSet = true
            turn.decision.effects.append(.timer(.admission, after: Admission.interval))
        }
    }

    /// Has those that wait asked for again.
    mutating func askAgain() {
        let queued = Set(admission.again)
        admission.again += order.filter {
            admission.deferred.contains($0) && !admission.asked.contains($0)
                && !queued.contains($0)
        }
    }

    /// Whether the members that are in the way were left so by this run, and nobody is to ask them.
    ///
    /// Nothing that this run still does gives them back.
    func isOfOwnMaking(_ deferral: Deferral) -> Bool {
        guard case .protected(let refusal) = deferral, !refusal.mayYetStart else { return false }
        let own = refusal.unavailable.count { reason in
            switch reason {
            case .held(let lock): lock.run == record.id && lock.kept != nil
            case .ended(let standing): standing.run == record.id
            }
        }
        return own + 1 > refusal.group.maxUnavailable
    }

    /// Whether all that is left can't be started for what this run itself left behind.
    var isAllHopeless: Bool {
        !admission.deferred.isEmpty && admission.hopeless == admission.deferred
            && admission.asked.isEmpty && admission.again.isEmpty && runningCount == 0
            && startedCount + admission.deferred.count == countInWaves
    }

    /// Asks for those that were left out as hopeless, once somebody leads the run on that waited
    /// for a person: what was given back since may have made room for them.
    mutating func askForThoseLeft(_ turn: inout Turn) {
        guard state == .needsPerson, !isLeaving else { return }
        emit(.stateChanged(activeState, reason: "targets that waited are asked for again"), &turn)
        startTargets(&turn)
    }

    /// Says that the run waits, when all that is left of it waits to be started.
    mutating func noteWaiting(_ turn: inout Turn) {
        guard state == activeState || state == .waiting, !admission.deferred.isEmpty,
            startedCount + admission.deferred.count == countInWaves
        else { return }
        let reasons = order.filter(admission.deferred.contains).compactMap { deferrals[$0]?.reason }
        let more = reasons.count - Admission.named
        let reason =
            reasons.prefix(Admission.named).joined(separator: "; ")
            + (more > 0 ? "; and \(more) more wait" : "")
        guard state != .waiting || stateReason != reason else { return }
        emit(.stateChanged(.waiting, reason: reason), &turn)
    }

    /// Keeps the locks of targets that have ended with something owed or unknown.
    ///
    /// Those where that is settled are freed. A run that is over keeps those where something is
    /// unknown.
    mutating func noteLocks(_ turn: inout Turn) {
        guard takesLocks, !state.isTerminal else { return }
        for case .targetEnded(let name, _) in turn.decision.events
        where keptLocks[name] == nil && targets[name]?.outcome != nil && name.isTarget {
            guard let reason = reasonToKeepLock(of: name) else { continue }
            emit(.lockKept(name, reason: reason), &turn)
        }
        for name in keptLocks.keys.sorted() where targets[name]?.outcome != nil {
            guard reasonToKeepLock(of: name) == nil else { continue }
            emit(.unlocked(name), &turn)
        }
    }

    /// What keeps the lock of a target that has ended; nil for nothing.
    private func reasonToKeepLock(of name: TargetName) -> String? {
        guard let target = targets[name] else { return nil }
        let owed = (target.owed + target.leftOwed.keys).sorted()
        if !owed.isEmpty {
            return owed.map(\.rawValue).joined(separator: ", ") + " is owed there"
        }
        let unknown = sequence(of: name).map(\.id).filter { target.outcomes[$0] == .unknown }
        guard !unknown.isEmpty || target.outcome == .unknown else { return nil }
        let steps = unknown.map(\.rawValue).joined(separator: ", ")
        return "how \(steps.isEmpty ? "it" : steps) ended there is unknown"
    }

    /// Targets on which this run is at work: their locks are its own.
    package var targetsAtWork: [TargetName] {
        takesLocks ? runningTargets.filter(\.isTarget) : []
    }
}
