import Runbooks

/// How far a target has come in its sequence.
package struct TargetProgress: Sendable, Hashable {
    /// Where the target is in its life.
    package enum Phase: Sendable, Hashable {
        case notStarted
        case running
        case ended(Outcome)
    }

    /// What has happened to the step under way; `indirect`, as an attempt's record is large and most
    /// targets of a large run have none.
    package indirect enum Position: Sendable, Hashable {
        case fresh
        case guarded(Ending, hadErrors: Bool)
        case acted(AttemptRecord)
        /// Checks before this index hold; the action's outcome is kept for the step's end.
        case checking(Int, action: Outcome)
        /// One check ended; the record says how.
        case checked(Int, AttemptRecord, action: Outcome)
    }

    /// Where the target is in its life.
    package internal(set) var phase: Phase = .notStarted
    /// The index of the step under way; the number of steps once they are done.
    package internal(set) var cursor = 0
    /// What has happened to the step at `cursor`.
    package internal(set) var position: Position = .fresh
    /// The attempt whose start is recorded and whose end isn't; nil between two.
    package internal(set) var inFlight: AttemptKey?
    /// Attempts whose intents are recorded and that were sent ahead: they follow the one in flight,
    /// in this order, as long as each ends well.
    package internal(set) var ahead: [AttemptKey] = []
    /// The attempts made, by part; a part is cleared when its step has ended.
    package internal(set) var attempts: [Part: Int] = [:]
    /// How many of the attempts of a part ended without anybody seeing how.
    package internal(set) var lostAttempts: [Part: Int] = [:]
    /// Actions that change something, were lost, and of which nothing that came after proved that
    /// they are gone: they may be running, or begin yet.
    package internal(set) var unprovedActions: Set<Part> = []
    /// How many of the attempts of a part were held back: they count for nothing.
    package internal(set) var heldBack: [Part: Int] = [:]
    /// How the steps ended, for those that have.
    package internal(set) var outcomes: [StepID: Outcome] = [:]
    /// Why they ended so, where that needs a sentence.
    package internal(set) var reasons: [StepID: String] = [:]
    /// What was seen of a baseline's items.
    package internal(set) var audited: [StepID: AuditResult] = [:]
    /// The checked outputs of steps that have ended, by name.
    package internal(set) var outputs: [StepID: [String: String]] = [:]
    /// Steps other than `read` whose action has started, in order: what a rollback undoes.
    package internal(set) var touched: [StepID] = []
    /// Steps whose release is owed, in the order in which they started.
    package internal(set) var owed: [StepID] = []
    /// Owed releases that wait for a person, with the reason.
    package internal(set) var leftOwed: [StepID: String] = [:]
    /// Steps whose action may have been started on the target, and that haven't ended.
    package internal(set) var begun: Set<StepID> = []
    /// Whether anything of this run may have begun on the target, a look too.
    package internal(set) var mayHaveBegun = false
    /// Whether a step that failed and was passed over may have changed the target.
    package internal(set) var isTouchedInVain = false
    /// Whether it couldn't be reached before its first step, and is left out for that.
    package internal(set) var isLeftOut = false
    /// Whether a person asked for what is owed to be paid, whatever its rule says.
    package internal(set) var isPayAsked = false
    /// The step whose release was begun last, and isn't paid or left to a person.
    package internal(set) var releasing: StepID?
    /// The last attempt of a release under way.
    @KeptApart package internal(set) var releaseRecord: AttemptRecord?
    /// How often it was tried since it became due or a person asked for it.
    package internal(set) var releaseTries = 0
    /// How many of these tries ended without anybody seeing how.
    package internal(set) var lostReleaseTries = 0
    /// Set once the sequence is over and only releases follow.
    package internal(set) var ending: Outcome?
    /// Why the sequence is over, in one sentence; nil when it came to its end.
    package internal(set) var endingReason: String?
    /// The index of the runbook's `verify` under way, and its last record.
    package internal(set) var verifyCursor = 0
    /// The last record of the `verify` at `verifyCursor`; nil before it was looked at.
    @KeptApart package internal(set) var verifyRecord: AttemptRecord?
    /// What asking for the symptom gave last; nil before it was asked.
    @KeptApart package internal(set) var symptomRecord: AttemptRecord?
    /// Since when the symptom is seen gone.
    package internal(set) var symptomGoneSince: Timestamp?
    /// What the symptom said at the end: nil before it was asked.
    package internal(set) var symptomAnswer: SymptomAnswer?
    /// The step of unknown outcome with which the target ended, until a person settles it; nil when
    /// there is none.
    package internal(set) var unsettled: StepID?
    /// Whether that was a step that was run again to open its bracket.
    package internal(set) var isOpeningUnsettled = false
    /// Steps that may have changed the target: their actions may have been started, and none says
    /// that it found nothing to do.
    package internal(set) var mayHaveChanged: Set<StepID> = []
    /// Steps that ended in an earlier run, from whose outcomes this one goes on.
    package internal(set) var takenOver: Set<StepID> = []
    /// Answers that were given in an earlier run.
    package internal(set) var answers: [StepID: String] = [:]
    /// Steps that are run again before anything within their bracket.
    package internal(set) var reopened: [StepID] = []
    /// How many of the actions that undo the step at `cursor` are done.
    package internal(set) var undoCursor = 0
    /// Whether any of them changed something.
    package internal(set) var isUndone = false
    /// What was changed since by somebody else, for steps that could not be undone.
    package internal(set) var refusals: [StepID: UndoRefusal] = [:]
    /// What a `stop` step decided; nil when none was reached.
    package internal(set) var stop: StopAction.Resolution?
    /// The newest session's proof of identity.
    package internal(set) var session: String?
    /// The spool that the run was opened on; nil while nothing was claimed on the target.
    ///
    /// While an attempt is under way it is the one that the attempt may have been started on.
    @KeptApart package internal(set) var spool: KnownSpool?
    /// What was met while an attempt was under way; it counts once that has ended.
    @KeptApart package internal(set) var laterSpool: KnownSpool?
    /// Sessions in which an attempt's end was not seen: their processes may live, so they must
    /// be proved gone before anything starts.
    package internal(set) var unprovedSessions: [String] = []

    /// Whether the target occupies a place among those in flight.
    package var isRunning: Bool { phase == .running }

    /// How the target ended; nil while it hasn't.
    package var outcome: Outcome? {
        if case .ended(let outcome) = phase { outcome } else { nil }
    }

    /// Whether nothing can be decided before an attempt's end is known.
    ///
    /// One that ended well can be judged while others were sent ahead; one that did not waits until
    /// it is known of all of them that they were not begun, or how they ended.
    var isAwaited: Bool {
        guard inFlight == nil, !ahead.isEmpty else { return inFlight != nil }
        if case .acted(let record) = position { return record.ending != .exited(0) }
        return true
    }

    /// Whether something was sent ahead that is no `read` step, and nobody saw how it ended.
    func hasLostAhead(of id: StepID?, effect: (StepID) -> Effect?) -> Bool {
        lostAttempts.contains { part, count in
            guard case .action(let lost) = part, lost != id, count > 0 else { return false }
            return effect(lost) != .read
        }
    }

    /// Whether an action of the step was lost, and may be running, or begin yet.
    func isUnproved(_ id: StepID) -> Bool { unprovedActions.contains { $0.step == id } }

    /// Takes in how a step ended: what is unknown stays to be proved, by this run or one that goes on
    /// from it.
    mutating func forgetLost(_ id: StepID, after outcome: Outcome) {
        guard outcome != .unknown else { return }
        unprovedActions = unprovedActions.filter { $0.step != id }
    }

    /// How many attempts of a part were begun.
    func made(_ part: Part) -> Int { attempts[part, default: 0] - heldBack[part, default: 0] }

    /// Takes the intent of an attempt back, which was not begun: all is as it was before it.
    mutating func takeBack(_ part: Part) {
        heldBack[part, default: 0] += 1
        guard case .action(let id) = part, made(part) == 0 else { return }
        touched.removeAll { $0 == id }
    }

    /// The best word for a sequence that came to its end; never `satisfied`, which says that nothing
    /// was to be done, where a step failed on the way.
    var goodOutcome: Outcome {
        if isTouchedInVain || outcomes.values.contains(.changed) { return .changed }
        if outcomes.values.contains(where: { !$0.isGood }) { return .ok }
        if outcomes.values.contains(.satisfied) { return .satisfied }
        return .ok
    }
}

/// A value that takes a word where it isn't there: it is kept elsewhere.
@propertyWrapper
package struct KeptApart<Value: Sendable & Hashable>: Sendable, Hashable {
    private indirect enum Storage: Sendable, Hashable {
        case none
        case some(Value)
    }

    private var storage = Storage.none

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    /// The value; nil when it isn't there.
    package var wrappedValue: Value? {
        get { if case .some(let value) = storage { value } else { nil } }
        set { storage = newValue.map(Storage.some) ?? .none }
    }
}

/// What a symptom's `present` said.
package enum SymptomAnswer: String, Sendable, Codable, Hashable { case present, gone, unclear }
