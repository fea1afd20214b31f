import Runbooks

/// Which changes a list is about.
package struct ChangeFilter: Sendable, Hashable {
    /// Only changes that can still change, or only those that can't.
    package var isOpen: Bool?
    /// Only changes in these states; nil for all.
    package var states: Set<ChangeState>?
    /// Only the change of this plan.
    package var plan: PlanID?
    /// How many at most.
    package var limit: Int

    package init(
        isOpen: Bool? = nil, states: Set<ChangeState>? = nil, plan: PlanID? = nil,
        limit: Int = 500
    ) {
        (self.isOpen, self.states, self.plan, self.limit) = (isOpen, states, plan, limit)
    }

    /// Whether a change is one of them.
    package func holds(_ change: Change) -> Bool {
        (isOpen.map { $0 != change.state.isTerminal } ?? true)
            && (states?.contains(change.state) ?? true)
            && (plan.map { $0 == change.request.plan?.planID } ?? true)
    }
}

/// Keeps changes: who else knows of them decides who implements it.
///
/// Every write is on disk when its call returns. A change that is changed by two at once takes the
/// first; the second is told.
package protocol ChangeDesk: Sendable {
    /// Records a new change, and gives it the next number.
    ///
    /// The first event is `opened`.
    func open(
        _ events: [ChangeEvent], actor: String, at: Timestamp
    ) async throws(JournalError) -> Change
    /// Records events of a change, in order, all or none, after the last one that is known.
    ///
    /// Throws `notFound`; `locked` when somebody else has changed it since.
    func append(
        _ events: [ChangeEvent], to change: ChangeID, after sequence: Int, actor: String,
        at: Timestamp
    ) async throws(JournalError) -> Change
    /// A change as it is now.
    ///
    /// Throws `notFound`.
    func change(_ id: ChangeID) async throws(JournalError) -> Change
    /// All that happened to a change, in order.
    ///
    /// Throws `notFound`.
    func events(of change: ChangeID) async throws(JournalError) -> [RecordedChangeEvent]
    /// The newest changes first.
    func changes(matching filter: ChangeFilter) async throws(JournalError) -> [Change]
}

/// The refusals that every desk gives in the same words.
extension JournalError {
    /// There is no such change.
    package static func noChange(_ id: ChangeID) -> JournalError {
        JournalError(
            .notFound, "There is no change \(id) in this home.",
            hint: "'handrail change list --all' lists them.")
    }

    /// Somebody else was faster.
    package static func changedMeanwhile(_ change: Change, by actor: String) -> JournalError {
        JournalError(
            .locked,
            "\(change.id) was changed at the same time, by \(actor); it is "
                + "\(change.state.rawValue) now. Nothing was recorded.",
            hint: "Look at it again with 'handrail change show \(change.id)'.")
    }

    /// A change's event is longer than a line of the trail.
    package static func changeTooLarge(_ change: ChangeID) -> JournalError {
        JournalError(
            .full, "What was to be recorded of \(change) is longer than a record takes.",
            hint: "Shorter texts; the rest belongs into a ticket.")
    }

    /// A change begins with what opens it.
    package static let noOpening = JournalError(
        .corrupt, "A change has no event that opens it.",
        hint: "Keep a copy of the home, and restore the last backup.")
}

extension ChangeEvent {
    /// Whether a line of the trail takes it whole.
    package var fitsRecord: Bool {
        guard let bytes = try? CanonicalJSON.bytes(of: self) else { return false }
        return bytes.count <= ChangeLimit.eventBytes
    }
}
