import Runbooks

/// Gates 5, 6 and 7: what a change must be for its run to start.
struct ChangeGate: Sendable {
    let facts: ChangeFacts
    /// Who starts the run.
    let actor: String
    /// How the run goes over its targets.
    let rollout: Rollout

    /// Gate 5: approved, not on hold, and its approval names this plan.
    var change: Verdict {
        let standing: ChangeStanding
        switch facts.standing {
        case .none: return .refused([Self.noChange])
        case .unknown(let why): return .refused(["the change can't be asked about: \(why)"])
        case .known(let known): standing = known
        }
        var reasons: [String] = []
        if !standing.isApproved { reasons.append("\(standing.id) is \(standing.state)") }
        if let hold = standing.hold { reasons.append("\(standing.id) is on hold: \(hold)") }
        reasons += standing.obstacles
        if standing.approvers.count < standing.quorum {
            reasons.append(
                "\(standing.approvers.count) of \(standing.quorum) approvals count for this plan")
            reasons += standing.problems
        }
        guard reasons.isEmpty else { return .refused(reasons) }
        let who =
            standing.quorum == 0
            ? "automatic: the entry '\(standing.type)' in handrail.yaml is its approval"
            : "approved by \(standing.approvers.joined(separator: ", "))"
        return .open(rule: "\(standing.id), \(who)")
    }

    /// Gate 6: inside its dates, a window of its type, and outside every freeze.
    var window: WindowGate.Answer {
        switch facts.standing {
        case .none:
            WindowGate.Answer(verdict: .refused(["no change, so no planned dates"]), next: nil)
        case .unknown:
            WindowGate.Answer(
                verdict: .refused(["the change can't be asked about, so its dates are unknown"]),
                next: nil)
        case .known(let standing):
            gate(
                standing.dates, needed(standing),
                standing.isEmergency
                    ? .emergency : .change(type: standing.type, windows: Set(standing.windows)))
        }
    }

    /// What freezes say about a resolution, which has no change.
    var freeze: WindowGate.Answer { gate(nil, facts.neededMilliseconds ?? 0, .resolution) }

    /// What must be left in the window: by what is known of one target, else by what the change says
    /// of all of it; nil where neither is known.
    private func needed(_ standing: ChangeStanding) -> Int64? {
        facts.neededMilliseconds
            ?? standing.expectedMilliseconds.map { rollout.reservedTime(ofWhole: $0) }
    }

    private func gate(
        _ dates: [Interval]?, _ needed: Int64?, _ calendars: CalendarQuestion
    ) -> WindowGate.Answer {
        WindowGate(
            WindowQuestion(dates: dates, calendars: calendars, neededMilliseconds: needed),
            in: facts.calendar, shown: facts.shown
        ).answer(at: facts.now)
    }

    /// Gate 7: enough approvers are neither requester, nor starter, nor author.
    var fourEyes: Verdict {
        guard case .known(let standing) = facts.standing else {
            return .refused(["no change, so nobody approved it"])
        }
        guard standing.quorum > 0 else { return entry(of: standing) }
        var reasons: [String] = []
        var others: [String] = []
        for approver in standing.approvers {
            let roles = roles(of: approver, standing)
            if roles.isEmpty {
                others.append(approver)
            } else {
                reasons.append("\(approver) approved it and \(roles.joined(separator: ", "))")
            }
        }
        // Whose approval doesn't count is in nobody's way where enough others approved it.
        if others.count >= standing.quorum {
            reasons = []
        } else {
            reasons.append(
                "\(others.count) of \(standing.quorum) approvals are of people who neither asked for "
                    + "it, nor start it, nor wrote a part of it"
                    + (standing.written.map { "; it is \($0.words)" } ?? ""))
        }
        if let problem = standing.written?.problem { reasons.append(problem) }
        let written = Self.words(standing.written)
        guard reasons.isEmpty else { return .refused(reasons) }
        return .open(rule: "approved by \(others.joined(separator: ", ")); \(written)")
    }

    /// Of an automatic type its entry is the approval: who gave it its form is the approver.
    private func entry(of standing: ChangeStanding) -> Verdict {
        let entry = standing.entry
        let said = "the entry '\(standing.type)' in handrail.yaml"
        var reasons = (entry?.people ?? []).compactMap { person -> String? in
            let roles = roles(of: person, standing)
            guard !roles.isEmpty else { return nil }
            return
                "\(person) wrote \(said), which approves it, and \(roles.joined(separator: ", "))"
        }
        reasons += [(entry?.problem).map { "of \(said): \($0)" }, standing.written?.problem]
            .compactMap { $0 }
        guard reasons.isEmpty else { return .refused(reasons) }
        return .open(rule: "automatic: \(said) approves it, \(Self.words(entry))")
    }

    private func roles(of person: String, _ standing: ChangeStanding) -> [String] {
        [
            person == standing.requester ? "asked for it" : nil,
            person == actor ? "starts it" : nil,
            standing.authors.contains(person) ? "wrote a part of it" : nil,
        ].compactMap { $0 }
    }

    private static func words(_ written: KnownAuthors?) -> String {
        written?.words ?? "who wrote it isn't known"
    }

    static let noChange =
        "it is for no change: open one ('handrail change open RUNBOOK'), or run the one there is "
        + "('handrail run CHG-…')"
}
