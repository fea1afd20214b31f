import Runbooks
import Testing

/// The `rollout` of a runbook; its mistakes are in `Fixtures/invalid/rollout.yaml`, too.
struct RolloutReadingTests {
    private func read(_ rollout: String) -> Checked<Runbook> {
        Runbook.read(
            path: "r/runbook.yaml",
            in: TestTree.runbook(
                """
                handrail: 1
                id: a.b
                title: T
                kind: change
                owner: o
                targets: { select: role = web, max: 5 }
                steps: [{ id: a, effect: read, run: "true" }]
                \(rollout)
                """))
    }

    @Test func aRolloutIsReadAsItIsWritten() throws {
        let checked = read(
            """
            rollout:
              waves:
                - { name: canary, select: canary = true }
                - { name: others, size: 34% }
              max_in_flight: 20
              stop_at: { first_wave: 1, wave: 20%, failures: 6 }
              reach: { leave_out: 2% }
              soak: { time: 10m, watch: every 1m }
              health:
                - { where: target, nagios: [check_load, -w, "8"] }
                - { where: controller, script: scripts/here }
              promote: manual
              on_stop: rollback
              expected: 9m
              keep_going: true
            """)
        #expect(checked.diagnostics.map(\.brief) == [])
        let runbook = try #require(checked.value)
        #expect(
            runbook.waves
                == .entries([
                    WaveEntry(
                        name: "canary", select: try Expression.parse("canary = true").get()),
                    WaveEntry(name: "others", size: .percent(34)),
                ]))
        let health = runbook.rollout.health ?? []
        #expect(health.map(\.name) == ["check_load", "scripts/here"])
        #expect(health.map(\.place) == [.target, .controller])
        #expect(health.map(\.convention) == [.nagios, .script])
        #expect(
            health.first?.script.arguments == [.text("check_load"), .text("-w"), .text("8")])
        var rest = runbook.rollout
        rest.health = nil
        #expect(
            rest
                == Rollout(
                    maxInFlight: 20, stopAtFailures: 6, stopAtFirstWave: .count(1),
                    stopAtWave: .percent(20), leaveOut: .percent(2),
                    soak: Soak(milliseconds: 600_000, watchMilliseconds: 60_000),
                    promote: .manual, onStop: .rollback, expectedMilliseconds: 540_000,
                    keepsGoing: true))
    }

    @Test func whoDoesNotKeepGoingHasThePlanOfBeforeThereWasSuchAKey() {
        #expect(read("rollout: { keep_going: false }").value?.rollout == Rollout())
    }

    @Test func theShortFormIsSizesOfAllTargets() {
        #expect(
            read("rollout: { waves: [1, 10%, rest] }").value?.waves
                == .sizes([.count(1), .percent(10), nil]))
    }

    @Test func withoutARolloutAnyFailureStops() {
        #expect(read("").value?.rollout == Rollout(maxInFlight: 50, stopAtFailures: 1))
        #expect(read("").value?.waves == nil)
    }

    @Test func whereOnlyWavesAreCountedTheRunIsNot() {
        let rollout = read("rollout: { stop_at: { wave: 2 } }").value?.rollout
        #expect(rollout?.stopAtFailures == nil)
        #expect(rollout?.stopAtWave == .count(2))
    }

    @Test(arguments: [
        ("{ waves: [] }", ["8:19 bad-value"]),
        ("{ waves: 1 }", ["8:19 wrong-type"]),
        ("{ waves: [rest, 1] }", ["8:20 bad-value"]),
        ("{ waves: [0, 10%, 0%, 101%, x] }", [20, 28, 32, 38].map { "8:\($0) bad-value" }),
        ("{ waves: [1, { name: a }] }", ["8:23 wrong-type"]),
        ("{ waves: [{ name: a }, { name: b }] }", ["8:33 conflicting-keys"]),
        ("{ waves: [{ name: a, select: x = y }, { name: a }] }", ["8:56 duplicate-id"]),
        ("{ promote: manual }", ["8:12 misplaced-key"]),
        ("{ stop_at: { first_wave: 1 } }", ["8:23 misplaced-key"]),
        ("{ stop_at: { failures: 20% } }", ["8:33 bad-value"]),
        ("{ soak: { time: 1m, watch: every 1m } }", ["8:30 misplaced-key"]),
        (
            "{ soak: { time: 1m, watch: every 2m }, health: [{ sh: x }] }", ["8:37 bad-value"]
        ),
    ]) func saysWhatIsWrongWhere(_ rollout: String, _ found: [String]) {
        #expect(read("rollout: \(rollout)").diagnostics.map(\.brief) == found)
    }
}
