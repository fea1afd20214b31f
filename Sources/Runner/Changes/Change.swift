import Runbooks

/// A request for change, as its events have made it (docs/changes.md).
package struct Change: Sendable, Hashable {
    /// What the change manager says of it.
    package struct Assessment: Sendable, Codable, Hashable {
        /// In a few sentences.
        package let note: String
        /// How much it can do, where that is more than its type says.
        package let severity: ChangeSeverity?

        package init(note: String, severity: ChangeSeverity? = nil) {
            (self.note, self.severity) = (note, severity)
        }
    }

    /// An approval or a rejection that was recorded.
    package struct Decision: Sendable, Hashable {
        /// The statement with its signature.
        package let signed: SignedApproval
        /// When it was recorded.
        package let at: Timestamp
        /// When and why it was taken back; nil while it counts.
        package internal(set) var revoked: Remark?
    }

    /// What somebody said, and when.
    package struct Remark: Sendable, Hashable {
        /// When it was recorded.
        package let at: Timestamp
        /// Who said it.
        package let actor: String
        /// What they said.
        package let text: String
    }

    /// A run of it.
    package struct Run: Sendable, Codable, Hashable {
        /// Which run.
        package let run: RunID
        /// The digest of the run's plan.
        package let planDigest: Digest
        /// Who started it.
        package let starter: String
        /// The run that it goes on from; nil for one of its own.
        package let parent: RunID?
        /// How many targets of the plan it doesn't start.
        package let leftOut: Int
        /// Whether it only undoes what an earlier one did.
        package let isUndoing: Bool
        /// Whether the environment's policy lets the change stop it.
        package let isBound: Bool

        package init(
            run: RunID, planDigest: Digest, starter: String, parent: RunID? = nil,
            leftOut: Int = 0, isUndoing: Bool = false, isBound: Bool = true
        ) {
            (self.run, self.planDigest, self.starter) = (run, planDigest, starter)
            self.parent = parent
            (self.leftOut, self.isUndoing, self.isBound) = (leftOut, isUndoing, isBound)
        }
    }

    /// A run of it, and how that ended.
    package struct Part: Sendable, Hashable {
        /// What is known of its start.
        package let run: Run
        /// When it was opened.
        package let opened: Timestamp
        /// How it ended; nil while it hasn't.
        package internal(set) var ended: RunState?
    }

    /// What somebody has to look at after it was carried out.
    package struct Review: Sendable, Hashable {
        /// Whose business it is.
        package let owner: String
        /// When it has to be over.
        package let due: Timestamp
    }

    /// How it was closed.
    package struct Closing: Sendable, Codable, Hashable {
        /// Whether all that was asked for was done.
        package let isComplete: Bool
        /// What came of it.
        package let note: String
        /// The change that follows it, such as the permanent one after an emergency.
        package let followedBy: ChangeID?

        package init(isComplete: Bool, note: String, followedBy: ChangeID? = nil) {
            (self.isComplete, self.note, self.followedBy) = (isComplete, note, followedBy)
        }
    }

    /// What two people did without a change.
    package struct BreakGlass: Sendable, Codable, Hashable {
        /// The run that was started so.
        package let run: RunID
        /// Both of them.
        package let signers: [String]
        /// What they typed.
        package let reason: String

        package init(run: RunID, signers: [String], reason: String) {
            (self.run, self.signers, self.reason) = (run, signers, reason)
        }
    }

    /// What people type to name it.
    package let id: ChangeID
    /// Who asked for it.
    package let requester: String
    /// When it was opened.
    package let opened: Timestamp
    /// The number of its last event.
    package private(set) var sequence: Int
    /// When its last event was recorded.
    package private(set) var changedAt: Timestamp
    /// Everybody who has set what is asked for.
    package private(set) var authors: Set<String>
    /// What is asked for.
    package private(set) var request: ChangeRequest
    /// Where it is in its life.
    package private(set) var state = ChangeState.draft
    /// Why it is there.
    package private(set) var stateReason = ""
    /// What its type said when it was submitted; nil before.
    package private(set) var rules: ChangeRules?
    /// What the change manager says of it; nil before.
    package private(set) var assessment: Assessment?
    /// Approvals and rejections, in the order in which they were recorded.
    package private(set) var decisions: [Decision] = []
    /// The times in which its runs may start, as they were given.
    package private(set) var dates: [Interval] = []
    /// Who holds it, and why; nil while nobody does.
    package private(set) var hold: Remark?
    /// Its runs, the first one first.
    package private(set) var runs: [Part] = []
    /// What is to be looked at afterwards; nil where nothing is.
    package private(set) var review: Review?
    /// How it was closed; nil unless it was.
    package private(set) var closing: Closing?
    /// What it is the review of; nil for a change that was asked for before.
    package private(set) var breakGlass: BreakGlass?

    /// The change of its events, in order; nil where the first one doesn't open it.
    package init?(_ id: ChangeID, events: some Sequence<RecordedChangeEvent>) {
        var iterator = events.makeIterator()
        guard let first = iterator.next(), case .opened(let request) = first.event else {
            return nil
        }
        self.id = id
        self.request = request
        (requester, opened, changedAt) = (first.actor, first.at, first.at)
        (sequence, authors) = (first.sequence, [first.actor])
        while let next = iterator.next() { apply(next) }
    }

    /// Takes an event in: the only way in which a change changes.
    package mutating func apply(_ recorded: RecordedChangeEvent) {
        (sequence, changedAt) = (recorded.sequence, recorded.at)
        switch recorded.event {
        case .opened: break
        case .amended(let request):
            self.request = request
            authors.insert(recorded.actor)
        case .moved(let state, let reason): (self.state, stateReason) = (state, reason)
        case .accepted(let rules): self.rules = rules
        case .assessed(let assessment): self.assessment = assessment
        case .decided(let signed): decisions.append(Decision(signed: signed, at: recorded.at))
        case .revoked(let digest, let why): revoke(digest, recorded.remark(why))
        case .scheduled(let dates): self.dates = dates
        case .held(let why): hold = recorded.remark(why)
        case .released: hold = nil
        case .runOpened(let run): runs.append(Part(run: run, opened: recorded.at))
        case .runEnded(let run, let state):
            if let index = runs.lastIndex(where: { $0.run.run == run }) {
                runs[index].ended = state
            }
        case .reviewOpened(let owner, let due): review = Review(owner: owner, due: due)
        case .closing(let closing): self.closing = closing
        case .brokeGlass(let breakGlass): self.breakGlass = breakGlass
        }
    }

    private mutating func revoke(_ digest: Digest, _ remark: Remark) {
        for index in decisions.indices
        where decisions[index].signed.statement.digest == digest
            && decisions[index].revoked == nil
        {
            decisions[index].revoked = remark
        }
    }
}

extension RecordedChangeEvent {
    fileprivate func remark(_ text: String) -> Change.Remark {
        Change.Remark(at: at, actor: actor, text: text)
    }
}

extension Change {
    /// Whether it is on hold, in whatever state: gate 5 is closed then.
    package var isOnHold: Bool { hold != nil }

    /// How much it can do: the most that request, type and assessment say.
    package var severity: ChangeSeverity? {
        [rules?.severity, request.severity, assessment?.severity].compactMap { $0 }.max()
    }

    /// How many approvals it needs; nil before it was accepted.
    package var quorum: Int? {
        guard let rules else { return nil }
        guard severity != .automatic else { return 0 }
        return max(1, rules.quorum)
    }

    /// The approvals that were not taken back and have not expired.
    package func standing(at now: Timestamp) -> [Decision] {
        decisions.filter {
            $0.signed.statement.decision == .approved && $0.revoked == nil
                && now < $0.signed.statement.expires
        }
    }

    /// Whether as many different people approve it as have to.
    package func hasQuorum(at now: Timestamp) -> Bool {
        guard let quorum else { return false }
        return Set(standing(at: now).map(\.signed.statement.approver)).count >= quorum
    }

    /// Whether a run of it may start, as far as its state goes: in review too, as long as the time
    /// that it was given lasts.
    package func mayStart(at now: Timestamp) -> Bool {
        state.mayStart || (state == .review && dates.contains { $0.contains(now) })
    }

    /// The run of it that has not ended; nil without one.
    package var openRun: RunID? { runs.last { $0.ended == nil }?.run.run }
}

extension Change.Run {
    /// What a run's record says of it.
    package init(_ run: RunRecord) {
        self.init(
            run: run.id, planDigest: run.planDigest, starter: run.actor,
            parent: run.descent?.parent, leftOut: run.leftOut?.count ?? 0,
            isUndoing: run.descent?.kind == .rollback,
            isBound: run.plan.environment.change == .required)
    }
}
