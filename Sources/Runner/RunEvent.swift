import Runbooks

/// Where a run is in its life (docs/semantics.md, "Runs").
package enum RunState: String, Sendable, Codable, CaseIterable {
    case pending, waiting, running, paused, needsPerson, rollingBack
    case succeeded, failed, rolledBack, rollbackFailed, aborted

    /// Whether nothing can happen to the run any more.
    package var isTerminal: Bool {
        switch self {
        case .pending, .waiting, .running, .paused, .needsPerson, .rollingBack: false
        case .succeeded, .failed, .rolledBack, .rollbackFailed, .aborted: true
        }
    }
}

/// Whether a run helped.
package enum RunResolution: String, Sendable, Codable, CaseIterable {
    case resolved, unresolved, unclear
}

/// A stream's record: its text when short, else the digest of what the store keeps.
package struct OutputRecord: Sendable, Codable, Hashable {
    /// The bytes as printable text, when there are 2 KiB of them at most; else the last 1 KiB.
    package var text: String
    /// How many bytes the script wrote.
    package var totalBytes: Int
    /// How many of them nobody kept.
    package var droppedBytes: Int
    /// The stored bytes; nil when `text` has all of them.
    package var stored: Digest?

    package init(text: String, totalBytes: Int, droppedBytes: Int, stored: Digest?) {
        self.text = text
        self.totalBytes = totalBytes
        self.droppedBytes = droppedBytes
        self.stored = stored
    }
}

/// What the journal keeps of an attempt's report.
package struct AttemptRecord: Sendable, Codable, Hashable {
    /// A collected file: its name and where its bytes are.
    package struct File: Sendable, Codable, Hashable {
        /// The path on the target, or the command.
        package var name: String
        /// What it held, or where that is stored.
        package var output: OutputRecord

        package init(name: String, output: OutputRecord) {
            self.name = name
            self.output = output
        }
    }

    /// How it ended, as the executor saw it.
    package var ending: Ending
    /// What it wrote to standard output, redacted.
    package var stdout: OutputRecord
    /// What it wrote to standard error, redacted.
    package var stderr: OutputRecord
    /// Parsed `name=value` lines in their order; checked against the declarations by the machine.
    package var outputs: [String: String]
    /// Why `$HANDRAIL_OUTPUT` could not be read as lines; nil when it could.
    package var outputsProblem: String?
    /// For typed actions: whether anything was changed; nil for scripts.
    package var changed: Bool?
    /// For typed actions: a unified diff, or one line saying what differs.
    package var diff: String?
    /// Of a look at a typed action: what is to be there, and what is; nil where it wasn't told.
    package var seen: SeenState?
    /// What a `collect` step fetched, in the step's order.
    package var collected: [File]
    /// Milliseconds from its start to its end; 0 when nobody saw the end.
    package var durationMilliseconds: Int64

    package init(
        ending: Ending, stdout: OutputRecord, stderr: OutputRecord, outputs: [String: String] = [:],
        outputsProblem: String? = nil, changed: Bool? = nil, diff: String? = nil,
        seen: SeenState? = nil, collected: [File] = [], durationMilliseconds: Int64 = 0
    ) {
        self.seen = seen
        self.ending = ending
        self.stdout = stdout
        self.stderr = stderr
        self.outputs = outputs
        self.outputsProblem = outputsProblem
        self.changed = changed
        self.diff = diff
        self.collected = collected
        self.durationMilliseconds = durationMilliseconds
    }
}

/// What a person tells a run.
package struct PersonCommand: Sendable, Codable, Hashable {
    /// What is asked for.
    package enum Verb: Sendable, Codable, Hashable {
        case abort
        case pause
        case resume
        /// The choice's id; the target where the question is asked per target.
        case answer(StepID, choice: String, target: TargetName?)
        /// A `manual` step was done.
        case confirm(StepID, note: String, target: TargetName?)
        case note(String)
        /// Pay what a target owes.
        case pay(TargetName)
        /// What the target owed was given back by hand.
        case paidByHand(TargetName, note: String)
        /// A person looked how a step of unknown outcome ended: whether it was done, and how they
        /// know.
        case settle(TargetName, StepID, isDone: Bool, why: String)
        /// The next wave may start.
        case promote
        /// What is owed is given back by another run, which goes on from this one.
        case handOver(RunID)
    }

    /// Who acts where no person does.
    package static let engine = "engine"

    /// What the run is told to do.
    package let verb: Verb
    /// Who tells it: the account's name.
    package let actor: String

    package init(verb: Verb, actor: String) {
        self.verb = verb
        self.actor = actor
    }
}

/// Something that happened to a run; a run's state is the fold of its events.
package enum RunEvent: Sendable, Codable, Hashable {
    case stateChanged(RunState, reason: String)
    case targetStarted(TargetName)
    /// A target waits to be started; recorded when `cause` changes. The reason is for people.
    case deferred(TargetName, cause: String, reason: String)
    /// A target has ended, and its lock stays: something there is owed, or unknown.
    case lockKept(TargetName, reason: String)
    /// What kept a target's lock is settled.
    case unlocked(TargetName)
    /// A member of a protected group, unavailable since a run, says that it is well.
    case vouched(TargetName, RunID, reason: String)
    /// What the gates say about starting targets, and until when where they are closed and that is
    /// known; recorded when what they say changes.
    case gatesAnswered(isOpen: Bool, lines: [String], until: Timestamp? = nil)
    case sessionOpened(TargetName, String)
    /// The intent: durable before the attempt starts.
    case attemptStarted(AttemptKey)
    case attemptEnded(AttemptKey, AttemptRecord)
    /// A step's outcome on a target, with one sentence where it needs one.
    case stepEnded(TargetName, StepID, Outcome, reason: String?)
    /// What an audit saw of an item of a baseline; its step ends with it.
    case audited(TargetName, StepID, AuditResult)
    /// Checked outputs, by name.
    case outputsTaken(TargetName, StepID, [String: String])
    case verifyEnded(TargetName, Int, Outcome, reason: String?)
    /// Whether the symptom is still there at the end; nil when it can't be told.
    case symptomAsked(TargetName, isPresent: Bool?)
    /// A step whose release was paid before was run again, so that its bracket is open once more.
    case reopened(TargetName, StepID, Outcome, reason: String?)
    case owed(TargetName, StepID)
    case paid(TargetName, StepID)
    /// Nothing was taken after all: no attempt of the step was ever started on the target.
    case notOwed(TargetName, StepID)
    /// A release that failed, or is kept: it stays owed until a person pays it.
    case leftOwed(TargetName, StepID, reason: String)
    case asked(StepID, TargetName?, until: Timestamp)
    case answered(StepID, TargetName?, choice: String, note: String?, actor: String)
    /// A `stop` step's decision.
    case stopped(TargetName, StepID, StopAction.Resolution)
    case targetEnded(TargetName, Outcome)
    /// A person's act that is recorded as it is: note, abort, pause, resume, pay.
    case commanded(PersonCommand, inboxID: Int)
    /// A command that could not be done, and why.
    case refused(inboxID: Int, reason: String)
    case thresholdReached(failures: Int, limit: Int)
    /// Something about the waves of a rollout.
    case wave(WaveEvent)
    /// The home came back from a backup or from its trail: what the run did since isn't known.
    case restored(reason: String)
    case closed(RunState, RunResolution)
}
