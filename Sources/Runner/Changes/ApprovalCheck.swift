import Runbooks

/// What has to be known outside a change to say whether an approval counts.
package struct ApprovalFacts: Sendable {
    /// The library's own id.
    package var library: String
    /// The id of this home's trail.
    package var origin: String
    /// Who wrote the version of the runbook.
    package var authors: Set<String>
    /// The same with those whom trust doesn't know, as gate 7 says it; nil where nobody asked.
    package var written: KnownAuthors?
    /// Who wrote the entry of an automatic type; nil where nobody asked.
    package var entry: KnownAuthors?
    /// Who starts the run; nil as long as nobody does.
    package var starter: String?
    /// The roles that a person has in an environment.
    package var roles: @Sendable (_ person: String, _ environment: String) -> Set<String>
    /// Whether a signature is its approver's.
    package var signature: @Sendable (SignedApproval) -> SignatureVerdict

    package init(
        library: String, origin: String, authors: Set<String> = [],
        written: KnownAuthors? = nil, entry: KnownAuthors? = nil, starter: String? = nil,
        roles: @escaping @Sendable (_ person: String, _ environment: String) -> Set<String>,
        signature: @escaping @Sendable (SignedApproval) -> SignatureVerdict
    ) {
        (self.library, self.origin) = (library, origin)
        self.authors = authors.union(written?.people ?? [])
        (self.written, self.entry, self.starter) = (written, entry, starter)
        (self.roles, self.signature) = (roles, signature)
    }
}

/// One reason why an approval counts for nothing.
package enum ApprovalProblem: Sendable, Hashable {
    case ofChange(ChangeID)
    case ofEnvironment(String, expected: String)
    case ofLibrary(String)
    case ofHome
    /// Something has changed since: another plan.
    case ofPlan
    case ofForecast
    case fromTheFuture(Timestamp)
    case expired(Timestamp)
    case revoked(by: String, why: String)
    case usedNonce
    /// Nobody asks for an approval in this role.
    case roleNotAsked(String, asked: [String])
    case roleNotHeld(String)
    case isRequester
    case isStarter
    case isImplementer
    case isAuthor
    case badSignature(String)

    /// The reason in words, of the approval of a person.
    package var text: String {
        switch self {
        case .ofChange(let other): "it approves \(other)"
        case .ofEnvironment(let other, let expected):
            "it is for the environment \(printableExcerpt(other)), not \(expected)"
        case .ofLibrary(let other): "it is for the library \(printableExcerpt(other))"
        case .ofHome: "it is for another home: the origin of its trail is another one"
        case .ofPlan: "it approves another plan than the change has"
        case .ofForecast: "it was given to another forecast than the change has"
        case .fromTheFuture(let time): "it was signed at \(time.spokenText), which is still to come"
        case .expired(let time): "it expired at \(time.spokenText)"
        case .revoked(let person, let why):
            "\(person) took it back: \(printableExcerpt(why, limit: 120))"
        case .usedNonce: "it was recorded before: its nonce was used"
        case .roleNotAsked(let role, let asked):
            "nobody asks for an approval as \(printableExcerpt(role)); "
                + (asked.isEmpty
                    ? "the change type names no approver"
                    : "it takes \(asked.joined(separator: ", "))")
        case .roleNotHeld(let role): "the approver has no role \(printableExcerpt(role)) there"
        case .isRequester: "the approver asked for the change"
        case .isStarter: "the approver starts the run"
        case .isImplementer: "the approver is to carry it out"
        case .isAuthor: "the approver wrote what is approved"
        case .badSignature(let why): "its signature counts for nothing: \(why)"
        }
    }
}

/// Whether an approval counts for a change, at one moment.
package struct ApprovalCheck: Sendable {
    /// By how much the clocks of two machines may differ.
    package static let tolerance = Duration.seconds(300)

    private let change: Change
    private let facts: ApprovalFacts
    private let now: Timestamp

    package init(_ change: Change, _ facts: ApprovalFacts, at now: Timestamp) {
        (self.change, self.facts, self.now) = (change, facts, now)
    }

    /// Why an approval that is to be recorded counts for nothing; empty when it counts.
    package func problems(of signed: SignedApproval) -> [ApprovalProblem] {
        problems(of: signed, revoked: nil, before: change.decisions.count)
    }

    /// Why a recorded approval counts for nothing now; empty when it counts.
    package func problems(ofRecorded index: Int) -> [ApprovalProblem] {
        let decision = change.decisions[index]
        return problems(of: decision.signed, revoked: decision.revoked, before: index)
    }

    /// The recorded approvals that count now, of one person each.
    package var counting: [Change.Decision] {
        var people: Set<String> = []
        return change.decisions.indices.filter { index in
            let statement = change.decisions[index].signed.statement
            return statement.decision == .approved && problems(ofRecorded: index).isEmpty
                && people.insert(statement.approver).inserted
        }.map { change.decisions[$0] }
    }

    /// Whether as many people approve it as have to.
    package var hasQuorum: Bool { change.quorum.map { counting.count >= $0 } ?? false }

    private func problems(
        of signed: SignedApproval, revoked: Change.Remark?, before index: Int
    ) -> [ApprovalProblem] {
        let statement = signed.statement
        var problems = subject(of: statement) + timing(of: statement)
        if let revoked {
            problems.append(.revoked(by: revoked.actor, why: revoked.text))
        }
        let earlier = change.decisions.prefix(index)
        if earlier.contains(where: { $0.signed.statement.nonce == statement.nonce }) {
            problems.append(.usedNonce)
        }
        problems += person(of: statement)
        if case .invalid(let why) = facts.signature(signed) { problems.append(.badSignature(why)) }
        return problems
    }

    /// What it is about.
    private func subject(of statement: ChangeApproval) -> [ApprovalProblem] {
        var problems: [ApprovalProblem] = []
        if statement.change != change.id { problems.append(.ofChange(statement.change)) }
        let plan = change.request.plan
        let environment = plan?.environment ?? ""
        if statement.environment != environment {
            problems.append(.ofEnvironment(statement.environment, expected: environment))
        }
        if statement.library != facts.library { problems.append(.ofLibrary(statement.library)) }
        if statement.origin != facts.origin { problems.append(.ofHome) }
        if statement.planDigest != plan?.digest { problems.append(.ofPlan) }
        if statement.forecastDigest != plan?.forecastDigest { problems.append(.ofForecast) }
        return problems
    }

    private func timing(of statement: ChangeApproval) -> [ApprovalProblem] {
        var problems: [ApprovalProblem] = []
        if statement.issued > now.adding(Self.tolerance) {
            problems.append(.fromTheFuture(statement.issued))
        }
        if now >= statement.expires { problems.append(.expired(statement.expires)) }
        return problems
    }

    /// Who gives it; administrators are people like all others.
    private func person(of statement: ChangeApproval) -> [ApprovalProblem] {
        let (person, role) = (statement.approver, statement.role)
        var problems: [ApprovalProblem] = []
        let asked = change.rules?.approvers ?? []
        if !asked.contains(role), !asked.contains(person) {
            problems.append(.roleNotAsked(role, asked: asked))
        }
        if !facts.roles(person, statement.environment).contains(role) {
            problems.append(.roleNotHeld(role))
        }
        if person == change.requester || change.authors.contains(person) {
            problems.append(.isRequester)
        }
        if person == facts.starter { problems.append(.isStarter) }
        if person == change.request.implementer { problems.append(.isImplementer) }
        if facts.authors.contains(person) { problems.append(.isAuthor) }
        return problems
    }
}
