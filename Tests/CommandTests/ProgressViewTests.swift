import Runbooks
import Runner
import Testing

@testable import handrail

struct ProgressViewTests {
    private static func run(_ title: String, _ action: Action) throws -> RunMachine {
        let step = Step(id: try name("look"), title: title, effect: .read, action: action)
        return RunMachine(record: try PastRun(targets: ["web1"], steps: [step]).record)
    }

    private static func line(
        _ outcome: Outcome, _ reason: String?, width: Int?, in run: RunMachine
    ) throws -> String? {
        try ProgressView(style: .plain, width: width).line(
            for: .stepEnded(name("web1"), name("look"), outcome, reason: reason), in: run)
    }

    @Test func whatWentWellFitsTheTerminal() throws {
        let run = try Self.run(
            "Keep what tier 3 will need, before a restart destroys it",
            .stop(StopAction(resolution: .unresolved, escalate: nil, say: "Ask")))
        let line = try Self.line(
            .skipped, "x = y does not hold, and more than fits", width: 50, in: run)
        #expect(line == "  · look     skipped     x = y does not hold, and…")
        #expect(TextWidth.of(line ?? "") <= 50)
    }

    @Test func whatIsUnknownIsNeitherDoneNorFailed() async throws {
        let scene = try await GoldenScene.unsettled()
        let line = ProgressView(style: .plain).summary(
            scene.machine, [], GoldenScene.start, GoldenScene.now)
        #expect(line == "▸ web.limits  0/1 done · 1 unknown · 10 min 00 s")
    }

    /// What is owed there is given back after that, so that is what to do.
    @Test func aLockIsKeptForWhatIsUnknown() async throws {
        let scene = try await GoldenScene.unsettled()
        let line = ProgressView(style: .plain).line(
            for: .lockKept(try name("web1"), reason: "out is owed there"), in: scene.machine)
        #expect(line == "web1 stays locked until somebody says how reload ended there")
    }

    @Test func aBracketThatIsOpenedAgainKeepsItsColumns() async throws {
        let scene = try await GoldenScene.owing()
        let view = ProgressView(style: .plain)
        let (web1, out): (TargetName, StepID) = (try name("web1"), try name("out"))
        let again = view.line(
            for: .reopened(web1, out, .changed, reason: nil), in: scene.machine)
        #expect(again == "  web1 ✓ out        changed     Again, before what follows")
    }

    @Test func aRollbackUndoes() async throws {
        let scene = try await GoldenScene.rolledBack()
        let view = ProgressView(style: .plain)
        let lines = scene.events.compactMap { view.line(for: $0.event, in: scene.machine) }
        #expect(lines.contains("  web1 ✓ limits     undone      Write the limits"), "\(lines)")
        #expect(
            lines.contains("  web1 ✓ out        satisfied   its release has given it back"),
            "\(lines)")
        #expect(lines.contains("✓ web1  undone"), "\(lines)")
        #expect(!lines.contains { $0.contains("changed   ") }, "\(lines)")
    }

    @Test func aReasonIsNeverCut() throws {
        let run = try Self.run(
            "Look", .stop(StopAction(resolution: .unresolved, escalate: nil, say: "Ask")))
        let reason = "exit 2: the file is not what it was when the run began, look at it"
        #expect(try Self.line(.failed, reason, width: 40, in: run)?.hasSuffix(reason) == true)
    }

    @Test func aStopIsCalledOne() throws {
        let run = try Self.run(
            "Stop if it is full",
            .stop(StopAction(resolution: .unresolved, escalate: nil, say: "Ask")))
        #expect(
            try Self.line(.ok, nil, width: nil, in: run)
                == "  ■ look     stopped     Stop if it is full")
    }
}
