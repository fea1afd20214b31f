import ArgumentParser
import Runbooks
import Runner

/// `handrail baseline report`: what the latest audits say.
struct BaselineReportCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "What the latest audits say: by role, by item, and what changed since.",
        discussion: """
            Nothing is looked at. What is excepted and what is overdue is judged now, with the \
            library in use. Ends with 14 where something deviates.

            Example: handrail baseline report baseline.mailbox --by site --since 7d
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp("Baselines; all when none is named.", valueName: "baseline"),
        completion: .custom(Completions.runbooks))
    var baselines: [String] = []

    @Option(help: ArgumentHelp("Count by this label.", valueName: "label"))
    var by = AuditHistory.usualLabel

    @Option(
        help: ArgumentHelp(
            "Tell what changed since then: a length of time ago (7d), or a date.",
            valueName: "when"))
    var since: String?

    @Flag(help: "One line and the exit code of a monitoring plugin: 0 ok, 1 warning, 2 critical.")
    var nagios = false

    @Flag(help: "What deviates as a list of alerts, as Alertmanager's API takes them.")
    var alerts = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows it in the form that is asked for.
    func perform(_ session: Session) async throws -> ExitCode {
        guard [nagios, alerts, global.json].count(where: \.self) <= 1 else {
            throw Failure(
                .usage, code: "usage", "--nagios, --alerts and --json are three forms of output.",
                hint: "choose one")
        }
        guard nagios else { return try await show(session) }
        do {
            let line = PluginLine(try await reports(session).reports)
            session.console.lines([line.text])
            return line.status.exit
        } catch {
            let failure = Failure(error)
            session.console.lines(["HANDRAIL UNKNOWN - \(SafeText.line(failure.message))"])
            return PluginLine.Status.unknown.exit
        }
    }

    private func show(_ session: Session) async throws -> ExitCode {
        let (reports, opened) = try await reports(session)
        let console = session.console
        if alerts {
            console.json(reports.flatMap(DeviationAlert.of))
        } else if console.isJSON {
            console.json(BaselineReportDocument(reports))
        } else {
            let time = ShownTime(session.world)
            for report in reports {
                console.lines(
                    BaselineReportView(
                        report: report, picks: opened.library.picks, time: time,
                        style: console.style, width: console.width ?? 100
                    ).lines)
            }
            if reports.isEmpty { console.note("The library has no baseline.") }
        }
        return reports.contains(where: \.deviates) ? .unresolved : .success
    }

    private func reports(
        _ session: Session
    ) async throws -> (reports: [BaselineReport], opened: OpenedLibrary) {
        let opened = try await session.openLibrary()
        let chosen = try opened.baselines(named: baselines)
        let drift = try since.map { try SinceText.read($0, session.world) }
        let now = session.world.now()
        let home = try await session.homeToRead()
        var reports: [BaselineReport] = []
        for baseline in chosen {
            let history = try await home?.journal.audits(
                of: baseline.id, since: now.adding(.zero - AuditHistory.window), drift: drift)
            reports.append(
                BaselineReport(
                    of: baseline, in: opened.library.inventory, history ?? AuditHistory(),
                    at: now, by: by))
        }
        return (reports, opened)
    }
}
