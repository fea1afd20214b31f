import ArgumentParser
import Runbooks
import Runner
import TestSupport
import Testing

@testable import handrail

/// Commands that views show: each can be pasted into a shell as it stands.
struct ShownCommandTests {
    private static let width = 80

    /// The commands that stand on lines of their own in what people read of a run.
    private static func commands(of scene: GoldenScene) -> Set<String> {
        let recap = RecapView(
            report: RunReport(run: scene.machine), style: .plain, width: width, milliseconds: 1,
            chain: scene.chain
        ).lines.map { String($0.dropFirst(15)) }
        let status = StatusView(
            status: scene.status, time: GoldenScene.time, style: .plain, width: width
        ).lines.map { String($0.drop { $0 == " " || $0 == "→" }) }
        return Set((recap + status).filter { $0.hasPrefix("handrail ") })
    }

    /// The words that a shell makes of a line; nil when it is more than one command.
    private static func words(_ line: String) throws -> [String]? {
        let result = try Tool.run(
            ["sh", "-c", "handrail() { printf '%s\\n' \"$@\"; }\n" + line])
        guard result.status == 0, result.error.isEmpty else { return nil }
        return result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map(String.init)
    }

    @Test func eachIsOneCommandThatTheParserTakes() async throws {
        let scenes = [
            try await GoldenScene.asking(), try await GoldenScene.questioned(),
            try await GoldenScene.owing(), try await GoldenScene.ended(),
            try await GoldenScene.unsettled(), try await GoldenScene.rolledBack(),
            try await GoldenScene.retried(), try await GoldenScene.aborted(),
            try await GoldenScene.abortedAmid(), try await GoldenScene.resolved(),
        ]
        let inbox = InboxView(
            inbox: try await GoldenScene.inbox(), time: GoldenScene.time, style: .plain,
            width: Self.width
        ).lines.filter { $0.hasPrefix("    → ") }.map { String($0.dropFirst(6)) }
        let commands = Set(inbox).union(scenes.flatMap(Self.commands))
        #expect(commands.count > 15)
        for line in commands.sorted() {
            let words = try #require(try Self.words(line), "\(line)")
            await #expect(throws: Never.self, "\(line)") {
                _ = try await Handrail.asyncParseAsRoot(words)
            }
        }
        let items = try await GoldenScene.inbox().items
        for line in items.flatMap({ [$0.command] + ($0.commands ?? []) }) {
            let words = try #require(try Self.words(line), "\(line)")
            await #expect(throws: Never.self, "\(line)") {
                _ = try await Handrail.asyncParseAsRoot(words)
            }
        }
    }

    /// What a run would refuse is not offered: what comes before it is.
    @Test func whatIsOwedWhereSomethingIsUnknownIsNotOffered() async throws {
        let scene = try await GoldenScene.unsettled()
        let found = OwedText.all(of: scene.machine)
        #expect(found.map(\.command) == [nil])
        #expect(found.map(\.text) == ["can be given back once reload is settled"])
        #expect(!Self.commands(of: scene).contains { $0.contains(" pay ") })
        let items = try await GoldenScene.inbox().items.filter { $0.kind == .owed }
        #expect(items.map(\.command).filter { $0.contains(" pay ") }.count == 1)
        let owing = try await GoldenScene.owing()
        #expect(Self.commands(of: owing).contains { $0.contains(" pay ") })
    }

    /// The ways on are asked of the chain, as the commands themselves are.
    @Test func aStepThatMayRunOnceIsNamedAndWhatItBeganIsUndone() async throws {
        let scene = try await GoldenScene.abortedAmid()
        #expect(scene.machine.state == .aborted, "\(scene.machine.state)")
        let ways = GoingOn(chain: scene.chain, run: scene.machine).ways
        let id = scene.machine.record.id
        #expect(ways.map(\.name) == ["retry", "undo"])
        #expect(ways.first?.texts == ["look at web1 first: reload may run once only"])
        #expect(ways.first?.commands == ["handrail retry \(id) --failed --from reload"])
        #expect(
            ways.last?.texts
                == ["reload: a restart can't be undone; limits: with a script"])
        #expect(ways.last?.commands == ["handrail rollback \(id)"])
    }

    @Test func aPlanThatHasExpiredIsNotRetried() async throws {
        let scene = try await GoldenScene.abortedAmid()
        let late = GoingOn(
            chain: scene.chain, run: scene.machine, now: scene.machine.plan.expires)
        #expect(late.ways.first?.commands == ["handrail plan web.limits"])
    }

    @Test func whatAnotherRunHasGoneOnFromIsNot() async throws {
        let scene = try await GoldenScene.rolledBack()
        let parent = try #require(scene.ancestors.first)
        #expect(GoingOn(chain: scene.chain, run: parent).ways.isEmpty)
        #expect(!GoingOn(chain: RunChain([parent]), run: parent).ways.isEmpty)
    }

    @Test func whatAnAbortLeftSaysWhatWasBegun() throws {
        func text(_ changed: [String], _ at: String, _ outcome: Outcome?, _ isBegun: Bool) throws
            -> String
        {
            HalfDoneText.of(
                RunReport.HalfDone(
                    target: try name("hub01"), changed: try changed.map { try name($0) },
                    at: try name(at), outcome: outcome, isBegun: isBegun))
        }
        #expect(
            try text(["take-out"], "rebuild", .aborted, true)
                == "hub01: rebuild was begun and not ended (before it: take-out)")
        #expect(try text([], "rebuild", .failed, true) == "hub01: rebuild failed")
        #expect(
            try text(["a", "b"], "told", nil, false)
                == "hub01: a, b done, and it did not get past told")
    }

    @Test func linesOfAFailureStandOnLinesOfTheirOwn() {
        let failure = Failure(
            .invalidInput, code: "plan.drift",
            "The plan is another one:\n  parameters[1].text: 'hub01' → 'none'\n  steps[3]: x\u{1b}",
            hint: "leave it out")
        #expect(
            FailureView.lines(failure, style: .plain) == [
                "error: The plan is another one:", "         parameters[1].text: 'hub01' → 'none'",
                "         steps[3]: x\\x1b", "  hint: leave it out",
            ])
        #expect(
            FailureView.lines(failure, style: .plain, width: 40) == [
                "error: The plan is another one:", "         parameters[1].text: 'hub01' →",
                "           'none'", "         steps[3]: x\\x1b", "  hint: leave it out",
            ])
    }

    @Test func aRetryOfOtherValuesSaysThatItTakesTheRunsOwn() throws {
        func run(_ text: String) throws -> PastRun {
            try PastRun(parameters: [
                PlannedParameter(name: try name("bad"), kind: .string, text: text)
            ])
        }
        let past = try run("hub01")
        #expect(
            Preparation.hint(try run("none").record.plan, of: past.record)
                == "a retry takes the run's own values: leave out what gives bad, or run it anew "
                + "with 'handrail run web.restart'")
        #expect(
            Preparation.hint(past.record.plan, of: past.record).hasPrefix("what has changed since"))
    }

    /// Where room is short, a retry and a rollback are told apart all the same.
    @Test func historySaysWhatARunGoesOnAs() async throws {
        let runs = [
            try await GoldenScene.retried().summary, try await GoldenScene.rolledBack().summary,
            try await GoldenScene.ended().summary,
        ]
        let lines = HistoryView(runs: runs, time: GoldenScene.time, style: .plain)
            .lines(width: 80)
        #expect(lines.allSatisfy { TextWidth.of($0) <= 80 })
        for (line, words) in zip(
            lines.dropFirst(), ["needs a person (retry)", "needs a person (rollback)", "failed"])
        {
            #expect(line.contains(words), "\(line)")
        }
    }
}
