import Runbooks
import Runner

extension OpenedLibrary {
    /// What the house's list of known change types says of each, for changes of an urgency.
    ///
    /// Never fewer people approve than trust demands: `least`.
    func changeRules(for urgency: ChangeUrgency, least: Int = 1) -> [ChangeRules] {
        let types = library.configuration.changeTypes
        let emergency = types.first { $0.name == ChangeType.emergency }
        return types.filter { $0.name != ChangeType.emergency }.map {
            ChangeRules(
                $0, approvedBy: urgency == .emergency ? emergency ?? $0 : $0, least: least)
        }
    }
}

extension Runbook {
    /// Refuses a change of another type than the runbook says: its windows and its board would be
    /// others.
    ///
    /// - Throws: `Failure` (invalidInput).
    func refuseOtherType(than type: String?) throws {
        guard let own = changeType?.text, let type, type != own else { return }
        throw Failure(
            .invalidInput, code: "change.type",
            "\(id) says that its changes are of the type \(own), not \(printableExcerpt(type)).",
            hint: "leave --type out, or have the runbook say another one")
    }
}

extension ChangeRules {
    /// A type of the list; who approves is what the other entry says.
    ///
    /// Where trust wants several approvals, no type of a library goes without any.
    init(_ type: ChangeType, approvedBy board: ChangeType, least: Int) {
        self.init(
            type: type.name, severity: least > 1 ? max(type.severity, .minor) : type.severity,
            windows: type.windows,
            approvers: board.approvers, quorum: max(board.quorum, least),
            reviewWithinMilliseconds: type.reviewWithinMilliseconds)
    }
}

extension [ChangeRules] {
    /// What is said of a type; nil where it isn't a known one.
    func rules(of type: String?) -> ChangeRules? { first { $0.type == type } }
}
