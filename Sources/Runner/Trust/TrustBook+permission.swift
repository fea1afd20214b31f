import Runbooks

/// Who may do what: the table of verbs and roles, and the bounds of the roles.
extension TrustBook {
    /// The people who are named in a refusal; the others are counted.
    private static let named = 5

    /// Whether a person may do something.
    package enum Permission: Sendable, Hashable {
        case allowed
        case refused(TrustRefusal)

        /// Whether it is allowed.
        package var isAllowed: Bool { self == .allowed }
    }

    /// Whether somebody may do something; everything that the table doesn't allow is refused.
    ///
    /// The refusal says what they have, what is needed, and who could.
    package func may(
        _ person: Person, _ verb: Verb, on subject: ActSubject = .anything, at instant: Timestamp
    ) -> Permission {
        if person.isRetired(at: instant) {
            return .refused(TrustRefusal("\(person.id) has retired, and may do nothing"))
        }
        let missing = uncovered(person, verb.roles, subject)
        guard let missing else { return .allowed }
        return .refused(
            refusal(person, "may not \(verb.phrase)", verb.roles, subject, missing, instant))
    }

    /// Whether somebody has one of some roles for what an act is about.
    package func has(
        _ person: Person, anyOf roles: Set<Role>, on subject: ActSubject = .anything,
        at instant: Timestamp
    ) -> Permission {
        if person.isRetired(at: instant) {
            return .refused(TrustRefusal("\(person.id) has retired, and may do nothing"))
        }
        guard let missing = uncovered(person, roles, subject) else { return .allowed }
        return .refused(refusal(person, "hasn't the role", roles, subject, missing, instant))
    }

    /// Who may do something, sorted by id.
    package func whoMay(
        _ verb: Verb, on subject: ActSubject = .anything, at instant: Timestamp
    ) -> [Person] {
        people.filter { may($0, verb, on: subject, at: instant).isAllowed }
    }

    /// The targets that none of a person's roles covers; nil when all is covered.
    private func uncovered(
        _ person: Person, _ roles: Set<Role>, _ subject: ActSubject
    ) -> [TargetName]? {
        let grants = person.roles.filter {
            roles.contains($0.role)
                && $0.covers(
                    environment: subject.environment, runbook: subject.runbook, target: nil)
        }
        guard !grants.isEmpty else { return subject.targets }
        let missing = subject.targets.filter { target in
            !grants.contains {
                $0.covers(environment: nil, runbook: nil, target: target)
            }
        }
        return missing.isEmpty ? nil : missing
    }

    private func refusal(
        _ person: Person, _ what: String, _ roles: Set<Role>, _ subject: ActSubject,
        _ missing: [TargetName], _ instant: Timestamp
    ) -> TrustRefusal {
        let place = [
            subject.runbook.map { "for \($0)" },
            Self.listed(missing.map(\.rawValue)).map { "on \($0)" },
            subject.environment.map { "in \($0)" },
        ].compactMap { $0 }.joined(separator: " ")
        guard !roles.isEmpty else {
            return TrustRefusal(
                "\(person.id) \(what): no role is enough for it",
                hint: "whoever owns the trust folder may")
        }
        let needed = roles.sorted().map(\.rawValue).joined(separator: " or ")
        let others = people.filter {
            !$0.isRetired(at: instant) && uncovered($0, roles, subject) == nil
        }
        let who =
            Self.listed(others.map(\.id.rawValue)).map { "\($0) could" } ?? "nobody in trust could"
        return TrustRefusal(
            "\(person.id) \(what)\(place.isEmpty ? "" : " \(place)"): \(person.standing), and \(needed) is "
                + "needed; \(who)")
    }

    /// The first names, and how many more; nil for none.
    private static func listed(_ names: [String]) -> String? {
        guard !names.isEmpty else { return nil }
        let more = names.count - named
        return names.prefix(named).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}
