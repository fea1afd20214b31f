import Runbooks

/// What a person asks for with a change (docs/changes.md, "Fields").
package struct ChangeRequest: Sendable, Codable, Hashable {
    /// What it does to the service, one text for each question that the board asks.
    package struct Impact: Sendable, Codable, Hashable {
        /// What users notice.
        package var service: String?
        /// What it takes of processors, memory, disks and lines.
        package var capacity: String?
        /// Who can do more, or less, afterwards.
        package var security: String?
        /// What it means for backups and for coming back after a disaster.
        package var recovery: String?

        package init(
            service: String? = nil, capacity: String? = nil, security: String? = nil,
            recovery: String? = nil
        ) {
            (self.service, self.capacity) = (service, capacity)
            (self.security, self.recovery) = (security, recovery)
        }
    }

    /// In a few words, for lists.
    package var title: String
    /// Why it is needed.
    package var why: String?
    /// Its type's name in the house's list.
    package var type: String?
    /// How much it can do; nil for what its type says.
    package var severity: ChangeSeverity?
    /// How fast it is needed.
    package var urgency: ChangeUrgency
    /// Who is to carry it out; nil where anybody may who has the role.
    package var implementer: String?
    /// When it is wanted; the schedule decides.
    package var wanted: Interval?
    /// How long it takes, in milliseconds.
    package var expectedMilliseconds: Int64?
    /// What it does to the service.
    package var impact: Impact
    /// How to go back where the plan can't undo a step by itself.
    package var rollback: String?
    /// The ticket that it belongs to.
    package var ticket: String?
    /// What is carried out, and where.
    package var plan: ChangePlan?

    package init(
        title: String = "", why: String? = nil, type: String? = nil,
        severity: ChangeSeverity? = nil, urgency: ChangeUrgency = .normal,
        implementer: String? = nil, wanted: Interval? = nil, expectedMilliseconds: Int64? = nil,
        impact: Impact = Impact(), rollback: String? = nil, ticket: String? = nil,
        plan: ChangePlan? = nil
    ) {
        self.title = title
        self.why = why
        self.type = type
        self.severity = severity
        self.urgency = urgency
        self.implementer = implementer
        self.wanted = wanted
        self.expectedMilliseconds = expectedMilliseconds
        self.impact = impact
        self.rollback = rollback
        self.ticket = ticket
        self.plan = plan
    }
}

/// A part that a change needs before it is accepted.
package enum ChangePart: String, Sendable, Codable, CaseIterable {
    case title, why, type, plan, rollback, duration
    case impactService = "impact-service"
    case impactCapacity = "impact-capacity"
    case impactSecurity = "impact-security"
    case impactRecovery = "impact-recovery"

    /// What is missing, as a sentence names it.
    package var words: String {
        switch self {
        case .title: "a title"
        case .why: "why it is needed"
        case .type: "its type, of the known change types"
        case .plan: "the plan: runbook, parameters and targets"
        case .rollback: "how to go back where the plan undoes nothing"
        case .duration: "how long it takes"
        case .impactService: "what it does to the service"
        case .impactCapacity: "what it does to capacity"
        case .impactSecurity: "what it does to security"
        case .impactRecovery: "what it does to recovery"
        }
    }
}

extension ChangeRequest {
    /// What acceptance lacks, all of it, in a fixed order.
    package var missing: [ChangePart] {
        ChangePart.allCases.filter { !has($0) }
    }

    private func has(_ part: ChangePart) -> Bool {
        switch part {
        case .title: Self.isGiven(title)
        case .why: Self.isGiven(why)
        case .type: Self.isGiven(type)
        case .plan: plan.map { $0.targetCount > 0 } ?? false
        case .rollback: plan.map { $0.notUndone.isEmpty } ?? false || Self.isGiven(rollback)
        case .duration: (expectedMilliseconds ?? 0) > 0
        case .impactService: Self.isGiven(impact.service)
        case .impactCapacity: Self.isGiven(impact.capacity)
        case .impactSecurity: Self.isGiven(impact.security)
        case .impactRecovery: Self.isGiven(impact.recovery)
        }
    }

    /// The texts that are longer than a record takes, by their names.
    var tooLong: [String] {
        let texts: [(String, String?, Int)] = [
            ("title", title, ChangeLimit.titleBytes), ("why", why, ChangeLimit.textBytes),
            ("type", type, ChangeLimit.titleBytes),
            ("implementer", implementer, ChangeLimit.titleBytes),
            ("impact-service", impact.service, ChangeLimit.textBytes),
            ("impact-capacity", impact.capacity, ChangeLimit.textBytes),
            ("impact-security", impact.security, ChangeLimit.textBytes),
            ("impact-recovery", impact.recovery, ChangeLimit.textBytes),
            ("rollback", rollback, ChangeLimit.textBytes),
            ("ticket", ticket, ChangeLimit.titleBytes),
        ]
        return texts.filter { ChangeLimit.size(of: $0.1 ?? "") > $0.2 }.map(\.0)
    }

    static func isGiven(_ text: String?) -> Bool {
        text?.unicodeScalars.contains { !$0.properties.isWhitespace } ?? false
    }
}

/// The limits of a change, so that each of its events fits a line of the trail.
package enum ChangeLimit {
    /// A title, name or ticket, in bytes of JSON.
    package static let titleBytes = 200
    /// Any other text, in bytes of JSON.
    package static let textBytes = 1200
    /// A signature with its armor: RSA of 4096 bits takes 1.8 KB.
    package static let signatureBytes = 6000
    /// Whole events, in bytes of JSON: a line of the trail holds 16 KiB.
    package static let eventBytes = 12_000
    /// Times that a change is given one after the other.
    package static let dates = 50
    /// Approvals and rejections together.
    package static let decisions = 100

    /// The bytes that a text takes as JSON.
    package static func size(of text: String) -> Int {
        CanonicalJSON.bytes(of: .string(text)).count - 2
    }
}
