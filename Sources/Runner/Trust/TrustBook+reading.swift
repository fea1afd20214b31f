import Runbooks

extension TrustBook {
    /// The files of a trust folder beside its people's.
    package static let controllersFile = "controllers"
    /// The targets' host keys.
    package static let hostsFile = "hosts"

    /// Reads a whole folder; with a mistake anywhere in it there is no value.
    package static func read(_ tree: LibraryTree) -> Checked<TrustBook> {
        let documents = TrustDocuments(tree)
        var reading = TrustReading(documents.diagnostics)
        reading.refuseUnexpected(tree)
        let calendars = reading.calendars(of: documents, in: tree)
        let floors = documents.floors.map { reading.floors($0) }
        let people = reading.people(documents.people, floors: floors)
        let controllers = reading.controllers(tree.entries[controllersFile]?.bytes)
        let pins = reading.pins(tree.entries[hostsFile]?.bytes)
        let found = reading.sorted
        guard !found.contains(where: { $0.severity == .error }) else {
            return Checked(value: nil, diagnostics: found)
        }
        let book = TrustBook(
            people: people, floors: floors, controllers: controllers, pins: pins,
            calendars: calendars,
            digest: .sha256(of: content(of: tree)))
        return Checked(value: book, diagnostics: found)
    }

    /// The canonical JSON of all files, each text by its path: what the digest is taken of, and
    /// what the trail keeps.
    package static func content(of tree: LibraryTree) -> [UInt8] {
        let files = tree.entries.mapValues {
            JSONValue.string(String(decoding: $0.bytes, as: UTF8.self))
        }
        return CanonicalJSON.bytes(of: .object(files))
    }
}

/// The reading of a trust folder: what its documents mean, and what is wrong with that.
struct TrustReading {
    private var diagnostics: [Diagnostic]
    private var keys: [KeyFingerprint: SourcePosition] = [:]

    init(_ found: [Diagnostic]) { diagnostics = found }

    /// All findings in the order of their places.
    var sorted: [Diagnostic] {
        let none = SourcePosition(file: "", line: 0, column: 0)
        return diagnostics.sorted {
            ($0.position ?? none, $0.code, $0.message) < ($1.position ?? none, $1.code, $1.message)
        }
    }

    mutating func error(
        _ code: String, _ message: String, at position: SourcePosition, excerpt: String? = nil,
        hint: String
    ) {
        diagnostics.append(
            .error(
                code, message, at: position,
                excerpt: excerpt.map { printable($0.utf8.prefix(80), keepNewlines: false) },
                hint: hint))
    }

    mutating func warning(
        _ code: String, _ message: String, at position: SourcePosition, hint: String
    ) {
        diagnostics.append(.warning(code, message, at: position, hint: hint))
    }

    /// Refuses files that nobody reads.
    mutating func refuseUnexpected(_ tree: LibraryTree) {
        let known: Set<String> = [
            TrustDocuments.environments, TrustBook.controllersFile, TrustBook.hostsFile,
        ]
        for (path, entry) in tree.entries {
            let position = SourcePosition(file: path, line: 1, column: 1)
            let shown = printable(path.utf8.prefix(120), keepNewlines: false)
            if entry.kind == .symlink || entry.kind == .submodule {
                error(
                    "unsafe-file", "'\(shown)' is a \(entry.kind.rawValue).", at: position,
                    hint: "Put the file itself there.")
            } else if !known.contains(path), !TrustDocuments.isPerson(path),
                !path.hasPrefix(TrustDocuments.calendarsFolder)
            {
                error(
                    "unexpected-file", "'\(shown)' doesn't belong in a trust folder.",
                    at: position,
                    hint: "It has people/ID.yaml, environments.yaml, calendars/NAME.ics, "
                        + "controllers and hosts.")
            }
        }
    }

    // --- people ---------------------------------------------------------------------------------

    mutating func people(_ entries: [PersonEntry], floors: [EnvironmentFloor]?) -> [Person] {
        let people = entries.compactMap { person($0, floors) }
        let position = SourcePosition(file: TrustDocuments.peopleFolder, line: 1, column: 1)
        if entries.isEmpty {
            error(
                "nobody", "The folder has no people: nobody could do anything.", at: position,
                hint: "'handrail trust init' makes one with you in it; without the folder the "
                    + "home is a solo home.")
        } else if people.allSatisfy({ $0.retired != nil || $0.roles.isEmpty }) {
            warning(
                "nobody", "Nobody who hasn't retired has a role.", at: position,
                hint: "Give somebody roles: 'handrail trust add ID --role …'.")
        }
        return people
    }

    private mutating func person(_ entry: PersonEntry, _ floors: [EnvironmentFloor]?) -> Person? {
        let id = name(entry.id, "a person's file", as: PersonID.self)
        var accounts: [String] = []
        for account in entry.accounts {
            if accounts.contains(account.text) {
                error(
                    "duplicate-id", "The account '\(account.text)' stands twice.",
                    at: account.position, hint: "Remove one of them.")
            } else {
                accounts.append(account.text)
            }
        }
        let git = entry.git.compactMap { gitAddress($0) }
        let roles = entry.roles.compactMap { grant($0, floors) }
        let keys = entry.keys.compactMap { key($0) }
        let retired = entry.retired.flatMap { moment($0, "The time of retiring") }
        guard let id, let name = entry.name else { return nil }
        return Person(
            id: id, name: name, accounts: accounts, git: git, roles: roles, keys: keys,
            retired: retired)
    }

    private mutating func gitAddress(_ text: PlacedText) -> String? {
        if Person.isGitAddress(text.text) { return text.text }
        error(
            "bad-value", "An e-mail of git has one '@' and no spaces.", at: text.position,
            excerpt: text.text, hint: "Such as ann@example.com, as 'git log --format=%ae' shows it."
        )
        return nil
    }

    private mutating func grant(
        _ entry: PersonEntry.Grant, _ floors: [EnvironmentFloor]?
    ) -> RoleGrant? {
        for environment in entry.environments {
            guard let floors, !floors.contains(where: { $0.name == environment.text }) else {
                continue
            }
            let near = nearestName(to: environment.text, among: floors.map(\.name))
            error(
                "unknown-environment", "environments.yaml has no environment of this name.",
                at: environment.position, excerpt: environment.text,
                hint: near.map { "Did you mean '\($0)'?" } ?? "Add it there.")
        }
        let runbooks = entry.runbooks.compactMap { name($0, "a pattern", as: NameGlob.self) }
        let targets = entry.targets.compactMap { name($0, "a pattern", as: NameGlob.self) }
        let words = Role.allCases.map(\.rawValue)
        guard let role = Role(rawValue: entry.role.text) else {
            let near = nearestName(to: entry.role.text, among: words)
            error(
                "bad-value", "There is no such role.", at: entry.role.position,
                excerpt: entry.role.text,
                hint: near.map { "Did you mean '\($0)'?" }
                    ?? "It is one of: \(words.joined(separator: ", ")).")
            return nil
        }
        return RoleGrant(
            role, environments: entry.environments.map(\.text), runbooks: runbooks,
            targets: targets)
    }

    private mutating func key(_ entry: PersonEntry.Key) -> PersonKey? {
        let from = entry.from.flatMap { moment($0, "A key's start") }
        let until = entry.until.flatMap { moment($0, "A key's end") }
        if let from, let until, until <= from, let place = entry.until {
            error(
                "bad-range", "The key ends before it begins.", at: place.position,
                excerpt: place.text, hint: "`from` is inside, `until` is outside.")
        }
        guard let key = signingKey(entry.line) else { return nil }
        if let other = keys[key.fingerprint] {
            error(
                "duplicate-key", "This key stands in \(other.file) as well, on line \(other.line).",
                at: entry.line.position,
                hint: "A key is one person's, once: make another one, or remove it there.")
        } else {
            keys[key.fingerprint] = entry.line.position
        }
        return PersonKey(key, from: from, until: until)
    }

    mutating func signingKey(_ line: PlacedText) -> SigningKey? {
        do {
            return try SigningKey(line: line.text)
        } catch {
            self.error(
                "bad-key", "The key \(error.message).", at: line.position, excerpt: line.text,
                hint: error.hint)
            return nil
        }
    }

    private mutating func moment(_ text: PlacedText, _ what: String) -> Timestamp? {
        if let time = Timestamp(trustText: text.text) { return time }
        error(
            "bad-value", "\(what) must be a day or a time in UTC.", at: text.position,
            excerpt: text.text, hint: "Such as 2027-01-01, or 2027-01-01T12:00:00Z.")
        return nil
    }

    private mutating func name<Name: CheckedName>(
        _ text: PlacedText, _ what: String, as type: Name.Type
    ) -> Name? {
        if let name = Name(rawValue: text.text) { return name }
        error(
            "bad-name", "This is no name here, and \(what) must be one.", at: text.position,
            excerpt: text.text, hint: "A name is \(Name.grammar).")
        return nil
    }

    // --- environments ---------------------------------------------------------------------------

    mutating func floors(_ entries: [FloorEntry]) -> [EnvironmentFloor] {
        var owners: [String: String] = [:]
        return entries.map { entry in
            let targets = entry.targets.compactMap { text -> NameGlob? in
                if let owner = owners.updateValue(entry.name.text, forKey: text.text) {
                    error(
                        "duplicate-id", "This pattern is one of \(owner)'s as well.",
                        at: text.position, excerpt: text.text,
                        hint: "A target is in one environment: remove it from the other.")
                }
                return name(text, "a pattern", as: NameGlob.self)
            }
            return EnvironmentFloor(
                name: entry.name.text, targets: targets, content: entry.content,
                change: entry.change, isProduction: entry.isProduction,
                needsSignedActs: entry.actSignatures == .required, quorum: entry.quorum,
                needsKnownAuthors: entry.authors == .known, after: entry.after,
                changeTypes: entry.changeTypes.map { Set($0.map(\.text)) },
                windows: entry.windows.map(\.text), freezes: entry.freezes.map(\.text))
        }
    }
}
