import Runbooks
import Testing

@testable import Runner

/// Where a run stands among its waves, as people and programs are shown it.
struct WaveStandingTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }

    private func fixture(
        _ waves: [[String]]? = [["a"], ["b", "c"]], _ change: (inout RunFixture) -> Void = { _ in }
    ) -> RunFixture {
        var fixture = RunFixture(steps: [RunFixture.step("work")])
        fixture.targets = waves?.flatMap { $0 } ?? ["a", "b"]
        fixture.waves = waves
        fixture.rollout = Rollout(maxInFlight: 50, stopAtFailures: 5)
        change(&fixture)
        return fixture
    }

    private func phase(_ drive: HandDrive) -> String {
        guard let standing = drive.machine.waveStanding else { return "none" }
        return "\(standing.index + 1)/\(standing.waves.count) \(standing.phase.rawValue)"
    }

    private func counts(_ wave: WaveStanding.Wave?) -> [Int] {
        wave.map {
            [$0.targets, $0.endedWell, $0.failed, $0.atWork, $0.notStarted, $0.leftOut]
        } ?? []
    }

    @Test func aRunWithoutWavesGoesOverNone() {
        #expect(HandDrive(fixture(nil)).machine.waveStanding == nil)
        let framed = HandDrive(fixture(nil) { $0.afterWave = [RunFixture.listed("after")] })
        #expect(framed.machine.waveStanding?.current.name == "all")
    }

    @Test func itSaysWhatTheRunIsAtFromListToList() {
        var drive = HandDrive(
            fixture {
                $0.beforeWave = [RunFixture.listed("silence")]
                $0.afterWave = [RunFixture.listed("unsilence")]
                $0.rollout.promote = .manual
            })
        #expect(phase(drive) == "1/2 due")
        drive.feed([.led]) { _ in nil }
        #expect(phase(drive) == "1/2 before_wave")
        drive.feed([.attemptEnded(drive.open[0], .exit(0))]) { _ in nil }
        #expect(phase(drive) == "1/2 running")
        #expect(counts(drive.machine.waveStanding?.current) == [1, 0, 0, 1, 0, 0])
        drive.feed([.attemptEnded(drive.open[1], .exit(0))]) { _ in nil }
        #expect(phase(drive) == "1/2 after_wave")
        drive.feed([.attemptEnded(drive.open[2], .exit(0))]) { _ in nil }
        #expect(phase(drive) == "1/2 promotion")
        drive.feed(
            [.command(PersonCommand(verb: .promote, actor: "ann"), inboxID: 1)], answer: Self.good)
        #expect(phase(drive) == "2/2 done" && drive.machine.state == .succeeded)
        #expect(counts(drive.machine.waveStanding?.current) == [2, 2, 0, 0, 0, 0])
    }

    @Test func aSoakSaysUntilWhenAndHealthWhatItSaid() {
        let check = HealthCheck(
            place: .controller, convention: .script, script: RunFixture.call("well"), name: "well")
        var drive = HandDrive(
            fixture {
                ($0.rollout.soak, $0.rollout.health) = (Soak(milliseconds: 5000), [check])
            })
        (drive.soaksAtOnce, drive.health) = (false, { _ in nil })
        drive.feed([.led], answer: Self.good)
        #expect(phase(drive) == "1/2 soak")
        #expect(drive.machine.waveStanding?.until == Timestamp(milliseconds: 5000))
        #expect(drive.machine.waveStanding?.health == nil)
        drive.now = Timestamp(milliseconds: 5000)
        drive.health = { _ in (.failed, "said 2") }
        drive.feed([.timer(.wave)], answer: Self.good)
        #expect(phase(drive) == "1/2 health" && drive.machine.state == .paused)
        #expect(drive.machine.waveStanding?.health?.verdict == .failed)
        #expect(drive.machine.waveStanding?.stop?.hasPrefix("wave 1 is not well") == true)
    }

    @Test func aWaveThatHasNoSoakIsAskedForItsHealthAtOnce() {
        let check = HealthCheck(
            place: .controller, convention: .script, script: RunFixture.call("well"), name: "well")
        var drive = HandDrive(fixture { $0.rollout.health = [check] })
        drive.health = { _ in nil }
        drive.feed([.led], answer: Self.good)
        #expect(phase(drive) == "1/2 health")
    }

    @Test func closedGatesAreSaidWithWhenTheyMayOpen() {
        var drive = HandDrive(fixture { $0.gating = Gating(waits: true) })
        let opening = Timestamp(milliseconds: 20_000)
        drive.gates = { now in
            GateAnswer(
                asked: now, isOpen: now >= opening,
                lines: ["3 role: open (lead)", "6 window: waiting"], reason: "the window is closed",
                next: now >= opening ? nil : opening)
        }
        drive.feed([.led], answer: Self.good)
        #expect(phase(drive) == "1/2 gates")
        #expect(drive.machine.waveStanding?.until == opening)
        #expect(drive.machine.closedGates == ["6 window: waiting"])
        drive.now = opening
        drive.feed([.timer(.gates)]) { _ in nil }
        #expect(phase(drive) == "1/2 running" && drive.machine.closedGates.isEmpty)
        #expect(drive.machine.gatesUntil == nil)
        #expect(drive.isFold)
    }

    @Test func eachWaveCountsItsTargetsAndTheyAddUp() {
        var drive = HandDrive(
            fixture([["a", "b"], ["c", "d"]]) {
                $0.rollout.leaveOut = .count(1)
                $0.leftOut = [LeftOutTarget(target: RunFixture.target("d"), reason: "in repair")]
            })
        drive.feed([.led]) { request in
            switch request.key.target.rawValue {
            case "a": .exit(0)
            case "b": .ended(.unreachable("off"))
            default: nil
            }
        }
        let waves = drive.machine.waveStanding?.waves ?? []
        #expect(counts(waves.first) == [2, 1, 0, 0, 0, 1])
        #expect(counts(waves.last) == [1, 0, 0, 1, 0, 0], "whom a person left out is none of them")
        drive.feed([.attemptEnded(drive.open[drive.open.count - 1], .exit(1))]) { _ in .exit(1) }
        for wave in drive.machine.waveStanding?.waves ?? [] {
            #expect(counts(wave).dropFirst().reduce(0, +) == wave.targets)
        }
        #expect(counts(drive.machine.waveStanding?.waves.last) == [1, 0, 1, 0, 0, 0])
        #expect(drive.machine.waveStanding?.stop != nil)
    }
}
