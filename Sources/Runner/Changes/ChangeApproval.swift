import Runbooks

/// What an approver signs of a change: everything that the approval depends on.
///
/// One differing field voids it (docs/changes.md, "Approvals").
package struct ChangeApproval: Sendable, Codable, Hashable {
    /// What was decided.
    package enum Decision: String, Sendable, Codable, CaseIterable { case approved, rejected }

    /// The kind of statement: no signature of another kind is taken for one of this.
    package static let kind = "change"

    /// What was decided.
    package let decision: Decision
    /// The library's own id.
    package let library: String
    /// The id of the trail's first event: which home it is for.
    package let origin: String
    /// Which change.
    package let change: ChangeID
    /// The plan's environment.
    package let environment: String
    /// The plan that was shown.
    package let planDigest: Digest
    /// The forecast that was shown; nil where nobody had looked at the targets.
    package let forecastDigest: Digest?
    /// The person's id.
    package let approver: String
    /// The role in which they decide.
    package let role: String
    /// When it was signed.
    package let issued: Timestamp
    /// From this instant on it counts no more.
    package let expires: Timestamp
    /// 128 random bits in hex: no statement counts twice.
    package let nonce: String

    private enum CodingKeys: String, CodingKey {
        case decision, library, origin, change, environment
        case planDigest = "digest"
        case forecastDigest = "forecast_digest"
        case approver, role, issued, expires, nonce
    }

    package init(
        decision: Decision, library: String, origin: String, change: ChangeID, environment: String,
        planDigest: Digest, forecastDigest: Digest?, approver: String, role: String,
        issued: Timestamp, expires: Timestamp, nonce: String
    ) {
        self.decision = decision
        self.library = library
        self.origin = origin
        self.change = change
        self.environment = environment
        self.planDigest = planDigest
        self.forecastDigest = forecastDigest
        self.approver = approver
        self.role = role
        self.issued = issued
        self.expires = expires
        self.nonce = nonce
    }
}

extension ChangeApproval {
    /// The bytes that are signed: canonical JSON, with `type` beside the fields.
    package var bytes: [UInt8] { CanonicalJSON.bytes(of: value) }

    /// Names the statement.
    package var digest: Digest { .sha256(of: bytes) }

    private var value: JSONValue {
        .object([
            "type": .string(Self.kind), "decision": .string(decision.rawValue),
            "library": .string(library), "origin": .string(origin),
            "change": .string(change.rawValue), "environment": .string(environment),
            "digest": .string(planDigest.rawValue),
            "forecast_digest": forecastDigest.map { .string($0.rawValue) } ?? .null,
            "approver": .string(approver), "role": .string(role),
            "issued": .string(issued.trailText), "expires": .string(expires.trailText),
            "nonce": .string(nonce),
        ])
    }

    /// The statement of signed bytes; nil unless they are exactly its canonical form.
    package init?(reading bytes: [UInt8]) {
        guard bytes.count <= ChangeLimit.eventBytes,
            let document = try? JSONReader.read(bytes, largest: bytes.count),
            case .object(let members) = document
        else { return nil }
        func text(_ key: String) -> String? {
            guard case .string(let text)? = members[key] else { return nil }
            return text
        }
        guard text("type") == Self.kind,
            let decision = text("decision").flatMap(Decision.init(rawValue:)),
            let library = text("library"), let origin = text("origin"),
            let change = text("change").flatMap(ChangeID.init(rawValue:)),
            let environment = text("environment"),
            let plan = text("digest").flatMap(Digest.init(rawValue:)),
            let approver = text("approver"), let role = text("role"),
            let issued = text("issued").flatMap(Timestamp.init(trailText:)),
            let expires = text("expires").flatMap(Timestamp.init(trailText:)),
            let nonce = text("nonce"), Hexadecimal.isDigits(nonce, 32)
        else { return nil }
        self.init(
            decision: decision, library: library, origin: origin, change: change,
            environment: environment, planDigest: plan,
            forecastDigest: text("forecast_digest").flatMap(Digest.init(rawValue:)),
            approver: approver, role: role, issued: issued, expires: expires, nonce: nonce)
        guard self.bytes == bytes else { return nil }
    }
}

/// A statement with its approver's signature.
package struct SignedApproval: Sendable, Codable, Hashable {
    /// What was signed.
    package let statement: ChangeApproval
    /// The armored SSHSIG over `statement.bytes`, in the namespace `handrail-change`.
    package let signature: String

    package init(statement: ChangeApproval, signature: String) {
        (self.statement, self.signature) = (statement, signature)
    }
}

/// Whether a signature is its approver's.
package enum SignatureVerdict: Sendable, Hashable {
    case valid
    /// Why it counts for nothing.
    case invalid(String)
}
