import Runbooks
import Testing

@testable import Runner

/// A run of a home that was restored: it may have gone on since, so that nothing of it which
/// changes anything is started again.
struct RestoredRunTests {
    /// A drive whose run is restored after these inputs, and led on by another machine.
    private static func restored(
        _ fixture: RunFixture, after inputs: [RunInput] = [],
        _ answer: (AttemptRequest) -> AttemptRecord? = { _ in .exit(0) }
    ) -> HandDrive {
        var drive = HandDrive(fixture)
        drive.feed(inputs, answer: answer)
        var next = drive
        for event in [
            RunEvent.restored(reason: "why"), .stateChanged(.needsPerson, reason: "why"),
        ] {
            next.events.append(
                RecordedEvent(sequence: next.events.count + 1, at: drive.now, event: event))
        }
        next.machine = RunMachine(record: drive.machine.record, events: next.events)
        (next.performed, next.isFinished) = ([], false)
        return next
    }

    private static func abort(_ id: Int = 1) -> RunInput {
        .command(PersonCommand(verb: .abort, actor: "ann"), inboxID: id)
    }

    @Test(arguments: [Effect.once, .irreversible, .idempotent])
    func whatMayHaveBeenStartedSinceIsUnknownAndNotStarted(_ effect: Effect) {
        var fixture = RunFixture(steps: [
            RunFixture.step("look", .read), RunFixture.step("change", effect),
            RunFixture.step("more", effect),
        ])
        fixture.targets = ["a", "b", "c"]
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: 1)
        // The first target's change is in flight; the others are not started.
        var drive = Self.restored(fixture, after: [.led]) { request in
            request.key.part == .action(RunFixture.id("look")) ? .exit(0) : nil
        }
        #expect(drive.machine.state == .needsPerson && drive.machine.isRestored)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(
            drive.performed.map(\.key.part)
                == Array(repeating: .action(RunFixture.id("look")), count: 2))
        #expect(drive.machine.state == .failed)
        for name in ["a", "b", "c"] {
            let target = drive.machine.targets[RunFixture.target(name)]
            #expect(target?.outcome == .unknown, "\(name)")
            #expect(target?.outcomes[RunFixture.id("change")] == .unknown, "\(name)")
        }
    }

    @Test func aGuardThatSaysDoneSettlesItAndOneThatSaysNeededStartsNothing() {
        for (status, wanted) in [(Int32(0), Outcome.changed), (1, .unknown), (77, .unknown)] {
            for effect in [Effect.once, .idempotent] {
                let step = RunFixture.step("change", effect) { step in
                    step.unless = RunFixture.call("done?")
                }
                var drive = Self.restored(RunFixture(steps: [step]))
                drive.feed([.led]) { _ in .exit(status) }
                #expect(drive.performed.allSatisfy { $0.key.part == .guarding(step.id) })
                #expect(!drive.performed.isEmpty)
                #expect(
                    drive.machine.targets[RunFixture.target("a")]?.outcomes[step.id] == wanted,
                    "\(status) \(effect)")
            }
        }
    }

    @Test func whatEndedBeforeStaysAndALostVerifySettles() {
        let change = RunFixture.step("two", .once) { step in
            step.verify = [AssertAction(script: RunFixture.call("holds"))]
        }
        let fixture = RunFixture(steps: [RunFixture.step("one", .once), change])
        var drive = Self.restored(fixture, after: [.led]) { request in
            request.key.part == .action(RunFixture.id("one")) ? .exit(0) : nil
        }
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.performed.map(\.key.part) == [.check(change.id, 0)])
        #expect(drive.outcomes() == ["one=changed", "two=changed"])
        #expect(drive.machine.state == .succeeded)
    }

    @Test func anAbortSaysOfEachTargetThatItMayHaveRun() {
        var fixture = RunFixture(steps: [
            RunFixture.step("look", .read), RunFixture.step("change", .once),
        ])
        fixture.targets = ["a", "b"]
        fixture.rollout = Rollout(maxInFlight: 1, stopAtFailures: 1)
        var drive = Self.restored(fixture, after: [.led]) { _ in nil }
        drive.feed([Self.abort(), .led]) { _ in .exit(0) }
        #expect(drive.performed.isEmpty)
        #expect(drive.machine.state == .aborted)
        for name in ["a", "b"] {
            #expect(drive.machine.targets[RunFixture.target(name)]?.outcome == .unknown, "\(name)")
        }
    }

    @Test func whatIsOwedWaitsForAPersonWhoSaysToPay() {
        let taken = RunFixture.step("take", .once) { step in
            step.release = Release(
                script: RunFixture.call("back"), after: RunFixture.id("work"), ifStopped: .pay)
        }
        let fixture = RunFixture(steps: [taken, RunFixture.step("work", .once)])
        var drive = Self.restored(fixture, after: [.led]) { request in
            request.key.part == .action(taken.id) ? .exit(0) : nil
        }
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.performed.isEmpty, "it may have been given back since")
        #expect(drive.machine.owed.map(\.step) == [taken.id])
        #expect(drive.machine.state == .needsPerson)
        let pay = PersonCommand(verb: .pay(RunFixture.target("a")), actor: "ann")
        drive.feed([.command(pay, inboxID: 1)]) { _ in .exit(0) }
        #expect(drive.performed.map(\.key.part) == [.release(taken.id)])
    }

    @Test func readsAloneAreDoneAsEver() {
        let fixture = RunFixture(steps: [
            RunFixture.step("look", .read), RunFixture.step("see", .read),
        ])
        var drive = Self.restored(fixture, after: [.led]) { _ in nil }
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.outcomes() == ["look=ok", "see=ok"])
        #expect(drive.machine.state == .succeeded)
    }

    /// What another step brought to light may have been another thing then.
    @Test func aConditionOnAnAnswerDoesNotHideAStep() throws {
        let when = try Expression.parse("look.mode = on").get()
        let fixture = RunFixture(steps: [
            RunFixture.step("look", .read),
            RunFixture.step("change", .once) { $0.when = when },
        ])
        var drive = Self.restored(fixture)
        drive.feed([.led]) { _ in .exit(0) }
        #expect(drive.outcomes() == ["look=ok", "change=unknown"])
    }
}
