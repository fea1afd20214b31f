import Runbooks

@testable import Runner

/// The change of one run (or a resolution that freezes bind), as the desk has it, and as it is.
///
/// What befalls it is told to both sides: to the decisions of production, which the gates are asked
/// of, and to the truth.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class SimulatedChange: @unchecked Sendable {
    let record: RunRecord
    let runbook: Runbook
    private(set) var change: Change?
    var truth: GateTruth
    /// Whether nothing that shuts it is mended.
    var isShutForGood = false
    /// Since when it is open without a break, as far as anybody looked.
    var openSince: Int64?
    /// Whether people and their roles are known.
    let hasTrust: Bool
    private let calendars: [NamedCalendar]
    private unowned let world: SimulatedWorld
    private var approvalCount = 0

    static let requester = "rea"
    static let implementer = "ivo"

    init(_ record: RunRecord, _ plan: ChangeScenery, in world: SimulatedWorld) {
        (self.record, self.world) = (record, world)
        (calendars, truth, hasTrust) = (plan.calendars, plan.truth, plan.hasTrust)
        runbook = Runbook(
            id: record.plan.runbook.id, title: "Test", kind: record.plan.runbook.kind,
            owner: "ops",
            targets: TargetRule(
                select: .compare(.init(parts: ["ring"]), .equal, "in"), pick: .many, max: 3),
            steps: record.plan.steps, folder: "runbooks/test/book")
        guard let id = record.change else { return }
        open(id)
    }

    private func open(_ id: ChangeID) {
        let dates = truth.dates.compactMap { Interval(time($0.start), time($0.end)) }
        let request = ChangeRequest(
            title: "Test", type: "normal", urgency: truth.isEmergency ? .emergency : .normal,
            implementer: Self.implementer, expectedMilliseconds: truth.expected,
            plan: ChangePlan(record.plan, digest: record.planDigest))
        let rules = ChangeRules(
            type: "normal", severity: .minor, windows: ["nights", "weekend"], approvers: ["board"],
            quorum: truth.quorum)
        let events: [ChangeEvent] = [
            .opened(request), .accepted(rules), .moved(.scheduled, reason: "scheduled"),
            .scheduled(dates), .runOpened(Change.Run(record)),
            .moved(.implementing, reason: "started"),
        ]
        change = Change(
            id,
            events: events.enumerated().map {
                RecordedChangeEvent(
                    sequence: $0 + 1, at: time(truth.issued), actor: Self.requester, event: $1)
            })
    }

    private func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    // MARK: What befalls it

    /// Records an event whatever the desk's own rules say, as another desk may.
    func force(_ event: ChangeEvent) {
        guard let sequence = change?.sequence else { return }
        change?.apply(
            RecordedChangeEvent(
                sequence: sequence + 1, at: world.time, actor: "mia", event: event))
    }

    /// Tells the desk something; whether it agreed.
    private func tell(_ input: ChangeInput) -> Bool {
        guard case .success(let events)? = change?.decide(input, actor: "mia", at: world.time)
        else { return false }
        for event in events {
            force(event)
            world.trace.note("of \(record.id) the change \(event)")
        }
        return true
    }

    func hold() { if tell(.hold(why: "wait")) { truth.isHeld = true } }
    func unhold() { if tell(.unhold(why: "go on")) { truth.isHeld = false } }

    func move(to state: ChangeState) {
        force(.moved(state, reason: "another desk says so"))
        world.trace.note("of \(record.id) the change is \(state)")
        truth.state = state == .review ? .review : state.mayStart ? .may : .over
    }

    func revoke(_ person: String) {
        guard tell(.revoke(approver: person, why: "a mistake")),
            let index = truth.approvals.lastIndex(where: { $0.person == person && !$0.isRevoked })
        else { return }
        truth.approvals[index].isRevoked = true
        if let state = change?.state, !state.mayStart, state != .review { truth.state = .over }
    }

    /// Records an approval, good or not; one that isn't was recorded while it was, or elsewhere.
    func approve(_ person: String, expires: Int64, flaw: ApprovalFlaw? = nil) {
        guard let id = record.change else { return }
        approvalCount += 1
        precondition(flaw != .nonce || approvalCount > 1, "no nonce was used before")
        let other = Digest.sha256(of: Array("another".utf8))
        let statement = ChangeApproval(
            decision: .approved, library: flaw == .library ? "other" : record.plan.libraryID,
            origin: flaw == .home ? "elsewhere" : "home",
            change: flaw == .change ? ChangeSamples.id(7) : id,
            environment: flaw == .environment ? "lab" : record.plan.environment.name,
            planDigest: flaw == .plan ? other : record.planDigest, forecastDigest: nil,
            approver: person, role: "board", issued: time(truth.issued), expires: time(expires),
            nonce: Hexadecimal.text(of: "\(flaw == .nonce ? 1 : approvalCount)".utf8))
        let signed = SignedApproval(
            statement: statement, signature: "signed by \(flaw == .signature ? "me" : person)")
        force(.decided(signed))
        truth.approvals.append(
            .init(person: person, expires: expires, isOfThis: flaw == nil))
    }

    /// Gives it a further time.
    func add(_ span: GateTruth.Span) {
        guard let interval = Interval(time(span.start), time(span.end)) else { return }
        if tell(.schedule(interval, adds: true)) { truth.dates.append(span) }
    }

    // MARK: What the gates of production are asked with

    func facts(at now: Timestamp, needed: Int64?) -> ChangeFacts {
        ChangeFacts(
            standing: standing(at: now),
            calendar: truth.canReadCalendars
                ? .known(ChangeCalendar(calendars, horizon: WindowGate.horizon(from: now)))
                : .unreadable(["weekend.ics: no END"]), now: now,
            neededMilliseconds: needed, shown: { "\($0.milliseconds)" })
    }

    private func standing(at now: Timestamp) -> ChangeFacts.Standing {
        guard let change else { return .none }
        guard truth.canAskDesk else { return .unknown("the desk can't be reached") }
        let board = truth.board
        let facts = ApprovalFacts(
            library: record.plan.libraryID, origin: "home", authors: ["lea"],
            roles: { person, _ in board.contains(person) ? ["board"] : [] },
            signature: { signed in
                signed.signature == "signed by \(signed.statement.approver)"
                    ? .valid : .invalid("it is somebody else's")
            })
        return .known(
            ChangeStanding(
                change, targets: record.plan.targets.map(\.name), facts: facts, at: now))
    }

    func trust(at now: Timestamp) -> TrustState {
        guard truth.canReadTrust else { return .unusable("people.yaml: no such person") }
        guard hasTrust, let id = PersonID(rawValue: record.actor) else { return .solo }
        let grants: [RoleGrant] =
            truth.hasRole
            ? [Role.implementer, .operator].map { RoleGrant($0, environments: ["production"]) }
            : [RoleGrant(.implementer, targets: [NameGlob(rawValue: "z*")].compactMap { $0 })]
        let person = Person(
            id: id, name: "Ann", accounts: ["ann"], roles: grants,
            retired: truth.roleEnds.map(time))
        return .known(
            TrustBook(people: [person], digest: record.planDigest), account: "ann", at: now)
    }

    /// The inventory as it is now.
    var inventory: Inventory {
        Inventory(
            targets: record.plan.targets.filter { !truth.gone.contains($0.name) }.map { target in
                var labels = target.labels
                if truth.relabelled.contains(target.name) { labels["ring"] = ["out"] }
                return Target(
                    name: target.name, address: target.address,
                    environment: truth.moved.contains(target.name)
                        ? "lab" : record.plan.environment.name, labels: labels)
            })
    }

    /// The runbook as the library has it now.
    var runbookNow: Runbook {
        guard !truth.isInScope else { return runbook }
        var runbook = runbook
        runbook.targets.select = .compare(.init(parts: ["ring"]), .equal, "out")
        return runbook
    }
}

/// What may be wrong with an approval.
enum ApprovalFlaw: CaseIterable {
    case library, home, change, environment, plan, nonce, signature
}
