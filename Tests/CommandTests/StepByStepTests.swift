import Runbooks
import Runner
import Synchronization
import Testing

@testable import handrail

/// A person who is asked before each step.
struct StepByStepTests {
    /// Notes what was performed, and says that all went well.
    private final class Noting: Executor {
        let parts = Mutex<[Part]>([])
        let cancelled = Mutex<[TargetName]>([])

        func perform(_ request: AttemptRequest) async -> AttemptReport {
            parts.withLock { $0.append(request.key.part) }
            return AttemptReport(ending: .exited(0))
        }

        func cancel(_ target: TargetName) async { cancelled.withLock { $0.append(target) } }
        func close(_ target: TargetName) async {}
        func shutDown() async {}
    }

    /// What is performed of a sequence when a person answers with these lines.
    private func perform(
        _ parts: [Part], answers: [String]
    ) async throws -> (done: [Part], endings: [Ending], aborts: Int, asked: Int) {
        let run = try PastRun(targets: ["web1"])
        let recorded = RecordedWorld(answers: answers)
        var world = recorded.world(isTerminal: true)
        // The world's own returns at once, and would spin.
        world.sleep = { try await Task.sleep(for: $0) }
        let console = Console(world: world, isJSON: false)
        let view = ProgressView(style: .plain)
        let board = ProgressBoard(RunMachine(record: run.record), view: view, now: world.now)
        let screen = ProgressScreen(
            board, console: console, view: view, started: PastRun.start)
        let noting = Noting()
        let aborts = Mutex(0)
        let asking = StepByStep(
            noting, plan: run.record.plan, screen: screen, console: console,
            abort: { aborts.withLock { $0 += 1 } })
        var endings: [Ending] = []
        for part in parts {
            let request = AttemptRequest(
                run: run.record.id,
                key: AttemptKey(target: run.record.plan.targets[0].name, part: part, number: 1),
                target: run.record.plan.targets[0], place: .target,
                action: .assert(AssertAction(script: ScriptCall(program: .inline("true")))),
                mode: .apply, timeout: .seconds(1))
            endings.append(await asking.perform(request).ending)
        }
        let questions = recorded.errors.split(
            separator: "Number or word:", omittingEmptySubsequences: false)
        return (
            noting.parts.withLock { $0 }, endings, aborts.withLock { $0 }, questions.count - 1
        )
    }

    private func steps() throws -> (StepID, StepID) {
        let steps = try PastRun(targets: ["web1"]).record.plan.steps
        return (steps[0].id, steps[1].id)
    }

    @Test func eachStepIsAskedForOnce() async throws {
        let (one, two) = try steps()
        let parts = [Part.guarding(one), .action(one), .check(one, 0), .action(two), .verify(0)]
        let result = try await perform(parts, answers: ["yes", "perhaps", "1"])
        #expect(result.done == parts)
        #expect(result.asked == 3)
        #expect(result.aborts == 0)
    }

    @Test func whoWantsToBeAskedNoMoreIsNot() async throws {
        let (one, two) = try steps()
        let result = try await perform([.action(one), .action(two)], answers: ["all"])
        #expect(result.done.count == 2)
        #expect(result.asked == 1)
    }

    @Test(arguments: [["abort"], []])
    func whoDoesNotSayYesStartsNothingAndEndsTheRun(answers: [String]) async throws {
        let (one, _) = try steps()
        let result = try await perform([.action(one)], answers: answers)
        #expect(result.done.isEmpty)
        #expect(result.endings == [.cancelled])
        #expect(result.aborts == 1)
    }

    @Test func whatGivesBackIsNeverAskedFor() async throws {
        let (one, _) = try steps()
        let result = try await perform([.release(one), .symptom], answers: [])
        #expect(result.done.count == 2)
    }
}
