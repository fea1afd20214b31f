import Runbooks

/// What the first of two people asks the second for, before the glass is broken.
///
/// Both sign the same arguments, the second those of the first one's signature too.
package struct GlassRequest: Sendable, Codable, Hashable {
    /// How long the second one has.
    package static let lifetime: Duration = .seconds(15 * 60)
    /// The most bytes of a reason: it stands in the change that is opened for the review.
    package static let longestReason = ChangeLimit.textBytes

    /// The format's number and what it is.
    package private(set) var type = "handrail-break-glass 1"
    /// The run that is to be started.
    package let run: RunID
    /// The plan's id.
    package let plan: PlanID
    /// The plan's digest, under which the store has it.
    package let planDigest: Digest
    /// What the first one typed.
    package let reason: String
    /// The protected groups that were named.
    package let groups: [String]
    /// Who asks.
    package let first: PersonID
    /// What the first one signed, by which the store has it.
    package let statement: Digest
    /// Who wrote what is to run, by their ids; nil where nobody asked.
    package let authors: [String]?
    /// When it was asked for.
    package let made: Timestamp
    /// From this instant on nobody can sign it.
    package let expires: Timestamp

    private enum CodingKeys: String, CodingKey {
        case type, run
        case plan = "plan_id"
        case planDigest = "plan_digest"
        case reason, groups, first, statement, authors, made, expires
    }

    package init(
        run: RunID, plan: PlanID, planDigest: Digest, reason: String, groups: [String],
        first: PersonID, statement: Digest, authors: [String] = [], made: Timestamp
    ) {
        (self.run, self.plan, self.planDigest) = (run, plan, planDigest)
        (self.reason, self.groups, self.first) = (reason, groups, first)
        (self.statement, self.authors, self.made) = (statement, authors, made)
        expires = made.adding(Self.lifetime)
    }

    /// What belongs to the first one's act, as it is signed.
    package static func arguments(
        planDigest: Digest, reason: String, groups: [String]
    ) -> [String: String] {
        var arguments = ["plan_digest": planDigest.rawValue, "why": reason]
        if !groups.isEmpty { arguments["protected"] = groups.joined(separator: "\n") }
        return arguments
    }

    /// What belongs to the second one's act: the first one's, and whose request it is.
    package var arguments: [String: String] {
        var arguments = Self.arguments(planDigest: planDigest, reason: reason, groups: groups)
        arguments["first"] = first.rawValue
        arguments["request"] = statement.rawValue
        return arguments
    }

    /// Why what a person signed doesn't break the glass; nil when it does.
    ///
    /// Whether key and role count, and whether the nonce is new, others say.
    package func objection(
        to second: ActStatement, by person: PersonID, at instant: Timestamp
    ) -> TrustRefusal? {
        if person == first {
            return TrustRefusal(
                "\(person) asks for it, and a second person has to sign",
                hint: "whoever has the role approver in this environment can")
        }
        if authors?.contains(person.rawValue) == true {
            return TrustRefusal(
                "\(person) wrote what is to run, and so can't be the second",
                hint: "somebody with the role approver who wrote none of it can")
        }
        guard instant < expires else {
            return TrustRefusal(
                "it was asked for at \(made.spokenText), and could be signed until "
                    + expires.spokenText, hint: "run it again: that asks anew")
        }
        let wanted = ActStatement(
            .breakGlassSecond, arguments: arguments, plan: plan, run: run, time: instant,
            nonce: second.nonce)
        return second.objection(to: wanted, at: instant)
    }

    /// What both have signed.
    package func broken(by second: PersonID, at instant: Timestamp) -> BrokenGlass {
        BrokenGlass(
            first: first.rawValue, second: second.rawValue, reason: reason, groups: groups,
            at: instant)
    }
}
