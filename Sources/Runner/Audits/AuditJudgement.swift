import Runbooks

/// What the answer to an item's look means: pure judgement, without state.
struct AuditJudgement: Sendable {
    /// What it comes to; `failed` where it was not seen how the item is.
    let result: AuditResult
    /// How the step ends: `ok` where it was seen, whatever was.
    let outcome: Outcome

    /// Judges the last attempt of an item; its comparison has its values by now.
    init(_ audit: ItemAudit, _ action: Action, _ attempt: AttemptRecord) {
        let severity = audit.severity
        switch attempt.ending {
        case .exited(let status):
            let found: AuditResult =
                if case .assert = action {
                    Self.script(audit, status, attempt)
                } else {
                    Self.typed(severity, action, status, attempt)
                }
            result = found
            outcome = found.verdict == .failed ? .failed : .ok
        case .timedOut, .cancelled, .unreachable, .notStarted, .unknown, .heldBack:
            let (outcome, why) = Verdicts.outcome(of: attempt.ending)
            result = AuditResult(.failed, severity, why: why)
            self.outcome = outcome
        }
    }

    private static func script(
        _ audit: ItemAudit, _ status: Int32, _ attempt: AttemptRecord
    ) -> AuditResult {
        let severity = audit.severity
        let written = Self.written(attempt.stdout)
        guard let comparison = audit.expected else {
            switch status {
            case 0: return AuditResult(.complies, severity, expected: "exit 0")
            case 1 where attempt.stderr.totalBytes == 0:
                let said = written.flatMap { $0.isEmpty ? nil : $0 } ?? "exit 1"
                return AuditResult(.deviates, severity, expected: "exit 0", actual: cut(said))
            default: return failed(severity, status, attempt)
            }
        }
        guard status == 0 else { return failed(severity, status, attempt) }
        let expected = cut(comparison.words)
        guard let written else {
            return AuditResult(
                .failed, severity, expected: expected,
                why: "it wrote \(attempt.stdout.totalBytes) bytes, which is too much to compare")
        }
        switch comparison.answer(to: written) {
        case .fits:
            return AuditResult(.complies, severity, expected: expected, actual: cut(written))
        case .differs:
            return AuditResult(
                .deviates, severity, expected: expected,
                actual: written.isEmpty ? "nothing" : cut(written))
        case .incomparable(let why):
            return AuditResult(.failed, severity, expected: expected, why: cut(why))
        }
    }

    private static func typed(
        _ severity: ItemSeverity, _ action: Action, _ status: Int32, _ attempt: AttemptRecord
    ) -> AuditResult {
        let expected = attempt.seen?.expected ?? action.expectation
        switch status {
        case 0:
            return AuditResult(
                .complies, severity, expected: cut(expected),
                actual: attempt.seen.map { cut($0.actual) })
        case 1 where attempt.stderr.totalBytes == 0:
            return AuditResult(
                .deviates, severity, expected: cut(expected),
                actual: cut(attempt.seen?.actual ?? attempt.diff ?? "something else"))
        default:
            // What it saw it had told before it found why it couldn't be changed.
            guard let seen = attempt.seen, seen.expected != seen.actual else {
                return failed(severity, status, attempt)
            }
            return AuditResult(
                .deviates, severity, expected: cut(expected), actual: cut(seen.actual))
        }
    }

    private static func failed(
        _ severity: ItemSeverity, _ status: Int32, _ attempt: AttemptRecord
    ) -> AuditResult {
        let why = status == 77 ? "it can't look (exit 77)" : "exit \(status)"
        return AuditResult(.failed, severity, why: cut(Verdicts.explain(why, attempt)))
    }

    /// What a script wrote, without line ends at its end; nil where that was not kept whole.
    private static func written(_ output: OutputRecord) -> String? {
        guard output.stored == nil, output.droppedBytes == 0 else { return nil }
        var text = Substring(output.text)
        while text.last?.isNewline == true { text = text.dropLast() }
        return String(text)
    }

    /// One line that is told, no longer than is told of anything.
    private static func cut(_ text: String) -> String {
        let line = printable(text.utf8, keepNewlines: false)
        guard line.count > AuditResult.longestValue else { return line }
        return line.prefix(AuditResult.longestValue - 1) + "…"
    }
}

extension Action {
    /// What a typed action wants to be there, as far as it says so itself.
    fileprivate var expectation: String {
        switch self {
        case .service(let service): service.state.rawValue
        case .package(let package):
            switch package.version {
            case .present, .previous: "installed"
            case .absent: "absent"
            case .exactly(.text(let version)): version
            case .exactly(.reference(let name)): "$\(name)"
            }
        case .file(let file): file.content == .absent ? "absent" : "as the baseline says"
        case .run, .reboot, .wait, .assert, .collect, .http, .manual, .ask, .stop: "exit 0"
        }
    }
}
