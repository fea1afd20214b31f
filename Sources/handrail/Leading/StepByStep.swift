import Runbooks
import Runner
import Synchronization

/// A person who is asked before each step: `--step-by-step`.
///
/// Asked is before anything of a step is recorded or started, its guard included; checks, releases
/// and second attempts follow without a question. A class, because the loop that asks and the one
/// that withdraws hold the same one.
final class StepByStep: StepAsking {
    private static let interval = Duration.milliseconds(100)

    private let plan: Plan
    private let screen: ProgressScreen
    private let console: Console
    /// Whose word an abort is.
    private let actor: String
    /// Targets whose question nobody needs answered any more.
    private let withdrawn = Mutex<Set<TargetName>>([])

    init(plan: Plan, screen: ProgressScreen, console: Console, actor: String) {
        self.plan = plan
        self.screen = screen
        self.console = console
        self.actor = actor
    }

    /// Asks about a step; nil when the question was withdrawn, or the calling task was cancelled.
    func ask(_ step: StepID, on target: TargetName) async -> StepAnswer? {
        let steps =
            target.waveList.map { plan.sequence(of: $0.kind) }
            ?? target.sharedStep.flatMap { plan.step($0.step) }.map { [$0] }
            ?? plan.targets.first { $0.name == target }.map(plan.sequence) ?? []
        guard let index = steps.firstIndex(where: { $0.id == step }) else { return .go }
        let place = "\(index + 1) of \(steps.count)"
        withdrawn.withLock { _ = $0.remove(target) }
        await screen.hold()
        await console.world.terminal.discardTyped()
        let answer = await withTaskGroup(of: StepAnswer?.self) { group in
            group.addTask { await self.read(steps[index], place, on: target) }
            group.addTask { await self.waitUntilWithdrawn(target) }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        // The question stands on a line that has no end yet.
        if answer == nil { console.note("") }
        await screen.resume()
        return answer
    }

    /// Takes the question about a target back, if there is one.
    func withdraw(_ target: TargetName) { withdrawn.withLock { _ = $0.insert(target) } }

    private func read(_ step: Step, _ place: String, on target: TargetName) async -> StepAnswer? {
        let marks: [Effect: String] = [.once: ", runs once", .irreversible: ", can't be undone"]
        console.note("")
        let width = console.errorWidth ?? 100
        let effect = "(\(step.effect.rawValue)\(marks[step.effect] ?? ""))"
        let head = TextWidth.wrapped(
            "Step \(place) on \(target): \(step.id) \(effect)", width: width)
        for line in head { console.note(console.errorStyle.paint(line, .strong)) }
        let title = printable(step.title.utf8, keepNewlines: false)
        for line in TextWidth.wrapped(title, width: width, indent: 2) { console.note(line) }
        let abort = StepAnswer.abort(PersonCommand(verb: .abort, actor: actor))
        do {
            let choice = try await console.choose(
                "Do it?",
                among: [
                    ("yes", "do this step"), ("all", "do it, and ask no more"),
                    ("abort", "end the run here"),
                ], short: ["yes": ["y"], "abort": ["n", "no", "q"]])
            return [.go, .goOnAlone, abort][choice]
        } catch is CancellationError {
            return nil
        } catch {
            // Nobody is here to say yes.
            return abort
        }
    }

    private func waitUntilWithdrawn(_ target: TargetName) async -> StepAnswer? {
        while !withdrawn.withLock({ $0.contains(target) }) {
            do {
                try await console.world.sleep(Self.interval)
            } catch {
                // The person has answered, or the run's leader leaves.
                return nil
            }
        }
        return nil
    }
}
