import Runbooks
import Runner

/// What comes next in a change's life, and whose business that is.
struct ChangeNext: Sendable, Hashable {
    /// What has to be done, as a clause.
    let text: String
    /// What to type.
    let command: String

    /// Nil where nothing is to be done by anybody.
    init?(_ change: Change, at now: Timestamp) {
        let id = change.id
        let found: (String, String)?
        switch change.state {
        case _ where change.isOnHold && !change.state.isTerminal:
            found = ("it is on hold", "handrail change hold \(id) --off --why '…'")
        case .draft: found = ("it is a draft", "handrail change submit \(id)")
        case .submitted:
            found =
                change.request.urgency == .emergency
                ? ("an emergency waits for approval", "handrail change approve \(id)")
                : ("it waits to be assessed", "handrail change assess \(id) --note '…'")
        case .assessed:
            let people = Set(change.standing(at: now).map(\.signed.statement.approver))
            found = (
                "it waits for approval: \(people.count) of \(change.quorum ?? 1)",
                "handrail change approve \(id)"
            )
        case .approved:
            found = (
                "it waits to be scheduled",
                change.request.wanted == nil
                    ? "handrail change schedule \(id) --start … --end …"
                    : "handrail change schedule \(id)"
            )
        case .scheduled: found = ("it is scheduled", "handrail run \(id)")
        case .implementing:
            found = change.openRun.map { ("it is being carried out", "handrail status \($0)") }
        case .review:
            let review = change.review.map {
                now < $0.due
                    ? "its review waits for \($0.owner)"
                    : "its review is overdue; it is \($0.owner)'s"
            }
            found = (
                review ?? "it waits to be closed", "handrail change close \(id) --note '…'"
            )
        case .closed, .rejected, .cancelled: found = nil
        }
        guard let found else { return nil }
        (text, command) = (found.0, found.1)
    }
}

extension Change {
    /// Whether it waits for something that this person can do, as far as the change itself says.
    func waits(for person: String, at now: Timestamp) -> Bool {
        let isOwn = person == requester || authors.contains(person)
        switch state {
        case .draft: return isOwn
        case .submitted where request.urgency != .emergency: return true
        case .submitted, .assessed:
            let has = standing(at: now).contains { $0.signed.statement.approver == person }
            return !isOwn && !has && request.implementer != person
        case .approved: return true
        case .scheduled:
            let approves = standing(at: now).contains {
                $0.signed.statement.approver == person
            }
            return !isOnHold && !approves && request.implementer.map { $0 == person } ?? true
        case .implementing: return false
        // What is overdue is everybody's business.
        case .review: return review.map { $0.owner == person || now >= $0.due } ?? true
        case .closed, .rejected, .cancelled: return false
        }
    }
}
