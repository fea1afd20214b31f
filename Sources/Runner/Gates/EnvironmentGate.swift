import Runbooks

/// Gate 2: what is to run has succeeded in the environment before.
struct EnvironmentGate: Sendable {
    private let before: EnvironmentBefore
    private let plan: Plan
    private let runbook: Runbook
    private let passage: Passage
    private let now: Timestamp
    private let shown: @Sendable (Timestamp) -> String

    /// What it says; `facts` have the instant, and how it is written.
    static func verdict(
        _ plan: Plan, _ runbook: Runbook, _ passage: Passage, _ earlier: EarlierRuns,
        _ facts: ChangeFacts
    ) -> Verdict {
        guard let before = plan.environment.after else {
            return .notApplicable(.firstEnvironment)
        }
        let gate = EnvironmentGate(
            before: before, plan: plan, runbook: runbook, passage: passage, now: facts.now,
            shown: facts.shown)
        return switch earlier {
        case .notAsked: .refused(["nobody asked what ran in \(before.environment)"])
        case .unreadable(let why):
            .refused(["what ran in \(before.environment) can't be read: \(why)"])
        case .known(let runs, let place): gate.verdict(runs, place)
        }
    }

    private func verdict(_ runs: [EarlierRun], _ place: EarlierRuns.Place) -> Verdict {
        let same = runs.filter { $0.digest == plan.runbook.digest }
        let changes = plan.steps.contains { $0.effect != .read }
        let chains = Dictionary(grouping: same, by: \.plan).values.map {
            EnvironmentProof.judge($0, changes: changes)
        }
        let proofs = chains.compactMap { chain -> EnvironmentProof? in
            if case .success(let proof) = chain { proof } else { nil }
        }.sorted { ($0.ended, $0.run.id) > ($1.ended, $1.run.id) }
        let fresh = proofs.filter { !isOld($0) }
        let counted = passage == .resolution ? proofs : fresh
        let missing = missing(counted)
        guard !missing.isEmpty else {
            return .open(rule: rule(fresh.isEmpty ? proofs : counted, runs))
        }
        var reasons: [String] = []
        if counted.isEmpty {
            reasons.append(proofs.first.map(tooOld) ?? unproved(chains, runs))
        } else {
            reasons += missing.sentences(in: before.environment)
        }
        reasons += advice(missing, counted, place)
        if passage == .resolution {
            reasons.append("a signed test record in place of a run is not built yet")
        }
        return .refused(reasons)
    }

    private func isOld(_ proof: EnvironmentProof) -> Bool {
        now.since(proof.ended) > before.withinMilliseconds
    }

    // --- what is missing -------------------------------------------------------------------------

    /// What no run there has covered yet.
    private struct Missing {
        /// Values of the label, sorted; nil for targets without it.
        var values: [String?] = []
        let label: String
        /// How many targets are asked for, and how many there are.
        var count: (has: Int, of: Int)

        var isEmpty: Bool { values.isEmpty && count.has >= count.of }

        func sentences(in environment: String) -> [String] {
            var sentences: [String] = []
            if !values.isEmpty {
                let named = values.compactMap { $0 }
                let parts =
                    (named.isEmpty ? [] : ["\(label) = \(named.joined(separator: ", "))"])
                    + (values.contains(nil) ? ["no \(label)"] : [])
                sentences.append(
                    "no target with \(parts.joined(separator: ", and none with ")) has gone through "
                        + "it in \(environment)")
            }
            if count.has < count.of {
                sentences.append(
                    "\(count.has) of \(count.of) targets have gone through it in \(environment)")
            }
            return sentences
        }
    }

    private func missing(_ proofs: [EnvironmentProof]) -> Missing {
        let there = proofs.reduce(into: [TargetName: [[String: [String]]]]()) { all, proof in
            for (target, labels) in proof.targets { all[target, default: []].append(labels) }
        }
        var missing = Missing(
            label: before.oneOfEach ?? "", count: (has: there.count, of: max(1, before.targets)))
        guard let label = before.oneOfEach else { return missing }
        let needed = Set(plan.targets.flatMap { Self.values($0.labels, label) })
        let covered = Set(there.values.joined().flatMap { Self.values($0, label) })
        missing.values = needed.subtracting(covered).sorted { ($0 ?? "") < ($1 ?? "") }
        return missing
    }

    private static func values(_ labels: [String: [String]], _ label: String) -> [String?] {
        let values = labels[label] ?? []
        return values.isEmpty ? [nil] : values
    }

    // --- words -----------------------------------------------------------------------------------

    private func rule(_ proofs: [EnvironmentProof], _ runs: [EarlierRun]) -> String {
        guard let newest = proofs.first else { return "" }
        let count = Set(proofs.flatMap(\.targets.keys)).count
        let others =
            proofs.count == 1
            ? ""
            : " (with \(proofs.count - 1) earlier \(proofs.count == 2 ? "run" : "runs"))"
        var text =
            "\(newest.run.id) succeeded in \(before.environment), \(shown(newest.ended)), "
            + "\(age(newest.ended)) ago, on \(count) \(count == 1 ? "target" : "targets")\(others)"
        if isOld(newest) {
            text +=
                "; that is more than \(length(before.withinMilliseconds)) ago: run it there again"
        }
        let bad = runs.first {
            $0.digest == plan.runbook.digest && $0.opened > newest.run.opened
                && [.failed, .rolledBack, .rollbackFailed].contains($0.state)
        }
        return text + (bad.map { "; since then \($0.id) \(Self.words($0.state)) there" } ?? "")
    }

    private func tooOld(_ proof: EnvironmentProof) -> String {
        "\(proof.run.id) succeeded in \(before.environment) \(age(proof.ended)) ago, and that "
            + "counts for \(length(before.withinMilliseconds))"
    }

    /// Why nothing counts: a run of this version that doesn't, or what ran there instead.
    private func unproved(
        _ chains: [Result<EnvironmentProof, EnvironmentProof.Refusal>], _ runs: [EarlierRun]
    ) -> String {
        let start = "this version of \(runbook.id) has not succeeded in \(before.environment)"
        let refused = chains.compactMap { chain -> (run: EarlierRun, why: String)? in
            guard case .failure(let refusal) = chain, let run = refusal.run else { return nil }
            return (run, refusal.why)
        }.max { $0.run.opened < $1.run.opened }
        if let refused { return "\(start): \(refused.run.id) \(refused.why)" }
        let others = runs.filter { $0.digest != plan.runbook.digest }
        if let other = others.first(where: { $0.state == .succeeded }) ?? others.first {
            let when = other.ended.map { " (\(other.id), \(age($0)) ago)" } ?? " (\(other.id))"
            return "\(start): version \(Self.short(other.digest)) ran there\(when), not this one, "
                + Self.short(plan.runbook.digest)
        }
        return "\(start): it has not been run there"
    }

    /// What to do about it: where targets would be, and the command.
    private func advice(
        _ missing: Missing, _ counted: [EnvironmentProof], _ place: EarlierRuns.Place
    ) -> [String] {
        let fitting = place.targets.filter { target in
            runbook.targets.select?.holds(in: target.scope) ?? true
        }.sorted { $0.name < $1.name }
        var chosen: [Target] = []
        var lacking: [String] = []
        for value in missing.values {
            let has = { (target: Target) in
                Self.values(target.labels, missing.label).contains(value)
            }
            if chosen.contains(where: has) { continue }
            if let target = fitting.first(where: has) {
                chosen.append(target)
            } else {
                lacking.append(value.map { "\(missing.label) = \($0)" } ?? "no \(missing.label)")
            }
        }
        let done = Set(counted.flatMap(\.targets.keys))
        for target in fitting where done.count + chosen.count < missing.count.of {
            if !done.contains(target.name), !chosen.contains(target) { chosen.append(target) }
        }
        var advice: [String] = []
        if !lacking.isEmpty {
            advice.append(
                "\(before.environment) has no target of this runbook with "
                    + "\(lacking.joined(separator: ", nor with ")): it needs one")
        }
        if !chosen.isEmpty {
            let names = chosen.map(\.name.rawValue).joined(separator: ",")
            let verb =
                place.needsChange && passage == .everythingElse ? "change open" : "run"
            advice.append("do it there first: handrail \(verb) \(runbook.id) --limit \(names)")
        } else if lacking.isEmpty {
            advice.append("\(before.environment) has no more targets of this runbook")
        }
        return advice
    }

    private static func words(_ state: RunState) -> String {
        state == .failed ? "failed" : "was rolled back"
    }

    private static func short(_ digest: Digest) -> String { String(digest.rawValue.prefix(7)) }

    private func age(_ instant: Timestamp) -> String { length(max(0, now.since(instant))) }

    private func length(_ milliseconds: Int64) -> String {
        let minutes = milliseconds / 60_000
        if minutes < 120 { return "\(minutes) min" }
        return minutes < 48 * 60 ? "\(minutes / 60) h" : "\(minutes / 1440) d"
    }
}
