import Runbooks

/// What is done once before and after the targets of a wave (docs/rollout.md, "Before and after a
/// wave").
///
/// A run goes through a list as it goes through a target, under a name of its own: so its attempts
/// are recorded, tried again, found again and settled like all others.
extension RunMachine {
    /// Whether something is done before each wave.
    var hasBeforeList: Bool { plan.beforeWave != nil }
    /// Whether something is done after each wave.
    var hasAfterList: Bool { plan.afterWave != nil }

    /// Whether a name is that of a list which gives back what began its wave: nothing cuts it short.
    func givesBack(_ name: TargetName) -> Bool {
        plan.hasWaveLists && name.waveList?.kind == .after
    }

    /// Whether what is done under a name undoes something, and is no wave's list.
    func undoes(_ name: TargetName) -> Bool { isRollback && name.isTarget }

    /// What a wave's list is given, where a target has its record in the plan.
    func planned(_ list: WaveList) -> PlannedTarget? {
        guard waves.indices.contains(list.wave) else { return nil }
        let name = plan.waves.flatMap { $0.indices.contains(list.wave) ? $0[list.wave].name : nil }
        return PlannedTarget(
            name: list.name, address: "localhost", port: 22, user: nil, becomeUser: nil,
            hostKeys: [],
            labels: [
                WaveValue.name.rawValue: [name ?? "all"],
                WaveValue.targets.rawValue: waves[list.wave].map(\.rawValue),
            ])
    }

    /// What began the wave that a target, a list or a shared step belongs to; nil where nothing has.
    private func beginning(of name: TargetName) -> TargetProgress? {
        nameOfBeginning(of: name).flatMap { targets[$0] }
    }

    /// Its name; nil where nothing has begun it.
    func nameOfBeginning(of name: TargetName) -> TargetName? {
        guard hasBeforeList,
            let wave = waveOf[name] ?? name.waveList?.wave ?? name.sharedStep?.wave
        else { return nil }
        return name.waveList?.kind == .before ? nil : nameOfBeginning(ofWave: wave)
    }

    /// What began a wave, the last time; nil where nothing has.
    func nameOfBeginning(ofWave index: Int) -> TargetName? {
        guard hasBeforeList else { return nil }
        return lists.last { $0.waveList.map { $0.kind == .before && $0.wave == index } ?? false }
    }

    /// What steps gave that is seen under a name: its own, and what began its wave.
    func outputs(seenBy name: TargetName) -> [StepID: [String: String]] {
        let own = targets[name]?.outputs ?? [:]
        guard let first = beginning(of: name) else { return own }
        return own.merging(first.outputs) { own, _ in own }
    }

    /// What steps gave that began a wave.
    func outputs(ofWave index: Int) -> [StepID: [String: String]] {
        nameOfBeginning(ofWave: index).flatMap { targets[$0]?.outputs } ?? [:]
    }

    /// How steps ended that are seen under a name.
    func outcomes(seenBy name: TargetName) -> [StepID: Outcome] {
        let own = targets[name]?.outcomes ?? [:]
        guard let first = beginning(of: name) else { return own }
        return own.merging(first.outcomes) { own, _ in own }
    }

    // MARK: What is due

    /// Whether targets of the wave may be started, as far as its lists say.
    var isWaveOpen: Bool {
        guard hasWaves, plan.hasWaveLists else { return true }
        switch wave.bracket {
        case .open: return true
        case .closed: return !hasBeforeList
        case .opening, .broken, .closing: return false
        }
    }

    /// Whether what comes after the wave is owed: something of the wave was begun.
    var owesAfterList: Bool {
        hasAfterList && hasWaves && (wave.bracket == .open || wave.bracket == .broken)
    }

    /// Whether nothing of the wave is at work, and nothing more of it will be before somebody acts.
    private var isCloseWanted: Bool {
        guard owesAfterList, runningCount == 0, admission.asked.isEmpty else { return false }
        let isKeptOut = asksGates && !admission.isGateAsked && admission.gates?.isOpen == false
        return isAbortRequested || isThresholdReached || isPauseRequested || isHandedOver
            || isKeptOut || waves[wave.index].allSatisfy { targets[$0]?.outcome != nil }
    }

    /// Whether a person has to say first how something of the wave ended.
    private var isHeldByUnknown: Bool {
        lists.contains { unsettledStep(on: $0) != nil }
            || isCloseWanted && waves[wave.index].contains { unsettledStep(on: $0) != nil }
    }

    /// Starts the list that is due before or after the wave's targets.
    ///
    /// - Returns: whether there was one.
    mutating func moveLists(_ turn: inout Turn) -> Bool {
        guard plan.hasWaveLists, hasWaves else { return false }
        if isCloseWanted, !isLeaving, haltReason == nil || isAbortRequested, !isHeldByUnknown {
            begin(WaveList(.after, wave: wave.index, round: max(1, wave.round)), &turn)
            return true
        }
        // Where nothing comes after a wave, nothing has to be given back before it begins again.
        let isBroken = wave.bracket == .broken && !hasAfterList && !isHeldByUnknown
        guard hasBeforeList, wave.phase == .running, wave.bracket == .closed || isBroken,
            mayBeginWave
        else { return false }
        for name in waves[wave.index] where targets[name]?.phase == .notStarted {
            if let outcome = leftOut[name]?.outcome { endUnstarted(name, outcome, &turn) }
        }
        guard mayBeginWave,
            waves[wave.index].contains(where: { targets[$0]?.phase == .notStarted }),
            gatesLetStart(&turn)
        else { return false }
        begin(WaveList(.before, wave: wave.index, round: wave.round + 1), &turn)
        return true
    }

    private mutating func begin(_ list: WaveList, _ turn: inout Turn) {
        if state == .waiting {
            emit(.stateChanged(activeState, reason: "\(words(for: list)) begins"), &turn)
        }
        emit(.targetStarted(list.name), &turn)
        advance(list.name, &turn)
    }

    /// Has the run stop after a list that did not end well; what a person has to settle first waits.
    mutating func noteListEnd(_ name: TargetName, _ outcome: Outcome, _ turn: inout Turn) {
        guard plan.hasWaveLists, hasWaves, let list = name.waveList, !outcome.isGood,
            !isAbortRequested, !isThresholdReached, targets[name]?.unsettled == nil,
            record.descent?.keepsGoing != true
        else { return }
        let why = targets[name]?.endingReason.map { ": \($0)" } ?? ""
        emit(
            .wave(
                .stopped(list.wave, reason: "\(words(for: list)) ended \(outcome.rawValue)\(why)")),
            &turn)
    }

    /// Whether the run waits for what comes after the wave; a person is asked for where only one
    /// can help.
    mutating func waitsForLists(_ turn: inout Turn) -> Bool {
        guard plan.hasWaveLists, hasWaves else { return false }
        guard isHeldByUnknown, let reason = needOfPerson else { return isCloseWanted }
        if state != .needsPerson || stateReason != reason {
            emit(.stateChanged(.needsPerson, reason: reason), &turn)
        }
        turn.decision.effects.append(.finish)
        return true
    }

    /// Such as `before_wave of wave front 1/3`.
    package func words(for list: WaveList) -> String {
        "\(list.kind.rawValue) of \(waveName(list.wave))"
    }

    /// Each list that was begun, as it was done the last time, in the order in which they began.
    package var lastLists: [TargetName] {
        var last: [WaveList: TargetName] = [:]
        for name in lists {
            guard let list = name.waveList else { continue }
            last[WaveList(list.kind, wave: list.wave, round: 1)] = name
        }
        let kept = Set(last.values)
        return lists.filter(kept.contains)
    }

    /// Whether each list that was begun ended well, the last time; what should have given something
    /// back, each time.
    var areListsGood: Bool {
        let given = lists.filter { $0.waveList?.kind == .after }
        return (lastLists + given).allSatisfy { targets[$0]?.outcome?.isGood == true }
    }
}

/// How recorded events change what is done before and after a wave.
extension RunMachine {
    mutating func applyStart(ofShared name: TargetName) {
        var progress = TargetProgress()
        progress.phase = .running
        targets[name] = progress
        lists.append(name)
        runningCount += 1
        if let list = name.waveList { applyStart(of: list) }
    }

    private mutating func applyStart(of list: WaveList) {
        wave.round = list.round
        wave.bracket = list.kind == .before ? .opening : .closing
    }

    mutating func applyEnd(of list: WaveList, _ outcome: Outcome) {
        switch list.kind {
        case .before:
            let isPassedOver =
                record.descent?.keepsGoing == true && outcome != .unknown && outcome != .aborted
            wave.bracket = outcome.isGood || isPassedOver ? .open : .broken
        case .after:
            wave.bracket = unsettledStep(on: list.name) == nil ? .closed : .closing
        }
    }

    /// The first target of a wave begins that nothing comes before: what comes after it is owed.
    mutating func applyEntry(of target: TargetName) {
        guard hasAfterList, !hasBeforeList, hasWaves, waveOf[target] == wave.index,
            wave.bracket == .closed, leftOut[target]?.outcome == nil
        else { return }
        wave.bracket = .open
        wave.round += 1
    }
}
