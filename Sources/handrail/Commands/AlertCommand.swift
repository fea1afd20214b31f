import ArgumentParser
import Runbooks
import Runner

/// `handrail alert`: from an alert to the runbooks that fit it.
struct AlertCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert",
        abstract: "The runbooks that fit an alert, with target and parameters filled in.",
        discussion: """
            Reads Alertmanager's webhook JSON, its list of alerts, or lines of key=value. On a \
            terminal it offers to run one.

            Example: handrail alert page.json
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("The alert, or - for standard input.", valueName: "file"),
        completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The ticket that a run belongs to.", valueName: "ticket"))
    var ticket: String?

    @OptionGroup(title: "Reaching targets") var reach: ReachOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows what fits, and runs what a person chooses.
    func perform(_ session: Session) async throws -> ExitCode {
        let bytes = try await InputFile(path: file, limit: AlertReading.largest).bytes(
            session.world)
        let alerts = try AlertReading.read(bytes, from: file)
        let opened = try await session.openLibrary()
        let ticket = try ticket.map { try SpokenText.name($0, "The ticket") }
        let report = AlertReport(
            alerts: alerts, opened: opened, memory: try await session.homeMemoryIfReadable(),
            file: file == "-" ? nil : file, ticket: ticket)
        let console = session.console
        if report.fits.isEmpty {
            if !console.isJSON { console.errors(report.view(session, console.errorStyle)) }
            throw nothingFits(report)
        }
        if console.isJSON {
            console.json(report.document)
            return .success
        }
        console.lines(report.view(session, console.style))
        guard console.isInteractive, file != "-" else { return .success }
        return try await offer(report, session)
    }

    private func nothingFits(_ report: AlertReport) -> Failure {
        let reasons = report.reasons
        let isAll = report.alerts.allSatisfy { $0.status == .resolved }
        let place = file == "-" ? "FILE" : CommandText.quoted(file)
        return Failure(
            .invalidInput, code: "alert.noFit",
            "Nothing can be run for \(report.alerts.count == 1 ? "this alert" : "these alerts"): "
                + Self.sentences(reasons, limit: 3),
            hint: isAll
                ? "nothing is left to do"
                : "'handrail find WORDS' looks for other runbooks; 'handrail escalate --alert "
                    + "\(place) --to … --note …' hands it to a specialist")
    }

    /// The first reasons, each a sentence of its own.
    static func sentences(_ reasons: [String], limit: Int) -> String {
        let shown = reasons.prefix(limit).map { $0.hasSuffix(".") ? $0 : $0 + "." }
        let rest = reasons.count - shown.count
        return (shown + (rest > 0 ? ["And \(CountText.of(rest, "reason")) more."] : []))
            .joined(separator: " ")
    }

    /// Lets a person choose one, and runs it; the run asks for its own confirmation.
    private func offer(_ report: AlertReport, _ session: Session) async throws -> ExitCode {
        var choices = report.fits.map { fit in
            (
                word: report.fits.count { $0.runbook == fit.runbook } > 1
                    ? "\(fit.runbook)@\(fit.targets[0])" : fit.runbook.rawValue,
                label: TargetList.text(fit.targets, limit: 3)
            )
        }
        choices.append((word: "none", label: "leave it"))
        session.console.note("")
        let index = try await session.interruptible { [choices] in
            try await session.console.choose(
                "Run which?", among: choices, short: ["none": ["n", "no", "q"]])
        }
        guard index < report.fits.count else { return .success }
        var words = report.words(of: report.fits[index])
        words += reach.sshConfig.map { ["--ssh-config", $0] } ?? []
        words += session.options.home.map { ["--home", $0] } ?? []
        words += session.options.library.map { ["--library", $0] } ?? []
        // As if it had been typed: the words are those that were shown.
        guard let run = try await Handrail.asyncParseAsRoot(["run"] + words) as? RunCommand else {
            preconditionFailure("'run' is the run command")
        }
        return try await run.perform(session)
    }
}
