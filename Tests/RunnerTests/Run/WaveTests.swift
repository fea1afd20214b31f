import Runbooks
import Testing

@testable import Runner

/// Runs that go over waves: what starts when, what stops them, and what lies between.
struct WaveTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }

    private func fixture(
        _ waves: [[String]], _ change: (inout Rollout) -> Void = { _ in }
    ) -> RunFixture {
        var fixture = RunFixture(steps: [RunFixture.step("work")])
        fixture.targets = waves.flatMap { $0 }
        fixture.waves = waves
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: nil)
        change(&fixture.rollout)
        return fixture
    }

    /// Answers that fail on some targets.
    private func failing(_ names: String...) -> (AttemptRequest) -> AttemptRecord? {
        { .exit(names.contains($0.target.name.rawValue) ? 1 : 0) }
    }

    private func person(_ verb: PersonCommand.Verb, _ id: Int) -> RunInput {
        .command(PersonCommand(verb: verb, actor: "ann"), inboxID: id)
    }

    private func waves(_ drive: HandDrive) -> [WaveEvent] {
        drive.events.compactMap { recorded in
            guard case .wave(let event) = recorded.event else { return nil }
            return event
        }
    }

    @Test func aWaveStartsOnceAllOfTheOneBeforeHasEnded() {
        var drive = HandDrive(fixture([["a"], ["b", "c"]]))
        drive.feed([.led]) { _ in nil }
        #expect(drive.started == ["a:work"])
        drive.feed([.attemptEnded(drive.open[0], .exit(0))]) { _ in nil }
        #expect(drive.started == ["a:work", "b:work", "c:work"])
        drive.feed(drive.open.dropFirst().map { .attemptEnded($0, .exit(0)) }, answer: Self.good)
        #expect(drive.machine.state == .succeeded)
        #expect(waves(drive) == [.started(0), .ended(0), .started(1), .ended(1)])
        #expect(drive.isFold)
    }

    @Test func aRunWithoutWavesRecordsNothingOfThem() {
        var one = fixture([["a", "b"]])
        one.waves = nil
        var drive = HandDrive(one)
        drive.feed([.led], answer: Self.good)
        #expect(waves(drive).isEmpty)
        #expect(drive.machine.state == .succeeded)
    }

    @Test func theFirstWaveHasALimitOfItsOwn() {
        var drive = HandDrive(
            fixture([["a", "b", "c"], ["d"]]) {
                ($0.stopAtFirstWave, $0.stopAtWave) = (.count(1), .count(3))
                $0.onStop = .abort
            })
        drive.feed([.led], answer: failing("b"))
        #expect(drive.machine.state == .failed)
        #expect(!drive.started.contains("d:work"))
    }

    @Test func aShareOfTheWaveStopsAtItsRoundedUpNumber() {
        let some = fixture([["a"], ["b", "c", "d", "e"], ["f"]]) {
            ($0.stopAtWave, $0.onStop) = (.percent(26), .abort)
        }
        var drive = HandDrive(some)
        drive.feed([.led], answer: failing("b"))
        #expect(drive.started.contains("f:work"), "one of four is below two")
        drive = HandDrive(some)
        drive.feed([.led], answer: failing("b", "c"))
        #expect(!drive.started.contains("f:work"))
        #expect(drive.machine.state == .failed)
    }

    @Test func theFailuresOfAllWavesCountTogether() {
        var drive = HandDrive(
            fixture([["a", "b"], ["c", "d"], ["e"]]) {
                ($0.stopAtFailures, $0.onStop) = (2, .abort)
            })
        drive.feed([.led], answer: failing("a", "c"))
        #expect(!drive.started.contains("e:work"))
        #expect(drive.machine.failures == 2)
    }

    @Test func aWaveWithoutASuccessStops() {
        var drive = HandDrive(fixture([["a"], ["b"]]) { $0.stopAtFailures = 5 })
        drive.feed([.led], answer: failing("a"))
        #expect(!drive.started.contains("b:work"))
        #expect(drive.machine.state == .paused)
        #expect(drive.machine.stateReason.contains("no target of wave 1 ended well"))
    }

    @Test func whoResumesAStoppedRunAcceptsItsFailures() {
        var drive = HandDrive(fixture([["a", "b"], ["c", "d"], ["e"]]))
        drive.feed([.led], answer: failing("a"))
        #expect(drive.machine.state == .paused)
        #expect(drive.isFinished)
        drive.isFinished = false
        drive.feed([person(.resume, 1)], answer: failing("c"))
        #expect(drive.started.contains("c:work"))
        #expect(drive.machine.state == .paused, "the next failure stops it again")
        drive.feed([person(.resume, 2)], answer: Self.good)
        #expect(drive.machine.state == .failed)
        #expect(drive.started.contains("e:work"))
        #expect(drive.isFold)
    }

    @Test func aStoppedRunIsToBeUndoneWhateverItsTargetsOwe() {
        let out = RunFixture.step("out") {
            $0.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("work"), ifStopped: .keep)
        }
        var owing = fixture([["a"], ["b"]]) { $0.onStop = .rollback }
        owing.steps = [out, RunFixture.step("work", .once)]
        let answer: (AttemptRequest) -> AttemptRecord? = {
            .exit(HandDrive.text(of: $0.action) == "work" ? 1 : 0)
        }
        var drive = HandDrive(owing)
        drive.feed([.led], answer: answer)
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.machine.owed.map(\.target) == [RunFixture.target("a")])
        #expect(drive.machine.isToBeUndone)
        #expect(drive.isFinished)
        owing.rollout.onStop = .abort
        var other = HandDrive(owing)
        other.feed([.led], answer: answer)
        #expect(other.machine.state == .needsPerson)
        #expect(!other.machine.isToBeUndone)
    }

    @Test func whatCantBeReachedIsLeftOutAsFarAsThereIsRoom() {
        var drive = HandDrive(fixture([["a", "b", "c"], ["d", "e"]]) { $0.leaveOut = .count(2) })
        drive.feed([.led]) { request in
            ["b", "d"].contains(request.target.name.rawValue)
                ? .ended(.unreachable("no answer")) : .exit(0)
        }
        #expect(drive.machine.state == .succeeded)
        #expect(drive.machine.failures == 0)
        #expect(drive.machine.targets[RunFixture.target("b")]?.outcome == .unreachable)
        #expect(
            waves(drive).filter { if case .leftOut = $0 { true } else { false } }
                == [.leftOut(RunFixture.target("b")), .leftOut(RunFixture.target("d"))])
    }

    @Test func oneMoreThanMayBeLeftOutHasFailed() {
        var drive = HandDrive(fixture([["a", "b", "c"], ["d"]]) { $0.leaveOut = .percent(25) })
        drive.feed([.led]) { request in
            ["b", "c"].contains(request.target.name.rawValue)
                ? .ended(.unreachable("no answer")) : .exit(0)
        }
        #expect(drive.machine.failures == 1)
        #expect(drive.machine.state == .paused)
    }

    @Test func whoWasReachedOnceIsNotLeftOut() {
        var some = fixture([["a", "b"], ["c"]]) {
            ($0.leaveOut, $0.onStop) = (.count(2), .abort)
        }
        some.steps = [RunFixture.step("look", .read), RunFixture.step("work")]
        var drive = HandDrive(some)
        drive.feed([.sessionOpened(RunFixture.target("b"), "proof"), .led]) { request in
            request.target.name.rawValue == "b"
                && request.key.part == .action(RunFixture.id("work"))
                ? .ended(.unreachable("gone")) : .exit(0)
        }
        #expect(drive.machine.failures == 1)
        #expect(drive.machine.state == .failed)
    }

    @Test func aSoakIsWaitedForAndItsEndIsRecorded() {
        var drive = HandDrive(
            fixture([["a"], ["b"]]) { $0.soak = Soak(milliseconds: 60_000) })
        drive.soaksAtOnce = false
        drive.feed([.led], answer: Self.good)
        #expect(drive.started == ["a:work"])
        #expect(drive.machine.state == .waiting)
        #expect(drive.waveTimers == [60_000])
        let until = Timestamp(milliseconds: 60_000)
        #expect(drive.machine.wave.phase == .soaking(until: until))
        // A new leader waits for the rest only.
        drive.isTakenOver()
        drive.now = Timestamp(milliseconds: 45_000)
        drive.feed([.led], answer: Self.good)
        #expect(drive.waveTimers == [60_000, 15_000])
        drive.now = until
        drive.soaksAtOnce = true
        drive.feed([.timer(.wave)], answer: Self.good)
        #expect(drive.started == ["a:work", "b:work"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.now == until.adding(.seconds(60)), "the last wave soaks, too")
        #expect(drive.isFold)
    }

    private static let check = HealthCheck(
        place: .target, convention: .nagios, script: RunFixture.call("check_load"),
        name: "check_load")

    @Test func healthIsAskedOnEachTargetThatEndedWellOrOnceOnTheController() {
        var controller = Self.check
        controller.place = .controller
        var drive = HandDrive(
            fixture([["a", "b", "c"]]) {
                ($0.health, $0.stopAtWave) = ([Self.check, controller], .count(2))
            })
        drive.feed([.led], answer: failing("c"))
        #expect(
            drive.healthAsked.map { "\($0.request.target.name) \($0.request.place.rawValue)" }
                == ["a target", "b target", "a controller"])
        #expect(drive.healthAsked.allSatisfy { $0.request.effect == .read })
        #expect(waves(drive).contains(.healthTold(0, .ok, reason: "", isLast: true)))
    }

    @Test func noTargetIsAskedTwoThingsAtATime() {
        var drive = HandDrive(fixture([["a", "b"]]) { $0.health = [Self.check, Self.check] })
        drive.health = { _ in nil }
        drive.feed([.led], answer: Self.good)
        #expect(drive.healthAsked.map(\.request.target.name.rawValue) == ["a", "b"])
        let answer = HealthAnswer(
            wave: 0, target: RunFixture.target("b"), verdict: .ok, text: "said 0")
        drive.feed([.healthAnswered(answer)], answer: Self.good)
        #expect(drive.healthAsked.map(\.request.target.name.rawValue) == ["a", "b", "b"])
    }

    @Test func whatIsNotWellStopsAndAWarningDoesNot() {
        var drive = HandDrive(
            fixture([["a"], ["b"]]) { ($0.health, $0.onStop) = ([Self.check], .abort) })
        drive.health = { $0.wave == 0 ? (.warning, "load 9") : (.failed, "load 31") }
        drive.feed([.led], answer: Self.good)
        #expect(drive.started == ["a:work", "b:work"])
        #expect(drive.machine.state == .failed, "also after the last wave")
        #expect(drive.machine.wave.stop == "wave 2 is not well: load 31")
        #expect(drive.isFold)
    }

    @Test func whatNobodyKnowsPausesWhateverOnStopSaysAndAPersonGoesOn() {
        var drive = HandDrive(
            fixture([["a"], ["b"]]) { ($0.health, $0.onStop) = ([Self.check], .abort) })
        drive.health = { $0.wave == 0 ? (.inconclusive, "said 3") : (.ok, "") }
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .paused)
        #expect(drive.machine.stateReason.contains("said 3"))
        drive.feed([person(.resume, 1)], answer: Self.good)
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test func itIsWatchedWhileItSoaks() {
        var drive = HandDrive(
            fixture([["a"], ["b"]]) {
                $0.soak = Soak(milliseconds: 10_000, watchMilliseconds: 4000)
                ($0.health, $0.onStop) = ([Self.check], .abort)
            })
        drive.feed([.led], answer: Self.good)
        #expect(Array(drive.waveTimers.prefix(3)) == [4000, 4000, 2000])
        #expect(drive.healthAsked.count { $0.wave == 0 } == 3, "twice meanwhile, once after it")
        drive = HandDrive(drive.machine.record)
        drive.health = { _ in (.failed, "dead") }
        drive.feed([.led], answer: Self.good)
        #expect(drive.healthAsked.count == 1, "what fails ends the soak at once")
        #expect(drive.machine.state == .failed)
        #expect(!drive.started.contains("b:work"))
    }

    @Test func aWaveThatIsPromotedByHandWaitsForAPerson() {
        var drive = HandDrive(fixture([["a"], ["b"]]) { $0.promote = .manual })
        drive.feed([.led], answer: Self.good)
        #expect(drive.machine.state == .needsPerson)
        #expect(drive.isFinished)
        #expect(drive.started == ["a:work"])
        drive.isTakenOver()
        drive.feed([.led], answer: Self.good)
        #expect(drive.isFinished && drive.started == ["a:work"])
        drive.feed([person(.promote, 1)], answer: Self.good)
        #expect(drive.machine.state == .succeeded, "nobody is asked after the last wave")
        #expect(waves(drive).contains(.promoted(0, actor: "ann")))
        #expect(drive.isFold)
    }

    @Test func promotingWhatDoesNotWaitIsRefused() {
        var drive = HandDrive(fixture([["a"], ["b"]]))
        drive.feed([.led]) { _ in nil }
        drive.feed([person(.promote, 1)]) { _ in nil }
        guard case .refused(_, let reason)? = drive.events.last?.event else {
            Issue.record("it was taken")
            return
        }
        #expect(reason == "promote: no wave waits for a person to promote it")
    }

    @Test func anAbortBetweenWavesEndsTheRun() {
        var drive = HandDrive(fixture([["a"], ["b"]]) { $0.soak = Soak(milliseconds: 5000) })
        drive.soaksAtOnce = false
        drive.feed([.led], answer: Self.good)
        drive.feed([person(.abort, 1)], answer: Self.good)
        #expect(drive.machine.state == .aborted)
        #expect(drive.started == ["a:work"])
    }

    @Test func aWaveThatAPersonLeftOutWhollyIsPassedOver() {
        var some = fixture([["a"], ["b"], ["c"]])
        some.leftOut = [LeftOutTarget(target: RunFixture.target("b"), reason: "in repair")]
        var drive = HandDrive(some)
        drive.feed([.led], answer: Self.good)
        #expect(drive.started == ["a:work", "c:work"])
        #expect(waves(drive) == [.started(0), .ended(0), .started(2), .ended(2)])
    }

    @Test func exitStatusesAreReadByTheirTable() {
        func verdicts(_ convention: HealthCheck.Convention) -> [HealthVerdict] {
            [.exited(0), .exited(1), .exited(2), .exited(3), .exited(77), .timedOut].map {
                HealthVerdict($0, by: convention)
            }
        }
        #expect(
            verdicts(.nagios) == [
                .ok, .warning, .failed, .inconclusive, .inconclusive, .inconclusive,
            ])
        #expect(
            verdicts(.script) == [.ok, .failed, .failed, .failed, .inconclusive, .inconclusive])
    }
}
