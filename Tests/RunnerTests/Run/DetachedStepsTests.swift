import Runbooks
import Testing

@testable import Runner

/// What a run makes of attempts that outlive their session and their leader.
struct DetachedStepsTests {
    private static let a = RunFixture.target("a")
    private static let action = Part.action(RunFixture.id("one"))
    private static let fixture = RunFixture(steps: [
        RunFixture.step("one", .once), RunFixture.step("two"),
    ])

    /// A machine whose first leader died while the first step was under way.
    private static func afterCrash(_ fixture: RunFixture = fixture) -> HandDrive {
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in nil }
        drive.feed([.sessionOpened(a, "7 1 boot-a spool-a")]) { _ in nil }
        drive.machine = RunMachine(record: fixture.record, events: drive.events)
        drive.performed = []
        return drive
    }

    @Test func whatMayHappenOnceIsClaimedByItsPlanRunStepAndAttempt() throws {
        var drive = HandDrive(Self.fixture)
        drive.feed([.led]) { _ in nil }
        let detachment = try #require(drive.performed.first?.detachment)
        #expect(detachment.token == "\(Self.fixture.record.plan.planID)-1")
        #expect(detachment.claim == "one.1")
        #expect(detachment.knownSpool == nil)
        #expect(!detachment.isRecovery && detachment.mayStart)
    }

    @Test func shortStepsThatMayBeDoneAgainEndWithTheirSession() {
        var long = RunFixture.step("long")
        long.timeout = Step.longStep
        var told = RunFixture.step("told")
        told.isDetached = true
        let fixture = RunFixture(steps: [
            RunFixture.step("look", .read), RunFixture.step("short"), long, told,
            RunFixture.step("last", .irreversible),
        ])
        var drive = HandDrive(fixture)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(
            drive.performed.map { $0.detachment != nil } == [false, false, true, true, true])
        let followers = drive.performed.flatMap(\.followers).compactMap(\.key.part.step)
        #expect(followers == [RunFixture.id("short")], "nothing follows by itself what is claimed")
    }

    @Test func claimsOfItemsHaveNamesThatATargetTakes() {
        var step = RunFixture.step("one", .once)
        step.forEach = .texts(["x", "a b"])
        var drive = HandDrive(RunFixture(steps: [step]))
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.performed.compactMap(\.detachment?.claim) == ["one~x.1", "one~=2.1"])
    }

    @Test func theNextLeaderAsksTheTargetInsteadOfCallingItUnknown() throws {
        var drive = Self.afterCrash()
        drive.feed([.led]) { $0.key.part == Self.action ? nil : .exit(0) }
        let asked = try #require(drive.performed.first)
        #expect(drive.performed.count == 1)
        #expect(asked.key == AttemptKey(target: Self.a, part: Self.action, number: 1))
        let detachment = try #require(asked.detachment)
        #expect(detachment.isRecovery && detachment.mayStart)
        #expect(detachment.knownSpool == KnownSpool(id: "spool-a", bootID: "boot-a"))
        drive.feed([.attemptEnded(asked.key, .exit(0))]) { _ in .exit(0) }
        #expect(drive.machine.state == .succeeded)
        #expect(drive.performed.count == 2)
    }

    @Test func aBootThatALaterLeaderMeetsProvesNothingOfAnEarlierStart() {
        var drive = Self.afterCrash()
        drive.feed([.led]) { _ in nil }
        drive.feed([.sessionOpened(Self.a, "9 1 boot-b spool-a")]) { _ in nil }
        drive.machine = RunMachine(record: Self.fixture.record, events: drive.events)
        drive.feed([.led]) { _ in nil }
        #expect(
            drive.performed.last?.detachment?.knownSpool
                == KnownSpool(id: "spool-a", bootID: "boot-a"))
        drive.feed([.attemptEnded(drive.performed[0].key, .ended(.heldBack("void")))]) { _ in nil }
        #expect(
            drive.performed.last?.detachment?.knownSpool
                == KnownSpool(id: "spool-a", bootID: "boot-b"))
    }

    @Test func whatIsProvedNotToHaveBegunIsANewAttempt() {
        var drive = Self.afterCrash()
        drive.feed([.led]) { request in
            request.detachment?.isRecovery == true ? .ended(.heldBack("void")) : .exit(0)
        }
        #expect(drive.performed.compactMap(\.detachment?.claim) == ["one.1", "one.2"])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func whatTheTargetCantTellStaysUnknownAndIsNeverStartedAgain() {
        var drive = Self.afterCrash()
        drive.feed([.led]) { _ in .ended(.unknown("restarted")) }
        #expect(drive.performed.count == 1)
        #expect(drive.machine.targets[Self.a]?.outcomes[RunFixture.id("one")] == .unknown)
    }

    @Test func anUnknownEndOfADetachedStepHoldsNoSessionUp() {
        var drive = Self.afterCrash(
            RunFixture(steps: [
                RunFixture.step("one", .once) { $0.onFailed = .continue }, RunFixture.step("two"),
            ]))
        drive.feed([.led]) { request in
            request.key.part == Self.action ? .ended(.unknown("lost")) : .exit(0)
        }
        #expect(drive.performed.last?.key.part == .action(RunFixture.id("two")))
        #expect(drive.performed.last?.previousSessions == [])
    }

    @Test func aLeaderThatLeavesDoesNotWaitForWhatGoesOnWithoutIt() {
        var drive = HandDrive(Self.fixture)
        drive.feed([.led]) { _ in nil }
        drive.feed([.leaving]) { _ in nil }
        #expect(drive.isFinished)
        #expect(!drive.machine.state.isTerminal)
    }

    @Test func whoTakesARunToAbortItStartsNothingThatHadNotBegun() throws {
        var drive = Self.afterCrash()
        drive.feed([.halted([], reason: "it is to be aborted", pauses: false), .led]) { _ in nil }
        let detachment = try #require(drive.performed.first?.detachment)
        #expect(detachment.isRecovery && !detachment.mayStart)
        drive.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)]) { _ in nil }
        #expect(drive.cancelled == [Self.a])
        drive.feed([.attemptEnded(drive.performed[0].key, .ended(.heldBack("void")))]) { _ in nil }
        #expect(drive.machine.state == .aborted)
        #expect(drive.machine.targets[Self.a]?.outcomes[RunFixture.id("one")] == .aborted)
        #expect(drive.performed.count == 1)
    }

    @Test func whatLivesIsEndedWhereTheAbortIsOlderThanItsLeader() throws {
        var drive = Self.afterCrash()
        drive.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)]) { _ in nil }
        drive.machine = RunMachine(record: Self.fixture.record, events: drive.events)
        drive.feed([.led]) { _ in nil }
        let detachment = try #require(drive.performed.last?.detachment)
        #expect(detachment.isRecovery && detachment.isEnding && !detachment.mayStart)
    }

    @Test func aTargetIsClearedAwayWhenAllOfItIsKnown() {
        func effects(_ ending: AttemptRecord, hasSpool: Bool) -> [String] {
            var machine = RunMachine(
                record: RunFixture(steps: [RunFixture.step("one", .once)]).record)
            let now = Timestamp(milliseconds: 0)
            _ = machine.decide(.led, at: now)
            _ = machine.decide(.admission([Self.a], deferred: [:]), at: now)
            if hasSpool { _ = machine.decide(.sessionOpened(Self.a, "7 1 boot spool"), at: now) }
            let key = AttemptKey(target: Self.a, part: Self.action, number: 1)
            return machine.decide(.attemptEnded(key, ending), at: now).effects.map {
                switch $0 {
                case .clean: "clean"
                case .close: "close"
                case .finish: "finish"
                default: "other"
                }
            }
        }
        #expect(effects(.exit(0), hasSpool: true).contains("clean"))
        #expect(effects(.exit(1), hasSpool: true).contains("clean"))
        #expect(effects(.exit(0), hasSpool: false).contains("close"))
        #expect(!effects(.ended(.unknown("lost")), hasSpool: true).contains("clean"))
    }
}
