import Runbooks
import Runner
import Synchronization

/// An executor that asks a person before each step: `--step-by-step`.
///
/// Only what begins a step is asked for, its guard or else its action; checks, releases and second
/// attempts follow without a question.
final class StepByStep: Executor {
    private enum Answer: Sendable { case go, goOnAlone, abort }

    private struct State {
        var allowed: Set<StepID> = []
        var isAlone = false
        var isCancelled = false
    }

    private static let interval = Duration.milliseconds(100)

    private let executor: any Executor
    private let plan: Plan
    private let screen: ProgressScreen
    private let console: Console
    /// Tells the run that the person wants it to end.
    private let abort: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        _ executor: any Executor, plan: Plan, screen: ProgressScreen, console: Console,
        abort: @escaping @Sendable () -> Void
    ) {
        self.executor = executor
        self.plan = plan
        self.screen = screen
        self.console = console
        self.abort = abort
    }

    /// Carries out an attempt, once its step is allowed.
    func perform(_ request: AttemptRequest) async -> AttemptReport {
        guard await isAllowed(request) else { return AttemptReport(ending: .cancelled) }
        return await executor.perform(request)
    }

    /// Ends the question, or the attempt under way.
    func cancel(_ target: TargetName) async {
        state.withLock { $0.isCancelled = true }
        await executor.cancel(target)
    }

    func close(_ target: TargetName) async { await executor.close(target) }

    func shutDown() async { await executor.shutDown() }

    private func isAllowed(_ request: AttemptRequest) async -> Bool {
        switch request.key.part {
        case .guarding(let id), .action(let id):
            let isKnown = state.withLock { $0.isAlone || $0.allowed.contains(id) }
            guard !isKnown, let index = plan.steps.firstIndex(where: { $0.id == id }) else {
                return true
            }
            let answer = await ask(plan.steps[index], index, on: request.key.target)
            state.withLock { state in
                state.allowed.insert(id)
                if answer == .goOnAlone { state.isAlone = true }
            }
            // Who was cancelled has heard of the run's end already.
            if answer == .abort, !state.withLock({ $0.isCancelled }) { abort() }
            return answer != .abort
        case .symptom, .check, .verify, .release, .undo: return true
        }
    }

    private func ask(_ step: Step, _ index: Int, on target: TargetName) async -> Answer {
        await screen.hold()
        await console.world.terminal.discardTyped()
        let answer = await withTaskGroup(of: Answer.self) { group in
            group.addTask { await self.read(step, index, on: target) }
            group.addTask { await self.waitUntilCancelled() }
            let first = await group.next() ?? .abort
            group.cancelAll()
            return first
        }
        await screen.resume()
        return answer
    }

    private func read(_ step: Step, _ index: Int, on target: TargetName) async -> Answer {
        let marks: [Effect: String] = [.once: ", runs once", .irreversible: ", can't be undone"]
        console.note("")
        console.note(
            console.errorStyle.paint(
                "Step \(index + 1) of \(plan.steps.count) on \(target): \(step.id)", .strong)
                + " (\(step.effect.rawValue)\(marks[step.effect] ?? ""))")
        console.note("  " + printable(step.title.utf8, keepNewlines: false))
        do {
            let choice = try await console.choose(
                "Do it?",
                among: [
                    ("yes", "do this step"), ("all", "do it, and ask no more"),
                    ("abort", "end the run here"),
                ])
            return [.go, .goOnAlone, .abort][choice]
        } catch {
            // Nobody is here to say yes.
            return .abort
        }
    }

    private func waitUntilCancelled() async -> Answer {
        while !state.withLock({ $0.isCancelled }) {
            do {
                try await console.world.sleep(Self.interval)
            } catch {
                // The person has answered, or the run's leader leaves.
                return .abort
            }
        }
        return .abort
    }
}
