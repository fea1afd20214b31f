import Runbooks
import Testing

@testable import Runner

/// What the answer to an item's look means.
struct AuditJudgementTests {
    private static let look = Action.assert(AssertAction(script: RunFixture.call("look")))

    private func judge(
        _ comparison: ItemComparison?, _ attempt: AttemptRecord, _ action: Action = look
    ) -> AuditResult {
        AuditJudgement(ItemAudit(severity: .major, expected: comparison), action, attempt).result
    }

    @Test func aScriptsStatusSaysWhetherItCouldLook() {
        let wanted = ItemComparison.equals(.text("no"))
        #expect(judge(nil, .exit(0)) == AuditResult(.complies, .major, expected: "exit 0"))
        #expect(
            judge(nil, .exit(1, stdout: "it swaps\n"))
                == AuditResult(.deviates, .major, expected: "exit 0", actual: "it swaps"))
        #expect(judge(nil, .exit(1)).actual == "exit 1")
        #expect(
            judge(nil, .exit(1, stderr: "no such file\n"))
                == AuditResult(.failed, .major, why: "exit 1 \"no such file\""))
        #expect(judge(nil, .exit(77)).why == "it can't look (exit 77)")
        #expect(judge(nil, .exit(2)).verdict == .failed)
        #expect(
            judge(wanted, .exit(0, stdout: "no\n"))
                == AuditResult(.complies, .major, expected: "no", actual: "no"))
        #expect(
            judge(wanted, .exit(0, stdout: "yes\n\n"))
                == AuditResult(.deviates, .major, expected: "no", actual: "yes"))
        #expect(judge(wanted, .exit(1, stdout: "no\n")).verdict == .failed)
        #expect(judge(wanted, .exit(0)).actual == "nothing")
        #expect(judge(.equals(.text("")), .exit(0, stdout: "\n")).verdict == .complies)
    }

    @Test func whatWasNotSeenHasFailedAndSaysWhy() {
        let endings: [(Ending, Outcome)] = [
            (.timedOut, .timedOut), (.unreachable("no route"), .unreachable),
            (.notStarted("no perl"), .failed), (.unknown("lost"), .unknown),
        ]
        for (ending, outcome) in endings {
            let judged = AuditJudgement(
                ItemAudit(severity: .minor), Self.look, .ended(ending))
            #expect(judged.outcome == outcome)
            #expect(judged.result.verdict == .failed)
            #expect(judged.result.why?.isEmpty == false)
        }
    }

    @Test(arguments: [
        (ItemComparison.oneOf([.text("a"), .text("b")]), "b", AuditResult.Verdict.complies),
        (.oneOf([.text("a"), .text("b")]), "c", .deviates),
        (.matches("[0-9]+"), "42", .complies), (.matches("[0-9]+"), "42x", .deviates),
        (.range([.init(.below, .text("100"))]), "99.9", .complies),
        (.range([.init(.below, .text("100"))]), "100", .deviates),
        (.range([.init(.atLeast, .text("1.10"))]), "1.9", .complies),
        (.range([.init(.atLeast, .text("v1.10"))]), "1.9", .deviates),
        (.range([.init(.atLeast, .text("v1.9"))]), "1.10", .complies),
        (.range([.init(.atLeast, .text("1.10.0"))]), "1.9", .deviates),
        (.range([.init(.atLeast, .text("1.10"))]), "v1.9", .deviates),
        (.range([.init(.below, .text("0.5"))]), "0.25", .complies),
        (.range([.init(.below, .text("0.25"))]), "0.5", .deviates),
        (.range([.init(.atMost, .text("0.5"))]), "0.50", .complies),
        (.range([.init(.below, .text("v2"))]), "v1.10.3", .complies),
        (.range([.init(.atLeast, .text("1.10"))]), "1.10.1", .complies),
        (
            .range([.init(.above, .text("-5")), .init(.atMost, .text("5"))]), "5", .complies
        ),
        (.range([.init(.above, .text("-5")), .init(.atMost, .text("5"))]), "-5", .deviates),
    ])
    func eachComparisonSaysWhatItSays(
        comparison: ItemComparison, output: String, verdict: AuditResult.Verdict
    ) {
        #expect(judge(comparison, .exit(0, stdout: output + "\n")).verdict == verdict)
    }

    @Test func whatIsNoNumberFails() {
        let range = ItemComparison.range([.init(.below, .text("100"))])
        for output in ["", "fast", "100 ms", "1e3", "--5", "v-1", "v", "vv1", ".5", "5."] {
            let result = judge(range, .exit(0, stdout: output))
            #expect(result.verdict == .failed, "\(output)")
            #expect(result.why?.contains("neither number nor version") == true, "\(output)")
        }
    }

    @Test func whatIsTooLongToCompareFails() {
        var attempt = AttemptRecord.exit(0, stdout: "no")
        attempt.stdout = OutputRecord(
            text: "no", totalBytes: 9000, droppedBytes: 0,
            stored: Digest(rawValue: String(repeating: "b", count: 64)))
        let result = judge(.equals(.text("no")), attempt)
        #expect(result.verdict == .failed)
        #expect(result.why == "it wrote 9000 bytes, which is too much to compare")
        let long = String(repeating: "x", count: 500)
        #expect(judge(.equals(.text("no")), .exit(0, stdout: long)).actual?.count == 200)
    }

    @Test func aTypedActionIsToldByWhatItsLookSaw() {
        let service = Action.service(ServiceAction(name: .text("dovecot"), state: .running))
        var attempt = AttemptRecord.exit(1)
        attempt.seen = SeenState(expected: "running", actual: "stopped")
        let stopped = AuditResult(.deviates, .major, expected: "running", actual: "stopped")
        #expect(judge(nil, attempt, service) == stopped)
        // A service that can't be started is seen not to run all the same.
        attempt.ending = .exited(2)
        #expect(judge(nil, attempt, service) == stopped)
        attempt.ending = .exited(0)
        attempt.seen = SeenState(expected: "running", actual: "running")
        #expect(judge(nil, attempt, service).verdict == .complies)
        #expect(judge(nil, .exit(2, stderr: "no such service"), service).verdict == .failed)
        // An executor that tells nothing: the action says what it wants.
        #expect(
            judge(nil, .exit(1), service)
                == AuditResult(
                    .deviates, .major, expected: "running", actual: "something else"))
    }
}
