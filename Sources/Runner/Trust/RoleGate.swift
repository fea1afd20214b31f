import Runbooks

/// Gate 3: this person may run this runbook on these targets.
struct RoleGate: Sendable {
    let verdict: Verdict

    /// `starter` is who started a run that is led already: it acts for them, whoever leads it.
    init(
        _ plan: Plan, _ passage: Passage, actor: String, trust: TrustState,
        starter: PersonID? = nil
    ) {
        switch trust {
        case .solo: verdict = .open(rule: "solo home: the account \(actor) is the person")
        case .unusable(let why):
            // Undoing what was started is never stopped by a mistake in a document.
            verdict =
                passage == .undoing
                ? .open(rule: "undoing goes on, though trust can't be used: \(why)")
                : .refused(["trust can't be used: \(why); 'handrail trust verify' says more"])
        case .known(let book, let account, let instant):
            // Before there was trust, the account's name was who started it.
            if let starter, book.person(starter) == nil, starter.rawValue != account,
                passage != .undoing
            {
                verdict = .refused([
                    "\(starter), who started it, is in trust no more: nothing further starts for "
                        + "them ('handrail trust retire' keeps who somebody was)"
                ])
                return
            }
            let person = starter.flatMap(book.person)
            verdict = Self.verdict(book, account, person, instant, plan, passage)
        }
    }

    private static func verdict(
        _ book: TrustBook, _ account: String, _ starter: Person?, _ instant: Timestamp,
        _ plan: Plan, _ passage: Passage
    ) -> Verdict {
        var reasons =
            passage == .undoing
            ? [] : book.misplaced(plan.targets.map(\.name), in: plan.environment.name)
        let subject = ActSubject(plan)
        let verb = passage.verb
        var rule = ""
        switch starter.map(TrustBook.Actor.person) ?? book.actor(forAccount: account, at: instant) {
        case .nobody:
            let could = book.whoMay(verb, on: subject, at: instant).prefix(5).map(\.id.rawValue)
            reasons.insert(
                "the account \(account) is nobody's in trust; "
                    + (could.isEmpty
                        ? "nobody in trust could" : "\(could.joined(separator: ", ")) could"),
                at: 0)
        case .person(let person):
            rule = "\(person.id) may \(verb.phrase)"
            if case .refused(let refusal) = book.may(person, verb, on: subject, at: instant) {
                reasons.insert(refusal.reason, at: 0)
            }
        case .several(let people):
            let may = people.filter { book.may($0, verb, on: subject, at: instant).isAllowed }
            let names = people.map(\.id.rawValue).joined(separator: ", ")
            rule =
                "the account \(account) is \(names): "
                + "\(may.map(\.id.rawValue).joined(separator: " or ")) may \(verb.phrase), and signs"
            if may.isEmpty {
                reasons.insert(
                    "the account \(account) is \(names), and none of them may \(verb.phrase)", at: 0
                )
            }
        }
        guard reasons.isEmpty else { return .refused(reasons) }
        let isSigned = book.floor(of: plan.environment.name)?.needsSignedActs == true
        return .open(rule: rule + (isSigned && !rule.hasSuffix("signs") ? ", and signs" : ""))
    }
}

extension Passage {
    /// What it is that a person must be allowed to do.
    package var verb: Verb {
        switch self {
        case .reading: .runReading
        case .resolution: .runResolution
        case .everythingElse: .runChange
        case .brokenGlass: .breakGlass
        case .undoing: .rollback
        }
    }
}
