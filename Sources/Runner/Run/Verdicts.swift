import Runbooks

/// What an attempt's ending means: pure judgement, without state.
enum Verdicts {
    /// The outcome and one sentence for an ending that is no exit status.
    static func outcome(of ending: Ending) -> (Outcome, String?) {
        switch ending {
        case .exited(0): (.ok, nil)
        case .exited(let status): (.failed, "exit \(status)")
        case .timedOut: (.timedOut, "it took longer than its timeout, and was ended")
        case .cancelled: (.aborted, "aborted by a person")
        case .unreachable(let why): (.unreachable, why)
        case .notStarted(let why): (.failed, why)
        case .unknown(let why): (.unknown, why)
        case .heldBack(let why): (.aborted, why)
        }
    }

    /// How a step's action ended.
    static func action(_ step: Step, _ attempt: AttemptRecord) -> (Outcome, String?) {
        let (outcome, reason) = outcome(of: attempt.ending)
        guard outcome == .ok else {
            return (outcome, reason.map { explain($0, attempt) })
        }
        switch (step.effect, attempt.changed) {
        case (.read, _): return (.ok, nil)
        case (_, false?): return (.satisfied, nil)
        case (_, true?), (_, nil): return (.changed, nil)
        }
    }

    /// Whether a check holds.
    static func check(_ attempt: AttemptRecord) -> (Outcome, String?) {
        let (outcome, reason) = outcome(of: attempt.ending)
        return (outcome, reason.map { explain($0, attempt) })
    }

    /// The step's outputs, every one checked against its declaration.
    static func outputs(
        _ step: Step, _ attempt: AttemptRecord
    ) -> Result<[String: String], OutputProblem> {
        if let fact = step.factDeclaration {
            let choice = FactAnswer(fact, attempt)?.choice
            return .success(choice.map { [fact.name.rawValue: $0] } ?? [:])
        }
        if let problem = attempt.outputsProblem { return .failure(OutputProblem(message: problem)) }
        var problems: [String] = []
        var values: [String: String] = [:]
        for declaration in step.outputs {
            guard let text = attempt.outputs[declaration.name.rawValue] else {
                problems.append("output '\(declaration.name)' was not written")
                continue
            }
            let checked = declaration.check(text)
            problems += checked.diagnostics.map {
                "output '\(declaration.name)': \($0.message)"
            }
            values[declaration.name.rawValue] = checked.value?.text
        }
        let declared = Set(step.outputs.map(\.name.rawValue))
        for name in attempt.outputs.keys.sorted() where !declared.contains(name) {
            problems.append("output '\(name)' is not declared")
        }
        guard problems.isEmpty else {
            return .failure(OutputProblem(message: problems.joined(separator: "; ")))
        }
        return .success(values)
    }

    /// Whether one more attempt is allowed.
    ///
    /// An attempt that was lost, with its leader or its connection, doesn't use up a limit, three
    /// times at most; one that only looks and changes nothing 32 times.
    static func mayTryAgain(
        after outcome: Outcome, made: Int, lost: Int, limit: Retry, isLook: Bool = false
    ) -> Bool {
        let counted = made - min(lost, isLook ? 32 : 3)
        switch outcome {
        case .failed, .timedOut, .unreachable: return counted < limit.attempts
        case .unknown: return limit.attempts > 1 && counted < limit.attempts
        case .aborted, .satisfied, .changed, .ok, .skipped: return false
        }
    }

    /// A reason, with the last line of what the script said.
    static func explain(_ reason: String, _ attempt: AttemptRecord) -> String {
        let said = attempt.stderr.text.isEmpty ? attempt.stdout.text : attempt.stderr.text
        guard let line = said.split(whereSeparator: \.isNewline).last, !line.isEmpty else {
            return reason
        }
        return "\(reason) \"\(line.prefix(200))\""
    }
}

/// Why a step's outputs can't be taken.
struct OutputProblem: Error {
    let message: String
}

extension Effect {
    /// Whether a second start could do harm.
    package var isOnce: Bool {
        switch self {
        case .read, .idempotent: false
        case .once, .irreversible: true
        }
    }
}
