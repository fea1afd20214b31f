import Runbooks
import Runner

/// How outcomes and states stand out, and which sign they have.
extension Outcome {
    var tone: Tone {
        switch self {
        case .satisfied, .changed, .ok: .good
        case .failed, .timedOut, .unreachable, .unknown: .bad
        case .aborted: .warning
        case .skipped: .faint
        }
    }

    /// One column.
    var sign: String {
        switch self {
        case .satisfied, .changed, .ok: "✓"
        case .failed, .timedOut, .unreachable: "✗"
        case .unknown: "?"
        case .aborted: "■"
        case .skipped: "·"
        }
    }

    /// The word that people read.
    var word: String { self == .timedOut ? "timed out" : rawValue }

    /// The same in a run: what a rollback changed, it has undone.
    func word(in run: RunMachine) -> String {
        self == .changed && run.isRollback ? "undone" : word
    }
}

extension RunState {
    var tone: Tone {
        switch self {
        case .succeeded, .rolledBack: .good
        case .failed, .rollbackFailed, .aborted: .bad
        case .paused, .needsPerson: .warning
        case .pending, .waiting, .running, .rollingBack: .plain
        }
    }

    /// The word that people read.
    var word: String {
        switch self {
        case .needsPerson: "needs a person"
        case .rollingBack: "rolling back"
        case .rolledBack: "rolled back"
        case .rollbackFailed: "rollback failed"
        default: rawValue
        }
    }
}

extension RunResolution {
    var tone: Tone {
        switch self {
        case .resolved: .good
        case .unresolved: .bad
        case .unclear: .warning
        }
    }
}

extension Part {
    /// What people read: the step, and which part of it.
    var word: String {
        switch self {
        case .symptom: "symptom"
        case .peer: "peers_ok"
        case .guarding(let step): "\(step) (guard)"
        case .action(let step): step.rawValue
        case .check(let step, _): "\(step) (check)"
        case .verify(let index): "verify \(index + 1)"
        case .release(let step): "\(step) (giving back)"
        case .undo(let step, _): "\(step) (undo)"
        }
    }
}

extension ExitCode {
    /// The code for a run as it stands.
    init(_ run: RunMachine) {
        var codes: [ExitCode] = []
        switch run.state {
        case .rollbackFailed: codes.append(.rollbackFailed)
        case .rolledBack: codes.append(.rolledBack)
        case .aborted: codes.append(.aborted)
        case .pending, .waiting, .running, .paused, .needsPerson, .rollingBack:
            codes.append(.waiting)
        case .failed: codes.append(.targetsFailed)
        case .succeeded: break
        }
        let outcomes = run.targets.values.filter { !$0.isLeftOut }.compactMap(\.outcome)
        let isAnyUnknown = run.targets.values.contains { $0.outcomes.values.contains(.unknown) }
        if isAnyUnknown || outcomes.contains(.unknown) { codes.append(.unknown) }
        if !run.owed.isEmpty { codes.append(.waiting) }
        if outcomes.contains(.unreachable) {
            // A run that failed for nothing but unreachable targets ends with their code.
            let isAll = !outcomes.contains(.failed) && !outcomes.contains(.timedOut)
            if isAll { codes.removeAll { $0 == .targetsFailed } }
            codes.append(.unreachable)
        }
        if run.resolution == .unresolved { codes.append(.unresolved) }
        self = .worst(of: codes)
    }
}
