import Runbooks
import Runner

/// What is recorded of changes (docs/changes.md).
extension TrailEvent {
    /// An event of a change: what people read, and under `event` all of it.
    ///
    /// - Throws: what encoding the event throws.
    init(_ recorded: RecordedChangeEvent, of id: ChangeID) throws {
        let isEngine = recorded.actor == Self.engine
        self.init(
            kind: Self.kind(of: recorded.event), at: recorded.at, actor: recorded.actor,
            via: isEngine ? .engine : .cli)
        change = id
        details = Self.words(of: recorded.event)
        details["event"] = try CanonicalJSON.value(of: recorded.event)
        switch recorded.event {
        case .runOpened(let run): self.run = run.run
        case .runEnded(let run, _): self.run = run
        default: break
        }
    }

    /// The kinds of events that are about a change.
    static let ofChanges: Set<Kind> = [
        .changeOpened, .changeAmended, .changeState, .changeAccepted, .changeAssessed,
        .changeDecided, .changeRevoked, .changeScheduled, .changeHold, .changeRun, .changeReview,
        .changeClosing,
    ]

    private static func kind(of event: ChangeEvent) -> Kind {
        switch event {
        case .opened: .changeOpened
        case .amended: .changeAmended
        case .moved: .changeState
        case .accepted: .changeAccepted
        case .assessed: .changeAssessed
        case .decided: .changeDecided
        case .revoked: .changeRevoked
        case .scheduled: .changeScheduled
        case .held, .released: .changeHold
        case .runOpened, .runEnded: .changeRun
        case .reviewOpened, .brokeGlass: .changeReview
        case .closing: .changeClosing
        }
    }

    private static func words(of event: ChangeEvent) -> [String: JSONValue] {
        switch event {
        case .opened(let request), .amended(let request): words(of: request)
        case .moved(let state, let reason):
            ["state": .string(state.rawValue), "reason": .string(reason)]
        case .accepted(let rules): ["as": .string(rules.type)]
        case .assessed(let assessment): ["note": .string(assessment.note)]
        case .decided(let signed): words(of: signed.statement)
        case .revoked(let digest, let why):
            ["statement": .string(digest.rawValue), "reason": .string(why)]
        case .scheduled(let dates):
            [
                "note": .string(
                    dates.map { "\($0.start.spokenText) to \($0.end.spokenText)" }
                        .joined(separator: ", "))
            ]
        case .held(let why): ["verb": .string("hold"), "reason": .string(why)]
        case .released(let why): ["verb": .string("release"), "reason": .string(why)]
        case .runOpened(let run):
            ["state": .string("opened"), "left_out": .integer(Int64(run.leftOut))]
        case .runEnded(_, let state): ["state": .string(state.rawValue)]
        case .reviewOpened(let owner, let due):
            ["to": .string(owner), "note": .string("due \(due.spokenText)")]
        case .brokeGlass(let glass): ["reason": .string(glass.reason)]
        case .closing(let closing):
            [
                "as": .string(closing.isComplete ? "complete" : "incomplete"),
                "note": .string(closing.note),
            ]
        }
    }

    private static func words(of request: ChangeRequest) -> [String: JSONValue] {
        var words: [String: JSONValue] = [
            "note": .string(request.title), "urgency": .string(request.urgency.rawValue),
        ]
        words["ticket"] = request.ticket.map { .string($0) }
        guard let plan = request.plan else { return words }
        words["runbook"] = .string(plan.runbook.rawValue)
        words["plan_digest"] = .string(plan.digest.rawValue)
        words["forecast_digest"] = plan.forecastDigest.map { .string($0.rawValue) }
        words["forecast_outline"] = plan.forecastOutline.map { .string($0.rawValue) }
        return words
    }

    private static func words(of statement: ChangeApproval) -> [String: JSONValue] {
        [
            "verb": .string(statement.decision.rawValue), "as": .string(statement.role),
            "approver": .string(statement.approver),
            "statement": .string(statement.digest.rawValue),
        ]
    }
}
