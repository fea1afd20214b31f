import Runbooks
import Runner

/// The JSON form of a change.
struct ChangeDocument: Encodable, Sendable {
    /// An approval or a rejection.
    struct Decision: Encodable, Sendable {
        let decision: ChangeApproval.Decision
        let approver: String
        let role: String
        let at: Timestamp
        let expires: Timestamp
        let statement: Digest
        /// When, by whom and why it was taken back; nil while it wasn't.
        let revoked: Remark?
        /// Why it doesn't count; nil where it does, or where nobody looked.
        let problems: [String]?
    }

    /// What somebody said.
    struct Remark: Encodable, Sendable {
        let at: Timestamp
        let actor: String
        let why: String

        init(_ remark: Change.Remark) {
            (at, actor, why) = (remark.at, remark.actor, remark.text)
        }
    }

    /// A run of it.
    struct Run: Encodable, Sendable {
        let run: RunID
        let opened: Timestamp
        let starter: String
        let state: RunState?
        let undoes: Bool
    }

    /// What is to be looked at afterwards.
    struct Review: Encodable, Sendable {
        let owner: String
        let due: Timestamp
    }

    /// How it was closed.
    struct Closing: Encodable, Sendable {
        let complete: Bool
        let note: String
        let followedBy: ChangeID?

        private enum CodingKeys: String, CodingKey {
            case complete, note
            case followedBy = "followed_by"
        }
    }

    /// Who wrote the version of its runbook.
    struct Written: Encodable, Sendable {
        let people: [String]
        let unknown: [String]
        let others: Int
        let commit: String
        let since: String?
        let problem: String?
    }

    /// Its plan.
    struct Plan: Encodable, Sendable {
        let planID: PlanID
        let digest: Digest
        let forecastDigest: Digest?
        let runbook: RunbookID
        let title: String
        let environment: String
        let library: String
        let targets: Int
        let notUndone: [String]
        let expires: Timestamp
        /// Nil where nobody asked.
        let written: Written?

        private enum CodingKeys: String, CodingKey {
            case planID = "plan_id"
            case digest
            case forecastDigest = "forecast_digest"
            case runbook, title, environment, library, targets
            case notUndone = "not_undone"
            case expires, written
        }
    }

    /// The texts of its impact.
    struct Impact: Encodable, Sendable {
        let service: String?
        let capacity: String?
        let security: String?
        let recovery: String?
    }

    var format = 1
    let change: ChangeID
    let state: ChangeState
    let reason: String
    let hold: Remark?
    let title: String
    let why: String?
    let type: String?
    let severity: ChangeSeverity?
    let urgency: ChangeUrgency
    let requester: String
    let implementer: String?
    let opened: Timestamp
    let wanted: Interval?
    let expectedMilliseconds: Int64?
    let impact: Impact
    let rollback: String?
    let ticket: String?
    let plan: Plan?
    /// What acceptance lacks.
    let missing: [ChangePart]
    let quorum: Int?
    /// How many approvals count; nil where nobody looked.
    let counting: Int?
    let assessment: String?
    let decisions: [Decision]
    let dates: [Interval]
    let runs: [Run]
    let leftOut: [LeftOutTarget]
    let review: Review?
    let closing: Closing?
    /// What to type next; nil where nothing is to be done.
    let next: String?
    let trail: String?

    private enum CodingKeys: String, CodingKey {
        case format, change, state, reason, hold, title, why, type, severity, urgency, requester
        case implementer, opened, wanted
        case expectedMilliseconds = "expected_ms"
        case impact, rollback, ticket, plan, missing, quorum, counting,
            assessment, decisions, dates, runs
        case leftOut = "left_out"
        case review, closing, next, trail
    }
}

extension ChangeDocument {
    init(
        _ change: Change, leftOut: [LeftOutTarget], trail: String?, now: Timestamp,
        count: ApprovalCount? = nil, later: [RunSummary] = [], written: KnownAuthors? = nil
    ) {
        let request = change.request
        self.change = change.id
        (state, reason) = (change.state, change.stateReason)
        hold = change.hold.map(Remark.init)
        (title, why, type) = (request.title, request.why, request.type)
        (severity, urgency) = (change.severity, request.urgency)
        (requester, implementer) = (change.requester, request.implementer)
        (opened, wanted) = (change.opened, request.wanted)
        expectedMilliseconds = request.expectedMilliseconds
        impact = Impact(
            service: request.impact.service, capacity: request.impact.capacity,
            security: request.impact.security, recovery: request.impact.recovery)
        (rollback, ticket) = (request.rollback, request.ticket)
        plan = request.plan.map { Plan($0, written) }
        missing = change.state == .draft ? request.missing : []
        (quorum, assessment) = (change.quorum, change.assessment?.note)
        counting = count?.people.count
        decisions = change.decisions.enumerated().map {
            Decision($1, problems: count?.problems[$0])
        }
        dates = change.dates
        runs =
            change.runs.map {
                Run(
                    run: $0.run.run, opened: $0.opened, starter: $0.run.starter, state: $0.ended,
                    undoes: $0.run.isUndoing)
            }
            + later.map {
                Run(
                    run: $0.id, opened: $0.opened, starter: $0.actor,
                    state: $0.closed == nil ? nil : $0.state, undoes: $0.goesOnAs == .rollback)
            }
        self.leftOut = leftOut
        review = change.review.map { Review(owner: $0.owner, due: $0.due) }
        closing = change.closing.map {
            Closing(complete: $0.isComplete, note: $0.note, followedBy: $0.followedBy)
        }
        next = ChangeNext(change, at: now)?.command
        self.trail = trail
    }
}

extension ChangeDocument.Decision {
    init(_ decision: Change.Decision, problems: [String]?) {
        let statement = decision.signed.statement
        self.init(
            decision: statement.decision, approver: statement.approver, role: statement.role,
            at: decision.at, expires: statement.expires, statement: statement.digest,
            revoked: decision.revoked.map(ChangeDocument.Remark.init), problems: problems)
    }
}

extension ChangeDocument.Plan {
    init(_ plan: ChangePlan, _ authors: KnownAuthors?) {
        self.init(
            planID: plan.planID, digest: plan.digest, forecastDigest: plan.forecastDigest,
            runbook: plan.runbook, title: plan.title, environment: plan.environment,
            library: plan.libraryID, targets: plan.targetCount, notUndone: plan.notUndone,
            expires: plan.expires,
            written: plan.written.map {
                ChangeDocument.Written(
                    people: authors?.people ?? [], unknown: authors?.unknown ?? $0.identities,
                    others: $0.others, commit: $0.commit, since: $0.since,
                    problem: authors?.problem ?? $0.missing)
            })
    }
}

/// The JSON form of a list of changes.
struct ChangeListDocument: Encodable, Sendable {
    var format = 1
    let changes: [ChangeDocument]
}
