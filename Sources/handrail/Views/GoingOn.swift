import Runbooks
import Runner

/// What a person can do about a run that has ended: go on where it failed, or undo it.
///
/// Each command is one that is not refused when it is typed as it stands.
struct GoingOn: Sendable {
    /// One thing to do: what to know before, and what to type.
    struct Way: Sendable, Hashable {
        let name: String
        let texts: [String]
        let commands: [String]
    }

    /// The run with those that it goes on from, and those that go on from it.
    let chain: RunChain
    /// The run that is shown.
    let run: RunMachine
    /// When that is: a plan that has expired can't be retried; nil right after the run.
    var now: Timestamp?

    private var id: RunID { run.record.id }
    private var plan: Plan { run.plan }

    /// The ways, the most likely first; none while the run is open, or where another one has gone
    /// on from it.
    var ways: [Way] {
        guard run.state.isTerminal, chain.newest.record.id == id else { return [] }
        return run.isRollback ? again : retry + undo
    }

    /// Going on with a rollback that left something.
    private var again: [Way] {
        guard [.rollbackFailed, .aborted].contains(run.state) else { return [] }
        switch chain.rollback(chain.undoable) {
        case .success:
            let isSaid = plan.rollout.keepsGoing == true
            let more = run.state == .rollbackFailed && !isSaid ? " --keep-going" : ""
            return [Way(name: "go on", texts: [], commands: ["handrail rollback \(id)\(more)"])]
        case .failure(let problem):
            return [Way(name: "go on", texts: Self.texts(problem), commands: [])]
        }
    }

    private var retry: [Way] {
        guard [.failed, .aborted].contains(run.state) else { return [] }
        let failed = chain.failed.filter { chain.rollback(of: $0) == nil }
        guard !failed.isEmpty else { return [] }
        if let now, plan.expires <= now {
            return [
                Way(
                    name: "retry", texts: ["its plan has expired: make a new one"],
                    commands: ["handrail plan \(plan.runbook.id)"])
            ]
        }
        let places = chain.retryPlaces(failed)
        let isAlike = places.count == 1 || !places.contains(where: \.isNamed)
        var (texts, commands): ([String], [String]) = ([], [])
        for place in isAlike ? places.prefix(1) : places[...] {
            let names = isAlike ? failed : place.targets
            switch chain.retry(names, from: place.isNamed ? place.step : nil) {
            case .success:
                if let step = place.step, place.isNamed {
                    texts.append(
                        "look at \(TargetList.text(names, limit: 6)) first: \(step) may run once "
                            + "only")
                }
                commands.append(command(place, isAlike ? ["--failed"] : names.map { "--on \($0)" }))
            case .failure(let problem): texts += Self.texts(problem)
            }
        }
        return [Way(name: "retry", texts: texts, commands: commands)]
    }

    private func command(_ place: RunChain.RetryPlace, _ targets: [String]) -> String {
        let from = place.step.map { ["--from", CommandText.quoted($0.rawValue)] } ?? []
        return (["handrail", "retry", "\(id)"] + targets + (place.isNamed ? from : []))
            .joined(separator: " ")
    }

    /// What a rollback would undo: also what was begun and may have changed something.
    private var undo: [Way] {
        let undoings = chain.undoings
        let undone = Set(
            undoings.flatMap { each -> [StepID] in
                guard case .success(let start) = each.start else { return [] }
                return start.undone.map(\.step)
            })
        let problems = undoings.compactMap { each -> RunChain.Problem? in
            guard case .failure(let problem) = each.start else { return nil }
            return problem
        }
        let needed = plan.undos.filter { undone.contains($0.step) && !$0.isNeedless(in: plan) }
        let possible = Set(needed.filter { $0.notUndone == nil }.map(\.step))
        let words = needed.isEmpty ? [] : [UndoText.of(needed)]
        let texts = words + problems.prefix(3).map(\.message)
        guard !texts.isEmpty else { return [] }
        let targets = undoings.compactMap { each -> TargetName? in
            guard case .success(let start) = each.start,
                start.undone.contains(where: { possible.contains($0.step) })
            else { return nil }
            return each.target
        }
        let on = problems.isEmpty ? [] : targets.map { "--on \($0)" }
        let command = (["handrail", "rollback", "\(id)"] + on).joined(separator: " ")
        return [Way(name: "undo", texts: texts, commands: targets.isEmpty ? [] : [command])]
    }

    private static func texts(_ problem: RunChain.Problem) -> [String] {
        [problem.message] + [problem.hint].compactMap(\.self)
    }
}

extension PlannedUndo {
    /// Whether there is nothing to undo: the runbook says so, or its release gives it back.
    func isNeedless(in plan: Plan) -> Bool {
        actions?.isEmpty == true || plan.step(step)?.isGivenBack == true
    }

    /// How it is undone, in a word: `script`, `file`, `put back`.
    var way: String {
        guard restores == nil else { return "put back" }
        let ways = (actions ?? []).map { $0.keyword == "run" ? "script" : $0.keyword }
        return ways.isEmpty ? "nothing to do" : ways.joined(separator: ", ")
    }
}

/// What an abort left between two states, in words.
enum HalfDoneText {
    /// Such as `hub01: rebuild was begun and not ended (before it: take-out)`.
    static func of(_ found: RunReport.HalfDone) -> String {
        let names = found.changed.map(\.rawValue).joined(separator: ", ")
        guard let at = found.at else { return "\(found.target): \(names) done" }
        guard found.isBegun else {
            return "\(found.target): \(names) done, and it did not get past \(at)"
        }
        let isEnded = [.failed, .timedOut].contains(found.outcome)
        let how = isEnded ? found.outcome?.word ?? "" : "was begun and not ended"
        return "\(found.target): \(at) \(how)"
            + (names.isEmpty ? "" : " (before it: \(names))")
    }
}
