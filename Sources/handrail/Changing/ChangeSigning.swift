import ArgumentParser
import Audit
import Foundation
import Runbooks
import Runner

/// With what an approver signs, and as what.
struct ChangeSigningOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "The file of your private key; else $HANDRAIL_KEY, else what ssh-agent holds.",
            valueName: "file"), completion: .file())
    var key: String?

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "The role in which you decide; else the one that is asked for.", valueName: "role"))
    var role: String?
}

/// Who decides about a change: a person, in a role, with a key.
struct ApproverSeat: Sendable {
    let session: Session
    let home: OpenedHome
    let change: Change
    let person: PersonID
    let role: String
    private let key: PersonKey
    private let signing: ActSigning

    /// Looks who sits there.
    ///
    /// - Throws: `Failure` (refused) where nobody can say whose key is whose, or the person's own
    ///   isn't to be had.
    init(
        _ options: ChangeSigningOptions, on change: Change, in home: OpenedHome,
        _ session: Session
    ) async throws {
        guard case .known(let book, let account, let instant) = session.trustState() else {
            throw Failure(
                .refused, code: "change.trust",
                "Nobody can decide about a change in this home: it has no trust that can be used, "
                    + "which says whose key is whose.",
                hint: "'handrail trust init' begins one")
        }
        let people: [Person] =
            switch book.actor(forAccount: account, at: instant) {
            case .nobody: []
            case .person(let person): [person]
            case .several(let several): several
            }
        guard !people.isEmpty else {
            throw Failure(
                .refused, code: "role", "The account \(account) is nobody's in trust.",
                hint: "'handrail whoami' says what you may do")
        }
        let signing = ActSigning(session: session, home: home, keyFile: options.key)
        let key = try await signing.key(of: people, at: instant)
        let owner = people.first { $0.keys.contains { $0.key == key.key } } ?? people[0]
        let unknown = change.authors.union([change.requester]).filter { name in
            PersonID(rawValue: name).flatMap { book.person($0) } == nil
        }
        if let own = unknown.sorted().first(where: owner.accounts.contains) {
            throw Failure(
                .refused, code: "change.approval",
                "\(change.id) was asked for by the account \(SafeText.line(own)), which is "
                    + "\(owner.id)'s too: nobody knows that it was somebody else.",
                hint: "open it anew: since there is trust, who asks is known by name")
        }
        let environment = change.request.plan?.environment ?? ""
        let held = book.roleNames(of: owner.id.rawValue, in: environment)
        let asked = change.rules?.approvers ?? []
        (self.session, self.home, self.change, self.key) = (session, home, change, key)
        (self.signing, person) = (signing, owner.id)
        role = options.role ?? asked.first(where: held.contains) ?? Role.approver.rawValue
    }

    /// What the person is to sign.
    ///
    /// - Throws: `Failure` for a change without a plan, `JournalError`.
    func statement(_ decision: ChangeApproval.Decision) async throws -> ChangeApproval {
        guard let plan = change.request.plan else {
            throw Failure(.invalidInput, code: "change.noPlan", "\(change.id) has no plan.")
        }
        return ChangeApproval(
            decision: decision, library: plan.libraryID,
            origin: try await home.journal.trailOrigin() ?? "", change: change.id,
            environment: plan.environment, planDigest: plan.digest,
            forecastDigest: plan.forecastDigest, approver: person.rawValue, role: role,
            issued: session.world.now(), expires: plan.expires,
            nonce: session.newPlanID().rawValue)
    }

    /// What the person says of the change, signed.
    func sign(_ decision: ChangeApproval.Decision) async throws -> SignedApproval {
        let statement = try await statement(decision)
        session.console.note("Signing with \(key.fingerprint) …")
        return SignedApproval(
            statement: statement,
            signature: try await signing.signatures.sign(
                statement.bytes, namespace: .change, with: key))
    }
}

extension Session {
    /// What has to be known to say whether approvals of a change count: those it has, and one more.
    ///
    /// Whether a key counted is asked of the instant at which its signature was recorded.
    func approvalFacts(
        of change: Change, and new: SignedApproval? = nil, in home: OpenedHome
    ) async throws -> ApprovalFacts {
        let origin = try await home.journal.trailOrigin() ?? ""
        let library = change.request.plan?.libraryID ?? ""
        let environment = change.request.plan?.environment
        let written = known(change.request.plan?.written, in: environment)
        let entry = known(change.rules?.written, in: environment)
        guard case .known(let book, _, let now) = trustState() else {
            return ApprovalFacts(
                library: library, origin: origin, written: written, entry: entry,
                roles: { _, _ in [] },
                signature: { _ in .invalid("this home has no trust that can be used") })
        }
        var given = change.decisions.map { ($0.signed, $0.at) }
        if let new { given.append((new, now)) }
        let subject = ActSubject(
            environment: change.request.plan?.environment, runbook: change.request.plan?.runbook)
        let signatures = ActSigning(session: self, home: home).signatures
        var verdicts: [SignedApproval: SignatureVerdict] = [:]
        for (signed, at) in given where verdicts[signed] == nil {
            verdicts[signed] = try await signatures.verdict(
                of: signed, at: at, on: subject, by: book)
        }
        return ApprovalFacts(
            library: library, origin: origin, written: written, entry: entry,
            roles: { book.roleNames(of: $0, in: $1) },
            signature: { [verdicts] in verdicts[$0] ?? .invalid("nobody has looked at it") })
    }

    /// What the gates are told of a change; nothing where a run is for none.
    func standing(of id: ChangeID?) async -> ChangeFacts.Standing {
        guard let id else { return .none }
        do {
            guard let home = try await existingHome() else {
                return .unknown("there is no home")
            }
            let change = try await home.journal.change(id)
            let targets = try await home.plan(of: change).targets.map(\.name)
            let facts = try await approvalFacts(of: change, in: home)
            return .known(
                ChangeStanding(
                    change, targets: targets, facts: facts, at: world.now(),
                    floor: floor(of: change.request.plan?.environment)))
        } catch {
            return .unknown(Failure(error).message)
        }
    }
}

extension OpenSSHSignatures {
    /// Whether an approval's signature is its approver's, who might decide when it was recorded.
    fileprivate func verdict(
        of signed: SignedApproval, at instant: Timestamp, on subject: ActSubject,
        by book: TrustBook
    ) async throws -> SignatureVerdict {
        let statement = signed.statement
        let key: SigningKey
        do throws(TrustError) {
            key = try await self.key(
                signing: statement.bytes, signature: signed.signature, namespace: .change)
        } catch {
            switch error.code {
            case .malformed, .wrongNamespace, .wrongSignature: return .invalid(error.message)
            case .unusable, .noKey, .noProgram, .declined, .io: throw error
            }
        }
        let verb: Verb = statement.decision == .approved ? .changeApprove : .changeReject
        switch book.signer(key, at: instant, mayDo: verb, on: subject) {
        case .failure(let refusal): return .invalid(refusal.reason)
        case .success(let person):
            return person.id.rawValue == statement.approver
                ? .valid : .invalid("it is that of \(person.id)")
        }
    }
}

extension TrustBook {
    /// The roles that a person has in an environment, by their names.
    func roleNames(of person: String, in environment: String) -> Set<String> {
        guard let known = PersonID(rawValue: person).flatMap({ self.person($0) }) else { return [] }
        return Set(
            known.roles.filter {
                $0.covers(environment: environment, runbook: nil, target: nil)
            }.map(\.role.rawValue))
    }
}

extension OpenedHome {
    /// The forecast that was made with a change's plan; nil where nobody looked.
    func forecast(of change: Change) async throws -> Forecast? {
        guard let digest = change.request.plan?.forecastDigest else { return nil }
        return try JSONDecoder().decode(Forecast.self, from: Data(try await store.get(digest)))
    }
}
