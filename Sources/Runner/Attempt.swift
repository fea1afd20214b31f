import Runbooks

/// Which part of a target's sequence an attempt carries out.
package enum Part: Sendable, Codable, Hashable {
    /// The symptom's `present`, before (a dry run asks it) and after (the proof).
    case symptom
    case guarding(StepID)
    case action(StepID)
    /// One of a step's own `verify`, by index.
    case check(StepID, Int)
    /// One of the runbook's `verify`, by index.
    case verify(Int)
    case release(StepID)
    case undo(StepID, Int)
    /// Asking a member of a protected group whether it is well; no attempt of a run.
    case peer

    /// The step it belongs to; nil for the symptom, the runbook's `verify` and a group's member.
    package var step: StepID? {
        switch self {
        case .symptom, .verify, .peer: nil
        case .guarding(let id), .action(let id), .check(let id, _), .release(let id),
            .undo(let id, _):
            id
        }
    }
}

/// The name of one attempt within a run: at most one start for each.
package struct AttemptKey: Sendable, Codable, Hashable {
    /// The target it runs on or, on the controller, for.
    package let target: TargetName
    /// What it carries out; attempts are counted for each part.
    package let part: Part
    /// From 1.
    package let number: Int

    package init(target: TargetName, part: Part, number: Int) {
        self.target = target
        self.part = part
        self.number = number
    }
}

/// What the executor is to do with an action.
package enum Mode: String, Sendable, Codable, Hashable {
    /// Look only: a typed action computes its guard and diff. Never changes anything.
    case probe
    case apply
    /// Do an action that a runbook's `undo` names: as `apply`, but a typed action first checks that
    /// what it is about is still as the step left it, else it refuses with status 3.
    case undo
    /// Put back what a typed step found: its own undo, from what the target remembers of the run
    /// and the step. Refuses with status 3, and changes nothing, when that isn't as the step left
    /// it, or nothing is remembered.
    case restore
}

/// One thing for an executor to do, with every value at hand.
///
/// In its scripts every argument is `.text`, but for references to secrets: those stay
/// references, and `secrets` has their values.
package struct AttemptRequest: Sendable {
    /// The run that changes the target; for `undo` and `restore` the run that is undone.
    package var run: RunID
    /// Its name within the run; its report is recorded under it.
    package var key: AttemptKey
    /// Where it leads, as the plan says it; never looked up anew.
    package var target: PlannedTarget
    /// Whether it runs on the target or on the controller.
    package var place: Step.Place
    /// `run`, `wait` and `assert` are scripts; `http` is asked by the controller itself; `ask`, `manual` and `stop` never reach an executor.
    package var action: Action
    /// Whether to look only, to do it, or to undo it.
    package var mode: Mode
    /// What the step does, which decides how an answer that is lost is reported.
    package var effect: Effect
    /// The longest time it may take; after it comes the sequence that ends its processes.
    package var timeout: Duration
    /// Whether `$HANDRAIL_OUTPUT` is read back.
    package var wantsOutputs: Bool
    /// The secrets' values, by parameter; they go to the target and into no record.
    package var secrets: [ParameterName: Secret]
    /// Sessions whose processes may still live: nothing starts until all are proved gone.
    package var previousSessions: [String]
    /// Whether a dry run asks: it starts nothing that counts as begun.
    package var isRehearsal: Bool
    /// Whether an open session is all that is asked for: it is `exited(0)`, and the action, a script
    /// that does nothing, needn't be carried out.
    package var isGreeting: Bool
    /// How it is claimed on the target, when it is to outlive its session; nil when it ends with it.
    package var detachment: Detachment?
    /// Attempts on the same target that are sent ahead with this one: each starts once the one
    /// before it has ended with `exited(0)`, and none after another end.
    package var followers: [AttemptRequest] = []

    package init(
        run: RunID, key: AttemptKey, target: PlannedTarget, place: Step.Place, action: Action,
        mode: Mode, effect: Effect = .once, timeout: Duration, wantsOutputs: Bool = false,
        secrets: [ParameterName: Secret] = [:], previousSessions: [String] = [],
        isRehearsal: Bool = false, isGreeting: Bool = false
    ) {
        self.run = run
        self.key = key
        self.target = target
        self.place = place
        self.action = action
        self.mode = mode
        self.effect = effect
        self.timeout = timeout
        self.wantsOutputs = wantsOutputs
        self.secrets = secrets
        self.previousSessions = previousSessions
        self.isRehearsal = isRehearsal
        self.isGreeting = isGreeting
    }
}

/// How an attempt ended, as the executor saw it.
package enum Ending: Sendable, Codable, Hashable {
    /// The script's exit status. A typed action: 0 satisfied, 1 needed (probe) or failed, 77 can't
    /// look, 3 not undone; but for a probe, `changed` says whether anything was.
    case exited(Int32)
    case timedOut
    /// Cancelled on request; its processes are gone.
    case cancelled
    /// The target could not be reached or refused the login, and nothing was started. The text
    /// says why and what to do.
    case unreachable(String)
    /// It could not be started: a missing interpreter, a full disk. Nothing was started.
    case notStarted(String)
    /// It may have been started, and how it ended can't be known.
    case unknown(String)
    /// Its intent is recorded and it was not begun, since something else had to be first, or what
    /// it was sent ahead with did not end well: nothing was done, and it counts as no attempt.
    case heldBack(String)
}

/// A file that a `collect` step fetched.
package struct CollectedFile: Sendable, Hashable {
    /// The path on the target, or the command.
    package var name: String
    /// What was fetched, bounded by the step's `limit`.
    package var content: CapturedOutput

    package init(name: String, content: CapturedOutput) {
        self.name = name
        self.content = content
    }
}

/// What came of an attempt.
package struct AttemptReport: Sendable {
    /// How it ended; everything else is what was seen until then.
    package var ending: Ending
    /// What it wrote to standard output.
    package var stdout: CapturedOutput
    /// What it wrote to standard error.
    package var stderr: CapturedOutput
    /// What the script wrote to `$HANDRAIL_OUTPUT`: `name=value` lines, 64 KiB at most.
    package var outputs: [UInt8]
    /// For typed actions: whether anything was changed; nil for scripts.
    package var changed: Bool?
    /// For typed actions: a unified diff, or one line saying what differs.
    package var diff: String?
    /// Of a look at a typed action: what is to be there, and what is; nil where it wasn't told.
    package var seen: SeenState?
    /// What a `collect` step fetched, in the step's order; empty for other actions.
    package var collected: [CollectedFile]
    /// Milliseconds from its start to its end.
    package var durationMilliseconds: Int64

    package init(
        ending: Ending, stdout: CapturedOutput = CapturedOutput(),
        stderr: CapturedOutput = CapturedOutput(), outputs: [UInt8] = [], changed: Bool? = nil,
        diff: String? = nil, collected: [CollectedFile] = [], durationMilliseconds: Int64 = 0
    ) {
        self.ending = ending
        self.stdout = stdout
        self.stderr = stderr
        self.outputs = outputs
        self.changed = changed
        self.diff = diff
        self.collected = collected
        self.durationMilliseconds = durationMilliseconds
    }
}

/// How a step ended on a target (docs/semantics.md, "Runs").
package enum Outcome: String, Sendable, Codable, CaseIterable {
    case satisfied, changed, ok, failed, timedOut, unreachable, aborted, skipped, unknown

    /// Whether a target's sequence goes on after it.
    package var isGood: Bool {
        switch self {
        case .satisfied, .changed, .ok, .skipped: true
        case .failed, .timedOut, .unreachable, .aborted, .unknown: false
        }
    }

    /// Whether it counts against `stop_at`.
    package var countsAsFailure: Bool {
        switch self {
        case .failed, .timedOut, .unknown, .unreachable: true
        case .satisfied, .changed, .ok, .aborted, .skipped: false
        }
    }
}
