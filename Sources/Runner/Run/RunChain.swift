import Runbooks

/// A run with the runs that it goes on from, and those that go on from it: what became of each
/// target over all of them.
package struct RunChain: Sendable {
    /// Why a child run can't begin.
    package struct Problem: Error, Sendable, Hashable {
        /// What is in the way, in one sentence.
        package let message: String
        /// What to do instead.
        package let hint: String?
    }

    /// The oldest first; each is the child of the one before.
    package let runs: [RunMachine]

    /// A chain of runs, the oldest first; never empty.
    package init(_ runs: [RunMachine]) {
        precondition(!runs.isEmpty, "a chain has a run")
        self.runs = runs
    }

    /// The run that a child would go on from.
    package var newest: RunMachine { runs[runs.count - 1] }

    var plan: Plan { newest.plan }

    /// The runs that did something, as opposed to undoing it.
    private var doing: [RunMachine] { runs.filter { !$0.isRollback } }

    /// The newest run that started a target; nil when none did.
    private func last(_ name: TargetName) -> RunMachine? {
        doing.last { $0.targets[name].map { $0.phase != .notStarted } ?? false }
    }

    /// How a target ended at last; nil when it was never started.
    package func outcome(of name: TargetName) -> Outcome? {
        last(name)?.targets[name]?.outcome
    }

    /// The rollback that undid something on a target, or began to; nil when none did.
    package func rollback(of name: TargetName) -> RunID? {
        runs.last { $0.isRollback && $0.targets[name].map { $0.phase != .notStarted } ?? false }?
            .record.id
    }

    /// Targets that did not end well, in the plan's order.
    package var failed: [TargetName] {
        plan.targets.map(\.name).filter { outcome(of: $0)?.isGood == false }
    }

    /// Why nothing can go on from the newest run yet; nil when something can.
    package var obstacle: Problem? {
        let run = newest
        guard !run.state.isTerminal, !run.canBeHandedOver else { return nil }
        let id = run.record.id
        if let found = run.unsettled.first, run.runningCount == 0 {
            return Problem(
                message: "how \(found.step) ended on \(found.target) is unknown",
                hint: "look there, then say how it ended: 'handrail status \(id)' has the "
                    + "commands")
        }
        return Problem(
            message: "the run \(id) has not ended",
            hint: "'handrail resume \(id)' goes on with it, 'handrail abort \(id)' ends it")
    }

    /// What is owed where a child run would not come.
    private func owed(outside names: [TargetName]) -> Problem? {
        let chosen = Set(names)
        guard let left = newest.owed.first(where: { !chosen.contains($0.target) }) else {
            return nil
        }
        return Problem(
            message: "\(left.step) is owed on \(left.target), which would be left as it is",
            hint: "first: handrail pay \(newest.record.id) --on \(left.target)")
    }

    // --- retry ----------------------------------------------------------------------------------

    /// Where a retry starts its targets.
    ///
    /// - Parameters:
    ///   - names: the targets; each must not have ended well, or have been started never.
    ///   - from: the step at which all of them start; each at its own when nil.
    /// - Returns: where each starts, or why it can't be.
    package func retry(
        _ names: [TargetName], from: StepID?
    ) -> Result<[TargetStart], Problem> {
        Result { () throws(Problem) in
            if let obstacle { throw obstacle }
            guard !names.isEmpty else {
                throw Problem(
                    message: "no target of this run failed, timed out, was unreachable or aborted",
                    hint: "'handrail status \(newest.record.id)' shows how each ended")
            }
            if let problem = owed(outside: names) { throw problem }
            var starts: [TargetStart] = []
            var again: [StartedAgain] = []
            for name in plan.targets.map(\.name) where names.contains(name) {
                let (start, once) = try start(name, from)
                starts.append(start)
                if let once { again.append(once) }
            }
            if let problem = refusal(of: again, among: starts.count, from) { throw problem }
            return starts
        }
    }

    /// A step that a retry would start again on a target, though it must run once and may have been
    /// started there.
    private struct StartedAgain {
        let step: StepID
        let target: TargetName
        /// Whether the target would begin at it.
        let isFirst: Bool
    }

    private func start(
        _ name: TargetName, _ from: StepID?
    ) throws(Problem) -> (TargetStart, StartedAgain?) {
        if let rollback = rollback(of: name) {
            throw Problem(
                message: "what was changed on \(name) was undone by \(rollback)",
                hint: "run it anew: handrail run \(plan.runbook.id) --on \(name)")
        }
        let run = last(name) ?? runs[0]
        let steps = run.sequence(of: name)
        guard let progress = run.targets[name] else {
            throw Problem(message: "'\(name)' is no target of this run", hint: nil)
        }
        if progress.outcome?.isGood == true {
            throw Problem(
                message: "\(name) ended well (\(progress.outcome?.rawValue ?? ""))",
                hint: "to do it again, make a new plan: handrail run \(plan.runbook.id) "
                    + "--on \(name)")
        }
        let stop = Self.stop(in: steps, progress)
        let first = Self.withFacts(try place(of: from, in: steps, before: stop, name), steps)
        let once = startedAgain(steps, first...stop, named: from, name)
        let passed = steps[..<first].compactMap { step in
            progress.outcomes[step.id].map { outcome in
                TargetStart.Passed(
                    step: step.id, outcome: outcome, outputs: progress.outputs[step.id],
                    answer: run.answers(for: name)[step.id])
            }
        }
        let (reopened, owed) = brackets(of: name, steps, around: first)
        let start = TargetStart(
            target: name, step: first < steps.count ? steps[first].id : nil, passed: passed,
            reopened: reopened, owed: owed, sessions: progress.unprovedSessions,
            lost: progress.unprovedActions, isTouchedInVain: progress.isTouchedInVain)
        return (start, once)
    }

    /// The place of the first step that has not ended well; the number of steps when all have.
    private static func stop(in steps: [Step], _ progress: TargetProgress) -> Int {
        steps.firstIndex { step in
            progress.outcomes[step.id].map { !$0.isGood && !step.passesOver($0) } ?? true
        } ?? steps.count
    }

    /// The place at which a target begins: where it would begin with its first own step, it is asked
    /// for its facts again; amid its steps it goes on with those that it began with.
    private static func withFacts(_ place: Int, _ steps: [Step]) -> Int {
        place <= steps.prefix(while: \.isFact).count ? 0 : place
    }

    /// Targets that a retry would begin at the same step.
    package struct RetryPlace: Sendable, Hashable {
        /// The step; nil where only what must hold in the end remains.
        package let step: StepID?
        /// Whether it must run once and may have been started, so that a person has to name it.
        package let isNamed: Bool
        /// Which targets, in the plan's order.
        package fileprivate(set) var targets: [TargetName]
    }

    /// Where a retry would begin on targets that did not end well, as far as it may.
    package func retryPlaces(_ names: [TargetName]) -> [RetryPlace] {
        var found: [RetryPlace] = []
        for name in names {
            guard let run = last(name), let progress = run.targets[name] else { continue }
            let steps = run.sequence(of: name)
            let stop = Self.stop(in: steps, progress)
            let step = stop < steps.count ? steps[stop].id : nil
            let isNamed = startedAgain(steps, stop...stop, named: nil, name) != nil
            let index = found.firstIndex { $0.step == step && $0.isNamed == isNamed }
            if let index {
                found[index].targets.append(name)
            } else {
                found.append(RetryPlace(step: step, isNamed: isNamed, targets: [name]))
            }
        }
        return found
    }

    private func place(
        of from: StepID?, in steps: [Step], before stop: Int, _ name: TargetName
    ) throws(Problem) -> Int {
        guard let from else { return stop }
        // The whole step means the item that did not end well, where that is one of its items.
        if stop < steps.count, steps[stop].id.step == from { return stop }
        guard let place = steps.firstIndex(where: { $0.id == from || $0.id.step == from }) else {
            throw Problem(message: "\(name) has no step '\(from)'", hint: nil)
        }
        guard place <= stop else {
            throw Problem(
                message: "\(name) did not come as far as \(from): \(steps[stop].id) did not end "
                    + "well there, and a retry passes over nothing",
                hint: "leave out --from, or name \(steps[stop].id) or a step before it")
        }
        return place
    }

    /// The step that would be started again though it must run once and may have been started; nil
    /// where there is none, or a person names it.
    private func startedAgain(
        _ steps: [Step], _ range: ClosedRange<Int>, named from: StepID?, _ name: TargetName
    ) -> StartedAgain? {
        guard range.lowerBound < steps.count else { return nil }
        let again =
            steps[range.clamped(to: 0...(steps.count - 1))].first { step in
                step.effect.isOnce && step.id != from && step.id.step != from
                    && doing.contains { $0.targets[name]?.mayHaveChanged.contains(step.id) == true }
            } ?? sharedAgain(steps[range.lowerBound...], named: from)
        return again.map {
            StartedAgain(
                step: $0.id, target: name, isFirst: steps[range.lowerBound].id == $0.id)
        }
    }

    /// The step, done once for several targets, that whoever comes to it would start again, though it
    /// must run once, may have been started, and did not end well.
    private func sharedAgain(_ steps: ArraySlice<Step>, named from: StepID?) -> Step? {
        // For each wave by itself: what ended well in one says nothing of another.
        let taken = Set(sharedEnds.map(\.name))
        return steps.first { step in
            step.scope != nil && step.effect.isOnce && step.id != from
                && doing.contains { !$0.begunShared(step.id).subtracting(taken).isEmpty }
        }
    }

    /// What was done once for several targets, and ended well, the last time.
    package var sharedEnds: [SharedEnd] { doing.last?.sharedEnds ?? [] }

    /// Why steps that must run once are not started again; nil when there are none.
    private func refusal(
        of again: [StartedAgain], among count: Int, _ from: StepID?
    ) -> Problem? {
        guard let first = again.first else { return nil }
        var groups: [(step: StepID, targets: [TargetName])] = []
        for each in again {
            if let index = groups.firstIndex(where: { $0.step == each.step }) {
                groups[index].targets.append(each.target)
            } else {
                groups.append((each.step, [each.target]))
            }
        }
        let message = groups.map { group in
            let names = group.targets.prefix(Self.mostNamed).map(\.rawValue)
            let rest = group.targets.count - names.count
            return "\(group.step) may run once only, and may have been started on "
                + names.joined(separator: ", ") + (rest > 0 ? ", … +\(rest)" : "")
        }.joined(separator: "; ")
        guard again.allSatisfy(\.isFirst) else {
            let step = again.first { !$0.isFirst }?.step ?? first.step
            return Problem(
                message: message,
                hint: "--from \(from?.rawValue ?? "…") would start \(step) again: begin after it, "
                    + "or at it")
        }
        let isAll = groups.count == 1 && again.count == count
        let hint =
            isAll
            ? "look there; if it may be started again: --from \(Self.word(first.step))"
            : "look there; what may be started again is retried by itself: "
                + groups.map { group in
                    (group.targets.prefix(Self.mostNamed).map { "--on \($0)" }
                        + ["--from \(Self.word(group.step))"]).joined(separator: " ")
                }.joined(separator: "; ")
        return Problem(message: message, hint: hint)
    }

    /// A step as it is typed: an item's brackets mean something to a shell.
    private static func word(_ id: StepID) -> String { id.isItem ? "'\(id)'" : "\(id)" }

    /// The most targets that a refusal names.
    private static let mostNamed = 8

    /// The brackets within which a target begins: those that were paid, and those still held.
    private func brackets(
        of name: TargetName, _ steps: [Step], around first: Int
    ) -> (reopened: [StepID], owed: [StepID]) {
        let owed = newest.targets[name]?.leftOwed ?? [:]
        var (reopened, held): ([StepID], [StepID]) = ([], [])
        for (index, step) in steps.enumerated() where index < first && first < steps.count {
            guard step.release != nil, wasTaken(step.id, name),
                newest.isWithin(steps[first].id, bracketOf: step.id)
            else { continue }
            if owed[step.id] == nil { reopened.append(step.id) } else { held.append(step.id) }
        }
        // What is owed behind the place where it begins is given back all the same.
        held += steps.map(\.id).filter { owed[$0] != nil && !held.contains($0) }
        return (reopened, held)
    }

    private func wasTaken(_ id: StepID, _ name: TargetName) -> Bool {
        doing.contains { $0.targets[name]?.mayHaveChanged.contains(id) == true }
    }

    // --- rollback -------------------------------------------------------------------------------

    /// Targets on which something can be undone, or given back, in the plan's order.
    package var undoable: [TargetName] {
        plan.targets.map(\.name).filter { name in
            !undone(name).isEmpty || newest.targets[name]?.leftOwed.isEmpty == false
        }
    }

    /// Where a rollback would begin on each of these, or why nothing can be undone there.
    package var undoings: [(target: TargetName, start: Result<TargetStart, Problem>)] {
        undoable.map { name in
            (name, Result { () throws(Problem) in try undoing(name) })
        }
    }

    /// What a rollback undoes: the last target first.
    package func rollback(_ names: [TargetName]) -> Result<[TargetStart], Problem> {
        Result { () throws(Problem) in
            if let obstacle { throw obstacle }
            let all = undoable
            let chosen = all.filter(names.contains)
            guard !chosen.isEmpty else { throw nothingToUndo(names) }
            if let problem = owed(outside: chosen) { throw problem }
            var starts: [TargetStart] = []
            for name in chosen.reversed() { starts.append(try undoing(name)) }
            return starts
        }
    }

    private func nothingToUndo(_ names: [TargetName]) -> Problem {
        if let earlier = names.lazy.compactMap({ rollback(of: $0) }).first {
            return Problem(
                message: "what the run changed was undone already, by \(earlier)",
                hint: "'handrail status \(earlier)' shows what was undone, and what could not be")
        }
        return Problem(
            message: "the run changed nothing"
                + (names.count < plan.targets.count ? " on these targets" : ""),
            hint: "'handrail status \(newest.record.id)' shows what it did")
    }

    /// What is left to undo on a target, the last step first.
    private func undone(_ name: TargetName) -> [TargetStart.Undone] {
        let over = runs.filter(\.isRollback).reduce(into: Set<StepID>()) { over, run in
            for (step, outcome) in run.targets[name]?.outcomes ?? [:] where outcome.isGood {
                over.insert(step)
            }
        }
        return (doing.first?.sequence(of: name) ?? []).reversed().compactMap { step in
            guard !over.contains(step.id) else { return nil }
            let changing = doing.filter {
                $0.targets[name]?.mayHaveChanged.contains(step.id) == true
            }
            guard !changing.isEmpty else { return nil }
            return TargetStart.Undone(
                step: step.id, runs: changing.reversed().map(\.record.id),
                isCertain: changing.allSatisfy {
                    $0.targets[name]?.outcomes[step.id]?.isGood == true
                })
        }
    }

    private func undoing(_ name: TargetName) throws(Problem) -> TargetStart {
        let undone = undone(name)
        let run = last(name) ?? runs[0]
        let progress = run.targets[name] ?? TargetProgress()
        for step in run.sequence(of: name) where progress.outcomes[step.id] == .unknown {
            guard step.effect.isOnce, step.undo?.isEmpty == false,
                undone.contains(where: { $0.step == step.id })
            else { continue }
            throw Problem(
                message: "nobody knows whether \(step.id) ran on \(name), so it can't be undone "
                    + "there, nor what came before it",
                hint: "look there and undo it by hand; undo the others with --limit")
        }
        let owed = newest.targets[name]?.leftOwed ?? [:]
        let ids = run.sequence(of: name).map(\.id)
        return TargetStart(
            target: name,
            passed: ids.compactMap { id in
                progress.outcomes[id].map { outcome in
                    TargetStart.Passed(
                        step: id, outcome: outcome, outputs: progress.outputs[id],
                        answer: run.answers(for: name)[id])
                }
            },
            reopened: run.sequence(of: name).filter {
                $0.release != nil && owed[$0.id] == nil && wasTaken($0.id, name)
            }.map(\.id),
            owed: ids.filter { owed[$0] != nil },
            sessions: progress.unprovedSessions
                + (newest.isRollback ? newest.targets[name]?.unprovedSessions ?? [] : []),
            lost: progress.unprovedActions.union(
                newest.isRollback ? newest.targets[name]?.unprovedActions ?? [] : []),
            undone: undone)
    }
}
