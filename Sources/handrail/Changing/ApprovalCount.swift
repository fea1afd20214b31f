import Runner

/// Which of a change's approvals count, as gates 5 and 7 count them.
struct ApprovalCount: Sendable, Hashable {
    /// Who approves it, each once.
    let people: [String]
    /// Why others don't count, by their place among the decisions.
    let problems: [Int: [String]]

    init(people: [String], problems: [Int: [String]] = [:]) {
        (self.people, self.problems) = (people, problems)
    }

    init(_ check: ApprovalCheck, of change: Change) {
        var problems: [Int: [String]] = [:]
        for (index, decision) in change.decisions.enumerated()
        where decision.signed.statement.decision == .approved {
            let found = check.problems(ofRecorded: index)
            if !found.isEmpty { problems[index] = found.map(\.text) }
        }
        self.init(
            people: check.counting.map(\.signed.statement.approver), problems: problems)
    }
}

extension ChangeActing {
    /// Which approvals count; nil where that can't be said, which a warning says.
    func count(of change: Change) async -> ApprovalCount? {
        guard !change.decisions.isEmpty else { return nil }
        do {
            let facts = try await session.approvalFacts(of: change, in: home)
            return ApprovalCount(
                ApprovalCheck(change, facts, at: session.world.now()), of: change)
        } catch {
            session.console.warn(
                "whether approvals count can't be said: \(Failure(error).message)")
            return nil
        }
    }

    /// Runs of a change's plan that aren't among its own, the oldest first: those after its end,
    /// and the one by which two people broke the glass.
    func later(of change: Change) async throws -> [RunSummary] {
        guard let plan = change.request.plan?.planID else { return [] }
        let own = Set(change.runs.map(\.run.run))
        var found: [RunSummary] = []
        for id in try await home.journal.runs(of: plan) where !own.contains(id) {
            found.append(try await RunReference(id.rawValue).resolve(in: home.journal))
        }
        return found
    }
}
