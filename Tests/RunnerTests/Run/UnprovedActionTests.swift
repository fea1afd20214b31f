import Runbooks
import Testing

@testable import Runner

/// A later attempt that could not be made says nothing about an earlier one that was lost.
struct UnprovedActionTests {
    private static let target = RunFixture.target("a")

    /// A run whose first step's first attempt was lost; its later ones end so, and are unreachable
    /// after that; nil leaves the next one open.
    private static func afterLoss(
        _ later: [AttemptRecord?] = [], effect: Effect = .idempotent, isDetached: Bool = false,
        hasGuard: Bool = false, onFailed: Step.OnFailed = .stop
    ) -> HandDrive {
        let step = RunFixture.step("one", effect) {
            $0.retry = Retry(attempts: 2, pauseMilliseconds: 0)
            $0.onFailed = onFailed
            $0.isDetached = isDetached
            if hasGuard { $0.unless = RunFixture.call("look") }
        }
        var drive = HandDrive(RunFixture(steps: [step, RunFixture.step("two")]))
        drive.feed([.led, .sessionOpened(target, "pg 7")]) { request in
            HandDrive.text(of: request.action) == "look" ? .exit(1) : nil
        }
        let first = drive.open.removeLast()
        var answers = later
        drive.feed([.attemptEnded(first, .ended(.unknown("no sign of life")))]) { _ in
            answers.isEmpty ? .ended(.unreachable("no answer")) : answers.removeFirst()
        }
        return drive
    }

    @Test(arguments: [Ending.unreachable("no answer"), .notStarted("no room")], [false, true])
    func whatWasLostStaysUnknownWhenNothingIsStartedAfterIt(_ ending: Ending, _ isDetached: Bool) {
        let drive = Self.afterLoss(
            Array(repeating: .ended(ending), count: 6), isDetached: isDetached)
        #expect(drive.performed.count > 1)
        #expect(drive.outcomes().first == "one=unknown")
        #expect(drive.machine.targets[Self.target]?.outcome == .unknown)
        #expect(
            drive.machine.targets[Self.target]?.reasons[RunFixture.id("one")]?
                .hasPrefix("an earlier attempt was lost, and may be running or begin yet") == true)
        #expect(drive.isFold)
    }

    /// Its guard could not be asked again: nothing was started that proves it gone.
    @Test func soItDoesWhenItsGuardCantBeAskedAgain() {
        let drive = Self.afterLoss(hasGuard: true)
        #expect(drive.outcomes().first == "one=unknown")
    }

    @Test func whatWasPassedOverSoKeepsItsTarget() {
        let drive = Self.afterLoss(onFailed: .continue)
        #expect(drive.outcomes() == ["one=unknown", "two=unreachable"])
        // What keeps its lock: docs/semantics.md, "Locks".
        let isKept = drive.events.contains { recorded in
            if case .lockKept(Self.target, _) = recorded.event { true } else { false }
        }
        #expect(isKept)
    }

    /// An attempt that ran was started only after the earlier sessions were gone.
    @Test func oneThatRanProvesTheEarlierOnesGone() {
        let drive = Self.afterLoss([.exit(1), .ended(.unreachable("no answer"))])
        #expect(drive.outcomes().first != "one=unknown")
        #expect(drive.machine.targets[Self.target]?.unprovedActions == [])
    }

    /// A guard that ran proves sessions gone, and what is attached with them; not what is detached.
    @Test(arguments: [(false, "one=unreachable"), (true, "one=unknown")])
    func aGuardThatRanProvesNothingOfWhatIsDetached(_ isDetached: Bool, _ outcome: String) {
        let drive = Self.afterLoss([.exit(1)], isDetached: isDetached, hasGuard: true)
        #expect(drive.outcomes().first == outcome)
    }

    @Test func aReadIsNeverUnknownForThat() {
        let drive = Self.afterLoss(effect: .read)
        #expect(drive.outcomes().first == "one=unreachable")
    }

    @Test func anAbortAfterThatSaysThatItMayRun() {
        var drive = Self.afterLoss([nil])
        let second = drive.open.removeLast()
        #expect(second.number == 2)
        drive.feed([.command(PersonCommand(verb: .abort, actor: "ann"), inboxID: 1)]) { _ in nil }
        drive.feed([.attemptEnded(second, .ended(.unreachable("no answer")))]) { _ in nil }
        #expect(drive.outcomes() == ["one=unknown"])
        #expect(drive.machine.targets[Self.target]?.outcome == .unknown)
    }

    /// Who goes on from it knows as little: the lost copy may begin while nobody answers.
    @Test func aRetryThatReachesNobodyLeavesItUnknown() throws {
        let parent = Self.afterLoss()
        #expect(parent.machine.state.isTerminal)
        let starts = try RunChain([parent.machine]).retry([Self.target], from: nil).get()
        var child = HandDrive(.retry, of: [parent], starts)
        child.feed([.led]) { _ in .ended(.unreachable("no answer")) }
        #expect(child.outcomes() == ["one=unknown"])
        var well = HandDrive(.retry, of: [parent], starts)
        well.feed([.led]) { _ in .exit(0) }
        #expect(well.outcomes() == ["one=changed", "two=changed"])
        #expect(well.machine.targets[Self.target]?.unprovedActions == [])
    }
}
