/// A runbook that answers alerts, with what they say about targets and parameters.
package struct AlertFit: Sendable, Hashable {
    /// Which runbook.
    package let runbook: RunbookID
    /// The name of the alerts that it answers, the first of several.
    package let alert: String
    /// The names of other alerts about the same targets that it answers as well.
    package var otherAlerts: [String] = []
    /// The targets that the alerts are about, sorted.
    package private(set) var targets: [TargetName]
    /// What the alerts say of the runbook's parameters.
    package let parameters: [String: String]
    /// The item of a baseline that it mends; nil where it answers the alert itself.
    package var item: StepID?
    /// Which of the alerts, by their places in the list.
    package private(set) var alerts: [Int]

    fileprivate mutating func take(_ other: AlertFit) {
        targets = Set(targets + other.targets).sorted()
        alerts += other.alerts
        if other.alert != alert, !otherAlerts.contains(other.alert) {
            otherAlerts.append(other.alert)
        }
        for name in other.otherAlerts where name != alert && !otherAlerts.contains(name) {
            otherAlerts.append(name)
        }
    }
}

/// Why an alert leads to no run.
package struct AlertMiss: Sendable, Hashable {
    /// The alert's place in the list.
    package let alert: Int
    /// One sentence.
    package let reason: String
}

/// The runbooks that fit alerts, by the alerts' names and the targets that they are about.
package struct AlertMatching: Sendable {
    private let runbooks: [Runbook]
    private let targets: AlertTargets

    package init(runbooks: [Runbook], inventory: Inventory) {
        self.runbooks = runbooks
        targets = AlertTargets(inventory)
    }

    /// What an alert comes to for one runbook.
    package enum Answer: Sendable, Hashable {
        /// The runbook says nothing about alerts of this name.
        case noSymptom
        /// It answers alerts of this name, and why not this one.
        case miss(String)
        /// It answers this one: the symptom, and the target that the alert names.
        case fit(Symptom, Target)
    }

    /// The runbooks for a list of alerts, and why an alert leads to none.
    ///
    /// Alerts with equal values go together; a runbook for one target has a fit for each.
    package func match(_ alerts: [Alert]) -> (fits: [AlertFit], misses: [AlertMiss]) {
        var fits: [AlertFit] = []
        var misses: [AlertMiss] = []
        for (index, alert) in alerts.enumerated() {
            guard alert.status == .firing else {
                misses.append(AlertMiss(alert: index, reason: "It is resolved."))
                continue
            }
            var reasons: [String] = []
            var isAnswered = false
            if alert.name == DeviationLabels.name {
                switch mending(alert, index) {
                case .success((let fit, let pick)):
                    isAnswered = true
                    Self.add(fit, for: pick, to: &fits)
                case .failure(let why): reasons.append(why.message)
                }
            }
            for runbook in runbooks {
                switch answer(to: alert, by: runbook) {
                case .noSymptom: break
                case .miss(let reason): reasons.append(reason)
                case .fit(let symptom, let target):
                    let parameters = Self.parameters(of: alert, symptom)
                    if let refusal = refusal(of: parameters, symptom, runbook, on: target) {
                        reasons.append(refusal)
                        continue
                    }
                    isAnswered = true
                    Self.add(
                        AlertFit(
                            runbook: runbook.id, alert: alert.name, targets: [target.name],
                            parameters: parameters, alerts: [index]),
                        for: runbook.targets.pick, to: &fits)
                }
            }
            guard !isAnswered else { continue }
            let all = reasons.isEmpty ? [noRunbook(for: alert)] : Self.unique(reasons)
            misses += all.map { AlertMiss(alert: index, reason: $0) }
        }
        return (Self.together(fits), misses)
    }

    /// What is the same run, whichever alert it answers, stands there once.
    private static func together(_ fits: [AlertFit]) -> [AlertFit] {
        var kept: [AlertFit] = []
        for fit in fits {
            let same = kept.firstIndex {
                $0.runbook == fit.runbook && $0.item == fit.item
                    && $0.parameters == fit.parameters && $0.targets == fit.targets
            }
            if let same { kept[same].take(fit) } else { kept.append(fit) }
        }
        return kept
    }

    /// What one runbook has to say to one alert.
    package func answer(to alert: Alert, by runbook: Runbook) -> Answer {
        let symptoms = runbook.symptoms.filter { $0.alerts.contains(alert.name) }
        guard let first = symptoms.first else { return .noSymptom }
        let path = first.fill["target"] ?? "alert.labels.instance"
        guard let instance = alert.value(at: path), !instance.isEmpty else {
            return .miss("It has no \(path.dropFirst("alert.".count)), which names the target.")
        }
        guard let target = targets.target(for: instance) else {
            let near = targets.near(instance).map { " Did you mean \($0)?" } ?? ""
            return .miss(
                "\(printableExcerpt(instance)) is no target's name, alias or address in the "
                    + "inventory.\(near)")
        }
        if let select = runbook.targets.select, !select.holds(in: target.scope) {
            return .miss(
                "\(runbook.id) is not for it: \(target.name) \(select.mismatch(of: target)).")
        }
        let fitting = symptoms.first { $0.when?.holds(in: target.scope) ?? true }
        guard let fitting else {
            let why = symptoms.compactMap(\.when).first?.mismatch(of: target) ?? ""
            return .miss("\(runbook.id) is not for it: \(target.name) \(why).")
        }
        return .fit(fitting, target)
    }

    /// Why an alert of a deviation leads to no runbook that mends it.
    private struct NoFix: Error { let message: String }

    /// The runbook that mends what deviates, with the values that its baseline gives it.
    private func mending(
        _ alert: Alert, _ index: Int
    ) -> Result<(AlertFit, TargetRule.Pick), NoFix> {
        let (name, id) = (
            alert.labels[DeviationLabels.baseline] ?? "", alert.labels[DeviationLabels.item] ?? ""
        )
        guard let baseline = runbooks.first(where: { $0.id.rawValue == name }),
            let item = StepID(recorded: id)
        else {
            return .failure(
                NoFix(
                    message: "It names no item of a baseline of the library: "
                        + "\(printableExcerpt(name)), \(printableExcerpt(id))."))
        }
        let instance = alert.labels["instance"] ?? ""
        guard let target = targets.target(for: instance) else {
            return .failure(
                NoFix(
                    message: "\(printableExcerpt(instance)) is no target's name, alias or address "
                        + "in the inventory."))
        }
        guard let fix = baseline.fix(of: item, on: target),
            let runbook = runbooks.first(where: { $0.id == fix.runbook })
        else {
            return .failure(
                NoFix(message: "\(baseline.id) names no runbook that mends '\(item)'."))
        }
        if let select = runbook.targets.select, !select.holds(in: target.scope) {
            return .failure(
                NoFix(
                    message: "\(runbook.id) is not for it: \(target.name) "
                        + "\(select.mismatch(of: target))."))
        }
        let fit = AlertFit(
            runbook: runbook.id, alert: alert.name, targets: [target.name],
            parameters: fix.values, item: item, alerts: [index])
        return .success((fit, runbook.targets.pick))
    }

    /// What an alert says of a runbook's parameters.
    package static func parameters(of alert: Alert, _ symptom: Symptom) -> [String: String] {
        var values: [String: String] = [:]
        for (name, path) in symptom.fill where name != "target" {
            values[name] = alert.value(at: path)
        }
        return values
    }

    /// Why a runbook's parameters refuse what an alert says of them; nil when they take it.
    ///
    /// No part of `answer`: who runs it may give other values.
    private func refusal(
        of values: [String: String], _ symptom: Symptom, _ runbook: Runbook, on target: Target
    ) -> String? {
        let given = values.mapValues { GivenValue.text($0) }
        let refused = runbook.parameters.compactMap { parameter -> (String, Diagnostic)? in
            let name = parameter.name.rawValue
            guard let value = given[name] else { return nil }
            let checked = ParameterSet.check(
                [parameter], given: [name: value], targets: targets.names)
            return checked.diagnostics.first { $0.code == "bad-parameter" }.map { (name, $0) }
        }
        guard let (name, problem) = refused.first else { return nil }
        let place = symptom.fill[name].map { " of \($0)" } ?? ""
        return "\(runbook.id) would fit \(target.name), but refuses the value\(place): "
            + "\(problem.message). Run it with another: handrail run \(runbook.id) "
            + "--on \(target.name) --set \(name)=…"
    }

    private static func add(
        _ fit: AlertFit, for pick: TargetRule.Pick, to fits: inout [AlertFit]
    ) {
        let same = fits.firstIndex {
            $0.runbook == fit.runbook && $0.alert == fit.alert && $0.item == fit.item
                && $0.parameters == fit.parameters
                && (pick == .many || $0.targets == fit.targets)
        }
        if let same { fits[same].take(fit) } else { fits.append(fit) }
    }

    private func noRunbook(for alert: Alert) -> String {
        let known = Set(runbooks.flatMap(\.symptoms).flatMap(\.alerts)).sorted()
        let near = nearestName(to: alert.name, among: known).map {
            " One answers \(printableExcerpt($0))."
        }
        return "No runbook of the library answers \(printableExcerpt(alert.name)).\(near ?? "")"
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}
