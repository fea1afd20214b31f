/// What people do, as roles allow it (docs/trust.md, "Who may do what").
package enum Verb: String, Sendable, Codable, CaseIterable {
    case plan
    /// A run of steps that only read, or of a baseline; so is looking at targets for a plan.
    case runReading = "run.reading"
    case runResolution = "run.resolution"
    case runChange = "run.change"
    case pause, abort, resume, retry, rollback, promote
    case settle, pay, answer, confirm
    case handOver = "handover"
    case note, escalate, flag
    /// Without a change, by two people.
    case breakGlass = "break-glass"
    /// The second of both.
    case breakGlassSecond = "break-glass.second"
    case changeOpen = "change.open"
    case changeSubmit = "change.submit"
    case changeAssess = "change.assess"
    case changeApprove = "change.approve"
    case changeReject = "change.reject"
    case changeSchedule = "change.schedule"
    case changeHold = "change.hold"
    /// Taking a hold off.
    case changeRelease = "change.release"
    case changeCancel = "change.cancel"
    case changeClose = "change.close"
    case contentApprove = "content.approve"
    case contentRevoke = "content.revoke"
    case contentTest = "content.test"
    case trustRead = "trust.read"
    /// Nobody's by a role: whoever owns the folder may.
    case trustChange = "trust.change"
    case auditRead = "audit.read"
    case auditExport = "audit.export"
    case auditPush = "audit.push"

    /// The roles of which one is needed; none means that no role is enough.
    package var roles: Set<Role> {
        switch self {
        case .plan: Self.all.subtracting([.auditor])
        case .runReading: [.operator, .lead, .implementer, .tester]
        case .runResolution: [.operator, .lead, .implementer]
        case .runChange: [.implementer]
        case .pause, .abort: [.operator, .lead, .implementer, .changeManager]
        case .resume, .retry, .rollback: [.operator, .lead, .implementer]
        case .promote: [.implementer, .lead]
        case .settle, .pay, .answer, .confirm, .handOver: [.operator, .lead, .implementer]
        case .note, .flag, .trustRead, .auditRead, .changeOpen: Self.all
        case .escalate, .changeSubmit: Self.all.subtracting([.auditor])
        case .breakGlass: [.operator, .lead, .implementer]
        case .breakGlassSecond, .changeApprove, .changeReject: [.approver]
        case .changeAssess: [.changeManager, .lead]
        case .changeSchedule, .changeRelease, .changeClose: [.changeManager]
        case .changeHold: [.changeManager, .approver, .implementer]
        case .changeCancel: [.changeManager, .approver]
        case .contentApprove: [.lead]
        case .contentRevoke: [.lead, .approver, .changeManager]
        case .contentTest: [.tester, .lead]
        case .trustChange: []
        case .auditExport: [.auditor, .lead, .changeManager]
        case .auditPush: [.auditor, .lead, .operator, .implementer]
        }
    }

    /// What it is, as the end of "may": `approve a change`.
    package var phrase: String {
        switch self {
        case .plan: "plan"
        case .runReading: "run what only reads"
        case .runResolution: "run a resolution"
        case .runChange: "run a change"
        case .pause, .abort, .resume, .retry: "\(rawValue) a run"
        case .rollback: "roll a run back"
        case .promote: "let a run's next wave start"
        case .settle: "settle what is unknown"
        case .pay: "give back what is owed"
        case .answer: "answer a run's question"
        case .confirm: "confirm a manual step"
        case .handOver: "hand a run over"
        case .note: "add a note"
        case .escalate: "escalate"
        case .flag: "warn of a runbook"
        case .breakGlass: "break the glass"
        case .breakGlassSecond: "be the second who breaks the glass"
        case .changeOpen, .changeSubmit, .changeAssess, .changeApprove, .changeReject,
            .changeSchedule, .changeCancel, .changeClose:
            "\(rawValue.dropFirst("change.".count)) a change"
        case .changeHold: "put a change on hold"
        case .changeRelease: "take a change's hold off"
        case .contentApprove: "approve a runbook"
        case .contentRevoke: "revoke an approval"
        case .contentTest: "sign a test record"
        case .trustRead: "read trust"
        case .trustChange: "change trust"
        case .auditRead: "read the trail"
        case .auditExport: "export the trail"
        case .auditPush: "push the trail"
        }
    }

    private static let all = Set(Role.allCases)
}
