import Runbooks
import Runner

/// What `--alert` says: an alert's name, or a file with alerts.
struct GivenAlert: Sendable {
    /// As it was typed.
    let text: String
    /// The alerts of the file; nil for a name.
    let alerts: [Alert]?

    /// Reads what `--alert` names: a file has a slash, ends with `.json`, or is `-` or `@FILE`.
    ///
    /// - Throws: `Failure` when the file can't be read, or holds no alert.
    static func read(_ text: String, _ world: World) async throws -> GivenAlert {
        guard isFile(text) else {
            let name = try SpokenText.name(text, "The alert", such: "DiskFull")
            return GivenAlert(text: name, alerts: nil)
        }
        let path = text.hasPrefix("@") ? String(text.dropFirst()) : text
        let bytes = try await InputFile(path: path, limit: AlertReading.largest).bytes(world)
        return GivenAlert(text: text, alerts: try AlertReading.read(bytes, from: path))
    }

    /// Whether `--alert` names a file, not an alert.
    static func isFile(_ text: String) -> Bool {
        text == "-" || text.hasPrefix("@") || text.contains("/") || text.hasSuffix(".json")
    }

    /// What a runbook does with the alerts: its name, its targets, and what fills its parameters.
    struct Answer: Sendable {
        /// The name of the alerts.
        let name: String
        /// The targets that the alerts are about; empty when none of them is known.
        let targets: [TargetName]
        /// What the alerts say of parameters.
        let parameters: [String: String]
        /// The alerts that are answered; kept with the run.
        let alerts: [Alert]
    }

    /// What the alerts are to a runbook, on the targets that a person has named, if any.
    ///
    /// - Throws: `Failure` (invalidInput, `alert`): none is for this runbook, none leads to a
    ///   target, they are about other targets, or they say different things.
    func answer(
        for runbook: Runbook, _ inventory: Inventory, named: [TargetName]?
    ) throws -> Answer? {
        guard let alerts else { return nil }
        let known = Set(runbook.symptoms.flatMap(\.alerts))
        let own = alerts.filter { known.contains($0.name) && $0.status == .firing }
        guard !own.isEmpty else { throw noneFor(runbook, alerts) }
        let matching = AlertMatching(runbooks: [runbook], inventory: inventory)
        var fits: [(alert: Alert, symptom: Symptom, target: TargetName)] = []
        var misses: [String] = []
        for alert in own {
            switch matching.answer(to: alert, by: runbook) {
            case .fit(let symptom, let target): fits.append((alert, symptom, target.name))
            case .miss(let why): misses.append(why)
            case .noSymptom: break
            }
        }
        if let named {
            let chosen = fits.filter { named.contains($0.target) }
            if chosen.isEmpty, !fits.isEmpty {
                throw elsewhere(named, fits.map(\.target))
            }
            if fits.isEmpty { return try unmapped(own, runbook, named) }
            fits = chosen
        }
        guard let first = fits.first else {
            throw refusal(
                misses.joined(separator: " "),
                hint: "name the target with --on, or add the name as an alias to the inventory")
        }
        guard Set(fits.map { $0.symptom.position }).count == 1 else {
            throw several("symptoms", Set(fits.map(\.alert.name)).sorted())
        }
        return Answer(
            name: first.alert.name, targets: Set(fits.map(\.target)).sorted(),
            parameters: try merged(fits.map { ($0.alert, $0.symptom) }),
            alerts: fits.map(\.alert))
    }

    /// Alerts whose target nobody knows, on targets that a person has named.
    private func unmapped(
        _ alerts: [Alert], _ runbook: Runbook, _ named: [TargetName]
    ) throws -> Answer {
        let names = Set(alerts.map(\.name)).sorted()
        guard names.count == 1 else { throw several("names", names) }
        let symptom = runbook.symptoms.first { $0.alerts.contains(names[0]) }
        return Answer(
            name: names[0], targets: [],
            parameters: try merged(alerts.compactMap { alert in symptom.map { (alert, $0) } }),
            alerts: alerts)
    }

    private func merged(_ pairs: [(alert: Alert, symptom: Symptom)]) throws -> [String: String] {
        var values: [String: String] = [:]
        for pair in pairs {
            for (name, value) in AlertMatching.parameters(of: pair.alert, pair.symptom) {
                if let other = values[name], other != value {
                    throw refusal(
                        "The alerts say different things of \(name): "
                            + "\(printableExcerpt(other)) and \(printableExcerpt(value)).",
                        hint: "run it for one of the targets, with --on")
                }
                values[name] = value
            }
        }
        return values
    }

    private func noneFor(_ runbook: Runbook, _ alerts: [Alert]) -> Failure {
        let firing = alerts.filter { $0.status == .firing }
        guard let first = firing.first else {
            return refusal(
                "\(alerts.count == 1 ? "The alert is" : "All alerts are") resolved.",
                hint: "look with 'handrail plan' whether the symptom is still there")
        }
        let known = runbook.symptoms.flatMap(\.alerts)
        let names = Set(firing.map(\.name)).sorted()
        return refusal(
            "\(runbook.id) is no answer to "
                + (names.count == 1
                    ? "the alert \(printableExcerpt(first.name))."
                    : "the alerts \(CountText.listed(names.map { printableExcerpt($0) }, limit: 5))."),
            hint: known.isEmpty
                ? "'handrail alert \(shown)' shows what is"
                : "it answers \(known.joined(separator: ", ")); 'handrail alert \(shown)' shows "
                    + "what answers this one")
    }

    private func elsewhere(_ named: [TargetName], _ targets: [TargetName]) -> Failure {
        let about = TargetList.text(Set(targets).sorted(), limit: 6)
        return refusal(
            "The alert is about \(about), not about \(TargetList.text(named, limit: 6)).",
            hint: "leave --on out to run it where the alert is; or name the alert only, with "
                + "--alert NAME")
    }

    private func several(_ what: String, _ names: [String]) -> Failure {
        refusal(
            "The alerts have several \(what): "
                + CountText.listed(names.map { printableExcerpt($0) }, limit: 5) + ".",
            hint: "run it for one of the targets with --on, or with --alert NAME")
    }

    private func refusal(_ message: String, hint: String) -> Failure {
        Failure(.invalidInput, code: "alert", message + " Nothing was started.", hint: hint)
    }

    /// The file as messages name it.
    private var shown: String { SafeText.line(text) }
}
