import Runbooks

/// Carries out attempts on targets.
///
/// One executor serves one run. It keeps one session per target (and account) from the first
/// attempt until `close`, and never has two attempts of one target under way.
package protocol Executor: Sendable {
    /// Carries out one attempt, and returns when it has ended or can't be followed any more.
    ///
    /// Never throws and always returns: within the request's timeout, the grace for ending it and
    /// the time limit for connecting. What is detached is followed through lost connections, for
    /// ten minutes more. When the calling task is cancelled it leaves at once,
    /// without touching the target, and returns `.unknown`.
    func perform(_ request: AttemptRequest) async -> AttemptReport

    /// Carries out an attempt and its `followers`, and reports each of them once, in order.
    ///
    /// A follower is begun once the one before it has ended with `exited(0)`; otherwise, and after
    /// a `recall`, its end is `heldBack`. Returns when all are reported.
    func perform(
        _ request: AttemptRequest,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async

    /// Asks that no follower of the attempt under way on a target is begun any more.
    func recall(_ target: TargetName) async

    /// Asks the attempt under way on a target to end: TERM, a grace, KILL.
    ///
    /// `perform` then returns `.cancelled`, or the attempt's own ending if that came first.
    func cancel(_ target: TargetName) async

    /// Ends the target's session in order: staged files removed, nothing killed.
    func close(_ target: TargetName) async

    /// Removes what the run keeps on a target for attempts that outlive their sessions.
    ///
    /// Asked for before `close`, once the outcomes of all its attempts there are in the trail. What
    /// can't be removed now stays, for a later run to clear away.
    func clean(_ target: TargetName) async

    /// Ends all sessions in order, within 10 s, then by force.
    func shutDown() async
}

extension Executor {
    /// One after the other, each once the one before it is known to have ended well.
    package func perform(
        _ request: AttemptRequest,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        var last = await perform(request)
        await report(request.key, last)
        for follower in request.followers {
            last =
                last.ending == .exited(0)
                ? await perform(follower) : AttemptReport(ending: .afterBadEnd)
            await report(follower.key, last)
        }
    }

    /// Nothing is sent ahead: what was asked for is begun one by one.
    package func recall(_ target: TargetName) async {}

    /// Nothing is kept beyond a session.
    package func clean(_ target: TargetName) async {}
}

extension Ending {
    /// How a follower ends when the attempt before it did not end well.
    package static let afterBadEnd = Ending.heldBack("the step before it did not end well")
    /// How a follower ends that was recalled before it was begun.
    package static let recalled = Ending.heldBack("nothing more was to be started")
}

/// Asks a person before a step begins: `--step-by-step`.
package protocol StepAsking: Sendable {
    /// Asks about a step on a target, and returns the person's answer; nil when the question was
    /// withdrawn, or the calling task was cancelled.
    func ask(_ step: StepID, on target: TargetName) async -> StepAnswer?

    /// Takes the question about a target back, if there is one.
    func withdraw(_ target: TargetName)
}

/// What a person says who is asked before a step.
package enum StepAnswer: Sendable, Equatable {
    case go
    /// This one, and all that follow without a question.
    case goOnAlone
    /// The run is to end as the command says.
    case abort(PersonCommand)
}

/// What an executor tells while it works, besides reports.
package enum ExecutorNotice: Sendable {
    /// A session was opened; the text proves later that its processes are gone.
    case sessionOpened(TargetName, String)
    /// A target on which something runs can't be reached, and why; nil: it answers again.
    case reach(TargetName, lost: String?)
    /// Redacted bytes of a running step, for people who watch. `isError` means standard error.
    case output(AttemptKey, bytes: [UInt8], isError: Bool)
}

/// Says which host keys are known for a target, as `ssh` would look them up.
package protocol HostKeyDirectory: Sendable {
    /// The fingerprints (`SHA256:…`) known for each target, sorted; empty where none is known.
    func fingerprints(of targets: [Target]) async -> [TargetName: [String]]
}

/// A failure of the journal or of the store of outputs: dispatch stops on it.
package struct JournalError: Error, Sendable {
    /// What kind of failure it is; callers switch on it.
    package enum Code: String, Sendable {
        case notFound, locked, leaseLost, closed, full, corrupt, newerFormat, io, repeated
        /// What must have it too can't be reached.
        case unreachable
        /// What must have it too has another record.
        case diverged
    }

    /// What kind of failure it is; it decides the exit code.
    package let code: Code
    /// What failed, on what, in one sentence.
    package let message: String
    /// What the operator can do next.
    package let hint: String?
    /// The lower error.
    package let cause: (any Error)?

    package init(
        _ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}

/// The process that leads a run: who may append to it.
package struct Lease: Sendable, Codable, Hashable {
    /// The process id, with its start time and the boot id, so that a reused pid is no proof.
    package var pid: Int32
    /// When the process started, as its kernel counts; opaque, compared as text.
    package var processStart: String
    /// The kernel's id of the boot the process belongs to: no process outlives it.
    package var bootID: String
    /// Random, so that two leases of one process differ.
    package var nonce: String

    package init(pid: Int32, processStart: String, bootID: String, nonce: String) {
        self.pid = pid
        self.processStart = processStart
        self.bootID = bootID
        self.nonce = nonce
    }
}

/// One recorded event of a run.
package struct RecordedEvent: Sendable, Codable, Hashable {
    /// From 1, gap-free within a run.
    package let sequence: Int
    /// When it was decided, as the leader's clock said.
    package let at: Timestamp
    /// What happened.
    package let event: RunEvent

    package init(sequence: Int, at: Timestamp, event: RunEvent) {
        self.sequence = sequence
        self.at = at
        self.event = event
    }
}

/// A run's unchanging facts, written once when it is opened.
package struct RunRecord: Sendable, Codable, Hashable {
    /// What people type to name the run.
    package let id: RunID
    /// Among the runs of its plan, from 1.
    package let number: Int
    /// Everything the run does, and where.
    package let plan: Plan
    /// SHA-256 over the plan's canonical JSON.
    package let planDigest: Digest
    /// Of the forecast shown before the start, kept in the store; nil when none was made.
    package let forecastDigest: Digest?
    /// Of that forecast without diffs and outputs, which the trail keeps; nil when none was made.
    package let forecastOutline: Digest?
    /// The account's name; with trust, the person's id.
    package let actor: String
    /// The ticket that the person named, as typed; nil without one.
    package let ticket: String?
    /// The alert that the run is an answer to; nil without one.
    package let alert: String?
    /// Such as `main@3f2c1d9, clean`.
    package let librarySource: String
    /// When it was recorded, before anything started.
    package let opened: Timestamp
    /// Targets of the plan that it doesn't start; nil when it starts all.
    package let leftOut: [LeftOutTarget]?
    /// How the forecast at the start differs from the plan file's; nil when it doesn't, or when
    /// there was none to compare.
    package let comparison: ForecastComparison?
    /// Where the store keeps the alerts themselves, as a list; nil when only a name was given.
    package let alertContent: Digest?
    /// What it goes on from; nil for a run of its own.
    package let descent: RunDescent?
    /// How the gates bind its starts; nil where they were asked once, when it was opened.
    package let gating: Gating?
    /// The change that it carries out; nil without one.
    package let change: ChangeID?
    /// What two people signed who started it without a change; nil for any other run.
    package let brokenGlass: BrokenGlass?

    package init(
        id: RunID, number: Int, plan: Plan, planDigest: Digest, forecastDigest: Digest?,
        actor: String, ticket: String?, alert: String?, librarySource: String, opened: Timestamp,
        leftOut: [LeftOutTarget]? = nil, comparison: ForecastComparison? = nil,
        alertContent: Digest? = nil, forecastOutline: Digest? = nil, descent: RunDescent? = nil,
        gating: Gating? = nil, change: ChangeID? = nil, brokenGlass: BrokenGlass? = nil
    ) {
        self.id = id
        self.number = number
        self.plan = plan
        self.planDigest = planDigest
        self.forecastDigest = forecastDigest
        self.forecastOutline = forecastOutline
        self.actor = actor
        self.ticket = ticket
        self.alert = alert
        self.librarySource = librarySource
        self.opened = opened
        self.leftOut = leftOut
        self.comparison = comparison
        self.alertContent = alertContent
        self.descent = descent
        self.gating = gating
        self.change = change
        self.brokenGlass = brokenGlass
    }
}

/// A run as lists show it, without its events; kept up to date in the same commit as they are.
package struct RunSummary: Sendable, Hashable {
    /// What people type to name the run.
    package let id: RunID
    /// Which runbook it runs.
    package let runbook: RunbookID
    /// The runbook's title at the time.
    package let title: String
    /// The name of its plan's environment.
    package let environment: String
    /// Who started it: the account's name.
    package let actor: String
    /// The ticket that the person named; nil without one.
    package let ticket: String?
    /// Where it is in its life, by the newest event recorded.
    package let state: RunState
    /// Whether it helped; nil while it hasn't ended.
    package let resolution: RunResolution?
    /// Its targets, in the plan's order.
    package let targets: [TargetName]
    /// When it was recorded, before anything started.
    package let opened: Timestamp
    /// When it ended; nil while it hasn't.
    package let closed: Timestamp?
    /// Whether a living process leads it.
    package let isLed: Bool
    /// The run that it goes on from; nil for a run of its own.
    package let parent: RunID?
    /// What it does with what that left; nil for a run of its own.
    package let goesOnAs: RunDescent.Kind?
    /// Whether two people started it without a change.
    package let isGlassBroken: Bool

    package init(
        id: RunID, runbook: RunbookID, title: String, environment: String, actor: String,
        ticket: String?, state: RunState, resolution: RunResolution?, targets: [TargetName],
        opened: Timestamp, closed: Timestamp?, isLed: Bool, parent: RunID? = nil,
        goesOnAs: RunDescent.Kind? = nil, isGlassBroken: Bool = false
    ) {
        self.id = id
        self.runbook = runbook
        self.title = title
        self.environment = environment
        self.actor = actor
        self.ticket = ticket
        self.state = state
        self.resolution = resolution
        self.targets = targets
        self.opened = opened
        self.closed = closed
        self.isLed = isLed
        self.parent = parent
        self.goesOnAs = goesOnAs
        self.isGlassBroken = isGlassBroken
    }
}

/// Something of a run that has ended, and that nobody knows: it waits for a person.
package struct UnknownOutcome: Sendable, Hashable {
    /// The run.
    package let run: RunSummary
    /// Where.
    package let target: TargetName
    /// The step that was passed over while the target went on; nil where the target ended with it.
    package let step: StepID?

    package init(run: RunSummary, target: TargetName, step: StepID?) {
        (self.run, self.target, self.step) = (run, target, step)
    }
}

/// The durable state of runs.
///
/// Every write is on disk when its call returns.
package protocol Journal: Sendable {
    /// Records a new run and gives its leader the lease, in one transaction.
    ///
    /// Refused with `repeated` when its runbook was run as often as its `repeat` allows: of two
    /// that are opened at once, the second sees the first.
    func open(_ run: RunRecord, lease: Lease, leaseUntil: Timestamp) async throws(JournalError)
    /// Appends events in order, with one commit; refused with `leaseLost` for any other leader.
    ///
    /// - Returns: the sequence number of the last event.
    func append(_ events: [RunEvent], to run: RunID, at: Timestamp, lease: Lease)
        async throws(JournalError) -> Int
    /// The run's facts.
    func record(of run: RunID) async throws(JournalError) -> RunRecord
    /// The run's events after a sequence number, in order.
    func events(of run: RunID, after sequence: Int) async throws(JournalError) -> [RecordedEvent]
    /// Takes over a run whose leader's lease has run out or whose process is proved dead.
    ///
    /// - Returns: false when a living leader holds it.
    func takeOver(_ run: RunID, lease: Lease, now: Timestamp, until: Timestamp)
        async throws(JournalError) -> Bool
    /// Prolongs the lease; refused with `leaseLost` when another leader has it.
    func renew(_ lease: Lease, of run: RunID, until: Timestamp) async throws(JournalError)
    /// Takes the locks of targets that are to start, in one transaction: each alone, or not at all.
    ///
    /// Asking again for a target that the run holds already changes nothing. A lock stays until the
    /// event that ends it is appended (`RunEvent.lockChange`); one of a target whose start isn't
    /// recorded goes with its leader.
    ///
    /// Of each group no more members are taken away than its rule allows, over all runs.
    ///
    /// - Returns: those that wait, and why; the others are this run's.
    func admit(
        _ targets: [TargetName], to run: RunID, within groups: [ProtectedGroup], at: Timestamp,
        lease: Lease
    ) async throws(JournalError) -> [TargetName: Deferral]
    /// Gives back the locks of targets that were admitted and not started.
    func dismiss(_ targets: [TargetName], of run: RunID, lease: Lease) async throws(JournalError)
    /// Gives the lease back.
    func release(_ lease: Lease, of run: RunID) async throws(JournalError)
    /// Puts a person's command into the run's inbox, for whoever leads it.
    func post(_ command: PersonCommand, to run: RunID, at: Timestamp) async throws(JournalError)
    /// The commands after an id, in order; they stay until `append` has recorded their effect.
    func inbox(of run: RunID, after id: Int) async throws(JournalError) -> [(
        id: Int, PersonCommand
    )]
}

/// The permanent record of what the journal records (docs/trail.md).
package protocol Trail: Sendable {
    /// Returns once everything that the journal had recorded before the call is in the trail, and
    /// on the disk; callers that wait at the same time share a commit.
    ///
    /// A cancelled task doesn't cancel it.
    /// - Throws: `locked` and `full` when the same call may be made again; after any other code
    ///   this process records nothing more.
    func seal() async throws(JournalError)
    /// The same before a step starts on a target: where the trail is kept elsewhere too, returns
    /// once it is there, if that is required.
    ///
    /// When its task is cancelled it waits for nothing that is elsewhere.
    /// - Throws: as `seal`; `unreachable` when the same call may be made again, `diverged` when a
    ///   person has to look first: after both it is sealed here.
    func sealBeforeStart() async throws(JournalError)
}

extension Trail {
    /// A trail that is kept nowhere else needs no more than its seal.
    package func sealBeforeStart() async throws(JournalError) { try await seal() }
}

/// Questions about runs, past and present.
package protocol RunCatalog: Sendable {
    /// The newest runs first.
    func runs(matching filter: RunFilter) async throws(JournalError) -> [RunSummary]
    /// The number that the next run of a plan gets: 1 when it has none yet.
    func nextRunNumber(for plan: PlanID) async throws(JournalError) -> Int
    /// The runs of a plan's runbook that count against its `repeat`; empty without one.
    func repeats(
        of plan: Plan, leftOut: Set<TargetName>, at: Timestamp
    ) async throws(JournalError) -> [RepeatCount]
    /// Who holds the locks of targets; of all when nil. Sorted by target.
    func locks(on targets: [TargetName]?) async throws(JournalError) -> [TargetLock]
    /// Targets that their last run left unavailable, of these or of all. Sorted by target.
    func standings(of targets: [TargetName]?) async throws(JournalError) -> [Standing]
    /// The newest runs of a plan's runbook in an environment of its library, the newest first.
    ///
    /// Outcomes and labels only of those that ran this very version of it.
    func earlierRuns(
        of plan: Plan, in environment: String
    ) async throws(JournalError) -> [EarlierRun]
    /// The targets that ended well in some run of a plan: they are used up for it.
    func targetsEndedWell(_ plan: PlanID) async throws(JournalError) -> Set<TargetName>
    /// How long targets took in the newest `SeenTimes.mostRuns` runs of a runbook that have ended and
    /// go on from no other.
    func seenTimes(of runbook: RunbookID) async throws(JournalError) -> SeenTimes
}

/// Which runs a list is about.
package struct RunFilter: Sendable, Hashable {
    /// Only runs that haven't ended.
    package var isOpen: Bool?
    /// Only runs whose plan has this target; nil for all.
    package var target: TargetName?
    /// Only runs of this runbook; nil for all.
    package var runbook: RunbookID?
    /// Only runs opened at this instant or later; nil for all.
    package var since: Timestamp?
    /// How many at most.
    package var limit: Int

    package init(
        isOpen: Bool? = nil, target: TargetName? = nil, runbook: RunbookID? = nil,
        since: Timestamp? = nil, limit: Int = 50
    ) {
        self.isOpen = isOpen
        self.target = target
        self.runbook = runbook
        self.since = since
        self.limit = limit
    }
}

/// Keeps redacted outputs, runbook files and forecasts by the digest of their bytes.
package protocol ContentStore: Sendable {
    /// Stores bytes durably; storing the same bytes again does nothing.
    func put(_ bytes: [UInt8]) async throws(JournalError) -> Digest
    /// Stores what was kept of a stream, as its bytes; never more than a page of it is in memory.
    func put(_ output: CapturedOutput) async throws(JournalError) -> Digest
    /// The bytes of a digest, checked against it.
    func get(_ digest: Digest) async throws(JournalError) -> [UInt8]
}
