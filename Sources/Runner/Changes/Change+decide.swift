import Runbooks

/// What follows from an input: pure, and the same whoever asks (docs/changes.md, "States").
extension Change {
    /// How long after its approval an emergency may be carried out.
    package static let emergencyWindow = Duration.seconds(24 * 3600)
    /// How long after it was carried out a review has to be over.
    package static let reviewTime = Duration.seconds(7 * 24 * 3600)

    /// The events that open a change; it is a draft, complete or not.
    package static func open(_ request: ChangeRequest) -> Result<[ChangeEvent], ChangeRefusals> {
        let refusals = lengths(request)
        return refusals.isEmpty ? .success([.opened(request)]) : .failure(ChangeRefusals(refusals))
    }

    /// The events that open a change for the review of what two people did without one.
    package static func open(
        afterBreakingGlass glass: BreakGlass, _ request: ChangeRequest, at now: Timestamp
    ) -> [ChangeEvent] {
        [
            .opened(request), .brokeGlass(glass),
            .moved(.review, reason: "the run \(glass.run) was started without a change"),
            .reviewOpened(owner: glass.signers.first ?? "", due: now.adding(reviewTime)),
        ]
    }

    /// The events that the engine opens a change with, for the review of a run that two people
    /// started without one; none for any other run.
    package static func open(afterBreakingGlassFor run: RunRecord) -> [ChangeEvent] {
        guard let glass = run.brokenGlass else { return [] }
        let title = "Break-glass: \(run.plan.runbook.title)"
        let request = ChangeRequest(
            title: ChangeLimit.size(of: title) > ChangeLimit.titleBytes
                ? "Break-glass: \(run.plan.runbook.id)" : title,
            why: glass.reason, urgency: .emergency, implementer: glass.first,
            ticket: run.ticket,
            plan: ChangePlan(
                run.plan, digest: run.planDigest, forecastDigest: run.forecastDigest,
                forecastOutline: run.forecastOutline))
        return Self.open(
            afterBreakingGlass: BreakGlass(
                run: run.id, signers: [glass.first, glass.second], reason: glass.reason),
            request, at: run.opened)
    }

    /// What follows from an input, or all reasons why nothing does.
    ///
    /// No events mean that it is nothing to this change.
    package func decide(
        _ input: ChangeInput, actor: String, at now: Timestamp
    ) -> Result<[ChangeEvent], ChangeRefusals> {
        var turn = ChangeTurn(change: self, actor: actor, now: now)
        turn.take(input)
        return turn.refusals.isEmpty
            ? .success(turn.events) : .failure(ChangeRefusals(turn.refusals))
    }

    static func lengths(_ request: ChangeRequest) -> [ChangeRefusal] {
        request.tooLong.map {
            ChangeRefusal(
                .invalid, "\($0) is too long for a record",
                hint: "\(ChangeLimit.titleBytes) bytes for a name or title, "
                    + "\(ChangeLimit.textBytes) for a text; the rest belongs into a ticket")
        }
    }
}

/// One input being decided on.
private struct ChangeTurn {
    let change: Change
    let actor: String
    let now: Timestamp
    var events: [ChangeEvent] = []
    var refusals: [ChangeRefusal] = []

    mutating func take(_ input: ChangeInput) {
        switch input {
        case .runOpened(let run): begin(run)
        case .runEnded(let run, let state): end(run, state)
        case _ where change.state.isTerminal:
            refuse(.state, "\(change.id) is \(change.state.rawValue): nothing can be told to it")
        case .amend(let request): amend(request)
        case .submit(let rules): submit(rules)
        case .assess(let assessment): assess(assessment)
        case .decide(let signed, let facts, let why): decide(signed, facts, why)
        case .revoke(let approver, let why): revoke(approver, why)
        case .schedule(let interval, let adds): schedule(interval, adds)
        case .hold(let why): hold(why)
        case .unhold(let why): unhold(why)
        case .cancel(let why): cancel(why)
        case .close(let closing, let unfinished): close(closing, unfinished)
        }
    }

    private mutating func refuse(
        _ code: ChangeRefusal.Code, _ text: String, hint: String? = nil, part: ChangePart? = nil
    ) {
        refusals.append(ChangeRefusal(code, text, hint: hint, part: part))
    }

    /// Refuses what can't happen in this state.
    ///
    /// - Returns: whether it can.
    private mutating func needs(_ states: Set<ChangeState>, _ what: String, hint: String? = nil)
        -> Bool
    {
        guard states.contains(change.state) else {
            refuse(
                .state, "\(change.id) is \(change.state.rawValue), and can't be \(what) now",
                hint: hint)
            return false
        }
        return true
    }

    /// Refuses a text that says nothing, or too much.
    private mutating func needs(text: String, _ name: String) {
        if !ChangeRequest.isGiven(text) {
            refuse(.incomplete, "\(name) is missing")
        } else if ChangeLimit.size(of: text) > ChangeLimit.textBytes {
            refuse(
                .invalid, "\(name) is too long for a record",
                hint: "\(ChangeLimit.textBytes) bytes at most; the rest belongs into a ticket")
        }
    }

    // --- what is asked for ----------------------------------------------------------------------

    private mutating func amend(_ request: ChangeRequest) {
        guard needs([.draft], "altered", hint: "cancel it, and open another one") else { return }
        refusals += Change.lengths(request)
        if request != change.request { events.append(.amended(request)) }
    }

    private mutating func submit(_ rules: ChangeRules?) {
        guard needs([.draft], "submitted") else { return }
        let request = change.request
        for part in request.missing {
            refuse(.incomplete, "\(part.words) is missing", part: part)
        }
        guard let rules else {
            if let type = request.type {
                refuse(
                    .invalid, "the change type \(printableExcerpt(type)) is not a known one",
                    part: .type)
            }
            return
        }
        if let wished = request.severity, wished < rules.severity {
            refuse(
                .invalid,
                "a change of the type \(rules.type) is \(rules.severity.rawValue) at least, "
                    + "not \(wished.rawValue)")
        }
        // Whoever calls an automatic type minor or major wants a board to look at it.
        let isAutomatic = max(request.severity ?? .automatic, rules.severity) == .automatic
        if isAutomatic, request.urgency == .emergency {
            refuse(
                .invalid,
                "an automatic change is no emergency: nobody approves it, so it stays in its windows",
                hint: "--urgency high; or --severity minor, so that somebody approves it")
        }
        if !isAutomatic, rules.approvers.isEmpty {
            refuse(
                .obstacle, "the change type \(rules.type) names nobody who approves",
                hint: "handrail.yaml says who, under change_types")
        }
        if let plan = request.plan, now >= plan.expires {
            refuse(
                .obstacle, "its plan expired at \(plan.expires.spokenText)",
                hint: "cancel it, and open another one")
        }
        events += [.accepted(rules), .moved(.submitted, reason: "complete")]
        guard isAutomatic else { return }
        events.append(
            .moved(
                .approved,
                reason: "the type \(rules.type) is automatic: its entry in the configuration "
                    + "approves it"))
    }

    private mutating func assess(_ assessment: Change.Assessment) {
        guard needs([.submitted], "assessed") else { return }
        needs(text: assessment.note, "what was found")
        if let severity = assessment.severity, let least = change.severity, severity < least {
            refuse(
                .invalid, "it is \(least.rawValue) at least, not \(severity.rawValue)")
        }
        events += [.assessed(assessment), .moved(.assessed, reason: "assessed by \(actor)")]
    }

    // --- approvals ------------------------------------------------------------------------------

    private mutating func decide(
        _ signed: SignedApproval, _ facts: ApprovalFacts, _ why: String
    ) {
        let statement = signed.statement
        guard mayDecide(statement.decision) else { return }
        if change.decisions.count >= ChangeLimit.decisions {
            refuse(.obstacle, "it has \(ChangeLimit.decisions) approvals and rejections already")
        }
        if signed.signature.utf8.count > ChangeLimit.signatureBytes {
            refuse(.invalid, "the signature is longer than any of a known kind")
        }
        // Who has approved it may still think better of it.
        if statement.decision == .approved,
            change.standing(at: now).contains(where: {
                $0.signed.statement.approver == statement.approver
            })
        {
            refuse(.approval, "\(statement.approver) has approved it before: once is enough")
        }
        for problem in ApprovalCheck(change, facts, at: now).problems(of: signed) {
            refuse(.approval, problem.text)
        }
        events.append(.decided(signed))
        if statement.decision == .rejected {
            if !why.isEmpty { needs(text: why, "why it is rejected") }
            events.append(
                .moved(
                    .rejected,
                    reason: "rejected by \(statement.approver)" + (why.isEmpty ? "" : ": \(why)")))
            return
        }
        var after = change
        after.apply(
            RecordedChangeEvent(
                sequence: change.sequence + 1, at: now, actor: actor, event: .decided(signed)))
        guard after.hasQuorum(at: now), [.submitted, .assessed].contains(change.state) else {
            return
        }
        let people = after.standing(at: now).map(\.signed.statement.approver)
        events.append(.moved(.approved, reason: "approved by \(people.joined(separator: ", "))"))
        if change.request.urgency == .emergency { beginEmergency() }
    }

    /// Whether this is the time to decide about it.
    private mutating func mayDecide(_ decision: ChangeApproval.Decision) -> Bool {
        if decision == .rejected {
            return needs(
                [.submitted, .assessed], "rejected",
                hint: "an approval is taken back with 'handrail change revoke'")
        }
        var states: Set<ChangeState> = [.assessed]
        // An emergency is approved at once.
        if change.request.urgency == .emergency { states.insert(.submitted) }
        // It goes on once others have approved in the place of who took theirs back.
        if !change.hasQuorum(at: now) { states.formUnion([.approved, .scheduled, .implementing]) }
        return needs(
            states, "approved",
            hint: change.state == .submitted ? "'handrail change assess' comes first" : nil)
    }

    /// An emergency's window is from its approval on; nobody schedules it.
    private mutating func beginEmergency() {
        guard let window = Interval(now, now.adding(Change.emergencyWindow)) else { return }
        events += [
            .scheduled([window]),
            .moved(.scheduled, reason: "an emergency: within 24 hours of its approval"),
        ]
    }

    private mutating func revoke(_ approver: String, _ why: String) {
        needs(text: why, "why it is taken back")
        let found = change.decisions.last {
            $0.signed.statement.approver == approver && $0.revoked == nil
                && $0.signed.statement.decision == .approved
        }
        guard let statement = found?.signed.statement else {
            let people = change.standing(at: now).map(\.signed.statement.approver)
            return refuse(
                .obstacle, "no approval of \(printableExcerpt(approver)) stands",
                hint: people.isEmpty
                    ? "nobody has approved it"
                    : "those of \(people.joined(separator: ", ")) do")
        }
        let event = ChangeEvent.revoked(statement.digest, why: why)
        events.append(event)
        var after = change
        after.apply(
            RecordedChangeEvent(
                sequence: change.sequence + 1, at: now, actor: actor, event: event))
        guard [.approved, .scheduled].contains(change.state), !after.hasQuorum(at: now) else {
            return
        }
        events.append(
            .moved(.assessed, reason: "the approval of \(approver) was taken back"))
    }

    // --- time -----------------------------------------------------------------------------------

    private mutating func schedule(_ interval: Interval, _ adds: Bool) {
        let states: Set<ChangeState> =
            adds ? [.scheduled, .implementing, .review] : [.approved, .scheduled]
        guard
            needs(
                states, adds ? "given another time" : "scheduled",
                hint: adds
                    ? "without --add it is scheduled once it is approved"
                    : change.state == .implementing || change.state == .review
                        ? "--add gives it a further time" : "it has to be approved first")
        else { return }
        if change.request.urgency == .emergency {
            refuse(
                .state, "an emergency has its time by itself: 24 hours from its approval",
                hint: "what comes later is another change")
        }
        if interval.end <= now {
            refuse(.invalid, "the time ended at \(interval.end.spokenText)")
        }
        if let plan = change.request.plan, interval.start >= plan.expires {
            refuse(
                .obstacle, "its plan expires at \(plan.expires.spokenText), before the time begins",
                hint: "an earlier time, or another change with a new plan")
        }
        if !change.hasQuorum(at: interval.start) {
            let isNow = change.hasQuorum(at: now)
            refuse(
                .obstacle,
                isNow
                    ? "too many of its approvals will have expired when the time begins"
                    : "too few of its approvals stand",
                hint: "'handrail change show \(change.id)' says which")
        }
        if adds, change.dates.count >= ChangeLimit.dates {
            refuse(.invalid, "it has \(ChangeLimit.dates) times already")
        }
        if adds, change.dates.contains(interval) {
            refuse(.invalid, "it has that time already")
        }
        events.append(.scheduled(adds ? change.dates + [interval] : [interval]))
        if change.state == .approved || change.state == .review {
            events.append(.moved(.scheduled, reason: "scheduled by \(actor)"))
        }
    }

    private mutating func hold(_ why: String) {
        needs(text: why, "why it is held")
        if let hold = change.hold {
            refuse(.state, "\(hold.actor) holds it since \(hold.at.spokenText)")
        }
        events.append(.held(why: why))
    }

    private mutating func unhold(_ why: String) {
        needs(text: why, "why it is held no more")
        if change.hold == nil { refuse(.state, "\(change.id) is not on hold") }
        events.append(.released(why: why))
    }

    private mutating func cancel(_ why: String) {
        guard
            needs(
                [.draft, .submitted, .assessed, .approved, .scheduled], "cancelled",
                hint: change.openRun.map { "'handrail abort \($0)' ends its run" }
                    ?? "'handrail change close --incomplete' says that not all was done")
        else { return }
        needs(text: why, "why it is cancelled")
        events.append(.moved(.cancelled, reason: why))
    }

    // --- runs -----------------------------------------------------------------------------------

    private mutating func begin(_ run: Change.Run) {
        if run.isUndoing || !run.isBound {
            // What was started is undone whatever became of the change.
            guard !change.state.isTerminal else { return }
            events.append(.runOpened(run))
            if !run.isUndoing, change.mayStart(at: now), change.state != .implementing {
                events.append(.moved(.implementing, reason: "the run \(run.run) was started"))
            }
            return
        }
        guard change.mayStart(at: now) else {
            return refuse(
                .state, "\(change.id) is \(change.state.rawValue), and can't be carried out now",
                hint: change.state == .review
                    ? "its time is over: 'handrail change schedule \(change.id) --add' gives it more"
                    : "'handrail change show \(change.id)' says what comes next")
        }
        if let hold = change.hold {
            refuse(
                .obstacle,
                "\(hold.actor) holds it since \(hold.at.spokenText): "
                    + printableExcerpt(hold.text, limit: 120))
        }
        if run.planDigest != change.request.plan?.digest {
            refuse(.obstacle, "the run's plan is not the one that was approved")
        }
        if let other = change.openRun, other != run.parent {
            refuse(
                .obstacle, "its run \(other) has not ended",
                hint: "'handrail watch \(other)' follows it")
        }
        let people = change.standing(at: now).map(\.signed.statement.approver)
        if people.contains(run.starter) {
            refuse(.approval, "\(run.starter) has approved it, and so can't start it")
        }
        if !change.hasQuorum(at: now) {
            refuse(
                .approval,
                "\(Set(people).count) of \(change.quorum ?? 1) approvals stand now")
        }
        events.append(.runOpened(run))
        if change.state != .implementing {
            events.append(.moved(.implementing, reason: "the run \(run.run) was started"))
        }
    }

    private mutating func end(_ run: RunID, _ state: RunState) {
        guard let part = change.runs.last(where: { $0.run.run == run }), part.ended == nil,
            !change.state.isTerminal
        else { return }
        events.append(.runEnded(run, state))
        let isAnotherOpen = change.runs.contains {
            $0.ended == nil && $0.run.run != run && !$0.run.isUndoing
        }
        guard change.state == .implementing, !part.run.isUndoing, !isAnotherOpen else { return }
        events.append(.moved(.review, reason: "the run \(run) ended: \(state.rawValue)"))
        let isAsked =
            change.request.urgency == .emergency || change.severity == .automatic
            || change.rules?.reviewWithinMilliseconds != nil
        guard isAsked, change.review == nil else { return }
        let within = change.rules?.reviewWithinMilliseconds.map { Duration.milliseconds($0) }
        events.append(
            .reviewOpened(
                owner: change.request.implementer ?? change.requester,
                due: now.adding(within ?? Change.reviewTime)))
    }

    private mutating func close(_ closing: Change.Closing, _ unfinished: [TargetName]) {
        guard
            needs(
                [.review], "closed",
                hint: change.openRun.map { "its run \($0) has not ended" }
                    ?? "what is not to be done any more is cancelled")
        else { return }
        if change.review != nil || !closing.isComplete || ChangeRequest.isGiven(closing.note) {
            needs(text: closing.note, "what came of it")
        }
        if closing.isComplete, !unfinished.isEmpty {
            let named = unfinished.prefix(5).map(\.rawValue).joined(separator: ", ")
            let more = unfinished.count > 5 ? " and \(unfinished.count - 5) more" : ""
            refuse(
                .obstacle, "\(named)\(more): not done, so it isn't complete",
                hint: "close it with --incomplete, or give it another time with "
                    + "'handrail change schedule \(change.id) --add'")
        }
        if closing.isComplete, let last = change.runs.last(where: { $0.ended != nil }),
            last.run.isUndoing
        {
            refuse(
                .obstacle, "what it did was undone, by \(last.run.run), so it isn't complete",
                hint: "close it with --incomplete")
        }
        if closing.followedBy == change.id {
            refuse(.invalid, "\(change.id) can't follow itself")
        }
        events += [
            .closing(closing),
            .moved(.closed, reason: closing.isComplete ? "complete" : "incomplete"),
        ]
    }
}
