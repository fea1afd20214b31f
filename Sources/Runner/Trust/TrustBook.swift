import Runbooks

/// Everything that trust says: people, floors of environments, keys of controllers and targets.
///
/// Made of a folder's documents without a mistake in them (`TrustBook.read`), or by hand in tests.
package struct TrustBook: Sendable, Hashable {
    /// Sorted by id; ids are unique, and so is each key among all of them.
    package let people: [Person]
    /// What is demanded of environments; nil when trust says nothing of any.
    package let floors: [EnvironmentFloor]?
    /// The controllers whose trails count, with the ranges of their keys.
    package let controllers: [ControllerKey]
    /// The targets' host keys.
    package let pins: [PinnedKey]
    /// The calendars that environments demand; nil where none does.
    package let calendars: TrustCalendars?
    /// SHA-256 over the names and texts of its files (docs/trust.md, "The digest, and who changed
    /// what").
    package let digest: Digest

    private let byID: [PersonID: Person]
    private let byAccount: [String: [Person]]
    private let byKey: [KeyFingerprint: (person: PersonID, key: PersonKey)]

    package init(
        people: [Person], floors: [EnvironmentFloor]? = nil, controllers: [ControllerKey] = [],
        pins: [PinnedKey] = [], calendars: TrustCalendars? = nil, digest: Digest
    ) {
        self.people = people.sorted { $0.id < $1.id }
        self.floors = floors
        self.controllers = controllers
        self.pins = pins
        self.calendars = calendars
        self.digest = digest
        byID = Dictionary(people.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var byAccount: [String: [Person]] = [:]
        var byKey: [KeyFingerprint: (person: PersonID, key: PersonKey)] = [:]
        for person in self.people {
            for account in person.accounts { byAccount[account, default: []].append(person) }
            for key in person.keys where byKey[key.fingerprint] == nil {
                byKey[key.fingerprint] = (person.id, key)
            }
        }
        self.byAccount = byAccount
        self.byKey = byKey
    }

    /// Whether two say the same: their files are equal.
    package static func == (left: TrustBook, right: TrustBook) -> Bool {
        left.digest == right.digest && left.people == right.people
    }

    /// Hashes the digest.
    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }

    /// The person of an id, retired ones too.
    package func person(_ id: PersonID) -> Person? { byID[id] }

    /// Whose an account's processes are.
    package enum Actor: Sendable, Hashable {
        case person(Person)
        /// A signature must say which of them.
        case several([Person])
        case nobody
    }

    /// Who acts when a process of an account does; those who have retired don't count.
    package func actor(forAccount account: String, at instant: Timestamp) -> Actor {
        let people = (byAccount[account] ?? []).filter { !$0.isRetired(at: instant) }
        return switch people.count {
        case 0: .nobody
        case 1: .person(people[0])
        default: .several(people)
        }
    }

    /// The people of an account, who haven't retired.
    package func people(ofAccount account: String, at instant: Timestamp) -> [Person] {
        (byAccount[account] ?? []).filter { !$0.isRetired(at: instant) }
    }

    /// Who signed, when a key did at an instant.
    ///
    /// A signature that was made while key and person counted stays valid after both have ended.
    /// The instant is when it was recorded or checked first: never what the signer wrote into it.
    package func holder(
        of key: SigningKey, at instant: Timestamp
    ) -> Result<Person, TrustRefusal> {
        guard let entry = byKey[key.fingerprint], let person = byID[entry.person] else {
            return .failure(
                TrustRefusal(
                    "the key \(key.fingerprint) is nobody's in trust",
                    hint: "'handrail trust show' lists the keys that count"))
        }
        let (id, its) = (person.id, entry.key)
        if let retired = person.retired, person.isRetired(at: instant) {
            return .failure(
                TrustRefusal(
                    "the key \(key.fingerprint) is \(id)'s, who retired at \(retired.spokenText)"))
        }
        if let from = its.from, instant < from {
            return .failure(
                TrustRefusal(
                    "\(id)'s key \(key.fingerprint) counts from \(from.spokenText) on only"))
        }
        if let until = its.until, !its.holds(at: instant) {
            return .failure(
                TrustRefusal(
                    "\(id)'s key \(key.fingerprint) counts no more since \(until.spokenText)",
                    hint: "sign with a key that counts"))
        }
        return .success(person)
    }

    /// What is demanded of an environment; nil when trust says nothing of any.
    ///
    /// One that isn't among those that trust knows must meet all there is.
    package func floor(of environment: String) -> EnvironmentFloor? {
        guard let floors else { return nil }
        return floors.first { $0.name == environment } ?? EnvironmentFloor(name: environment)
    }

    /// Why targets can't be in the environment that the library says; empty when they can.
    package func misplaced(_ targets: [TargetName], in environment: String) -> [String] {
        guard let floors else { return [] }
        return targets.compactMap { target in
            let places = floors.filter { $0.targets.contains { $0.fits(target.rawValue) } }
                .map(\.name)
            if places == [environment] { return nil }
            let isBound = floors.contains { $0.name == environment && !$0.targets.isEmpty }
            if places.isEmpty, !isBound { return nil }
            let said = "\(target) is in \(environment) by the library"
            return places.isEmpty
                ? "\(said), and fits none of its names in trust"
                : "\(said), and in \(places.joined(separator: " and in ")) by trust"
        }
    }
}
