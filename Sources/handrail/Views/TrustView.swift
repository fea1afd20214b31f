import Runbooks
import Runner

/// What trust says, for people and as JSON.
enum TrustView {
    /// Shows everybody, or one person.
    static func show(
        _ book: TrustBook, of person: Person? = nil, on console: Console, at now: Timestamp
    ) {
        let people = person.map { [$0] } ?? book.people
        if console.isJSON {
            console.json(TrustDocument(book, people: people, at: now))
            return
        }
        for person in people { console.lines(lines(person, at: now, style: console.style)) }
        guard person == nil else { return }
        for floor in book.floors ?? [] { console.lines([line(floor)]) }
        console.note(
            "digest \(book.digest.rawValue.prefix(16))…, "
                + "\(CountText.of(book.pins.count, "host key")), "
                + "\(CountText.of(book.controllers.count, "controller key"))")
    }

    private static func lines(_ person: Person, at now: Timestamp, style: Style) -> [String] {
        let since = person.retired.map {
            ($0 <= now ? "retired since " : "retires at ") + $0.spokenText
        }
        var lines = [
            style.paint(person.id.rawValue, .strong) + "  " + SafeText.line(person.name)
                + (since.map { "  " + style.paint($0, .warning) } ?? "")
        ]
        if !person.accounts.isEmpty {
            lines.append("  accounts  \(person.accounts.joined(separator: ", "))")
        }
        if !person.git.isEmpty {
            lines.append("  git       \(SafeText.line(person.git.joined(separator: ", ")))")
        }
        for grant in person.roles { lines.append("  role      \(SafeText.line(grant.text))") }
        for key in person.keys {
            let range = [
                key.from.map { "from \($0.spokenText)" },
                key.until.map { "until \($0.spokenText)" },
                key.holds(at: now) ? nil : "counts not now",
            ].compactMap { $0 }.joined(separator: ", ")
            lines.append(
                "  key       \(key.fingerprint) \(key.key.kind.rawValue)"
                    + (range.isEmpty ? "" : "  " + range))
        }
        return lines
    }

    private static func line(_ floor: EnvironmentFloor) -> String {
        let targets =
            floor.targets.isEmpty
            ? "" : "; targets " + floor.targets.map(\.rawValue).joined(separator: ", ")
        return "environment \(floor.name): content \(floor.content.rawValue), change "
            + "\(floor.change.rawValue)\(floor.isProduction ? ", production" : "")"
            + "\(floor.needsSignedActs ? ", acts are signed" : ""), quorum \(floor.quorum)"
            + (floor.needsKnownAuthors ? ", authors are known" : "")
            + (floor.after.map { ", after \($0.environment)" } ?? "")
            + (floor.changeTypes.map {
                ", changes of the types \($0.sorted().joined(separator: ", ")) only"
            } ?? "")
            + (floor.windows.isEmpty ? "" : ", within \(floor.windows.joined(separator: ", "))")
            + (floor.freezes.isEmpty
                ? "" : ", never in \(floor.freezes.joined(separator: ", "))") + targets
    }
}

/// The JSON form of trust.
struct TrustDocument: Encodable, Sendable {
    /// A person.
    struct Somebody: Encodable, Sendable {
        let id, name: String
        let accounts: [String]
        let git: [String]
        let roles: [Grant]
        let keys: [Key]
        let retired: String?
    }

    /// A role with its bounds.
    struct Grant: Encodable, Sendable {
        let role: String
        let environments, runbooks, targets: [String]
    }

    /// A key, and when it counts.
    struct Key: Encodable, Sendable {
        let fingerprint, kind: String
        let from, until: String?
        /// Whether it counts now.
        let counts: Bool
    }

    /// What is demanded of an environment.
    struct Floor: Encodable, Sendable {
        let name: String
        let targets: [String]
        let content, change: String
        let production, actSignatures: Bool
        let quorum: Int
        /// Whether each author of what changes carry out must be somebody in trust.
        let authorsKnown: Bool
        let after: EnvironmentBefore?
        let changeTypes: [String]?
        let windows, freezes: [String]

        private enum CodingKeys: String, CodingKey {
            case name, targets, content, change, production
            case actSignatures = "act_signatures"
            case quorum
            case authorsKnown = "authors_known"
            case after
            case changeTypes = "change_types"
            case windows, freezes
        }
    }

    var format = 1
    let digest: String
    let people: [Somebody]
    /// Nil where trust says nothing of environments.
    let environments: [Floor]?

    init(_ book: TrustBook, people: [Person], at now: Timestamp) {
        digest = book.digest.rawValue
        self.people = people.map { person in
            Somebody(
                id: person.id.rawValue, name: person.name, accounts: person.accounts,
                git: person.git,
                roles: person.roles.map {
                    Grant(
                        role: $0.role.rawValue, environments: $0.environments,
                        runbooks: $0.runbooks.map(\.rawValue), targets: $0.targets.map(\.rawValue))
                },
                keys: person.keys.map {
                    Key(
                        fingerprint: $0.fingerprint.rawValue, kind: $0.key.kind.rawValue,
                        from: $0.from?.trailText, until: $0.until?.trailText,
                        counts: $0.holds(at: now) && !person.isRetired(at: now))
                }, retired: person.retired?.trailText)
        }
        environments = book.floors?.map {
            Floor(
                name: $0.name, targets: $0.targets.map(\.rawValue), content: $0.content.rawValue,
                change: $0.change.rawValue, production: $0.isProduction,
                actSignatures: $0.needsSignedActs, quorum: $0.quorum,
                authorsKnown: $0.needsKnownAuthors, after: $0.after,
                changeTypes: $0.changeTypes?.sorted(), windows: $0.windows, freezes: $0.freezes)
        }
    }
}
