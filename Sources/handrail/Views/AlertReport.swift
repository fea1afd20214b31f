import Runbooks
import Runner

/// Alerts with the runbooks that fit them.
struct AlertReport: Sendable {
    let alerts: [Alert]
    /// Those that helped most often first.
    var fits: [AlertFit]
    /// Why alerts lead to no run.
    let misses: [AlertMiss]
    private let opened: OpenedLibrary
    private let memory: HomeMemory
    private let targets: AlertTargets
    /// The file with the alerts; nil when it can't be read again.
    private let file: String?
    private let ticket: String?

    init(
        alerts: [Alert], opened: OpenedLibrary, memory: HomeMemory, file: String?,
        ticket: String?
    ) {
        let found = AlertMatching(
            runbooks: opened.library.runbooks, inventory: opened.library.inventory
        ).match(alerts)
        self.alerts = alerts
        misses = found.misses
        (self.opened, self.memory, self.file, self.ticket) = (opened, memory, file, ticket)
        targets = AlertTargets(opened.library.inventory)
        // `sort` keeps no order among equals.
        fits = found.fits.enumerated().sorted { left, right in
            let (first, second) = (
                memory.use(of: left.element.runbook), memory.use(of: right.element.runbook)
            )
            if PastUse.ranks(first, before: second) { return true }
            return !PastUse.ranks(second, before: first) && left.offset < right.offset
        }.map(\.element)
    }

    /// Each reason once.
    var reasons: [String] {
        var seen: Set<String> = []
        return misses.map(\.reason).filter { seen.insert($0).inserted }
    }

    /// The words after `handrail run` for a fit.
    func words(of fit: AlertFit) -> [String] {
        var words = [fit.runbook.rawValue]
        // Of alerts with several names a run answers one: its symptom is that one's.
        if let file, fit.item == nil, fit.otherAlerts.isEmpty {
            words.append("--alert=\(GivenAlert.isFile(file) ? file : "@" + file)")
        } else {
            // Who mends an item answers no alert of its own: the baseline names it.
            if fit.item == nil { words.append("--alert=\(fit.alert)") }
            for (name, value) in fit.parameters.sorted(by: { $0.key < $1.key }) {
                words += ["--set", "\(name)=\(value)"]
            }
        }
        if fit.targets.count == 1 {
            words += ["--on", fit.targets[0].rawValue]
        } else {
            words += ["--limit", fit.targets.map(\.rawValue).joined(separator: ",")]
        }
        return words + (ticket.map { ["--ticket", $0] } ?? [])
    }

    /// The command that runs a fit.
    func command(of fit: AlertFit) -> String {
        CommandText.of(["handrail", "run"] + words(of: fit))
    }

    private func title(of id: RunbookID) -> String {
        opened.library.runbooks.first { $0.id == id }?.title ?? ""
    }

    // MARK: For people

    /// The alerts, then each runbook with what it is filled with and the command to type.
    func view(_ session: Session, _ style: Style) -> [String] {
        let width = session.console.proseWidth
        let time = ShownTime(session.world)
        var lines = alerts.prefix(Self.mostAlerts).enumerated().flatMap { index, alert in
            self.lines(of: alert, index, style, width)
        }
        let rest = alerts.count - Self.mostAlerts
        if rest > 0 { lines.append(style.paint("… and \(rest) alerts more", .faint)) }
        guard !fits.isEmpty else { return lines }
        lines += [
            "", style.paint(fits.count == 1 ? "What fits" : "What fits, best first", .strong),
        ]
        for fit in fits.prefix(Self.mostFits) { lines += self.lines(of: fit, style, width, time) }
        let more = fits.count - Self.mostFits
        if more > 0 { lines.append(style.paint("… and \(more) more (--json has all)", .faint)) }
        return lines
    }

    private static let mostAlerts = 12
    private static let mostFits = 12
    private static let mostEarlier = 10

    private func lines(
        of alert: Alert, _ index: Int, _ style: Style, _ width: Int
    ) -> [String] {
        var head = style.paint(SafeText.line(alert.name), .strong)
        head += alert.status == .resolved ? style.paint("  resolved", .good) : ""
        if let instance = alert.labels["instance"] { head += "  \(SafeText.line(instance))" }
        if let started = alert.started {
            head += style.paint("  since \(SafeText.line(started))", .faint)
        }
        var lines = [head]
        for name in ["summary", "description"] {
            guard let text = alert.annotations[name] else { continue }
            lines += TextWidth.wrapped(
                SafeText.line(String(text.prefix(Self.longestText))), width: width, indent: 2)
        }
        for miss in misses where miss.alert == index && alert.status == .firing {
            lines += TextWidth.wrapped(SafeText.line(miss.reason), width: width, indent: 2)
                .map { style.paint($0, .warning) }
        }
        return lines
    }

    private static let longestText = 600

    private func lines(
        of fit: AlertFit, _ style: Style, _ width: Int, _ time: ShownTime
    ) -> [String] {
        let use = memory.use(of: fit.runbook)
        var lines = [
            "  " + style.paint(fit.runbook.rawValue, .strong) + "  "
                + SafeText.line(title(of: fit.runbook))
        ]
        var facts = "on \(TargetList.text(fit.targets, limit: 6))"
        if let item = fit.item { facts += ", mends \(item)" }
        if !fit.otherAlerts.isEmpty {
            let names = ([fit.alert] + fit.otherAlerts).map { SafeText.line($0) }
            facts += ", answers \(names.joined(separator: " and "))"
        }
        for (name, value) in fit.parameters.sorted(by: { $0.key < $1.key }) {
            facts += ", \(name) = \(SafeText.line(value))"
        }
        lines += TextWidth.wrapped(facts, width: width, indent: 4)
        lines.append("    " + style.paint(use.words(time), .faint))
        lines += FlagText.lines(
            memory.flags(of: fit.runbook), time, style, width: width, indent: 4)
        let earlier = EarlierText(
            runs: memory.earlier(fit.runbook, on: fit.targets), targets: fit.targets, time: time)
        lines += earlier.lines(style, width: width, indent: 4)
        return lines + ["    " + style.paint(command(of: fit), .strong)]
    }

    // MARK: For programs

    /// The JSON form.
    var document: AlertDocument {
        AlertDocument(
            library: opened.source,
            alerts: alerts.enumerated().map { index, alert in
                AlertDocument.OfAlert(
                    alert: alert,
                    problems: misses.filter { $0.alert == index }.map(\.reason))
            },
            fits: fits.map { fit in
                AlertDocument.Fit(
                    runbook: fit.runbook, title: title(of: fit.runbook), alert: fit.alert,
                    alsoFor: fit.otherAlerts.isEmpty ? nil : fit.otherAlerts, targets: fit.targets,
                    parameters: fit.parameters, mends: fit.item,
                    command: command(of: fit), past: memory.use(of: fit.runbook),
                    flags: memory.flags(of: fit.runbook),
                    ranHere: memory.earlier(fit.runbook, on: fit.targets)
                        .prefix(Self.mostEarlier).map { RunHeader($0) })
            }, noHistory: memory.problem?.message)
    }
}

/// The JSON form of alerts and what fits them.
struct AlertDocument: Encodable, Sendable {
    /// One alert, and why it leads to no run.
    struct OfAlert: Encodable, Sendable {
        let alert: Alert
        let problems: [String]

        private enum CodingKeys: String, CodingKey { case problems }

        /// Writes the alert's own keys beside the problems.
        func encode(to encoder: any Encoder) throws {
            try alert.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(problems, forKey: .problems)
        }
    }

    /// A runbook that fits.
    struct Fit: Encodable, Sendable {
        let runbook: RunbookID
        let title: String
        let alert: String
        /// The names of other alerts that it answers; nil without any.
        let alsoFor: [String]?
        let targets: [TargetName]
        let parameters: [String: String]
        /// The item of a baseline that it mends; left out where it answers the alert itself.
        let mends: StepID?
        let command: String
        let past: PastUse
        let flags: [RaisedFlag]
        /// Its runs on these targets, the newest first.
        let ranHere: [RunHeader]

        private enum CodingKeys: String, CodingKey {
            case runbook, title, alert
            case alsoFor = "also_for"
            case targets, parameters, mends, command, past, flags
            case ranHere = "ran_here"
        }
    }

    var format = 1
    let library: String
    let alerts: [OfAlert]
    let fits: [Fit]
    /// Why nothing is known of runs and flags; nil where it is.
    let noHistory: String?

    private enum CodingKeys: String, CodingKey {
        case format, library, alerts, fits
        case noHistory = "no_history"
    }
}
