import Runbooks
import Runner

/// What one line of the trail says, before it has its place in the chain (docs/trail.md).
struct TrailEvent: Sendable, Hashable {
    /// What happened, such as `run.opened`.
    let kind: Kind
    /// When it was recorded, by this machine's clock.
    let at: Timestamp
    /// Who did it: an account's name, or `engine`.
    let actor: String
    /// How they told Handrail.
    let via: Via
    var run: RunID?
    var plan: PlanID?
    var target: TargetName?
    var step: StepID?
    var attempt: Int?
    /// What else is to be known; nothing secret, and no output.
    var details: [String: JSONValue] = [:]

    /// The kinds of events, by their names in the trail.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        case trailCreated = "trail.created"
        case trailPushed = "trail.pushed"
        case trailGap = "trail.gap"
        case keyAdded = "key.added"
        case keyRetired = "key.retired"
        case runOpened = "run.opened"
        case runState = "run.state"
        case runClosed = "run.closed"
        case targetStarted = "target.started"
        case targetEnded = "target.ended"
        case sessionOpened = "session.opened"
        case attemptStarted = "attempt.started"
        case attemptEnded = "attempt.ended"
        case stepEnded = "step.ended"
        case verifyEnded = "verify.ended"
        case outputsTaken = "outputs.taken"
        case symptomAsked = "symptom.asked"
        case releaseOwed = "release.owed"
        case releasePaid = "release.paid"
        case releaseNotOwed = "release.not-owed"
        case releaseLeft = "release.left"
        case questionAsked = "question.asked"
        case questionAnswered = "question.answered"
        case stopped
        case personActed = "person.acted"
        case personRefused = "person.refused"
        case thresholdReached = "threshold.reached"
        case escalated
        case flagged
    }

    /// Where an act came from.
    enum Via: String, Sendable, Hashable { case cli, inbox, engine }

    /// The actor of what nobody ordered at that moment.
    static let engine = "engine"
}
