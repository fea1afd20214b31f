import Runbooks

/// What a person allowed who is asked before each step (`--step-by-step`).
///
/// Part of no record: the next leader asks nobody, and starts what was not allowed yet, since no
/// intent of it was recorded.
struct StepPermissions: Sendable {
    private var allowed: Set<StepID> = []
    /// Whether the person wants to be asked no more.
    private var isAlone = false
    /// Which step is being asked for, on each target.
    fileprivate(set) var asked: [TargetName: StepID] = [:]

    /// Whether a step may begin.
    func allows(_ step: StepID) -> Bool { isAlone || allowed.contains(step) }

    /// Takes an answer; after the last one nothing is asked.
    mutating func allow(_ step: StepID, isLast: Bool) {
        allowed.insert(step)
        isAlone = isAlone || isLast
    }
}

extension RunMachine {
    /// Whether this leader asks a person before each step.
    package var asksBeforeSteps: Bool {
        get { permissions != nil }
        set { permissions = newValue ? permissions ?? StepPermissions() : nil }
    }

    /// Whether a step may begin now; else the person is asked, once, and the target waits.
    mutating func isAllowed(_ step: Step, _ name: TargetName, _ turn: inout Turn) -> Bool {
        guard let permissions, !permissions.allows(step.id) else {
            permissions?.asked[name] = nil
            return true
        }
        if permissions.asked[name] != step.id {
            self.permissions?.asked[name] = step.id
            turn.decision.effects.append(.ask(name, step.id))
        }
        return false
    }

    /// Takes back what need not be answered any more: the run is aborted, or has gone on.
    mutating func withdrawQuestions(_ turn: inout Turn) {
        for (name, step) in (permissions?.asked ?? [:]).sorted(by: { $0.key < $1.key }) {
            let target = targets[name]
            let stands =
                target.map {
                    $0.isRunning && $0.ending == nil && $0.inFlight == nil
                        && stepUnderWay(name, $0)?.id == step
                } ?? false
            guard !stands else { continue }
            permissions?.asked[name] = nil
            turn.decision.effects.append(.withdraw(name))
        }
    }
}
