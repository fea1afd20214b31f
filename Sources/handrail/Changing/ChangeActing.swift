import Audit
import Foundation
import Runbooks
import Runner

/// Lets a person's command happen to a change: decided, recorded, sealed, shown.
struct ChangeActing: Sendable {
    let session: Session
    let home: OpenedHome
    let change: Change

    /// Who acts on a change that is named.
    ///
    /// - Throws: as `Session.openChange`.
    static func on(_ text: String, _ session: Session) async throws -> ChangeActing {
        let (home, change) = try await session.openChange(text, toWrite: true)
        return ChangeActing(session: session, home: home, change: change)
    }

    /// Lets inputs happen one after the other, all or none, and shows the change.
    ///
    /// Throws `Failure` with all reasons why it can't be, `JournalError`. `what` is recorded, such
    /// as `That CHG-1 is submitted`.
    func tell(_ inputs: [ChangeInput], _ what: String) async throws -> ExitCode {
        let verbs = inputs.compactMap { $0.verb(by: session.actor, on: change) }
        for verb in verbs {
            try session.permit(verb, on: change.subject, isStopping: verb == .changeHold)
        }
        // What can't be is refused before anybody is asked to sign it.
        _ = try decided(inputs, by: session.actor, at: session.world.now())
        let actor = try await actor(of: inputs, verbs)
        let now = session.world.now()
        let events = try decided(inputs, by: actor, at: now)
        guard !events.isEmpty else { return try await show(change) }
        let changed = try await home.journal.append(
            events, to: change.id, after: change.sequence, actor: actor, at: now)
        try await home.sealRecorded(what)
        return try await show(changed)
    }

    /// What becomes of inputs, one after the other.
    ///
    /// - Throws: `Failure` with all reasons why they can't be.
    private func decided(
        _ inputs: [ChangeInput], by actor: String, at now: Timestamp
    ) throws -> [ChangeEvent] {
        var (next, events) = (change, [ChangeEvent]())
        for input in inputs {
            switch next.decide(input, actor: actor, at: now) {
            case .failure(let refusals): throw Failure(refusals, change.id)
            case .success(let decided):
                for event in decided {
                    next.apply(
                        RecordedChangeEvent(
                            sequence: next.sequence + 1, at: now, actor: actor, event: event))
                }
                events += decided
            }
        }
        return events
    }

    /// Refuses a decision that would count for nothing, before anybody is asked to sign it.
    ///
    /// - Throws: `Failure` with all reasons; as `Session.approvalFacts`.
    func refuseVain(_ statement: ChangeApproval, why: String = "") async throws {
        let unsigned = SignedApproval(statement: statement, signature: "")
        var facts = try await session.approvalFacts(of: change, in: home)
        facts.signature = { _ in .valid }
        _ = try decided(
            [.decide(unsigned, facts, why: why)], by: statement.approver,
            at: session.world.now())
    }

    /// Who acts: whoever signed the decision, or has to sign the act; else the account's person.
    private func actor(of inputs: [ChangeInput], _ verbs: [Verb]) async throws -> String {
        for case .decide(let signed, _, _) in inputs { return signed.statement.approver }
        // Stopping is never held up by a missing signature.
        guard let verb = verbs.last, verb != .changeHold, change.request.plan != nil else {
            return session.actor
        }
        let signer = try await ActSigning(session: session, home: home).sign(
            verb, arguments: ["change": change.id.rawValue], about: try await home.plan(of: change))
        return signer?.rawValue ?? session.actor
    }

    /// Shows a change as it is now.
    func show(_ change: Change) async throws -> ExitCode {
        let shown = ShownChange(
            change: change, leftOut: try await home.leftOut(of: change),
            trail: await home.anchor(telling: session.console),
            count: await count(of: change), later: try await later(of: change),
            written: session.known(
                change.request.plan?.written, in: change.request.plan?.environment))
        shown.show(on: session.console)
        return .success
    }
}

extension OpenedHome {
    /// The targets that runs of a change left out, with the reasons, as they are now.
    func leftOut(of change: Change) async throws -> [LeftOutTarget] {
        guard let plan = change.request.plan, !change.runs.isEmpty else { return [] }
        let done = try await journal.targetsEndedWell(plan.planID)
        var left: [TargetName: LeftOutTarget] = [:]
        for part in change.runs where !part.run.isUndoing && part.run.leftOut > 0 {
            for target in try await journal.record(of: part.run.run).leftOut ?? [] {
                left[target.target] = target
            }
        }
        return left.values.filter { !done.contains($0.target) }.sorted { $0.target < $1.target }
    }

    /// The targets of a change's plan that have not ended well in any of its runs.
    func unfinished(_ change: Change) async throws -> [TargetName] {
        guard let plan = change.request.plan else { return [] }
        let done = try await journal.targetsEndedWell(plan.planID)
        return try await self.plan(of: change).targets.map(\.name).filter { !done.contains($0) }
    }

    /// The plan of a change, as it was recorded.
    ///
    /// - Throws: `Failure` where it has none, `JournalError`.
    func plan(of change: Change) async throws -> Plan {
        try JSONDecoder().decode(Plan.self, from: Data(try await planBytes(of: change)))
    }

    /// The bytes of the plan of a change.
    func planBytes(of change: Change) async throws -> [UInt8] {
        guard let plan = change.request.plan else {
            throw Failure(
                .invalidInput, code: "change.noPlan", "\(change.id) has no plan.",
                hint: "open another one, with a runbook and targets")
        }
        return try await store.get(plan.digest)
    }
}

extension Failure {
    /// All reasons why something can't happen to a change.
    init(_ refusals: ChangeRefusals, _ id: ChangeID? = nil) {
        let list = refusals.list
        let isGate = list.contains { $0.code == .approval || $0.code == .obstacle }
        let code = "change.\(list.first?.code.rawValue ?? "refused")"
        let exit = isGate ? ExitCode.refused : .invalidInput
        guard list.count > 1 else {
            let text = list.first?.text ?? "it can't be"
            self.init(
                exit, code: code, "\(id.map { "\($0): " } ?? "")\(text). Nothing was recorded.",
                hint: list.first?.part?.hint ?? list.first?.hint)
            return
        }
        self.init(
            exit, code: code,
            "\(id?.rawValue ?? "It") can't be changed like this, for \(list.count) reasons: "
                + "nothing was recorded.",
            diagnostics: list.map {
                .error(
                    "change-\($0.code.rawValue)", $0.text, hint: $0.part?.hint ?? $0.hint)
            })
    }
}

extension Change {
    /// What acts on it are about, as roles bound them.
    var subject: ActSubject {
        ActSubject(environment: request.plan?.environment, runbook: request.plan?.runbook)
    }
}

extension ChangeInput {
    /// What a person has to be allowed to do; nil where the change's own rules say it.
    fileprivate func verb(by actor: String, on change: Change) -> Verb? {
        switch self {
        case .amend: .changeOpen
        case .submit: .changeSubmit
        case .assess: .changeAssess
        case .decide(let signed, _, _):
            signed.statement.decision == .approved ? .changeApprove : .changeReject
        case .revoke(let approver, _): approver == actor ? .changeApprove : .changeCancel
        case .schedule: .changeSchedule
        case .hold: .changeHold
        case .unhold: .changeRelease
        // Whoever asked may think better of it, as long as nobody has agreed.
        case .cancel: actor == change.requester && change.decisions.isEmpty ? nil : .changeCancel
        case .close: .changeClose
        case .runOpened, .runEnded: nil
        }
    }
}
