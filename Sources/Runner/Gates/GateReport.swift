import Runbooks

/// The verdicts of all gates about a plan, at one moment.
package struct GateReport: Sendable, Codable, Hashable {
    /// One gate's verdict, and whether it can stop the run.
    package struct Line: Sendable, Codable, Hashable {
        /// Which of the eight gates.
        package let gate: Gate
        /// What it says, with all of its reasons.
        package let verdict: Verdict
        /// Whether the run can't start because of it.
        package let stops: Bool

        /// The one wording of this line, such as `4 scope: open (…)`.
        package var text: String { "\(gate.rawValue) \(gate.name): \(verdict.text)" }
    }

    /// How sure anybody can be of the runbook's text.
    package enum Review: String, Sendable, Codable {
        /// Nobody approved it: the environment's content policy doesn't ask for it, or only asks.
        case unreviewed
        /// It would have to be approved, and can't be: the gate is not built yet.
        case closed
    }

    /// What kind of run it is, which decides the gates that bind.
    package let passage: Passage
    /// All eight gates, in order.
    package let lines: [Line]
    /// What plans and records say about the runbook's text.
    package let review: Review
    /// Whether the number of targets must be typed, since no change covers them.
    package let asksForTargetCount: Bool

    /// Why targets would wait, though the run can start: one sentence each.
    package let deferred: [String]

    /// Whether gates of environment, change, window and four eyes are asked again at each start,
    /// since one that closes stops it.
    package let bindsStarts: Bool

    /// The next instant at which a gate that knows the time says something else; nil for none.
    package let next: Timestamp?

    /// Whether no gate stops the run.
    package var isOpen: Bool { !lines.contains(where: \.stops) }

    /// The lines that stop the run.
    package var refusals: [Line] { lines.filter(\.stops) }

    /// Whether nothing but time is in the way: each gate that stops it opens without anybody's act.
    package var opensByItself: Bool {
        refusals.allSatisfy { if case .waiting = $0.verdict { true } else { false } }
    }

    /// Whether targets may be looked at: gates 1, 3 and 4 are open (docs/semantics.md, "Dry run").
    package var allowsProbing: Bool {
        !lines.contains { [.content, .role, .scope].contains($0.gate) && $0.stops }
    }

    /// Whether breaking the glass takes something out of the way that another report has in it: not
    /// what only a role lacks.
    package func replaces(_ closed: GateReport) -> Bool {
        let replaced: Set<Gate> = [.environment, .change, .window]
        return closed.refusals.contains { line in
            replaced.contains(line.gate)
                || line.gate == .scope && !refusals.contains { $0.gate == .scope }
        }
    }

    /// Asks every gate about a plan.
    ///
    /// The actor is the account that starts it, named in the verdict; `isUndoing` is for a
    /// rollback and for the paying of a release. `locks` are those of other runs on the plan's
    /// targets; whom a person left out counts for none. `facts` are what is known of its change, and
    /// `trust` says who may do what; `starter` is who started a run that is led already. `earlier`
    /// is what ran in the environment before. `glass` is how far two people are who start it without
    /// a change. `approved` is the plan as it was approved, where `plan` has the labels of now.
    package static func evaluate(
        _ plan: Plan, runbook: Runbook, actor: String, isUndoing: Bool = false,
        locks: LockState = .known([]), leftOut: Set<TargetName> = [], facts: ChangeFacts = .none,
        trust: TrustState = .solo, starter: PersonID? = nil, earlier: EarlierRuns = .notAsked,
        glass: GlassState? = nil, approved: Plan? = nil
    ) -> GateReport {
        let breaking =
            isUndoing ? nil : glass.map { GlassGate(state: $0, plan: plan, now: facts.now) }
        let passage =
            isUndoing
            ? Passage.undoing
            : breaking == nil ? Passage(of: plan, runbook: runbook) : .brokenGlass
        let scope = ScopeGate(
            plan, runbook, facts.standing, isGlassBroken: breaking != nil, approved: approved)
        let role = RoleGate(plan, passage, actor: actor, trust: trust, starter: starter)
        let change = ChangeGate(facts: facts, actor: actor, rollout: plan.rollout)
        // Freezes that bind resolutions are asked for these alone: they pass no other gate of time.
        let isFreezeAsked = passage == .resolution && facts.mayFreezeResolutions
        let window = isFreezeAsked ? change.freeze : change.window
        let protection = ProtectionGate(
            plan.targets.map(\.name).filter { !leftOut.contains($0) }, plan.protection ?? [], locks)
        let lines = Gate.allCases.map { gate in
            let isSecond = gate == .fourEyes && breaking != nil
            let level = isSecond ? nil : gate.policy(of: plan.environment)
            let verdict: Verdict =
                switch gate {
                case .window where isFreezeAsked && level != .off: window.verdict
                case _ where !passage.gates.contains(gate) && !isUndoing:
                    .notApplicable(breaking == nil ? .notNeeded : .brokenGlass)
                case _ where level == .off: .notApplicable(.policyOff)
                case .role: role.verdict
                case .scope: scope.verdict
                case .protection:
                    breaking?.protection(protection.verdict) ?? protection.verdict
                case .change: change.change
                case .window: window.verdict
                case .fourEyes: breaking?.fourEyes ?? change.fourEyes
                case .environment:
                    EnvironmentGate.verdict(plan, runbook, passage, earlier, facts)
                case .content: .notApplicable(.notBuilt)
                }
            let isBinding = passage.gates.contains(gate) || gate == .window && isFreezeAsked
            return Line(
                gate: gate, verdict: verdict, stops: isBinding && stops(verdict, level, gate))
        }
        return GateReport(
            passage: passage, lines: lines,
            review: plan.environment.content == .required ? .closed : .unreviewed,
            asksForTargetCount: !isUndoing && scope.asksForTargetCount,
            deferred: passage.gates.contains(.protection) ? protection.deferred : [],
            bindsStarts: plan.environment.change == .required
                && (passage == .everythingElse || isFreezeAsked)
                || bindsByEnvironment(plan, passage) || breaking != nil,
            next: passage == .everythingElse || isFreezeAsked ? window.next : nil)
    }

    /// Whether gate 2 can stop it.
    private static func bindsByEnvironment(_ plan: Plan, _ passage: Passage) -> Bool {
        plan.environment.after != nil && passage.gates.contains(.environment)
            && Gate.environment.policy(of: plan.environment) == .required
    }

    /// Whether a verdict stops the run under a policy; gates without a policy always bind.
    private static func stops(_ verdict: Verdict, _ level: PolicyLevel?, _ gate: Gate) -> Bool {
        switch verdict {
        case .open: false
        case .waiting, .refused: level == nil || level == .required
        case .notApplicable(.policyOff), .notApplicable(.notNeeded),
            .notApplicable(.firstEnvironment), .notApplicable(.brokenGlass):
            false
        case .notApplicable(.notBuilt): level == .required
        }
    }
}

/// Gate 4: targets ⊆ what the runbook allows, and no more than it may reach without a change.
struct ScopeGate: Sendable {
    let verdict: Verdict
    /// Whether a confirmation stands in for the change.
    let asksForTargetCount: Bool

    init(
        _ plan: Plan, _ runbook: Runbook, _ standing: ChangeFacts.Standing,
        isGlassBroken: Bool = false, approved: Plan? = nil
    ) {
        var reasons: [String] = []
        var isCovered = false
        if case .known(let change) = standing {
            isCovered = true
            let covered = Set(change.targets)
            let outside = plan.targets.map(\.name).filter { !covered.contains($0) }
            if !outside.isEmpty {
                reasons.append("\(Self.names(outside)): not among the targets of \(change.id)")
            }
        }
        if plan.targets.isEmpty { reasons.append("no target is selected") }
        if let select = runbook.targets.select {
            // By what a target was when it was approved, and by what it is now: a runbook and an
            // inventory that were both altered don't fit each other into the gate.
            let strays = Set(
                [plan, approved].compactMap { $0 }.flatMap { Self.outside(select, $0) }.map(\.name))
            let outside = plan.targets.filter { strays.contains($0.name) }
            if !outside.isEmpty {
                let names = Self.names(outside.map(\.name))
                reasons.append("\(names): not among this runbook's targets (\(select))")
            }
        }
        let limit = runbook.targets.max
        let isOver = !isCovered && !plan.isReadOnly && plan.targets.count > limit
        let isAsked = plan.environment.change == .off || isGlassBroken
        if isOver, !isAsked {
            reasons.append(
                "\(plan.targets.count) targets, and changing steps on more than \(limit) need a "
                    + "change")
        }
        asksForTargetCount = isOver && isAsked
        verdict =
            reasons.isEmpty
            ? .open(
                rule: asksForTargetCount
                    ? "more than \(limit) targets: "
                        + (isGlassBroken ? "no change, " : "change policy off, ")
                        + "confirm their number"
                    : "within the runbook's targets") : .refused(reasons)
    }

    private static func outside(_ select: Expression, _ plan: Plan) -> [PlannedTarget] {
        plan.targets.filter { target in
            !select.holds(
                in: Scope { name in
                    name.parts.count == 1 ? target.labels[name.parts[0]] : nil
                })
        }
    }

    private static func names(_ targets: [TargetName]) -> String {
        let more = targets.count > 5 ? " and \(targets.count - 5) more" : ""
        return targets.prefix(5).map(\.rawValue).joined(separator: ", ") + more
    }
}
