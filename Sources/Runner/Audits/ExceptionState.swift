import Runbooks

/// Where an exception stands at an instant.
package enum ExceptionState: String, Sendable, Codable, CaseIterable {
    /// It counts.
    case current
    /// It counts, and ends within a few days.
    case endsSoon = "ends_soon"
    /// It counts no more.
    case ended

    /// How long before its end it is told of.
    package static let soon: Duration = .seconds(7 * 86_400)
}

extension BaselineException {
    /// The instant from which it counts no more: the end of its last day, UTC.
    ///
    /// A day that doesn't exist is none that a document or plan has.
    package var end: Timestamp {
        guard let day = Timestamp(trailText: until + "T00:00:00.000Z") else {
            return Timestamp(milliseconds: 0)
        }
        return day.adding(.seconds(86_400))
    }

    /// Where it stands.
    package func state(at now: Timestamp) -> ExceptionState {
        guard now < end else { return .ended }
        return now.adding(ExceptionState.soon) < end ? .current : .endsSoon
    }
}

extension Collection where Element == BaselineException {
    /// What covers a deviation at an instant; nil when nothing does.
    package func covering(
        _ item: StepID, on target: TargetName, at now: Timestamp
    ) -> BaselineException? {
        first { $0.covers(item, on: target) && $0.state(at: now) != .ended }
    }
}

extension AuditResult {
    /// The same, excepted where a deviation is covered, and deviating where it is no more.
    package func excepted(by exception: BaselineException?) -> AuditResult {
        guard verdict == .deviates || verdict == .excepted else { return self }
        var result = self
        result.verdict = exception == nil ? .deviates : .excepted
        result.exception = exception.map {
            Exception(until: $0.until, why: $0.why, who: $0.who)
        }
        return result
    }
}
