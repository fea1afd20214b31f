import Runbooks
import Runner

/// What one line of the trail says, before it has its place in the chain (docs/trail.md).
package struct TrailEvent: Sendable, Hashable {
    /// What happened, such as `run.opened`.
    package let kind: Kind
    /// When it was recorded, by this machine's clock.
    package let at: Timestamp
    /// Who did it: an account's name, or `engine`.
    package let actor: String
    /// How they told Handrail.
    package let via: Via
    /// The run it is about; nil for none, as with all that follow.
    package var run: RunID?
    /// The plan it is about.
    package var plan: PlanID?
    /// The change it is about.
    package var change: ChangeID?
    /// The target it is about.
    package var target: TargetName?
    /// The step it is about.
    package var step: StepID?
    /// The attempt it is about, from 1.
    package var attempt: Int?
    /// What else is to be known; nothing secret, and no output.
    package var details: [String: JSONValue] = [:]

    package init(kind: Kind, at: Timestamp, actor: String, via: Via) {
        (self.kind, self.at, self.actor, self.via) = (kind, at, actor, via)
    }

    /// The kinds of events, by their names in the trail.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case trailCreated = "trail.created"
        case trailGap = "trail.gap"
        case keyAdded = "key.added"
        case runOpened = "run.opened"
        case runState = "run.state"
        case runClosed = "run.closed"
        case targetStarted = "target.started"
        case targetDeferred = "target.deferred"
        case targetEnded = "target.ended"
        case lockKept = "lock.kept"
        case lockFreed = "lock.freed"
        case targetVouched = "target.vouched"
        case gatesAnswered = "gates.answered"
        case targetSettled = "target.settled"
        case sessionOpened = "session.opened"
        case attemptStarted = "attempt.started"
        case attemptEnded = "attempt.ended"
        case stepEnded = "step.ended"
        case verifyEnded = "verify.ended"
        case outputsTaken = "outputs.taken"
        case itemAudited = "item.audited"
        case symptomAsked = "symptom.asked"
        case releaseOwed = "release.owed"
        case releasePaid = "release.paid"
        case releaseNotOwed = "release.not-owed"
        case releaseReopened = "release.reopened"
        case releaseLeft = "release.left"
        case questionAsked = "question.asked"
        case questionAnswered = "question.answered"
        case stopped
        case personActed = "person.acted"
        case personRefused = "person.refused"
        case clockStepped = "clock.stepped"
        case thresholdReached = "threshold.reached"
        case waveStarted = "wave.started"
        case waveEnded = "wave.ended"
        case waveSoaking = "wave.soaking"
        case waveHealth = "wave.health"
        case wavePassed = "wave.passed"
        case wavePromoted = "wave.promoted"
        case waveStopped = "wave.stopped"
        case targetLeftOut = "target.left-out"
        case runRestored = "run.restored"
        case homeRestored = "home.restored"
        case homePruned = "home.pruned"
        case escalated
        case escalationEnded = "escalation.ended"
        case flagged
        case flagCleared = "flag.cleared"
        case changeOpened = "change.opened"
        case changeAmended = "change.amended"
        case changeState = "change.state"
        case changeAccepted = "change.accepted"
        case changeAssessed = "change.assessed"
        case changeDecided = "change.decided"
        case changeRevoked = "change.revoked"
        case changeScheduled = "change.scheduled"
        case changeHold = "change.hold"
        case changeRun = "change.run"
        case changeReview = "change.review"
        case changeClosing = "change.closing"
        case trustChanged = "trust.changed"
        case actSigned = "act.signed"
    }

    /// Where an act came from.
    package enum Via: String, Sendable, Hashable { case cli, inbox, engine, found }

    /// The actor of what nobody ordered at that moment.
    package static let engine = PersonCommand.engine
}
