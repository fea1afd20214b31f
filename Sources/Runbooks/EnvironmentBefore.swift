/// What must have happened in another environment before something runs in this one: gate 2.
///
/// Written as `after` in an environment of `handrail.yaml` or of trust (docs/format.md, "Order of
/// environments").
package struct EnvironmentBefore: Sendable, Hashable, Codable {
    /// The label that is counted by where nothing else is said.
    package static let usualLabel = "role"
    /// How old a success may be where nothing else is said.
    package static let usualAge: Duration = .seconds(90 * 86_400)

    /// The name of the environment that comes before.
    package let environment: String
    /// The label of whose values each needs a target there; nil where only their number counts.
    package let oneOfEach: String?
    /// How many targets there must have gone through it, 1 at least.
    package let targets: Int
    /// How old, in milliseconds, a success may be.
    package let withinMilliseconds: Int64
    /// Whether it stops anything; the environment's `content` may be stricter.
    package let policy: PolicyLevel

    private enum CodingKeys: String, CodingKey {
        case environment
        case oneOfEach = "one_of_each"
        case targets
        case withinMilliseconds = "within_ms"
        case policy
    }

    package init(
        environment: String, oneOfEach: String? = EnvironmentBefore.usualLabel, targets: Int = 1,
        withinMilliseconds: Int64 = EnvironmentBefore.usualAge.inMilliseconds,
        policy: PolicyLevel = .required
    ) {
        self.environment = environment
        self.oneOfEach = oneOfEach
        self.targets = targets
        self.withinMilliseconds = withinMilliseconds
        self.policy = policy
    }
}

extension PolicyLevel {
    /// Whether it lets more through than another.
    package func isLooser(than other: PolicyLevel) -> Bool { rank < other.rank }

    /// The one of two that lets less through.
    package func stricter(of other: PolicyLevel) -> PolicyLevel {
        isLooser(than: other) ? other : self
    }

    private var rank: Int {
        switch self {
        case .off: 0
        case .advisory: 1
        case .required: 2
        }
    }
}
