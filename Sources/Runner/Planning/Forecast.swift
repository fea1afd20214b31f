import Runbooks

/// What a dry run says about one step on one target (docs/semantics.md, "Dry run").
package enum ForecastLabel: String, Sendable, Codable, CaseIterable {
    case satisfied
    /// The guard, or the typed action's own, says that it is needed.
    case wouldChange = "would change"
    /// It has no guard: what it changes can't be known before.
    case wouldRun = "would run"
    /// It only reads, and really ran.
    case read
    /// It uses something that is known only in the run.
    case depends
    /// A person does it, or answers.
    case manual
    /// The sequence ends here, by the runbook's own decision.
    case stop
    case skipped
    case failed
    case unreachable
    /// Nothing looked, because the step, the operator or a gate forbids it.
    case notProbed = "not probed"

    /// Whether the run will do what the label says, as far as it can be known.
    package var isForeseen: Bool {
        switch self {
        case .satisfied, .wouldChange, .read, .manual, .stop, .skipped, .failed: true
        case .wouldRun, .depends, .unreachable, .notProbed: false
        }
    }
}

/// How much of a dry run is more than a guess: pairs of step and target.
package struct Coverage: Sendable, Hashable, Codable {
    /// Pairs whose outcome is foreseen.
    package let foreseen: Int
    /// All pairs.
    package let of: Int

    package init(foreseen: Int, of total: Int) {
        self.foreseen = foreseen
        self.of = total
    }

    /// The share in percent, rounded down; 100 of nothing.
    package var percent: Int { of == 0 ? 100 : foreseen * 100 / of }
}

/// The predictions of a dry run: what is shown beside a plan, with a digest of its own.
package struct Forecast: Sendable, Hashable, Codable {
    /// What is predicted for one step, or for one of the runbook's `verify`, on one target.
    package struct Entry: Sendable, Hashable, Codable {
        /// The step; nil for the runbook's `verify`.
        package var step: StepID?
        /// The index in the runbook's `verify`; nil for a step.
        package var verify: Int?
        /// What the run will do here, as far as it can be known.
        package var label: ForecastLabel
        /// Whether the run may change the target here.
        package var mayChange: Bool
        /// One sentence: why, or what the guard says today.
        package var note: String?
        /// What a typed action would change, as a unified diff or one line.
        package var diff: String?
        /// What a step that reads found.
        package var outputs: [String: String]
        /// Of a fact: the choice that was answered; nil where it is unknown, or nobody asked.
        package var fact: String?

        private enum CodingKeys: String, CodingKey {
            case step, verify, label
            case mayChange = "may_change"
            case note, diff, outputs, fact
        }

        package init(
            step: StepID?, verify: Int? = nil, label: ForecastLabel, mayChange: Bool = false,
            note: String? = nil, diff: String? = nil, outputs: [String: String] = [:],
            fact: String? = nil
        ) {
            self.step = step
            self.verify = verify
            self.label = label
            self.mayChange = mayChange
            self.note = note
            self.diff = diff
            self.outputs = outputs
            self.fact = fact
        }
    }

    /// Whether the symptom is there.
    package enum SymptomState: String, Sendable, Codable, CaseIterable {
        case present, absent
        case cantLook = "can't look"
        /// The plan has no symptom to ask for, or asking is forbidden.
        case notAsked = "not asked"
    }

    /// The predictions for one target, in the order of its steps.
    package struct OfTarget: Sendable, Hashable, Codable {
        /// The target it is about.
        package var target: TargetName
        /// What the symptom's `present` said.
        package var symptom: SymptomState
        /// Why the symptom can't be told; nil when it can.
        package var symptomNote: String?
        /// In the order of the steps, then of the runbook's `verify`.
        package var entries: [Entry]

        private enum CodingKeys: String, CodingKey {
            case target, symptom
            case symptomNote = "symptom_note"
            case entries
        }

        package init(
            target: TargetName, symptom: SymptomState, symptomNote: String? = nil,
            entries: [Entry]
        ) {
            self.target = target
            self.symptom = symptom
            self.symptomNote = symptomNote
            self.entries = entries
        }

        /// Whether the run may change this target.
        package var mayChange: Bool { entries.contains(where: \.mayChange) }
    }

    /// In the plan's order.
    package var targets: [OfTarget]
    /// How much of the forecast is certain, over all targets.
    package var coverage: Coverage

    /// A forecast with the coverage of its entries.
    package init(targets: [OfTarget]) {
        self.targets = targets
        let labels = targets.flatMap(\.entries).map(\.label)
        coverage = Coverage(foreseen: labels.filter(\.isForeseen).count, of: labels.count)
    }

    /// Whether a run of the plan may change any target.
    package var mayChange: Bool { targets.contains(where: \.mayChange) }

    /// SHA-256 over the canonical JSON of the forecast.
    package var digest: Digest {
        do {
            return try Digest.sha256(ofCanonical: self)
        } catch {
            preconditionFailure("a forecast always encodes: \(error)")
        }
    }
}

/// How a forecast made at the start differs from the one that was shown.
package struct ForecastComparison: Sendable, Hashable, Codable {
    /// One target whose predictions differ.
    package struct Difference: Sendable, Hashable, Codable {
        /// The target whose forecast is another one now.
        package let target: TargetName
        /// One line for each step, such as `restart: satisfied → would change`.
        package let lines: [String]
        /// In which way it differs.
        package let kind: Kind
        /// Whether the target can't be reached any more.
        package let isUnreachable: Bool
    }

    /// What a difference means for a run that nobody watches.
    package enum Kind: String, Sendable, Codable {
        /// Steps moved between `satisfied` and `would change`, and what only depends on them: it
        /// goes on, and is recorded.
        case moved
        /// Newly failed or unreachable: not started, and counted as a failure.
        case broken
        /// Anything else, the symptom included: a person should look.
        case other
    }

    /// In the order of the newer forecast.
    package let differences: [Difference]

    /// Whether both forecasts say the same outcomes.
    package var isEqual: Bool { differences.isEmpty }

    /// One line for each target, such as `mbx01: restart: satisfied → would change`.
    package var lines: [String] {
        differences.map { "\($0.target): \($0.lines.joined(separator: "; "))" }
    }
}

extension Forecast {
    /// Compares two forecasts of one plan by outcome, and by facts; notes, diffs and outputs don't
    /// count.
    package static func compare(_ old: Forecast, _ new: Forecast) -> ForecastComparison {
        let before = Dictionary(
            old.targets.map { ($0.target, $0) }, uniquingKeysWith: { first, _ in first })
        return ForecastComparison(
            differences: new.targets.compactMap { target in
                guard let earlier = before[target.target] else { return nil }
                return difference(earlier, target)
            })
    }

    private static func difference(
        _ old: OfTarget, _ new: OfTarget
    ) -> ForecastComparison.Difference? {
        var lines: [String] = []
        var isBroken = false
        var isUnreachable = false
        var isMoved = true
        var hasMoved = false
        if old.symptom != new.symptom {
            lines.append("symptom: \(old.symptom.rawValue) → \(new.symptom.rawValue)")
            isMoved = false
        }
        for (before, now) in zip(old.entries, new.entries) where before.label != now.label {
            let name = now.step?.rawValue ?? "verify \((now.verify ?? 0) + 1)"
            lines.append("\(name): \(before.label.rawValue) → \(now.label.rawValue)")
            isBroken = isBroken || now.label == .failed || now.label == .unreachable
            isUnreachable = isUnreachable || now.label == .unreachable
            let isSmall = [before.label, now.label].allSatisfy {
                $0 == .satisfied || $0 == .wouldChange
            }
            // What only turns on a step that moved before it has not moved by itself.
            let follows = hasMoved && [before.label, now.label].contains(.depends)
            hasMoved = hasMoved || isSmall
            isMoved = isMoved && (isSmall || follows)
        }
        for (before, now) in zip(old.entries, new.entries)
        where before.label == now.label && before.fact != now.fact {
            // What is done with it is another choice, also where every label is the same.
            lines.append(
                "\(now.step?.rawValue ?? ""): \(before.fact ?? "unknown") → "
                    + (now.fact ?? "unknown"))
            isMoved = false
        }
        guard !lines.isEmpty else { return nil }
        return ForecastComparison.Difference(
            target: new.target, lines: lines,
            kind: isBroken ? .broken : isMoved ? .moved : .other, isUnreachable: isUnreachable)
    }
}
