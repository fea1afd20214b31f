import Audit
import Runbooks
import Runner
import Testing

@testable import handrail

/// What a run waits for, and until when.
struct AwaitedItemTests {
    private static let later = PastRun.start.adding(.seconds(3600))

    private func past(_ promote: Rollout.Promote? = nil) throws -> PastRun {
        try PastRun { plan in
            plan.rollout.promote = promote
            plan.waves = [
                PlannedWave(name: "first", targets: [try name("web1")]),
                PlannedWave(name: "second", targets: [try name("web2")]),
            ]
        }
    }

    private func items(
        _ events: [RunEvent], promote: Rollout.Promote? = nil, isLed: Bool? = true,
        locks: [TargetLock] = []
    ) throws -> [AwaitedItem] {
        let old = try past(promote).record
        var machine = RunMachine(
            record: RunRecord(
                id: old.id, number: 1, plan: old.plan, planDigest: old.planDigest,
                forecastDigest: nil, actor: "ann", ticket: nil, alert: nil,
                librarySource: old.librarySource, opened: old.opened, gating: Gating(waits: true)))
        for event in events { machine.apply(event, at: PastRun.start) }
        return AwaitedItem.all(of: machine, isLed: isLed, locks: locks)
    }

    private func firstWaveEnded() throws -> [RunEvent] {
        [
            .stateChanged(.running, reason: "started"), .wave(.started(0)),
            .targetStarted(try name("web1")), .targetEnded(try name("web1"), .changed),
            .wave(.ended(0)),
        ]
    }

    @Test func closedGatesAreAwaitedUntilTheyMayOpen() throws {
        let found = try items([
            .gatesAnswered(
                isOpen: false, lines: ["5 change: open (approved)", "6 window: waiting"],
                until: Self.later),
            .stateChanged(.waiting, reason: "the window is closed"),
        ])
        #expect(found.map(\.kind) == [.gates])
        #expect(found.first?.what == "6 window: waiting" && found.first?.until == Self.later)
        #expect(found.first?.commands == [])
    }

    @Test func aPausedRunWaitsForWhoeverResumesOrEndsIt() throws {
        let found = try items(
            [.stateChanged(.paused, reason: "paused by a person")], isLed: false)
        #expect(found.map(\.kind) == [.resume], "that nobody leads it is no news")
        let id = try past().record.id
        #expect(found.first?.commands == ["handrail resume \(id)", "handrail abort \(id)"])
    }

    @Test func aRunThatNobodyLeadsWaitsForALeader() throws {
        let events: [RunEvent] = [.stateChanged(.running, reason: "started")]
        #expect(try items(events, isLed: false).map(\.kind) == [.leader])
        #expect(try items(events, isLed: nil).isEmpty, "nobody looked it up")
    }

    @Test func aTargetWaitsForWhatIsInTheWayNow() throws {
        let lock = try #require(try GoldenScene.locks().first)
        let waits: [RunEvent] = [
            .deferred(lock.target, cause: "c", reason: "as it was when that began")
        ]
        #expect(try items(waits).first?.what == "as it was when that began")
        let other = TargetLock(
            target: lock.target, run: try name("r-20261123-0600-aaaa"), runbook: lock.runbook,
            actor: lock.actor, since: lock.since, step: nil, kept: nil, isLed: true, isOver: false)
        let found = try items(waits, locks: [other])
        #expect(found.map(\.kind) == [.lock] && found.first?.target == lock.target)
        #expect(found.first?.what.contains("r-20261123-0600-aaaa") == true)
    }

    @Test func nothingIsAwaitedOnceItIsOver() throws {
        let ended = try firstWaveEnded() + [.closed(.failed, .unclear)]
        #expect(try items(ended, promote: .manual, isLed: false).isEmpty)
    }

    @Test func aPromotionIsAwaitedInStatusAndInbox() async throws {
        let events = try firstWaveEnded() + [.stateChanged(.needsPerson, reason: "first is done")]
        let found = try items(events, promote: .manual)
        let command = "handrail promote \(try past().record.id)"
        #expect(found.map(\.kind) == [.promotion] && found.first?.commands == [command])
        let bench = try Workbench()
        let (journal, _) = try await bench.journal()
        try await past(.manual).write(to: journal, events)
        let inbox = try #require(
            try bench.handrail("status", "--json").json()["items"] as? [[String: Any]])
        #expect(inbox.map { $0["kind"] as? String } == ["promotion"], "\(inbox)")
        #expect(inbox.first?["command"] as? String == command)
        let shown = try bench.handrail("status", "last").output
        for words in [
            "Wave     1 of 2, first: done;", "Waves    first: 1 target, 1 well", command,
        ] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }
    }
}
