import Audit
import Runbooks
import Runner
import Testing

/// `retry` and `rollback` before anything starts: what they refuse, and what they show.
///
/// What they do on targets is in `scripts/test.d/on_fleet/undoing.py`.
struct ChildRunCommandTests {
    /// A run whose file step changed both targets, and whose restart failed on web2.
    private func past(
        _ bench: Workbench, isOver: Bool = true, bad: Set<String> = ["web2"]
    ) async throws -> PastRun {
        let (journal, _) = try await bench.journal()
        let file = Step(
            id: try name("limits"), title: "Write the limits", effect: .idempotent,
            action: .file(FileAction(path: .text("/etc/limits"), content: .absent)))
        // Long enough for a plan that is made again when this is read.
        let past = try PastRun(
            steps: [file, PastRun.steps()[1]], planHolds: .seconds(86_400 * 3650))
        var events: [RunEvent] = [.stateChanged(.running, reason: "started")]
        for target in past.record.plan.targets.map(\.name) {
            let isBad = bad.contains(target.rawValue)
            events.append(.targetStarted(target))
            for (step, status): (StepID, Int32) in [
                (try name("limits"), 0), (try name("restart"), isBad ? 3 : 0),
            ] {
                let key = AttemptKey(target: target, part: .action(step), number: 1)
                var record = PastRun.attempt(status, "", "")
                record.changed = true
                events += [
                    .attemptStarted(key), .attemptEnded(key, record),
                    .stepEnded(target, step, status == 0 ? .changed : .failed, reason: nil),
                ]
            }
            events.append(.targetEnded(target, isBad ? .failed : .changed))
        }
        if isOver { events.append(.closed(.failed, .unresolved)) }
        try await past.write(to: journal, events)
        return past
    }

    @Test func aRetryNamesItsTargets() async throws {
        let bench = try Workbench()
        _ = try await past(bench)
        let result = try bench.handrail("retry", "last", "--yes")
        #expect(result.status == 64)
        #expect(result.errors.contains("--failed"), "\(result.errors)")
    }

    @Test func aStepThatMayRunOnceHasToBeNamed() async throws {
        let bench = try Workbench()
        _ = try await past(bench)
        let result = try bench.handrail("retry", "last", "--failed", "--yes")
        #expect(result.status == 3)
        #expect(
            result.errors.contains("restart may run once only, and may have been started on web2"))
        #expect(result.errors.contains("--from restart"), "\(result.errors)")
    }

    @Test func whatStatusSaysToTypeIsNotRefused() async throws {
        let bench = try Workbench()
        let past = try await past(bench)
        let shown = try bench.handrail("status", "last").output
        #expect(shown.contains("look at web2 first: restart may run once only"), "\(shown)")
        let commands = shown.split(separator: "\n").filter { $0.hasPrefix("  → handrail ") }
            .map { String($0.dropFirst("  → handrail ".count)) }
        let retry = "retry \(past.record.id) --failed --from restart"
        #expect(commands.contains(retry), "\(shown)")
        #expect(commands.contains("rollback \(past.record.id)"), "\(shown)")
        for command in commands.filter({ $0.hasPrefix("retry") || $0.hasPrefix("rollback") }) {
            let typed = try bench.handrail(command.split(separator: " ").map(String.init))
            for refusal in ["can't be retried", "can't be rolled back", "has expired"] {
                #expect(!typed.errors.contains(refusal), "\(command): \(typed.errors)")
            }
        }
    }

    @Test func whatARetryStartsAgainIsNamedForAllTargets() async throws {
        let bench = try Workbench()
        _ = try await past(bench, bad: ["web1", "web2"])
        let result = try bench.handrail("retry", "last", "--failed", "--yes")
        #expect(
            result.errors.contains(
                "restart may run once only, and may have been started on web1, web2"),
            "\(result.errors)")
    }

    /// A rollback that has nothing to do on the target needs no connection.
    @Test func aRollbackIsToldAsOne() async throws {
        let bench = try Workbench()
        let (journal, _) = try await bench.journal()
        var out = try PastRun.steps()[1]
        out.undo = []
        let past = try PastRun(targets: ["web1"], steps: [out])
        let key = AttemptKey(target: try name("web1"), part: .action(out.id), number: 1)
        try await past.write(
            to: journal,
            [
                .stateChanged(.running, reason: "started"), .targetStarted(key.target),
                .attemptStarted(key), .attemptEnded(key, PastRun.attempt(0, "", "")),
                .stepEnded(key.target, out.id, .changed, reason: nil),
                .targetEnded(key.target, .changed), .closed(.succeeded, .unclear),
            ])
        let result = try bench.handrail("rollback", "last", "--yes")
        #expect(result.status == 7, "\(result.errors)")
        for words in ["web1 nothing needs to be undone", "which goes on from", "it needs no undo"] {
            #expect(result.errors.contains(words), "\(words): \(result.errors)")
        }
        #expect(!result.errors.contains("leading "), "\(result.errors)")
        for words in ["whether it helped", "escalate"] {
            #expect(!result.output.contains(words), "\(words): \(result.output)")
        }
        let shown = try bench.handrail("status", "last").output
        #expect(shown.contains("State    rolled back\n"), "\(shown)")
        #expect(!shown.contains("Escalate"), "\(shown)")
    }

    @Test func whatEndedWellIsNotRetried() async throws {
        let bench = try Workbench()
        _ = try await past(bench)
        let result = try bench.handrail("retry", "last", "--on", "web1", "--yes")
        #expect(result.status == 3)
        #expect(result.errors.contains("web1 ended well"), "\(result.errors)")
        let near = try bench.handrail("retry", "last", "--on", "wbe1", "--yes")
        #expect(near.errors.contains("did you mean web1?"), "\(near.errors)")
    }

    @Test func aRollbackIsConfirmedWithWhatItWouldUndo() async throws {
        let bench = try Workbench()
        let past = try await past(bench)
        let result = try bench.handrail("rollback", "last")
        #expect(result.status == 64)
        for words in [
            "Rollback of \(past.record.id) on 2 targets", "web2 undoes limits (put back)",
            "not undone: restart (a restart can't be undone)", "--yes",
        ] { #expect(result.errors.contains(words), "\(words): \(result.errors)") }
        let (journal, _) = try await bench.journal()
        #expect(try await journal.runs(matching: RunFilter()).count == 1)
    }

    @Test func aRunThatIsUnderWayHasNoChild() async throws {
        let bench = try Workbench()
        let past = try await past(bench, isOver: false)
        for arguments in [["retry", "last", "--failed"], ["rollback", "last"]] {
            let result = try bench.handrail(arguments + ["--yes"])
            #expect(result.status == 3)
            #expect(result.errors.contains("has not ended"), "\(result.errors)")
            #expect(result.errors.contains("handrail abort \(past.record.id)"))
        }
    }

    @Test func aRunThatChangedNothingHasNothingToUndo() async throws {
        let bench = try Workbench()
        try await PastRun().write(to: bench.journal().0, [.closed(.succeeded, .resolved)])
        let result = try bench.handrail("rollback", "last", "--yes")
        #expect(result.status == 3)
        #expect(result.errors.contains("the run changed nothing"), "\(result.errors)")
    }

    @Test func parentAndChildNameEachOther() async throws {
        let bench = try Workbench()
        let past = try await past(bench)
        let (journal, _) = try await bench.journal()
        let parent = past.record
        let child: RunID = try name("r-20261123-0800-b2c4")
        let start = TargetStart(
            target: try name("web2"),
            undone: [
                TargetStart.Undone(
                    step: try name("limits"), runs: [parent.id], isCertain: true)
            ])
        try await journal.open(
            RunRecord(
                id: child, number: 2, plan: parent.plan, planDigest: parent.planDigest,
                forecastDigest: nil, actor: "ann", ticket: nil, alert: nil,
                librarySource: parent.librarySource, opened: PastRun.start.adding(.seconds(9)),
                descent: RunDescent(kind: .rollback, parent: parent.id, starts: [start])),
            lease: PastRun.deadLease, leaseUntil: PastRun.start)
        let shown = try bench.handrail("status", child.rawValue)
        #expect(shown.output.contains("rollback of \(parent.id)"), "\(shown.output)")
        let before = try bench.handrail("status", parent.id.rawValue)
        #expect(before.output.contains("Then     \(child)"), "\(before.output)")
        let document = try bench.handrail("status", child.rawValue, "--json").json()
        #expect(document["parent"] as? String == parent.id.rawValue)
        #expect(document["goes_on_as"] as? String == "rollback")
        let listed = try bench.handrail("history")
        #expect(listed.output.contains("web.restart (rollback)"), "\(listed.output)")
        // Whichever of the chain is named, the newest is gone on from; and that is open.
        let again = try bench.handrail("rollback", parent.id.rawValue, "--yes")
        #expect(again.status == 3)
        #expect(again.errors.contains("the run \(child) has not ended"), "\(again.errors)")
    }
}
