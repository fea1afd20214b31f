import Runbooks
import Runner
import Testing

@testable import handrail

/// What the screen shows is the run, though it keeps none of the loop's.
struct ProgressBoardTests {
    @Test func followsTheRunByItsEvents() throws {
        let steps = ["look", "mend"].compactMap(StepID.init(rawValue:)).map { id in
            Step(
                id: id, title: id.rawValue, effect: .idempotent,
                action: .run(ScriptCall(program: .inline("true"))))
        }
        let past = try PastRun(targets: ["web1", "web2", "web3"], steps: steps)
        var run = RunMachine(record: past.record)
        let board = ProgressBoard(
            run, view: ProgressView(style: .plain), now: { PastRun.start })
        var inputs: [RunInput] = [.led]
        var count = 0
        while let input = inputs.popLast() {
            let decision = run.decide(input, at: PastRun.start)
            board.note(decision.events)
            #expect(board.run == run)
            for case .admit(let names) in decision.effects {
                inputs.append(.admission(names, deferred: [:]))
            }
            for case .timer(let timer, _) in decision.effects { inputs.append(.timer(timer)) }
            for case .perform(let first) in decision.effects {
                var last = Ending.exited(0)
                var ends: [RunInput] = []
                for request in [first] + first.followers {
                    count += 1
                    last = last == .exited(0) ? .exited(count == 3 ? 1 : 0) : .afterBadEnd
                    let nothing = OutputRecord(
                        text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
                    ends.append(
                        .attemptEnded(
                            request.key,
                            AttemptRecord(ending: last, stdout: nothing, stderr: nothing)))
                }
                inputs += ends.reversed()
            }
        }
        #expect(run.state.isTerminal)
        #expect(board.take().lines.contains { $0.contains("web") })
    }
}
