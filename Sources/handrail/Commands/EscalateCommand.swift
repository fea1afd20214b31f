import ArgumentParser
import Runbooks
import Runner

/// `handrail escalate`: hands a run, or an alert, over to somebody who can do more.
struct EscalateCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "escalate",
        abstract: "Hands a run, or an alert without one, over with everything that was done.",
        discussion: """
            Writes a pack: alert, ticket, parameters, every step with what it wrote, collected \
            files, the plan, what is owed. It works in any state of a run, after success too. A \
            run's secrets are taken out of its note; what goes with --alert or --done is kept as \
            it is typed, since no secret is known there.

            Example: handrail escalate last --note 'restarted twice, still slow'
            Example: handrail escalate --alert page.json --to tier-3 --note 'no runbook fits'
            Example: handrail escalate last --done --note 'the driver was replaced'
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("The run: its id, a part of it, or 'last'.", valueName: "run"),
        completion: .custom(Completions.runs))
    var run: String?

    @Option(
        help: ArgumentHelp(
            "Without a run: the alert, as a file (@FILE, FILE.json, a path, or -) or its name.",
            valueName: "alert|file"), completion: .file())
    var alert: String?

    @Option(
        help: ArgumentHelp(
            "Whom it is handed to; else whom the runbook names.", valueName: "whom"))
    var to: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What they must know: what you saw and tried; - reads it from standard input.",
            valueName: "text"))
    var note: String

    @Option(help: ArgumentHelp("The ticket; else the run's.", valueName: "ticket"))
    var ticket: String?

    @Option(
        help: ArgumentHelp(
            "Where the pack is written; else below the home.", valueName: "folder"),
        completion: .directory)
    var out: String?

    @Flag(help: "Say that what was handed over has come to its end.")
    var done = false

    @OptionGroup(title: "The run's secrets, to take them out of the note")
    var parameters: ParameterOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses what says two things, or nothing.
    func validate() throws {
        if run != nil, alert != nil {
            throw ValidationError("A run has its alert already: give one of both.")
        }
        if done, run == nil {
            throw ValidationError("--done needs the escalation's id, or its run.")
        }
        if done, to != nil || ticket != nil || out != nil || alert != nil {
            throw ValidationError("--done takes a note, and nothing else.")
        }
        if run == nil, alert == nil {
            throw ValidationError(
                "What is escalated? A run (such as 'last'), or without one --alert FILE.")
        }
    }

    /// Writes the pack and records it, or records the end.
    func perform(_ session: Session) async throws -> ExitCode {
        try session.permit(.escalate)
        if note == "-", alert == "-" {
            throw Failure(
                .usage, code: "usage", "Alert and note can't both be standard input.",
                hint: "give one of them as a file, or in quotes")
        }
        let note = try await NoteText.given(note, session.world)
        _ = try ticket.map { try SpokenText.name($0, "The ticket") }
        _ = try to.map { try SpokenText.name($0, "The recipient", such: "tier-3") }
        if done, let run {
            return try await EscalationEnding(session: session).end(run, note: note)
        }
        let handing = Handing(session: session, command: self, note: note)
        let report =
            if let run { try await handing.hand(over: run) } else {
                try await handing.handAlert(alert ?? "")
            }
        report.show(on: session.console)
        return .success
    }
}
