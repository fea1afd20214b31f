import Audit
import Runbooks
import Runner

extension Session {
    /// The home's trust folder, whatever is there.
    var trustFolder: TrustFolder { TrustFolder(of: Home(path: homePath)) }

    /// What trust says now: read anew each time, since a person may have been retired meanwhile.
    func trustState() -> TrustState {
        do throws(TrustError) {
            guard case .read(let checked, _) = try trustFolder.read() else { return .solo }
            guard let book = checked.value else {
                return .unusable(Self.clause(about: checked.diagnostics))
            }
            return .known(book, account: world.account().name, at: world.now())
        } catch {
            return .unusable(SafeText.line(error.message))
        }
    }

    /// Who acts, for records: the person's id where the account is one person's, else the account.
    var actor: String {
        let account = ActorIdentity.current(world)
        guard case .known(let book, _, let instant) = trustState(),
            case .person(let person) = book.actor(forAccount: account, at: instant)
        else { return account }
        return person.id.rawValue
    }

    /// The people whose account this is; none without trust.
    var peopleOfAccount: [PersonID] {
        guard case .known(let book, let account, let instant) = trustState() else { return [] }
        return book.people(ofAccount: account, at: instant).map(\.id)
    }

    /// How many people have to approve a change of an environment at least, as trust demands.
    func leastQuorum(of environment: String?) -> Int {
        floor(of: environment)?.quorum ?? 1
    }

    /// What trust demands of an environment; nil where it says nothing of any.
    func floor(of environment: String?) -> EnvironmentFloor? {
        guard case .known(let book, _, _) = trustState() else { return nil }
        return environment.flatMap { book.floor(of: $0) }
    }

    /// The first mistake, with its place, and how many more there are.
    private static func clause(about diagnostics: [Diagnostic]) -> String {
        let errors = diagnostics.filter { $0.severity == .error }
        guard let first = errors.first else { return "its folder has no value" }
        let place = first.position.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
        let message =
            first.message.hasSuffix(".") ? String(first.message.dropLast()) : first.message
        return SafeText.line(place + message) + more
    }

    /// Refuses what the person of this account may not do.
    ///
    /// `isStopping`: stopping goes on where trust can't be used, with a warning.
    /// - Throws: `Failure` (refused), which says what is missing and who could.
    func permit(
        _ verb: Verb, on subject: ActSubject = .anything, isStopping: Bool = false
    ) throws {
        switch trustState() {
        case .solo: return
        case .unusable(let why):
            guard isStopping else { throw Failure.trustUnusable(why) }
            console.warn(
                "trust can't be used (\(why)): nobody's role was looked at.",
                hint: "'handrail trust verify' says more")
        case .known(let book, let account, let instant):
            let people: [Person] =
                switch book.actor(forAccount: account, at: instant) {
                case .nobody: []
                case .person(let person): [person]
                case .several(let people): people
                }
            let answers = people.map { book.may($0, verb, on: subject, at: instant) }
            if answers.contains(.allowed) { return }
            let reasons = answers.compactMap { answer in
                if case .refused(let refusal) = answer { refusal.reason } else { nil }
            }
            throw Failure(
                .refused, code: "role",
                reasons.isEmpty
                    ? "The account \(account) is nobody's in trust, and may not \(verb.phrase)."
                    : reasons.joined(separator: "; ") + ".",
                hint: "'handrail whoami' says what you may do")
        }
    }

    /// Records that trust is another one than was seen last: somebody wrote it by hand.
    ///
    /// - Throws: `JournalError`, `Failure` when it can't be recorded: nothing is done then.
    func noteTrust(in home: OpenedHome) async throws {
        let state: TrustFolder.State
        do throws(TrustError) {
            state = try trustFolder.read()
        } catch {
            // What can't be read can't be used either: whoever needs it is refused.
            return
        }
        var digest: Digest?
        if case .read(let checked, let content) = state {
            guard let book = checked.value else { return }
            digest = book.digest
            guard try await home.journal.knownTrust() != digest else { return }
            _ = try await home.store.put(content)
        } else {
            guard try await home.journal.knownTrust() != nil else { return }
        }
        let isNew = try await home.journal.record(
            TrustChange(
                before: nil, after: digest, at: world.now(), actor: actor, way: .found,
                what: digest == nil ? "the folder is gone" : "changed by hand"))
        guard isNew else { return }
        try await home.sealRecorded("The change of trust")
        console.note(
            digest == nil
                ? "There is no trust folder any more: this is recorded, and the home is a solo home."
                : "Trust was changed by hand since it was last used: this is recorded.")
    }
}

extension Failure {
    /// Trust has a mistake, and who may do what isn't known.
    static func trustUnusable(_ why: String) -> Failure {
        Failure(
            .refused, code: "trust.unusable", "Trust can't be used: \(why).",
            hint: "'handrail trust verify' names every mistake; until they are corrected, nobody "
                + "may do what needs a role")
    }
}

extension OpenedLibrary {
    /// The same library with no environment looser than trust demands, and what is said about it.
    func tightened(by trust: TrustState) -> (library: OpenedLibrary, notes: [String]) {
        guard case .known(let book, _, _) = trust else { return (self, []) }
        var notes: [String] = []
        let rules = library.configuration.environments.map { rule in
            guard let floor = book.floor(of: rule.name) else { return rule }
            let made = floor.tightening(rule)
            notes += made.notes
            return made.rule
        }
        let configuration = library.configuration.replacing(environments: rules)
        let tightened = Library(
            configuration: configuration, inventory: library.inventory,
            runbooks: library.runbooks, tree: library.tree)
        return (
            OpenedLibrary(
                library: tightened, source: source, commit: commit, diagnostics: diagnostics),
            notes
        )
    }
}
