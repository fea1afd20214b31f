import Runbooks
import Runner
import Synchronization
import Testing

@testable import handrail

/// A person who is asked before each step.
struct StepByStepTests {
    private static let abort = StepAnswer.abort(PersonCommand(verb: .abort, actor: "ann"))

    /// A person who types these lines, and what is asked.
    private struct Desk {
        let recorded: RecordedWorld
        let asking: StepByStep
        let run: PastRun

        init(answers: [String], waits: Bool = false, steps: [Step]? = nil) throws {
            let recorded = RecordedWorld(answers: answers)
            var world = recorded.world(isTerminal: true)
            // The world's own returns at once, and would spin.
            world.sleep = { try await Task.sleep(for: $0) }
            if waits {
                world.terminal.readLine = { _ in
                    while true { try await Task.sleep(for: .milliseconds(5)) }
                }
            }
            run = try PastRun(targets: ["web1"], steps: steps)
            let console = Console(world: world, isJSON: false)
            let view = ProgressView(style: .plain)
            let board = ProgressBoard(RunMachine(record: run.record), view: view, now: world.now)
            let screen = ProgressScreen(
                board, console: console, view: view, started: PastRun.start)
            asking = StepByStep(
                plan: run.record.plan, screen: screen, console: console, actor: "ann")
            self.recorded = recorded
        }

        var target: TargetName { run.record.plan.targets[0].name }
        var step: StepID { run.record.plan.steps[0].id }
        func ask() async -> StepAnswer? { await asking.ask(step, on: target) }
    }

    @Test(arguments: [
        (["yes"], StepAnswer.go), (["perhaps", "1"], .go), (["all"], .goOnAlone),
        (["abort"], Self.abort), ([], Self.abort), (["y"], .go), (["Y"], .go), ([" yes\t"], .go),
        (["", "ALL"], .goOnAlone), (["n"], Self.abort), (["NO"], Self.abort), (["q"], Self.abort),
        (["a", "yes"], .go),
    ])
    func theAnswerIsWhatThePersonSays(_ lines: [String], _ answer: StepAnswer) async throws {
        let desk = try Desk(answers: lines)
        #expect(await desk.ask() == answer)
    }

    @Test func theQuestionNamesTheStepAndItsEffect() async throws {
        let desk = try Desk(answers: ["yes"])
        _ = await desk.ask()
        #expect(desk.recorded.errors.contains("Step 1 of "))
        #expect(desk.recorded.errors.contains("on web1: \(desk.step)"))
    }

    @Test func theShortAnswersAreNamedAndNoLineIsWiderThanTheTerminal() async throws {
        var steps = try PastRun.steps()
        steps[0].title = "Ask whether " + String(repeating: "everybody ", count: 10)
        let desk = try Desk(answers: ["yes"], steps: steps)
        _ = await desk.ask()
        #expect(desk.recorded.errors.contains("1) yes (y)"))
        #expect(desk.recorded.errors.contains("3) abort (n, no, q)"))
        #expect(
            desk.recorded.errors.split(separator: "\n").allSatisfy {
                TextWidth.of(String($0)) <= 80
            })
    }

    @Test func aWithdrawnQuestionEndsWithoutAnAnswer() async throws {
        let desk = try Desk(answers: [], waits: true)
        async let answer = desk.ask()
        while !desk.recorded.errors.contains("Number or word:") { await Task.yield() }
        desk.asking.withdraw(desk.target)
        #expect(await answer == nil)
    }

    @Test func aLeaderThatLeavesDoesNotWaitForTheAnswer() async throws {
        let desk = try Desk(answers: [], waits: true)
        let asked = Task { await desk.ask() }
        while !desk.recorded.errors.contains("Number or word:") { await Task.yield() }
        asked.cancel()
        #expect(await asked.value == nil)
    }
}
