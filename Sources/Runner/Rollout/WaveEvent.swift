import Runbooks

/// Something that happened to a run's waves; waves are counted from 0.
package enum WaveEvent: Sendable, Codable, Hashable {
    /// From now on targets of this wave may be started.
    case started(Int)
    /// Every target of it has ended.
    case ended(Int)
    /// Nothing happens until then, but that health is watched.
    case soaking(Int, until: Timestamp)
    /// What the health checks said together; with `isLast` after the soak, else while it soaks.
    case healthTold(Int, HealthVerdict, reason: String, isLast: Bool)
    /// Everything that lies after the wave is done.
    case passed(Int)
    /// A person said that the next wave may start.
    case promoted(Int, actor: String)
    /// The run stops by itself, for another reason than the number of failures.
    case stopped(Int, reason: String)
    /// A target that can't be reached before its first step is left out, and counts as nothing.
    case leftOut(TargetName)
}

/// How a health check went, or several together.
package enum HealthVerdict: String, Sendable, Codable, CaseIterable, Comparable {
    case ok, warning, inconclusive, failed

    /// Whether it is the better one.
    package static func < (left: HealthVerdict, right: HealthVerdict) -> Bool {
        left.weight < right.weight
    }

    private var weight: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
