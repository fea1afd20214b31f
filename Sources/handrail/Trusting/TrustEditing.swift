import Audit
import Runbooks
import Runner

/// Changes to trust by the command: looked at as a whole, written, recorded, sealed.
struct TrustEditing: Sendable {
    let session: Session

    /// Writes files of the folder, and records what it has become.
    ///
    /// - Throws: `Failure` (invalidInput) with every mistake, and then nothing is written;
    ///   `TrustError`, `JournalError`.
    func write(_ files: [String: String], what: String) async throws -> TrustBook {
        let bytes = files.mapValues { Array($0.utf8) }
        let changing = TrustChanging(session.trustFolder)
        let checked = try changing.preview(bytes)
        guard checked.value != nil else {
            throw Failure(
                .invalidInput, code: "trust.unusable",
                "Trust would have a mistake: nothing was written.",
                hint: "'handrail trust verify' shows what is wrong already",
                diagnostics: checked.diagnostics)
        }
        let home = try await session.homeToRecord()
        let actor = session.actor
        try changing.write(bytes)
        guard case .read(let read, let content) = try session.trustFolder.read(),
            let book = read.value
        else {
            throw Failure(
                .internalError, code: "trust.unusable", "Trust was written, and can't be read.",
                hint: "'handrail trust verify' says more")
        }
        _ = try await home.store.put(content)
        _ = try await home.journal.record(
            TrustChange(
                before: nil, after: book.digest, at: session.world.now(), actor: actor,
                way: .command, what: what))
        try await home.sealRecorded("The change of trust")
        return book
    }

    /// What trust says now.
    ///
    /// - Throws: `Failure`: there is none, or it has mistakes.
    func book() throws -> TrustBook {
        guard case .read(let checked, _) = try session.trustFolder.read() else {
            throw Failure(
                .invalidInput, code: "trust.none",
                "There is no trust folder: the home \(SafeText.line(session.homePath)) is a solo "
                    + "home.", hint: "'handrail trust init' makes one")
        }
        guard let book = checked.value else {
            throw Failure(
                .invalidInput, code: "trust.unusable", "Trust can't be used.",
                hint: "correct its mistakes", diagnostics: checked.diagnostics)
        }
        return book
    }

    /// The person of an id.
    ///
    /// - Throws: `Failure` with the nearest id.
    func person(_ text: String, in book: TrustBook) throws -> Person {
        if let id = PersonID(rawValue: text), let person = book.person(id) { return person }
        let near = nearestName(to: text, among: book.people.map(\.id.rawValue))
        throw Failure(
            .invalidInput, code: "trust.nobody",
            "There is nobody \(printableExcerpt(text)) in trust.",
            hint: near.map { "did you mean \($0)?" } ?? "'handrail trust show' lists everybody")
    }

    /// A new id.
    ///
    /// - Throws: `Failure` for text that is none.
    static func id(_ text: String) throws -> PersonID {
        guard let id = PersonID(rawValue: text) else {
            throw Failure(
                .invalidInput, code: "trust.badID", "\(printableExcerpt(text)) is no person's id.",
                hint: "it is \(PersonID.grammar)")
        }
        return id
    }

    /// A key, given as a `.pub` file or as its line.
    ///
    /// - Throws: `Failure`.
    static func key(_ text: String, _ world: World) async throws -> SigningKey {
        var line = text
        if !text.contains(" ") {
            let bytes = try await InputFile(path: text, limit: 16 << 10).bytes(world)
            line =
                String(decoding: bytes, as: UTF8.self)
                .split(separator: "\n").first.map(String.init) ?? ""
        }
        do throws(SigningKey.Problem) {
            return try SigningKey(line: line)
        } catch {
            throw Failure(
                .invalidInput, code: "trust.badKey",
                "The key \(printableExcerpt(text)) \(error.message).", hint: error.hint)
        }
    }

    /// A day or a time in UTC.
    ///
    /// - Throws: `Failure`.
    static func time(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(trustText: text) else {
            throw Failure(
                .usage, code: "usage", "\(option) \(printableExcerpt(text)) is no day and no time.",
                hint: "such as 2027-01-01, or 2027-01-01T12:00:00Z")
        }
        return time
    }

    /// Where a person's file is.
    static func path(of id: PersonID) -> String {
        TrustDocuments.peopleFolder + id.rawValue + TrustDocuments.personEnd
    }
}
