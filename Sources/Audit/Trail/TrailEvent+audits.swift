import Runbooks
import Runner

/// What the trail has of an audit's results (docs/trail.md).
extension TrailEvent {
    /// The line of what was seen of an item.
    init(_ result: AuditResult, of item: StepID, on target: TargetName, at: Timestamp) {
        self.init(kind: .itemAudited, at: at, actor: Self.engine, via: .engine)
        self.target = target
        step = item
        details = [
            "verdict": .string(result.verdict.rawValue),
            "severity": .string(result.severity.rawValue),
        ]
        details["expected"] = result.expected.map { .string($0) }
        details["actual"] = result.actual.map { .string($0) }
        details["reason"] = result.why.map { .string($0) }
        details["exception"] = result.exception.map {
            .object([
                "until": .string($0.until), "why": .string($0.why), "who": .string($0.who),
            ])
        }
    }
}

extension RebuiltEvent {
    /// The result that a line tells of; nil for one that says less than it needs.
    static func audited(_ record: TrailRecord) -> AuditResult? {
        guard
            let verdict = record.detail("verdict").flatMap(AuditResult.Verdict.init(rawValue:)),
            let severity = record.detail("severity").flatMap(ItemSeverity.init(rawValue:))
        else { return nil }
        var result = AuditResult(
            verdict, severity, expected: text(record.details["expected"]),
            actual: text(record.details["actual"]), why: text(record.details["reason"]))
        if case .object(let exception)? = record.details["exception"] {
            result.exception = AuditResult.Exception(
                until: exception["until"]?.text ?? "", why: text(exception["why"]) ?? "",
                who: text(exception["who"]) ?? "")
        }
        return result
    }
}
