import Foundation
import Runbooks
import Runner
import Testing

@testable import Plugins

/// What every executor promises of attempts that are sent ahead, shown on the real ones.
extension ExecutorContractTests {
    /// Attempts with the texts of their scripts, of which the first takes the others with it.
    private func series(_ texts: [String], on stage: Stage) throws -> AttemptRequest {
        var requests: [AttemptRequest] = []
        for (index, text) in texts.enumerated() {
            var request = try Requests.run(
                ScriptCall(program: .inline(text)), on: stage.target)
            request.key = AttemptKey(
                target: stage.target.name, part: request.key.part, number: index + 1)
            requests.append(request)
        }
        requests[0].followers = Array(requests.dropFirst())
        return requests[0]
    }

    /// What was reported, in order.
    private actor Reports {
        private(set) var all: [AttemptReport] = []
        private(set) var keys: [AttemptKey] = []

        func add(_ key: AttemptKey, _ report: AttemptReport) {
            keys.append(key)
            all.append(report)
        }

        var endings: [Ending] { all.map(\.ending) }
    }

    private func reports(_ request: AttemptRequest, on stage: Stage) async -> Reports {
        let reports = Reports()
        await stage.executor.perform(request) { await reports.add($0, $1) }
        return reports
    }

    @Test(arguments: ExecutorKind.available)
    func followersRunInTurnEachWithItsOwnReport(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            // Twice: the session's first request is announced, the second is not.
            for turn in 1...2 {
                let texts = (0..<12).map { "echo out\($0); printf err\($0) >&2\n" }
                let found = await reports(try series(texts, on: stage), on: stage)
                #expect(await found.keys.map(\.number) == Array(1...12))
                #expect(await found.endings == Array(repeating: .exited(0), count: 12))
                let all = await found.all
                #expect(
                    all.map { text($0.stdout) } == (0..<12).map { "out\($0)\n" }, "turn \(turn)")
                #expect(all.map { text($0.stderr) } == (0..<12).map { "err\($0)" })
            }
            let told = stage.notices.all.filter { $0.hasPrefix("1:") }.map { $0.dropFirst(2) }
                .joined()
            #expect((0..<12).allSatisfy { told.contains("out\($0)\n") })
        }
    }

    @Test(arguments: ExecutorKind.available)
    func nothingFollowsWhatDidNotEndWell(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let mark = "../handrail-followed"
            for script in ["exit 5\n", "kill -KILL $$\n", "no-such-command\n"] {
                let found = await reports(
                    try series(["true\n", script, "touch \(mark)\n", "true\n"], on: stage),
                    on: stage)
                let endings = await found.endings
                #expect(endings.first == .exited(0))
                guard case .exited(let status)? = endings.dropFirst().first else {
                    Issue.record("\(endings)")
                    return
                }
                #expect(status != 0)
                #expect(Array(endings.suffix(2)) == [.afterBadEnd, .afterBadEnd])
            }
            let look = ScriptCall(program: .inline("test ! -e \(mark)"))
            #expect(
                await stage.executor.perform(try Requests.run(look, on: stage.target)).ending
                    == .exited(0))
        }
    }

    /// A follower that can't stand on one line, or has an input, goes by itself, and in its turn.
    @Test(arguments: ExecutorKind.available)
    func whatCannotGoTogetherGoesOneByOne(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            var request = try series(["echo a\n", "cat\n", "exit 3\n", "echo on\n"], on: stage)
            guard case .run(var call) = request.followers[0].action else { return }
            call.standardInput = .text("given")
            call.arguments = [.text("two words")]
            request.followers[0].action = .run(call)
            let found = await reports(request, on: stage)
            #expect(await found.endings == [.exited(0), .exited(0), .exited(3), .afterBadEnd])
            #expect(text(await found.all[1].stdout) == "given")
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aRecallLetsTheOneUnderWayEndAndNoOtherBegin(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let request = try series(
                ["echo up; sleep 1\n", "echo second\n", "echo third\n"], on: stage)
            async let found = reports(request, on: stage)
            while stage.notices.all.isEmpty { await Task.yield() }
            await stage.executor.recall(stage.target.name)
            let endings = await found.endings
            #expect(endings == [.exited(0), .recalled, .recalled])
            let next = await reports(try series(["echo on\n", "echo on\n"], on: stage), on: stage)
            #expect(await next.endings == [.exited(0), .exited(0)])
        }
    }

    /// Again and again: a cancel that comes with the end of the step before meets the next one.
    @Test(.timeLimit(.minutes(10)), arguments: ExecutorKind.available)
    func aCancelEndsTheOneUnderWayAndNothingFollows(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let request = try series(["true\n", "echo up; sleep 600\n", "true\n"], on: stage)
            for _ in 1...30 {
                let seen = stage.notices.all.count
                async let found = reports(request, on: stage)
                while stage.notices.all.count == seen, !Task.isCancelled { await Task.yield() }
                await stage.executor.cancel(stage.target.name)
                let endings = await found.endings
                #expect(endings == [.exited(0), .cancelled, .afterBadEnd])
            }
        }
    }

    /// What was told at the seam of two steps is told again: nobody waits for the end of a deaf one.
    @Test(.timeLimit(.minutes(10)), arguments: ExecutorKind.available)
    func aCancelAtAnyMomentIsHeard(kind: ExecutorKind) async throws {
        let grace = StopGrace(beforeKill: .milliseconds(200), beforeHangUp: .seconds(20))
        try await onStage(kind, grace: grace) { stage in
            let deaf = "trap '' TERM; for i in 1 2 3 4 5 6; do sleep 100; done\n"
            let request = try series(["sleep 0.03\n", "true\n", deaf, "true\n"], on: stage)
            for round in 0..<30 {
                async let found = reports(request, on: stage)
                try await Task.sleep(for: .milliseconds(20 + round))
                await stage.executor.cancel(stage.target.name)
                let endings = await found.endings
                #expect(endings.count == 4)
                #expect(!endings.contains { $0 == .timedOut }, "\(endings)")
                #expect(endings.last != .exited(0))
            }
        }
    }

    /// Also while nobody follows the one under way yet, since the one before is being recorded.
    @Test(.timeLimit(.minutes(10)), arguments: ExecutorKind.available)
    func aCancelBetweenTwoStepsLetsNoOtherBegin(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let texts = ["true\n", "sleep 0.3\n", "echo third\n", "echo fourth\n"]
            let reports = Reports()
            await stage.executor.perform(try series(texts, on: stage)) { key, report in
                await reports.add(key, report)
                guard key.number == 1 else { return }
                await stage.executor.cancel(stage.target.name)
                try? await Task.sleep(for: .seconds(1))
            }
            #expect(await reports.endings.suffix(2).allSatisfy { $0.isHeldBack })
            #expect(stage.notices.all.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: ExecutorKind.available)
    func nobodySaysThatWhatALostSessionHadAheadWasStarted(
        kind: ExecutorKind
    ) async throws {
        try await onStage(kind) { stage in
            let found = await reports(
                try series(["true\n", "kill -KILL 0\n", "true\n"], on: stage), on: stage)
            let said = await found.endings.map { ending -> String in
                if case .unknown(let why) = ending { why } else { "" }
            }
            #expect(said[1].contains("had been started"))
            #expect(said[2].contains("whether it was begun is not known"))
        }
    }

    /// The end of the time and the end of the step may come together.
    @Test(.timeLimit(.minutes(10)), arguments: ExecutorKind.available)
    func timeThatRunsOutAtTheEndOfAStepIsNotTheNextOnes(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            var request = try series(["sleep 0.1\n", "sleep 0.3; echo on\n"], on: stage)
            for round in 0..<20 {
                request.timeout = .milliseconds(95 + round)
                let endings = await reports(request, on: stage).endings
                switch endings.first {
                case .timedOut: #expect(endings.last == .afterBadEnd)
                default:
                    #expect(endings.first == .exited(0))
                    if case .unknown = endings.last {} else { #expect(endings.last == .exited(0)) }
                }
            }
        }
    }

    /// Whenever it comes: some have ended, at most one was ended, and no other was begun.
    @Test(arguments: ExecutorKind.available)
    func aCancelAtAnyTimeLeavesThemInOrder(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            for turn in 0..<30 {
                let path = "../handrail-turn-\(turn)"
                let texts = (0..<14).map { _ in "echo x >>\(path)\n" }
                async let found = reports(try series(texts, on: stage), on: stage)
                try await Task.sleep(for: .microseconds(700 * turn))
                await stage.executor.cancel(stage.target.name)
                let endings = try await found.endings
                let done = endings.prefix { $0 == .exited(0) }
                let cut = endings.dropFirst(done.count)
                #expect(endings.count == 14)
                #expect(
                    cut.dropFirst().allSatisfy { $0 == .afterBadEnd || $0 == .recalled },
                    "\(endings)")
                let count = await stage.executor.perform(
                    try Requests.run(
                        ScriptCall(
                            program: .inline("cat \(path) 2>/dev/null | wc -l; rm -f \(path)")),
                        on: stage.target))
                let lines = Int(text(count.stdout).trimmingCharacters(in: .whitespacesAndNewlines))
                #expect(lines == done.count || lines == done.count + 1, "\(endings)")
            }
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aFollowerHasItsOwnTime(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            var request = try series(
                ["sleep 1\n", "sleep 1\n", "echo up; sleep 600\n", "true\n"], on: stage)
            for index in request.followers.indices {
                request.followers[index].timeout = .milliseconds(1900)
            }
            let found = await reports(request, on: stage)
            #expect(await found.endings == [.exited(0), .exited(0), .timedOut, .afterBadEnd])
            #expect(text(await found.all[2].stdout) == "up\n")
        }
    }

    @Test(arguments: ExecutorKind.available)
    func aCallerThatLeavesKnowsNothingOfAnyOfThem(kind: ExecutorKind) async throws {
        try await onStage(kind) { stage in
            let request = try series(["echo up; sleep 600\n", "true\n"], on: stage)
            let leaving = Task { await reports(request, on: stage) }
            while stage.notices.all.isEmpty { await Task.yield() }
            leaving.cancel()
            let endings = await leaving.value.endings
            #expect(endings == [Performance.abandoned, Performance.abandoned])
        }
    }
}

extension Ending {
    fileprivate var isHeldBack: Bool { if case .heldBack = self { true } else { false } }
}
