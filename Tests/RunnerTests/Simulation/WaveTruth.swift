import Runbooks

@testable import Runner

/// What of a run's waves was really started and has ended, and what must hold of them.
struct WaveTruth {
    private let findings: Findings
    private let rollout: Rollout
    /// The targets of each wave.
    private let waves: [[TargetName]]
    private let hasWaves: Bool
    private let pauses: Bool
    /// Undoing goes over no waves, and stops by rules of its own.
    private let isRollback: Bool
    private var outcomes: [TargetName: Outcome] = [:]
    /// What has ended, and well, though a person may have opened it again.
    private var hasEnded: Set<TargetName> = []
    private var hasSucceeded: Set<TargetName> = []
    /// Left out since they could not be reached.
    private var leftOut: Set<TargetName> = []
    /// Failures that a person has accepted.
    private var accepted: Set<TargetName> = []
    private var isStopped = false
    /// Whether it stopped since a person resumed it, whatever was opened again meanwhile.
    private var hasStopped = false
    /// How far what comes before and after a wave is done.
    private enum Frame { case closed, opening, open, broken, closing }
    private var frame = Frame.closed
    /// The wave that was entered last, and how often each was.
    private var entered: Int?
    private var rounds: [Int: Int] = [:]
    private var begun: Set<TargetName> = []
    private let lists: Set<WaveList.Kind>

    init(_ record: RunRecord, _ findings: Findings) {
        let plan = record.plan
        (rollout, self.findings) = (plan.rollout, findings)
        hasWaves = plan.waves != nil
        isRollback = record.descent?.kind == .rollback
        waves = plan.waves?.map(\.targets) ?? [plan.targets.map(\.name)]
        lists = Set(WaveList.Kind.allCases.filter { !plan.sequence(of: $0).isEmpty })
        pauses = (rollout.onStop ?? (hasWaves ? .pause : .abort)) == .pause
    }

    private func wave(of target: TargetName) -> Int {
        waves.firstIndex { $0.contains(target) } ?? 0
    }

    private func failures(of targets: [TargetName]) -> Int {
        targets.count { target in
            outcomes[target]?.countsAsFailure == true && !leftOut.contains(target)
                && !accepted.contains(target)
        }
    }

    /// Whether so many failed that nothing more may start, reckoned from all that is known.
    private func isReached(in wave: Int) -> Bool {
        if let limit = rollout.stopAtFailures, failures(of: waves.flatMap { $0 }) >= limit {
            return true
        }
        let size = Double(waves[wave].count)
        let amounts = [wave == 0 ? rollout.stopAtFirstWave : nil, rollout.stopAtWave]
        var limits = amounts.compactMap { amount -> Int? in
            switch amount {
            case nil: nil
            case .count(let count): count
            case .percent(let percent): Int((size * Double(percent) / 100).rounded(.up))
            }
        }
        if limits.isEmpty, rollout.stopAtFailures == nil { limits = [1] }
        return limits.contains { failures(of: waves[wave]) >= $0 }
    }

    /// A target is started, or a wave's list: its turn has come, and nothing says stop.
    mutating func started(_ target: TargetName) {
        guard !isRollback else { return }
        if let list = target.waveList { return started(list) }
        guard target.isTarget else { return }
        let wave = wave(of: target)
        checkTurn(target, of: wave)
        begun.insert(target)
        if lists.contains(.before) {
            findings.expect(
                frame == .open && entered == wave, .wavesAreFramed,
                "\(target) started, and before_wave had not ended well")
        } else if lists.contains(.after) {
            findings.expect(
                frame == .closed || frame == .open && entered == wave, .wavesAreFramed,
                "\(target) started beside the after_wave of another wave")
            if frame == .closed { rounds[wave, default: 0] += 1 }
            (frame, entered) = (.open, wave)
        }
    }

    /// A wave's list begins: once for each time that its wave is entered, with nothing at work.
    private mutating func started(_ list: WaveList) {
        let open = begun.filter { outcomes[$0] == nil }.sorted()
        findings.expect(
            open.isEmpty, .wavesAreFramed, "\(list.name) begins, and \(open) have not ended")
        switch list.kind {
        case .before:
            checkTurn(list.name, of: list.wave)
            rounds[list.wave, default: 0] += 1
            let isOver = frame == .closed || !lists.contains(.after)
            findings.expect(
                isOver && frame != .opening && rounds[list.wave] == list.round, .wavesAreFramed,
                "\(list.name) begins out of turn")
            (frame, entered) = (.opening, list.wave)
        case .after:
            findings.expect(
                (frame == .open || frame == .broken) && entered == list.wave
                    && rounds[list.wave] == list.round, .wavesAreFramed,
                "\(list.name) begins, and nothing of it is owed")
            frame = .closing
        }
    }

    private mutating func ended(_ list: WaveList, _ outcome: Outcome) {
        frame = list.kind == .after ? .closed : outcome.isGood ? .open : .broken
    }

    /// The run has ended: nothing is owed after a wave.
    func closed() {
        guard !isRollback else { return }
        let isOwed = lists.contains(.after) && (frame == .open || frame == .broken)
        findings.expect(
            !isOwed, .wavesAreFramed, "the run has ended, and after_wave was not begun")
    }

    private func checkTurn(_ target: TargetName, of wave: Int) {
        if isStopped || isReached(in: wave) {
            findings.broken(.thresholdHolds, "\(target) started after it")
        }
        for earlier in waves[..<wave].joined() where !hasEnded.contains(earlier) {
            findings.broken(.wavesFollow, "\(target) started, and \(earlier) had not ended")
        }
        guard wave > 0 else { return }
        let before = waves[wave - 1]
        if !before.contains(where: { hasSucceeded.contains($0) || accepted.contains($0) }) {
            findings.broken(.wavesFollow, "\(target) started after a wave without a success")
        }
    }

    /// Takes an event of the run in.
    mutating func note(_ event: RunEvent) {
        switch event {
        case .targetStarted(let target): started(target)
        case .targetEnded(let target, let outcome): ended(target, outcome)
        case .closed: closed()
        case .wave(let event): happened(event)
        case .commanded(let command, _):
            switch command.verb {
            case .resume: resumed()
            case .pay(let target): reopened(target)
            case .settle(let target, _, _, _): reopened(target)
            default: break
            }
        default: break
        }
    }

    mutating func ended(_ target: TargetName, _ outcome: Outcome) {
        if let list = target.waveList { return ended(list, outcome) }
        guard target.isTarget else { return }
        outcomes[target] = outcome
        hasEnded.insert(target)
        if outcome.isGood { hasSucceeded.insert(target) }
    }

    mutating func happened(_ event: WaveEvent) {
        switch event {
        case .leftOut(let target):
            leftOut.insert(target)
            let size = Double(waves.joined().count)
            let most =
                switch rollout.leaveOut {
                case nil: 0
                case .count(let count): count
                case .percent(let percent): Int(size * Double(percent) / 100)
                }
            if leftOut.count > most { findings.broken(.thresholdHolds, "too many are left out") }
        case .stopped: (isStopped, hasStopped) = (true, true)
        case .started, .ended, .soaking, .healthTold, .passed, .promoted: break
        }
    }

    /// A person goes on: what failed so far is accepted, where the run had stopped for it.
    mutating func resumed() {
        guard pauses, hasStopped || waves.indices.contains(where: isReached) else { return }
        (isStopped, hasStopped) = (false, false)
        accepted.formUnion(outcomes.filter { !$0.value.isGood }.keys)
    }

    /// What became of a target is open again.
    mutating func reopened(_ target: TargetName) {
        if let list = target.waveList {
            frame = list.kind == .before ? .opening : .closing
        } else {
            outcomes[target] = nil
        }
        isStopped = false
    }
}
