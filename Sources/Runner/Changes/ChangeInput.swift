import Runbooks

/// What can happen to a change, before it is decided what follows from it.
package enum ChangeInput: Sendable {
    /// All of the request as it is to be.
    case amend(ChangeRequest)
    /// With what the list of known types says of its type; nil where it isn't there.
    case submit(ChangeRules?)
    case assess(Change.Assessment)
    /// An approval or a rejection, and what was said with it.
    case decide(SignedApproval, ApprovalFacts, why: String = "")
    /// Takes a person's approval back.
    case revoke(approver: String, why: String)
    /// The time in which its runs may start; beside those it has, or in their place.
    case schedule(Interval, adds: Bool)
    case hold(why: String)
    case unhold(why: String)
    case cancel(why: String)
    case runOpened(Change.Run)
    case runEnded(RunID, RunState)
    /// With the targets of its plan that have not ended well in any run.
    case close(Change.Closing, unfinished: [TargetName])
}

/// Why something can't happen to a change.
package struct ChangeRefusal: Sendable, Hashable {
    /// What kind of reason it is.
    package enum Code: String, Sendable, CaseIterable {
        /// It isn't in a state in which that can happen.
        case state
        /// Something is missing that has to be there.
        case incomplete
        /// A text, a time or a number that can't be.
        case invalid
        /// The approval doesn't count.
        case approval
        /// Something outside it is in the way.
        case obstacle
    }

    /// What kind of reason it is; callers switch on it.
    package let code: Code
    /// One sentence without a full stop.
    package let text: String
    /// What to do about it.
    package let hint: String?
    /// The part that is missing; nil for any other reason.
    package let part: ChangePart?

    package init(_ code: Code, _ text: String, hint: String? = nil, part: ChangePart? = nil) {
        (self.code, self.text, self.hint, self.part) = (code, text, hint, part)
    }
}

/// All reasons why something can't happen to a change, at once.
package struct ChangeRefusals: Error, Sendable, Hashable {
    /// At least one.
    package let list: [ChangeRefusal]

    package init(_ list: [ChangeRefusal]) { self.list = list }
}
