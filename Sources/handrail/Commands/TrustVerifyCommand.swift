import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail trust verify`: every check of the folder, and whether it is what was recorded.
struct TrustVerifyCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks the trust folder: its documents, who may write it, what was recorded.",
        discussion: "Ends with 3 for a mistake, with 10 when it is not what was recorded last.")

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Reads it, and shows everything that is wrong.
    func perform(_ session: Session) async throws -> ExitCode {
        let (checked, digest) = try read(session)
        let home = try await session.existingHome()
        let known = try await home?.journal.knownTrust()
        let hasErrors = checked?.hasErrors == true
        var problems: [String] = []
        if home != nil, !hasErrors, known != digest {
            problems.append(
                digest == nil
                    ? "The folder that was recorded last is gone."
                    : known == nil
                        ? "It was never recorded: it is, at its next use."
                        : "It was changed by hand since it was recorded last.")
        }
        problems += try foreignKeys(checked?.value, home)
        problems += unreadableCalendars(checked?.value, session)
        show(session.console, checked, digest, problems)
        return hasErrors ? .invalidInput : problems.isEmpty ? .success : .verificationFailed
    }

    private func read(_ session: Session) throws -> (Checked<TrustBook>?, Digest?) {
        guard case .read(let checked, _) = try session.trustFolder.read() else { return (nil, nil) }
        return (checked, checked.value?.digest)
    }

    /// Why calendars of trust can't be read: gate 6 is closed where they count.
    private func unreadableCalendars(_ book: TrustBook?, _ session: Session) -> [String] {
        guard let files = book?.calendars else { return [] }
        return (book?.floors ?? []).flatMap { floor -> [String] in
            let state = AskedFloor(floor: floor, files: files).calendars(
                around: session.world.now(), zones: session.world.zones)
            guard case .unreadable(let why) = state else { return [] }
            return why.map { "Gate 6 of \(floor.name) is closed: \($0)" }
        }
    }

    /// Whether trust has another first key of this home's trail than the home itself.
    private func foreignKeys(_ book: TrustBook?, _ home: OpenedHome?) throws -> [String] {
        guard let home, let book, let own = try TrailKeyFile.firstKey(of: home.home) else {
            return []
        }
        let first = book.controllers.filter { $0.from == 1 }
        guard !first.isEmpty, !first.contains(where: { $0.key.line == own.line }) else { return [] }
        return ["None of the controllers' first keys is this home's (\(own.fingerprint))."]
    }

    private func show(
        _ console: Console, _ checked: Checked<TrustBook>?, _ digest: Digest?,
        _ problems: [String]
    ) {
        let diagnostics = checked?.diagnostics ?? []
        if console.isJSON {
            console.json(
                TrustVerifyDocument(
                    trust: checked != nil, digest: digest, diagnostics: diagnostics,
                    problems: problems))
            return
        }
        console.lines(
            diagnostics.flatMap {
                FailureView.lines($0, style: console.style, width: console.width)
            })
        for problem in problems { console.lines([console.style.paint(problem, .bad)]) }
        guard let checked else {
            console.lines(["There is no trust folder: this is a solo home."])
            return
        }
        if let book = checked.value, problems.isEmpty {
            console.lines([
                "Trust is whole: \(CountText.of(book.people.count, "person", plural: "people")), "
                    + "digest \(book.digest.rawValue.prefix(16))…"
            ])
        }
    }
}

/// The JSON form of `trust verify`.
struct TrustVerifyDocument: Encodable, Sendable {
    var format = 1
    /// Whether there is a folder.
    let trust: Bool
    /// Nil where it has no value.
    let digest: Digest?
    let diagnostics: [Diagnostic]
    let problems: [String]
}
