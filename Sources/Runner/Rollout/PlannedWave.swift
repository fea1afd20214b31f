import Runbooks

/// Targets of a plan that are done before any of the next wave starts.
package struct PlannedWave: Sendable, Codable, Hashable {
    /// What people call it, such as `front 2/3`; unique in its plan.
    package var name: String
    /// In the order of their start; one at least.
    package var targets: [TargetName]
    /// The protected groups with members for which this wave had room and that a later one has,
    /// by their names, sorted; nil when there are none.
    package var putOff: [String]?

    private enum CodingKeys: String, CodingKey {
        case name, targets
        case putOff = "put_off"
    }

    package init(name: String, targets: [TargetName], putOff: [String]? = nil) {
        (self.name, self.targets, self.putOff) = (name, targets, putOff)
    }
}
