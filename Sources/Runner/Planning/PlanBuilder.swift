import Runbooks

/// Makes plans: everything a run does, from the library and what the operator asked for.
///
/// Pure, so that a plan file can be checked by making the plan again.
package struct PlanBuilder: Sendable {
    /// How long a plan may be started (docs/semantics.md, "Plan").
    package static let lifetime: Duration = .seconds(35 * 86_400)

    /// Where the runbook, its files and the environments come from.
    package let library: Library
    /// The runbook to plan, one of the library's.
    package let runbook: Runbook
    /// The selected targets, in any order.
    package let targets: [Target]
    /// Checked values; a parameter that is not here takes its default.
    package let parameters: [ParameterName: Value]
    /// The alert the run is an answer to, by its name.
    package let alert: String?
    /// The fingerprints known for each target.
    package let hostKeys: [TargetName: [String]]
    /// The new plan's id or, for a rebuilt plan, the one in its file.
    package let planID: PlanID
    /// Now or, for a rebuilt plan, the time in its file.
    package let created: Timestamp
    /// The end of the plan's life; `lifetime` after `created` unless given.
    package let expires: Timestamp

    /// A builder for one plan; `expires` is given only when a plan file is rebuilt.
    package init(
        library: Library, runbook: Runbook, targets: [Target],
        parameters: [ParameterName: Value], alert: String? = nil,
        hostKeys: [TargetName: [String]], planID: PlanID, created: Timestamp,
        expires: Timestamp? = nil
    ) {
        self.library = library
        self.runbook = runbook
        self.targets = targets
        self.parameters = parameters
        self.alert = alert
        self.hostKeys = hostKeys
        self.planID = planID
        self.created = created
        self.expires = expires ?? created.adding(Self.lifetime)
    }

    /// The plan, or the first reason why there is none.
    package func plan() -> Result<Plan, PlanError> {
        Result { () throws(PlanError) in try build() }
    }

    private func build() throws(PlanError) -> Plan {
        let digests = try RunbookDigest(of: runbook, in: library.tree)
        let environment = try environment()
        let planned = try PlannedValues(runbook.parameters, given: parameters)
        var steps: [Step] = []
        for step in runbook.facts.compactMap(\.step) + runbook.steps {
            steps.append(try planned.resolved(step))
        }
        let beforeWave = try planned.list(runbook.beforeWave)
        let afterWave = try planned.list(runbook.afterWave)
        let protection = try protection(of: steps)
        let waves = try waves(protection ?? [])
        let targets = plannedTargets(in: waves)
        for target in targets { try planned.check(steps, of: target) }
        var plan = Plan(
            planID: planID, libraryID: library.configuration.libraryID,
            runbook: PlannedRunbook(
                id: runbook.id, title: runbook.title, kind: runbook.kind, digest: digests.digest,
                files: digests.plannedFiles),
            environment: environment, parameters: planned.parameters,
            targets: targets, steps: steps,
            verify: runbook.verify.map { $0.mappingArguments(planned.resolved) },
            rollback: steps.reversed().compactMap(PlannedUndo.init(undoing:)),
            symptom: try symptom(planned), alert: alert,
            rollout: rollout.mappingArguments(planned.resolved), waves: waves,
            beforeWave: beforeWave, afterWave: afterWave, onFailure: runbook.onFailure,
            repeatRule: runbook.repeatRule, protection: protection,
            exceptions: exceptions, created: created, expires: expires)
        plan.values = values(planned)
        try checkValues(of: plan)
        return plan
    }

    /// How the run goes over its targets; an audit is stopped by no number of failures.
    private var rollout: Rollout {
        var rollout = runbook.rollout
        if runbook.kind == .baseline { rollout.stopAtFailures = targets.count + 1 }
        return rollout
    }

    /// What is excepted on the targets; nil without any.
    private var exceptions: [BaselineException]? {
        let names = Set(targets.map(\.name))
        let found = (runbook.baseline?.exceptions ?? []).compactMap { exception in
            let own = exception.targets.filter(names.contains)
            return own.isEmpty
                ? nil
                : BaselineException(
                    item: exception.item, targets: own, until: exception.until,
                    why: exception.why, who: exception.who)
        }
        return found.isEmpty ? nil : found
    }

    /// The values that differ between targets, with text for parameters; nil where there are none.
    private func values(_ planned: PlannedValues) -> [ValueRule]? {
        guard !runbook.values.isEmpty else { return nil }
        return runbook.values.map { rule in
            var rule = rule
            for index in rule.picks.indices {
                rule.picks[index].text = planned.resolved(rule.picks[index].text)
            }
            return rule
        }
    }

    /// The waves, as the runbook says; nil where it says nothing of them.
    private func waves(_ groups: [ProtectedGroup]) throws(PlanError) -> [PlannedWave]? {
        guard let rule = runbook.waves else { return nil }
        let planned = WavePlan(targets, by: rule, keepingApart: groups)
        guard planned.unselected.isEmpty else {
            let names = planned.unselected.map(\.rawValue).joined(separator: ", ")
            throw PlanError(
                .outsideWaves,
                "no wave of \(runbook.id) selects \(names): each target is in one (rollout.waves)",
                hint: "leave them out with --limit or --exclude, or add a last wave without "
                    + "'select' to the runbook")
        }
        return planned.waves
    }

    /// The groups that the targets belong to, and of which the run may take members away.
    private func protection(of steps: [Step]) throws(PlanError) -> [ProtectedGroup]? {
        let rules = library.configuration.protect
        guard !rules.isEmpty, steps.contains(where: { $0.effect != .read }) else { return nil }
        for rule in rules where rule.requiresLabels {
            for target in targets.sorted(by: { $0.name < $1.name }) {
                guard let label = rule.per.first(where: { target.labels[$0] == nil }) else {
                    continue
                }
                throw PlanError(
                    .unprotected,
                    "\(target.name) has no label '\(label)', and handrail.yaml requires it of every "
                        + "target that is changed (protect)",
                    hint: "give it the label in the inventory, or choose another target")
            }
        }
        var groups = ProtectedGroup.groups(of: targets, in: library.inventory, by: rules)
        for (index, group) in groups.enumerated() {
            groups[index].peersOK?.peers = peers(of: group).map {
                planned($0, asAccount: nil, labels: [])
            }
        }
        return groups.isEmpty ? nil : groups
    }

    /// The members of a group that the plan doesn't start, sorted.
    private func peers(of group: ProtectedGroup) -> [Target] {
        let others = Set(group.members).subtracting(targets.map(\.name))
        return library.inventory.targets.filter { others.contains($0.name) }
            .sorted { $0.name < $1.name }
    }

    /// Targets that some plan may have to ask though it doesn't start them: their host keys are to
    /// be known, too.
    package static func peers(of targets: [Target], in library: Library) -> [Target] {
        let rules = library.configuration.protect.filter { $0.peersOK != nil }
        let groups = ProtectedGroup.groups(of: targets, in: library.inventory, by: rules)
        let others = Set(groups.flatMap(\.members)).subtracting(targets.map(\.name))
        return library.inventory.targets.filter { others.contains($0.name) }
    }

    private func environment() throws(PlanError) -> EnvironmentRule {
        guard let first = targets.first else {
            throw PlanError(
                .noTargets, "no target was selected for \(runbook.id)",
                hint: "name one with --on, or several with --limit")
        }
        if runbook.targets.pick == .one, targets.count > 1 {
            throw PlanError(
                .tooManyTargets,
                "\(runbook.id) is for one target at a time, and \(targets.count) are selected",
                hint: "name one with --on")
        }
        if let other = targets.first(where: { $0.environment != first.environment }) {
            throw PlanError(
                .severalEnvironments,
                "\(first.name) is in '\(first.environment)' and \(other.name) in "
                    + "'\(other.environment)': a plan is for one environment",
                hint: "make a plan for each")
        }
        let rules = library.configuration.environments
        guard let rule = rules.first(where: { $0.name == first.environment }) else {
            throw PlanError(
                .unknownEnvironment,
                "\(first.name) is in '\(first.environment)', which handrail.yaml doesn't have",
                hint: "add it to 'environments', or correct the inventory")
        }
        return rule
    }

    /// The records of the targets in the order of their start: wave by wave, and in each the label
    /// `canary` first, then by name.
    private func plannedTargets(in waves: [PlannedWave]?) -> [PlannedTarget] {
        let used = usedLabels
        let ordered = targets.inOrderOfStart
        let records = ordered.map { planned($0, asAccount: runbook.runAs, labels: used) }
        guard let waves else { return records }
        let known = Dictionary(uniqueKeysWithValues: records.map { ($0.name, $0) })
        return waves.flatMap(\.targets).compactMap { known[$0] }
    }

    private func planned(
        _ target: Target, asAccount account: String?, labels: Set<String>
    ) -> PlannedTarget {
        PlannedTarget(
            name: target.name, address: target.address, port: target.port, user: target.user,
            becomeUser: account, hostKeys: (hostKeys[target.name] ?? []).sorted(),
            labels: target.labels.filter { labels.contains($0.key) }, spool: target.spool)
    }

    /// Every label that a selector, an expression or a reference of the runbook names, or by which
    /// an environment counts.
    private var usedLabels: Set<String> {
        let selectors =
            [runbook.targets.select] + runbook.symptoms.map(\.when)
            + (runbook.waves?.selectors ?? [])
        let bare = selectors.compactMap { $0 }.flatMap(\.names).filter { $0.parts.count == 1 }
        var names = runbook.steps.flatMap(\.names)
        names += runbook.facts.flatMap(\.script.references)
        for rule in runbook.values {
            for pick in rule.picks { names += pick.when?.names ?? [] }
        }
        names += runbook.verify.flatMap(\.script.references)
        names += runbook.symptoms.flatMap { $0.present?.references ?? [] }
        names += (runbook.rollout.health ?? []).flatMap(\.script.references)
        let dotted = names.filter { $0.parts.count == 2 && $0.parts[0] == "target" }
        // Gate 2 counts by them, here and in the environments that come after this one.
        let counted = library.configuration.environments.compactMap { $0.after?.oneOfEach }
        // Audits are told by it.
        let told = runbook.kind == .baseline ? [AuditHistory.usualLabel] : []
        var used = Set(bare.map { $0.parts[0] })
        used.formUnion(dotted.map { $0.parts[1] })
        return used.union(counted).union(told)
    }

    /// The alert's symptom; without an alert the first with a test that fits every target.
    private func symptom(_ planned: PlannedValues) throws(PlanError) -> PlannedSymptom? {
        let chosen: Symptom?
        if let alert {
            let known = runbook.symptoms.flatMap(\.alerts)
            guard known.contains(alert) else {
                throw PlanError(
                    .unknownAlert,
                    "\(runbook.id) is no answer to the alert \(printableExcerpt(alert))",
                    hint: known.isEmpty
                        ? "run it without --alert"
                        : "it answers " + known.joined(separator: ", "))
            }
            let named = runbook.symptoms.filter { $0.alerts.contains(alert) }
            chosen = named.first { $0.present != nil && fits($0) } ?? named.first { fits($0) }
        } else {
            chosen = runbook.symptoms.first { $0.present != nil && fits($0) }
        }
        guard let chosen, let present = chosen.present else { return nil }
        return PlannedSymptom(
            present: present.mappingArguments(planned.resolved),
            notPresent: chosen.notPresent,
            goneForMilliseconds: chosen.goneFor.inMilliseconds)
    }

    private func fits(_ symptom: Symptom) -> Bool {
        guard let when = symptom.when else { return true }
        return targets.allSatisfy { when.holds(in: $0.labelScope) }
    }
}
