import Audit
import Runbooks
import Runner
import Testing

/// `rollback --wave`, and the runbook's word on whether a rollback keeps going.
struct RollbackWaveTests {
    /// A run that changed both its targets, each in a wave of its own; undoing needs no connection.
    private func past(
        _ bench: Workbench, hasWaves: Bool = true, keepsGoing: Bool? = nil
    ) async throws {
        let (journal, _) = try await bench.journal()
        var out = try PastRun.steps()[1]
        out.undo = []
        let past = try PastRun(steps: [out]) { plan in
            plan.rollout.keepsGoing = keepsGoing
            guard hasWaves else { return }
            plan.waves = [
                PlannedWave(name: "canary", targets: [try name("web1")]),
                PlannedWave(name: "others", targets: [try name("web2")]),
            ]
        }
        var events: [RunEvent] = [.stateChanged(.running, reason: "started")]
        for target in past.record.plan.targets.map(\.name) {
            let key = AttemptKey(target: target, part: .action(out.id), number: 1)
            events += [
                .targetStarted(target), .attemptStarted(key),
                .attemptEnded(key, PastRun.attempt(0, "", "")),
                .stepEnded(target, out.id, .changed, reason: nil), .targetEnded(target, .changed),
            ]
        }
        try await past.write(to: journal, events + [.closed(.succeeded, .unclear)])
    }

    @Test(arguments: ["2", "others"])
    func onlyTheTargetsOfAWaveAreUndone(_ wave: String) async throws {
        let bench = try Workbench()
        try await past(bench)
        let result = try bench.handrail("rollback", "last", "--wave", wave, "--yes")
        #expect(result.status == 7, "\(result.errors)")
        #expect(result.errors.contains("web2 nothing needs to be undone"), "\(result.errors)")
        #expect(!result.errors.contains("web1 nothing"), "\(result.errors)")
    }

    @Test func severalWavesMayBeNamed() async throws {
        let bench = try Workbench()
        try await past(bench)
        let result = try bench.handrail(
            "rollback", "last", "--wave", "1", "--wave", "others", "--yes")
        #expect(result.errors.contains("on 2 targets"), "\(result.errors)")
    }

    @Test func aWaveThatIsNotThereIsRefusedWithThoseThatAre() async throws {
        let bench = try Workbench()
        try await past(bench)
        for (wave, hint) in [("3", "1 (canary), 2 (others)"), ("othrs", "did you mean others?")] {
            let result = try bench.handrail("rollback", "last", "--wave", wave, "--yes")
            #expect(result.status == 3, "\(result.errors)")
            #expect(result.errors.contains("is no wave of this run"), "\(result.errors)")
            #expect(result.errors.contains(hint), "\(result.errors)")
        }
        let other = try Workbench()
        try await past(other, hasWaves: false)
        let result = try other.handrail("rollback", "last", "--wave", "1", "--yes")
        #expect(result.status == 3 && result.errors.contains("has no waves"), "\(result.errors)")
    }

    /// What the person says counts more than what the runbook says.
    @Test(
        arguments: [
            (nil, [], false), (nil, ["--keep-going"], true), (true, [], true),
            (true, ["--no-keep-going"], false),
        ] as [(Bool?, [String], Bool)])
    func theRunbookSaysWhetherItKeepsGoing(
        _ said: Bool?, _ options: [String], _ keepsGoing: Bool
    ) async throws {
        let bench = try Workbench()
        try await past(bench, keepsGoing: said)
        let result = try bench.handrail(["rollback", "last", "--yes"] + options)
        #expect(result.status == 7, "\(result.errors)")
        #expect(
            result.errors.contains("also after a failure") == keepsGoing, "\(result.errors)")
    }
}
