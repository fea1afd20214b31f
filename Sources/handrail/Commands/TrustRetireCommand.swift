import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail trust retire`: a person, or one key, counts no more.
struct TrustRetireCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "From now on a person, or one of their keys, counts no more.",
        discussion: """
            What was signed before stays valid; the entry stays, so that it can still be checked.

            Example: handrail trust retire berta
            Example: handrail trust retire berta --key SHA256:0YOo4vEWU5…
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("The person's id.", valueName: "person"))
    var id: String

    @Option(
        help: ArgumentHelp(
            "Only this key, by its fingerprint or its beginning.", valueName: "fingerprint"))
    var key: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Writes the person's file, and records that trust changed.
    func perform(_ session: Session) async throws -> ExitCode {
        let editing = TrustEditing(session: session)
        let book = try editing.book()
        let person = try editing.person(id, in: book)
        let now = session.world.now()
        let changed: Person
        if let key {
            changed = try Self.retiring(key, of: person, at: now)
        } else {
            guard !person.isRetired(at: now) else {
                throw Failure(
                    .invalidInput, code: "trust.retired", "\(person.id) has retired already.",
                    hint: "'handrail trust show \(person.id)' says since when")
            }
            changed = Person(
                id: person.id, name: person.name, accounts: person.accounts, git: person.git,
                roles: person.roles, keys: person.keys, retired: now)
        }
        let what = "retire: \(person.id)" + (key.map { " key \($0)" } ?? "")
        let written = try await editing.write(
            [TrustEditing.path(of: person.id): PersonText.of(changed)], what: what)
        TrustView.show(written, of: written.person(person.id), on: session.console, at: now)
        return .success
    }

    private static func retiring(
        _ text: String, of person: Person, at now: Timestamp
    ) throws -> Person {
        let wanted = text.hasPrefix("SHA256:") ? text : "SHA256:" + text
        let found = person.keys.filter { $0.fingerprint.rawValue.hasPrefix(wanted) }
        guard found.count == 1, let key = found.first, key.holds(at: now) else {
            let all = person.keys.map(\.fingerprint.rawValue).joined(separator: ", ")
            throw Failure(
                .invalidInput, code: "trust.noKey",
                found.count > 1
                    ? "\(printableExcerpt(text)) fits \(found.count) keys of \(person.id)."
                    : "\(printableExcerpt(text)) is no key of \(person.id) that counts now.",
                hint: all.isEmpty ? "\(person.id) has none" : "theirs are \(all)")
        }
        return Person(
            id: person.id, name: person.name, accounts: person.accounts, git: person.git,
            roles: person.roles,
            keys: person.keys.map { $0 == key ? PersonKey($0.key, from: $0.from, until: now) : $0 },
            retired: person.retired)
    }
}
