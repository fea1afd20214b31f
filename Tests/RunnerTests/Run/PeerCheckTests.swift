import Runbooks
import Testing

@testable import Runner

/// Members of a protected group whose last run ended badly there: asked, and believed.
struct PeerCheckTests {
    private static let good: @Sendable (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }
    private static let a = RunFixture.target("a")
    private static let b = RunFixture.target("b")

    /// A group of a, which is to be started, and b, which an earlier run left so.
    private func refusal(
        _ outcome: Outcome = .failed, isAskable: Bool = true, locked: [TargetName] = []
    ) throws -> GroupRefusal {
        let run = try #require(RunID(rawValue: "r-old"))
        let planned = RunFixture.planned("b")
        return GroupRefusal(
            target: Self.a,
            group: ProtectedGroup(
                marks: [ProtectedGroup.Mark(label: "cluster", value: "c")], maxUnavailable: 1,
                members: [Self.a, Self.b] + locked,
                peersOK: isAskable
                    ? PeerCheck(script: ScriptCall(program: .inline("well")), peers: [planned])
                    : nil),
            unavailable: [.ended(Standing(target: Self.b, outcome: outcome, run: run))]
                + locked.map { .held(LockSamples.lock($0)) })
    }

    private func drive(_ refusal: GroupRefusal, targets: [String] = ["a"]) -> HandDrive {
        var fixture = RunFixture(steps: [RunFixture.step("one", .once)])
        fixture.targets = targets
        var drive = HandDrive(fixture)
        drive.refusals = [refusal]
        drive.feed([.led], answer: Self.good)
        return drive
    }

    private func answer(
        _ drive: HandDrive, _ ending: Ending, stdout: String = ""
    ) throws -> RunInput {
        let question = try #require(drive.peersAsked.last)
        return .peerAnswered(
            PeerAnswer(
                question,
                AttemptReport(ending: ending, stdout: CapturedOutput(bytes: Array(stdout.utf8)))))
    }

    @Test func aMemberThatIsInTheWayIsAskedOnItself() throws {
        let drive = try drive(refusal())
        #expect(drive.peersAsked.map(\.run.rawValue) == ["r-old"])
        let request = try #require(drive.peersAsked.first?.request)
        #expect(request.target.name == Self.b)
        #expect(request.effect == .read)
        #expect(HandDrive.text(of: request.action) == "well")
        #expect(drive.started == [])
        #expect(drive.machine.state == .waiting)
    }

    @Test func whoSaysThatItIsWellIsRecordedAndTheOtherStarts() throws {
        var drive = try drive(refusal())
        drive.refusals = []
        drive.feed([try answer(drive, .exited(0), stdout: "in sync\n")], answer: Self.good)
        let vouched = drive.events.compactMap { recorded -> String? in
            guard case .vouched(let target, let run, let reason) = recorded.event else {
                return nil
            }
            return "\(target) \(run) \(reason)"
        }
        #expect(vouched == ["b r-old answered 0: in sync"])
        #expect(drive.started == ["a:one"])
        #expect(drive.machine.state == .succeeded)
        #expect(drive.isFold)
    }

    @Test(arguments: [
        (Ending.exited(1), "answered 1: queue is long"),
        (.timedOut, "gave no answer within 30 s"),
        (.unreachable("No route to host."), "can't be asked: No route to host."),
    ])
    func whoIsNotWellStaysInTheWayAndTheReasonSaysWhatItAnswered(
        ending: Ending, words: String
    ) throws {
        var drive = try drive(refusal())
        drive.feed([try answer(drive, ending, stdout: "queue is\n long")], answer: Self.good)
        #expect(drive.started == [])
        #expect(drive.machine.stateReason.contains("peers_ok on b " + words))
        #expect(drive.machine.stateReason.contains("handrail settle r-old --on b --as well"))
        // Not again before its time.
        drive.feed([.timer(.admission)], answer: Self.good)
        #expect(drive.peersAsked.count == 1)
        drive.now = drive.now.adding(PeerCheck.interval)
        drive.feed([.timer(.admission)], answer: Self.good)
        #expect(drive.peersAsked.count == 2)
    }

    @Test func nobodyIsAskedWhoseAnswerWouldNotHelp() throws {
        let other = RunFixture.target("d")
        #expect(try drive(refusal(isAskable: false)).peersAsked.isEmpty)
        #expect(try drive(refusal(.unknown)).peersAsked.isEmpty)
        // Another one is away, whatever this one says.
        #expect(try drive(refusal(locked: [other])).peersAsked.isEmpty)
        // This run starts it itself, and mends it so.
        #expect(try drive(refusal(), targets: ["a", "b"]).peersAsked.isEmpty)
    }

    @Test func aGateIsOpenThatAnAnswerMayOpen() throws {
        let refusal = try refusal()
        let standing = try #require(refusal.askable.first)
        let gate = ProtectionGate(
            [Self.a], [refusal.group], .known([], standings: [standing]))
        guard case .open(let rule) = gate.verdict else {
            Issue.record("\(gate.verdict)")
            return
        }
        #expect(rule.hasPrefix("1 of 1 targets would wait: a is kept available"))
        #expect(rule.contains("asked whether they are well"))
        #expect(gate.deferred.count == 1)
    }
}
