import Runbooks

/// What the change desk says, at one moment, about the change that a run is for.
///
/// Gates 4 to 7 are asked of it (docs/semantics.md, "Gates").
package struct ChangeStanding: Sendable, Hashable {
    /// The change's id, such as `CHG-42`.
    package let id: String
    /// Its type in `handrail.yaml`.
    package let type: String
    /// The windows that its type names.
    package let windows: [String]
    /// Where it is in its life, as people say it.
    package let state: String
    /// Whether a run may carry it out in that state.
    package let isApproved: Bool
    /// Why it is on hold, with who said so and when; nil when it isn't.
    package let hold: String?
    /// Whether it is an emergency: then `dates` are from its approval to 24 h later.
    package let isEmergency: Bool
    /// When it is planned; none is never.
    package let dates: [Interval]
    /// The targets that it covers.
    package let targets: [TargetName]
    /// Who asked for it.
    package let requester: String
    /// Who approved this very plan, each once, in their order; only approvals that count.
    package let approvers: [String]
    /// Why other approvals don't count, one sentence each.
    package let problems: [String]
    /// How many must have approved; 0 where the type's own entry is the approval.
    package let quorum: Int
    /// People whose work is in the runbook's version; none of them approves it.
    package let authors: [String]
    /// Who wrote that version, those whom trust doesn't know too; nil where nobody asked.
    package let written: KnownAuthors?
    /// Who wrote the entry of an automatic type, which is its approval; nil where nobody asked.
    package let entry: KnownAuthors?
    /// How long it takes, as its request says, in milliseconds; nil where that says nothing.
    package let expectedMilliseconds: Int64?
    /// Why it can't be carried out whoever approved it, one sentence each.
    package let obstacles: [String]

    package init(
        id: String, type: String, windows: [String], state: String, isApproved: Bool,
        hold: String? = nil, isEmergency: Bool = false, dates: [Interval],
        targets: [TargetName], requester: String, approvers: [String], problems: [String] = [],
        quorum: Int, authors: [String] = [], written: KnownAuthors? = nil,
        entry: KnownAuthors? = nil, expectedMilliseconds: Int64? = nil,
        obstacles: [String] = []
    ) {
        self.id = id
        self.type = type
        self.windows = windows
        self.state = state
        self.isApproved = isApproved
        self.hold = hold
        self.isEmergency = isEmergency
        self.dates = dates
        self.targets = targets
        self.requester = requester
        self.approvers = approvers
        self.problems = problems
        self.quorum = quorum
        self.authors = authors
        (self.written, self.entry) = (written, entry)
        self.expectedMilliseconds = expectedMilliseconds
        self.obstacles = obstacles
    }
}

extension ChangeStanding {
    /// The standing of a change that is being opened for a plan.
    package static func draft(for plan: Plan, by requester: String) -> ChangeStanding {
        ChangeStanding(
            id: "it", type: "", windows: [], state: "a draft", isApproved: false, dates: [],
            targets: plan.targets.map(\.name), requester: requester, approvers: [], quorum: 1,
            expectedMilliseconds: 0)
    }
}

/// Everything that the gates about a change are asked with.
package struct ChangeFacts: Sendable {
    /// What is known of the change.
    package enum Standing: Sendable, Hashable {
        /// The run is for no change.
        case none
        case known(ChangeStanding)
        /// The desk can't be asked, and why: its gates are closed.
        case unknown(String)
    }

    /// What the desk says.
    package let standing: Standing
    /// The windows and freezes of the house.
    package let calendar: CalendarState
    /// The instant that is asked about.
    package let now: Timestamp
    /// Milliseconds that must be left in the window for what starts now; nil where nobody knows how
    /// long a target takes.
    package let neededMilliseconds: Int64?
    /// How an instant is written for people, with its zone.
    package let shown: @Sendable (Timestamp) -> String

    package init(
        standing: Standing, calendar: CalendarState, now: Timestamp,
        neededMilliseconds: Int64? = 0, shown: @escaping @Sendable (Timestamp) -> String
    ) {
        self.standing = standing
        self.calendar = calendar
        self.now = now
        self.neededMilliseconds = neededMilliseconds
        self.shown = shown
    }

    /// What is known where nobody was asked: no change, and no calendars.
    package static let none = ChangeFacts(
        standing: .none, calendar: .none, now: Timestamp(milliseconds: 0)
    ) { $0.spokenText }
}

extension ChangeFacts {
    /// Whether some freeze may bind a resolution.
    ///
    /// Calendars that can't be read may have one: what asks them is closed.
    var mayFreezeResolutions: Bool {
        switch calendar {
        case .none: false
        case .known(let calendar): calendar.calendars.contains(where: \.bindsResolutions)
        case .unreadable: true
        }
    }
}
