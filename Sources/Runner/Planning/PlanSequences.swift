import Runbooks

/// The steps that each target of a plan goes through, with every item of a `for_each` a step of
/// its own (docs/semantics.md, "Items").
///
/// A plan names a list of its own, or a label of its targets, and has the labels of all targets: so
/// it says what each target does, item by item.
package struct PlanSequences: Sendable {
    /// Different sequences; targets with the same items share one.
    private let sequences: [[Step]]
    /// Which one a target has, by its place in the plan; empty when all share the first.
    private let choice: [Int]

    /// The sequences of a plan's targets.
    package init(_ plan: Plan) {
        let labels = plan.steps.compactMap(\.itemLabel)
        guard !labels.isEmpty else {
            sequences = [plan.steps.flatMap { $0.items(labels: [:]) }]
            choice = []
            return
        }
        var made: [[Step]] = []
        // By bytes: texts that Swift calls equal can be different items.
        var known: [[[[UInt8]]?]: Int] = [:]
        choice = plan.targets.map { target in
            let lists = labels.map { target.labels[$0]?.map { Array($0.utf8) } }
            if let index = known[lists] { return index }
            known[lists] = made.count
            made.append(plan.steps.flatMap { $0.items(labels: target.labels) })
            return made.count - 1
        }
        sequences = made
    }

    /// The sequence of the target at a place in the plan.
    package subscript(place: Int) -> [Step] {
        choice.isEmpty ? sequences[0] : sequences[choice[place]]
    }

    /// Every step of any target, in the plan's order: an item stands where it is first met.
    package var allSteps: [Step] {
        guard sequences.count > 1 else { return sequences.first ?? [] }
        var order: [StepID] = []
        var groups: [StepID: [Step]] = [:]
        var seen: Set<StepID> = []
        for step in sequences.joined() where seen.insert(step.id).inserted {
            if groups[step.id.step] == nil { order.append(step.id.step) }
            groups[step.id.step, default: []].append(step)
        }
        return order.flatMap { groups[$0] ?? [] }
    }
}

extension Plan {
    /// The steps that a target of the plan goes through, item by item.
    package func sequence(of target: PlannedTarget) -> [Step] {
        steps.flatMap { $0.items(labels: target.labels) }
    }

    /// What undoing each step means, the last first, with every item of a `for_each` by itself.
    ///
    /// `rollback` says the same by steps, as the plan keeps it.
    package var undos: [PlannedUndo] {
        PlanSequences(self).allSteps.reversed().filter { $0.forEach == nil }
            .compactMap(PlannedUndo.init(undoing:))
    }

    /// What the plan says about a step, or about the step that an item belongs to.
    package func step(_ id: StepID) -> Step? {
        let whole = id.step
        return steps.first { $0.id == whole } ?? listedSteps.first { $0.id == whole }
    }

    /// Whether anything is done once before or after a wave.
    package var hasWaveLists: Bool { beforeWave != nil || afterWave != nil }

    /// The steps of both lists of a wave.
    package var listedSteps: [Step] { (beforeWave ?? []) + (afterWave ?? []) }

    /// The steps of a wave's list, item by item.
    package func sequence(of list: WaveList.Kind) -> [Step] {
        let steps = list == .before ? beforeWave : afterWave
        return (steps ?? []).flatMap { $0.items(labels: [:]) }
    }
}

extension Step {
    /// The label whose values its `for_each` goes through; nil without one.
    package var itemLabel: String? {
        guard case .reference(let name)? = forEach, name.parts.count == 2 else { return nil }
        return name.parts[1]
    }

    /// The texts that its `for_each` goes through on a target: nil when the target lacks the label.
    package func itemTexts(labels: [String: [String]]) -> [String]? {
        switch forEach {
        case .texts(let texts)?: texts
        case .reference?: itemLabel.flatMap { labels[$0] }
        case nil: nil
        }
    }

    /// A step of its own for each item; itself when it has no `for_each`, or nothing to go through.
    package func items(labels: [String: [String]]) -> [Step] {
        guard let texts = itemTexts(labels: labels), !texts.isEmpty else { return [self] }
        return texts.enumerated().map { index, text in
            item(text, number: index + 1, isLast: index == texts.count - 1)
        }
    }

    private func item(_ text: String, number: Int, isLast: Bool) -> Step {
        var item = mappingArguments { argument in
            argument.referenced == .item ? .text(text) : argument
        }
        item.id = StepID(id, item: text, number: number)
        item.title = "\(title): \(printableExcerpt(text))"
        item.forEach = nil
        // The step has ended once its last item has.
        item.isSafeStop = isSafeStop && isLast
        return item
    }
}

extension [StepID: Outcome] {
    /// Notes how a step or an item ended; and how its step did, once that is known.
    ///
    /// A step has ended when its last item has, or one that failed.
    mutating func note(_ id: StepID, _ outcome: Outcome, in sequence: [Step]) {
        self[id] = outcome
        guard id.isItem else { return }
        let whole = id.step
        let ids = sequence.map(\.id).filter { $0.isItem && $0.step == whole }
        guard id == ids.last || !outcome.isGood else { return }
        let all = ids.map { self[$0] }
        // What nobody could foresee says nothing about the whole.
        guard !all.contains(nil) || !outcome.isGood else { return }
        self[whole] = Outcome.whole(of: all.compactMap { $0 })
    }
}

extension Outcome {
    /// How a step ended whose items ended so.
    static func whole(of items: [Outcome]) -> Outcome {
        if let bad = items.first(where: { !$0.isGood }) { return bad }
        return [.changed, .satisfied, .ok].first(where: items.contains) ?? .skipped
    }
}
