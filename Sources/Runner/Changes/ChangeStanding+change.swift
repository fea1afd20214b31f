import Runbooks

extension ChangeStanding {
    /// What a change says at an instant, as gates ask it.
    package init(
        _ change: Change, targets: [TargetName], facts: ApprovalFacts, at now: Timestamp,
        floor: EnvironmentFloor? = nil
    ) {
        let check = ApprovalCheck(change, facts, at: now)
        let approved = change.decisions.indices.filter {
            change.decisions[$0].signed.statement.decision == .approved
        }
        let problems = approved.compactMap { index -> String? in
            let found = check.problems(ofRecorded: index)
            guard !found.isEmpty else { return nil }
            let person = change.decisions[index].signed.statement.approver
            return "the approval of \(person) doesn't count: "
                + found.map(\.text).joined(separator: ", ")
        }
        self.init(
            id: change.id.rawValue, type: change.rules?.type ?? change.request.type ?? "",
            windows: change.rules?.windows ?? [], state: change.state.rawValue,
            isApproved: change.mayStart(at: now),
            hold: change.hold.map {
                "\($0.text) (\($0.actor), since \($0.at.spokenText))"
            },
            isEmergency: change.request.urgency == .emergency, dates: change.dates,
            targets: targets, requester: change.requester,
            approvers: check.counting.map(\.signed.statement.approver), problems: problems,
            quorum: change.quorum ?? 1, authors: facts.authors.sorted(),
            written: facts.written, entry: facts.entry,
            expectedMilliseconds: change.request.expectedMilliseconds,
            obstacles: [floor?.objection(toType: change.rules?.type ?? change.request.type ?? "")]
                .compactMap { $0 })
    }
}
