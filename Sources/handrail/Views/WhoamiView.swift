import Runner

/// The JSON form of `whoami`.
struct WhoamiDocument: Encodable, Sendable {
    /// One of those whom the account may be.
    struct Somebody: Encodable, Sendable {
        let id, name: String
        let roles: [String]
        /// Verbs that are allowed somewhere.
        let may: [String]
        let keys: [Key]
    }

    /// A key that counts now.
    struct Key: Encodable, Sendable {
        let fingerprint: String
        /// Whether the agent holds it.
        let held: Bool
    }

    var format = 1
    let account: String
    /// Whether the home has no trust.
    let solo: Bool
    let people: [Somebody]

    init(account: String) { (self.account, solo, people) = (account, true, []) }

    init(
        account: String, people: [Person], held: Set<KeyFingerprint>, book: TrustBook,
        at instant: Timestamp
    ) {
        (self.account, solo) = (account, false)
        self.people = people.map { person in
            Somebody(
                id: person.id.rawValue, name: person.name, roles: person.roles.map(\.text),
                may: Verb.allCases.filter { book.may(person, $0, at: instant).isAllowed }
                    .map(\.rawValue),
                keys: person.keys.filter { $0.holds(at: instant) }.map {
                    Key(
                        fingerprint: $0.fingerprint.rawValue, held: held.contains($0.fingerprint))
                })
        }
    }

    /// The human form.
    var lines: [String] {
        guard !people.isEmpty else {
            return [
                "\(SafeText.line(account)): nobody in trust; everything that needs a role is refused."
            ]
        }
        var lines: [String] = []
        if people.count > 1 {
            lines.append(
                "The account \(SafeText.line(account)) is \(people.count) people's: acts need a "
                    + "signature.")
        }
        for somebody in people {
            lines.append("\(somebody.id)  \(SafeText.line(somebody.name))")
            lines.append(
                "  roles  "
                    + (somebody.roles.isEmpty ? "none" : somebody.roles.joined(separator: ", ")))
            for key in somebody.keys {
                lines.append(
                    "  key    \(key.fingerprint)" + (key.held ? "  in your agent" : ""))
            }
            lines.append(
                "  may    "
                    + (somebody.may.isEmpty ? "nothing" : somebody.may.joined(separator: ", ")))
        }
        return lines
    }
}
