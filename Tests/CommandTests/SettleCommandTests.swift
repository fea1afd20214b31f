import Audit
import Runbooks
import Runner
import Testing

/// `settle`: a person says how a step ended whose outcome nobody knows.
struct SettleCommandTests {
    private func lost(_ bench: Workbench) async throws -> (SQLiteJournal, PastRun) {
        let (journal, _) = try await bench.journal()
        let past = try PastRun(targets: ["web1"], steps: [PastRun.steps()[1]])
        let (target, step): (TargetName, StepID) = (try name("web1"), try name("restart"))
        let key = AttemptKey(target: target, part: .action(step), number: 1)
        let nothing = OutputRecord(text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
        try await past.write(
            to: journal,
            [
                .stateChanged(.running, reason: "started"), .targetStarted(target),
                .attemptStarted(key),
                .attemptEnded(
                    key,
                    AttemptRecord(ending: .unknown("lost"), stdout: nothing, stderr: nothing)),
                .stepEnded(target, step, .unknown, reason: "it may have run: lost"),
                .targetEnded(target, .unknown),
                .thresholdReached(failures: 1, limit: 1),
                .stateChanged(
                    .needsPerson, reason: "the outcome of restart on web1 is unknown"),
            ])
        return (journal, past)
    }

    @Test func whatWaitsIsShownWithWhatToType() async throws {
        let bench = try Workbench()
        let (_, past) = try await lost(bench)
        let line = "→ handrail settle \(past.record.id) --on web1 --step restart --as "
        for arguments in [[], ["status", "last"]] {
            let shown = try bench.handrail(arguments)
            for finding in ["done", "not-done"] {
                #expect(
                    shown.output.contains(line + finding + " --why '…'\n"),
                    "\(arguments): \(shown.output)")
            }
        }
        let status = try bench.handrail("status", "last", "--json").json()
        let unsettled = try #require(status["unsettled"] as? [[String: String]])
        #expect(
            unsettled
                == [["target": "web1", "step": "restart", "reason": "it may have run: lost"]])
        #expect(status["exit"] as? Int == 9)
    }

    @Test(arguments: [("done", 14, RunState.succeeded), ("not-done", 5, .failed)])
    func whatAPersonFoundEndsTheStep(
        _ finding: String, _ status: Int32, _ state: RunState
    ) async throws {
        let bench = try Workbench()
        let (journal, past) = try await lost(bench)
        let result = try bench.handrail(
            "settle", "last", "--on", "web1", "--step", "restart", "--as", finding, "--why",
            "its log says so")
        #expect(result.status == (finding == "done" ? 0 : status), "\(result.errors)")
        // It took as long as the run, not as long as this command.
        let took = try #require(result.output.split(separator: "\n").first)
        #expect(took.contains(#/ after \d+ days \d+ h/#), "\(took)")
        let told = try bench.handrail("status", "last")
        let word = finding == "done" ? "done" : "not done"
        #expect(
            told.output.contains("settle restart on web1: \(word): its log says so"),
            "\(told.output)")
        let events = try await journal.events(of: past.record.id, after: 8).map(\.event)
        let isDone = finding == "done"
        guard case .commanded(let command, _)? = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(
            command.verb
                == .settle(
                    try name("web1"), try name("restart"), isDone: isDone, why: "its log says so"))
        #expect(
            events.contains(
                .stepEnded(
                    try name("web1"), try name("restart"), isDone ? .changed : .failed,
                    reason: "settled as \(isDone ? "" : "not ")done by \(command.actor): "
                        + "its log says so")))
        guard case .closed(let last, _)? = events.last else {
            Issue.record("\(events)")
            return
        }
        #expect(last == state)
        #expect(try await journal.unknownOutcomes().isEmpty)
        let log = try bench.handrail("audit", "show", "last")
        #expect(log.output.contains("settle"), "\(log.output)")
    }

    @Test func whatIsNotUnknownIsRefusedWithWhatIs() async throws {
        let bench = try Workbench()
        let (journal, past) = try await lost(bench)
        for (arguments, words) in [
            (["--on", "wbe1", "--step", "restart"], "did you mean web1?"),
            (["--on", "web1", "--step", "restrat"], "did you mean restart?"),
        ] {
            let result = try bench.handrail(
                ["settle", "last"] + arguments + ["--as", "done", "--why", "seen"])
            #expect(result.status == 3)
            #expect(result.errors.contains(words), "\(result.errors)")
        }
        let bare = try bench.handrail(
            "settle", "last", "--on", "web1", "--step", "restart", "--as", "perhaps", "--why", "x")
        #expect(bare.status == 64)
        #expect(try await journal.events(of: past.record.id, after: 8).isEmpty)
    }

    @Test func anAbortLeavesItUnknown() async throws {
        let bench = try Workbench()
        let (journal, past) = try await lost(bench)
        let result = try bench.handrail("abort", "last")
        #expect(result.status == 9, "\(result.errors)")
        let events = try await journal.events(of: past.record.id, after: 8).map(\.event)
        #expect(events.last == .closed(.aborted, .unclear))
        #expect(try await journal.unknownOutcomes().map(\.target) == [try name("web1")])
    }

    @Test func afterTheRunAPersonSaysThatItIsWell() async throws {
        let bench = try Workbench()
        let (journal, past) = try await lost(bench)
        let well = ["settle", "last", "--on", "web1", "--as", "well", "--why", "it answers"]
        let early = try bench.handrail(well)
        #expect(early.status == 4)
        #expect(early.errors.contains("has not ended"), "\(early.errors)")
        #expect(try bench.handrail("abort", "last").status == 9)
        let inbox = try bench.handrail()
        #expect(
            inbox.output.contains("handrail settle \(past.record.id) --on web1 --as well"),
            "\(inbox.output)")
        let done = try bench.handrail(well)
        #expect(done.status == 0, "\(done.errors)")
        #expect(try await journal.unknownOutcomes().isEmpty)
        #expect(try await journal.standings(of: nil).isEmpty)
        #expect(try await journal.settlements(of: past.record.id).map(\.why) == ["it answers"])
        let log = try bench.handrail("audit", "show", "last")
        #expect(log.output.contains("target.settled"), "\(log.output)")
        let wrong = try bench.handrail(
            "settle", "last", "--on", "web1", "--as", "well", "--step", "restart", "--why", "x")
        #expect(wrong.status == 64)
        let bare = try bench.handrail(
            "settle", "last", "--on", "web1", "--as", "done", "--why", "x")
        #expect(bare.status == 64)
    }
}
