import Runbooks

/// Everything that can happen to a run, on one ordered stream.
package enum RunInput: Sendable {
    /// The run was opened, or taken over by a new leader: go on from what is recorded.
    case led
    case sessionOpened(TargetName, String)
    case attemptEnded(AttemptKey, AttemptRecord)
    case timer(RunTimer)
    /// Of these targets, asked for by `RunEffect.admit`, some wait; the others are this run's.
    case admission([TargetName], deferred: [TargetName: Deferral])
    /// What a member of a protected group answered that is unavailable.
    case peerAnswered(PeerAnswer)
    /// What the gates said about starting targets, asked for by `RunEffect.askGates`.
    case gatesAnswered(GateAnswer)
    /// What a health check said.
    case healthAnswered(HealthAnswer)
    case command(PersonCommand, inboxID: Int)
    /// The leader's process was asked to end: nothing more starts.
    case leaving
    /// This leader may start nothing more, but to abort and to give back; these attempts, whose
    /// intents are recorded, were not begun. The run is paused, unless who ends it is next.
    case halted([AttemptKey], reason: String, pauses: Bool)
    /// The first steps of targets, whose intents are recorded, were not begun: until then the
    /// gates' answer had grown old, and this is the new one.
    case keptBack([AttemptKey], GateAnswer)
    /// The person who is asked before each step allows this one, on this target.
    case allowed(TargetName, StepID, isLast: Bool)
}

/// A timer that the machine asks for; it may come late, twice or when nobody waits any more.
package enum RunTimer: Sendable, Hashable {
    /// The pause before a target's next attempt.
    case retry(TargetName)
    case deadline(Question)
    /// The pause before targets that wait are asked for again.
    case admission
    /// The pause before gates that are closed are asked again.
    case gates
    /// The time until a wave has soaked, or its health is looked at meanwhile.
    case wave
}

/// A question to a person, asked once a run, or once for each target.
package struct Question: Sendable, Codable, Hashable, Comparable {
    /// The `ask` or `manual` step.
    package let step: StepID
    /// The target that it is asked for; nil when the run asks once for all.
    package let target: TargetName?

    package init(step: StepID, target: TargetName?) {
        self.step = step
        self.target = target
    }

    /// Whether it stands first in lists.
    package static func < (left: Question, right: Question) -> Bool {
        (left.step, left.target?.rawValue ?? "") < (right.step, right.target?.rawValue ?? "")
    }
}

/// What the loop starts once a decision's events are durable.
package enum RunEffect: Sendable {
    case perform(AttemptRequest)
    /// Ask whether these targets may start now; the answer is `RunInput.admission`.
    case admit([TargetName])
    /// Ask a member of a protected group whether it is well; the answer is `RunInput.peerAnswered`.
    case askPeer(PeerQuestion)
    /// Ask whether the gates let targets start; the answer is `RunInput.gatesAnswered`.
    case askGates(GateQuestion)
    /// Ask a health check; the answer is `RunInput.healthAnswered`.
    case askHealth(HealthQuestion)
    /// These were admitted, and are not started after all.
    case dismiss([TargetName])
    case cancel(TargetName)
    /// Start nothing more of what was sent ahead on a target.
    case recall(TargetName)
    case timer(RunTimer, after: Duration)
    case close(TargetName)
    /// Close a target, and remove first what was kept there for attempts that outlive sessions.
    case clean(TargetName)
    /// Ask the person whether a step may begin; its answer is `allowed`, or a command.
    case ask(TargetName, StepID)
    /// Nobody needs the answer any more.
    case withdraw(TargetName)
    /// Nothing can happen any more without a person or a new leader.
    case finish
}

/// What an input means: what to record, then what to start.
package struct RunDecision: Sendable {
    /// In order; durable, in one commit, before any effect starts.
    package var events: [RunEvent] = []
    /// In order; none is waited for.
    package var effects: [RunEffect] = []
    /// Whether nothing follows it without a person or a new leader.
    package var isEnd: Bool { effects.contains(where: \.isFinish) }
}
