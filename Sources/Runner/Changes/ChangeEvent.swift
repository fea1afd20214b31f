import Runbooks

/// Something that happened to a change; a change is the fold of its events.
package enum ChangeEvent: Sendable, Codable, Hashable {
    /// The first of each change; who recorded it is its requester.
    case opened(ChangeRequest)
    /// The request as it is now, all of it.
    case amended(ChangeRequest)
    case moved(ChangeState, reason: String)
    /// It was complete; its type's rules at that moment count from then on.
    case accepted(ChangeRules)
    case assessed(Change.Assessment)
    /// An approval or a rejection, as it was signed.
    case decided(SignedApproval)
    /// The approval of a statement's digest counts no more.
    case revoked(Digest, why: String)
    /// The times in which its runs may start: all of them.
    case scheduled([Interval])
    case held(why: String)
    case released(why: String)
    case runOpened(Change.Run)
    case runEnded(RunID, RunState)
    case reviewOpened(owner: String, due: Timestamp)
    case closing(Change.Closing)
    /// It was opened by the engine for what two people did without a change.
    case brokeGlass(Change.BreakGlass)
}

/// One recorded event of a change.
package struct RecordedChangeEvent: Sendable, Codable, Hashable {
    /// From 1, gap-free within a change.
    package let sequence: Int
    /// When it was recorded.
    package let at: Timestamp
    /// Who did it: an account's name, with trust the person's id, or `engine`.
    package let actor: String
    /// What happened.
    package let event: ChangeEvent

    package init(sequence: Int, at: Timestamp, actor: String, event: ChangeEvent) {
        (self.sequence, self.at, self.actor, self.event) = (sequence, at, actor, event)
    }
}
