import ArgumentParser
import Runbooks
import Runner

/// `handrail flag`: warns everybody of a runbook, or takes the warning back.
struct FlagCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "flag",
        abstract: "Warns of a runbook that is wrong or dangerous, until it is taken back.",
        discussion: """
            The warning is recorded, and shown wherever the runbook is met: in lists and alerts, \
            before a run, and in the inbox. It stops no run. What you write is kept for good as it \
            is typed: no secret belongs into it.

            Example: handrail flag disk.full --why 'it deletes logs that the auditors need'
            Example: handrail flag disk.full --clear --why 'fixed in 3f2c1d9'
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("The runbook's id.", valueName: "runbook"),
        completion: .custom(Completions.runbooks))
    var id: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What is wrong with it; with --clear, why no more; - reads it from standard input.",
            valueName: "text"))
    var why: String

    @Flag(help: "Take back all warnings of it.")
    var clear = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records the warning, or that it was taken back.
    func perform(_ session: Session) async throws -> ExitCode {
        let why = try await NoteText.given(why, session.world)
        let runbook = try await known(session)
        try session.permit(.flag, on: ActSubject(runbook: runbook))
        let home = try await session.homeToRecord()
        if clear, try await home.journal.flags().allSatisfy({ $0.runbook != runbook }) {
            throw none(of: runbook)
        }
        try await session.noteTrust(in: home)
        let signer = try await ActSigning(session: session, home: home).sign(
            .flag,
            arguments: [
                "runbook": runbook.rawValue, "as": clear ? "cleared" : "raised", "why": why,
            ],
            about: ActAbout(ActSubject(runbook: runbook)))
        let actor = signer?.rawValue ?? session.actor
        let now = session.world.now()
        var cleared = 0
        if clear {
            cleared = try await home.journal.clearFlags(
                of: runbook, at: now, actor: actor, why: why)
            guard cleared > 0 else {
                throw none(of: runbook)
            }
        } else {
            try await home.journal.raise(
                RaisedFlag(runbook: runbook, at: now, actor: actor, why: why))
        }
        try await home.sealRecorded(clear ? "That the flag is taken back" : "The flag")
        let anchor = await home.anchor(telling: session.console)
        if session.console.isJSON {
            session.console.json(
                FlagDocument(
                    runbook: runbook, why: why, cleared: clear ? cleared : nil, trail: anchor))
        } else {
            session.console.lines([
                clear
                    ? "\(CountText.of(cleared, "flag")) of \(runbook) taken back."
                    : "Flagged \(runbook): everybody who meets it is told, until "
                        + "'handrail flag \(runbook) --clear --why …'."
            ])
        }
        return .success
    }

    private func none(of runbook: RunbookID) -> Failure {
        Failure(
            .invalidInput, code: "flag.none", "Nobody warns of \(runbook).",
            hint: "'handrail' alone shows the flags that stand")
    }

    /// A runbook of the library; or of an earlier run, where the library has it no more.
    private func known(_ session: Session) async throws -> RunbookID {
        do {
            return try await session.openLibrary().runbook(id).id
        } catch {
            guard let given = RunbookID(rawValue: id) else { throw error }
            let memory = try await session.homeMemory()
            let isKnown =
                memory.runs.contains { $0.runbook == given } || !memory.flags(of: given).isEmpty
            guard isKnown else { throw error }
            return given
        }
    }
}

/// The JSON form of a warning that was recorded or taken back.
struct FlagDocument: Encodable, Sendable {
    var format = 1
    let runbook: RunbookID
    let why: String
    /// How many were taken back; nil when one was raised.
    let cleared: Int?
    let trail: String?
}
