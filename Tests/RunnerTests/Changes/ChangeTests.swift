import Runbooks
import TestSupport
import Testing

@testable import Runner

/// What follows from what, beyond the table of states.
struct ChangeTests {
    // --- completeness ---------------------------------------------------------------------------

    @Test func allThatIsMissingIsAskedForAtOnce() {
        var scene = ChangeScene(ChangeRequest())
        #expect(
            scene.tell(.submit(nil)) == ChangePart.allCases.map { "\($0.words) is missing" })
        var blank = ChangeSamples.request()
        blank.title = " \t"
        blank.impact.recovery = "\n"
        blank.expectedMilliseconds = 0
        #expect(blank.missing == [.title, .duration, .impactRecovery])
        #expect(ChangeSamples.request().missing == [])
    }

    @Test func aPlanThatUndoesNothingNeedsWordsForGoingBack() {
        var request = ChangeSamples.request()
        request.plan = ChangeSamples.plan(undone: false)
        #expect(request.missing == [.rollback])
        request.rollback = "reinstall from the image"
        #expect(request.missing == [])
        request.plan = ChangeSamples.plan(targets: [])
        #expect(request.missing == [.plan])
    }

    @Test func aTypeHasToBeKnownAndNamesItsApprovers() {
        var scene = ChangeScene()
        #expect(
            scene.tell(.submit(nil)) == ["the change type 'driver-update' is not a known one"])
        let nobody = ChangeRules(
            type: "driver-update", severity: .minor, approvers: [], quorum: 1)
        #expect(
            scene.tell(.submit(nobody)) == [
                "the change type driver-update names nobody who approves"
            ])
        #expect(scene.tell(.submit(ChangeSamples.rules())) == [])
    }

    @Test func aSeverityIsNeverBelowItsTypes() {
        var scene = ChangeScene(ChangeSamples.request(severity: .minor))
        #expect(
            scene.tell(.submit(ChangeSamples.rules(severity: .major))) == [
                "a change of the type driver-update is major at least, not minor"
            ])
        scene.tell(.submit(ChangeSamples.rules()))
        scene.tell(.assess(.init(note: "all at once", severity: .major)))
        #expect(scene.change.severity == .major)
        var other = ChangeScene.at(.submitted, request: ChangeSamples.request(severity: .major))
        #expect(
            other.tell(.assess(.init(note: "small", severity: .minor))) == [
                "it is major at least, not minor"
            ])
    }

    @Test func theRulesAreThoseOfTheSubmission() {
        let scene = ChangeScene.at(.submitted, rules: ChangeSamples.rules(quorum: 3))
        #expect(scene.change.rules == ChangeSamples.rules(quorum: 3))
        #expect(scene.change.quorum == 3)
    }

    @Test func aTextThatNoRecordTakesIsRefused() throws {
        var request = ChangeSamples.request()
        request.why = String(repeating: "x", count: ChangeLimit.textBytes + 1)
        request.title = String(repeating: "\u{1}", count: 100)
        guard case .failure(let refusals) = Change.open(request) else {
            Issue.record("it was opened")
            return
        }
        #expect(
            refusals.list.map(\.text) == [
                "title is too long for a record", "why is too long for a record",
            ])
        request = ChangeSamples.request()
        let long = String(repeating: "\"", count: ChangeLimit.textBytes / 2)
        request.why = long
        request.rollback = long
        request.impact = .init(service: long, capacity: long, security: long, recovery: long)
        request.title = String(repeating: "t", count: ChangeLimit.titleBytes)
        let events = try Change.open(request).get()
        #expect(events.filter { !$0.fitsRecord } == [])
    }

    // --- approvals ------------------------------------------------------------------------------

    @Test func approvingTwiceIsAnError() {
        var scene = ChangeScene.at(.assessed, rules: ChangeSamples.rules(quorum: 3))
        let again = ChangeSamples.statement("ann", nonce: "99")
        #expect(
            scene.tell(.decide(again, ChangeSamples.facts())) == [
                "ann has approved it before: once is enough"
            ])
        #expect(scene.change.decisions.count == 1)
    }

    @Test func whoHasApprovedMayStillReject() {
        var scene = ChangeScene.at(.assessed, rules: ChangeSamples.rules(quorum: 3))
        let later = ChangeSamples.statement("ann", decision: .rejected, nonce: "99")
        #expect(scene.tell(.decide(later, ChangeSamples.facts())) == [])
        #expect(scene.change.state == .rejected)
    }

    @Test func oneRejectionRejects() {
        var scene = ChangeScene.at(.assessed, rules: ChangeSamples.rules(quorum: 3))
        scene.tell(
            .decide(ChangeSamples.statement("bob", decision: .rejected), ChangeSamples.facts()))
        #expect(scene.change.state == .rejected)
        #expect(scene.change.stateReason == "rejected by bob")
    }

    @Test func anApprovalThatDoesNotCountIsNotRecorded() {
        var scene = ChangeScene.at(.assessed)
        let own = scene.tell(.decide(ChangeSamples.statement("rea"), ChangeSamples.facts()))
        #expect(own == [ApprovalProblem.isRequester.text])
        #expect(scene.change.decisions.count == 1 && scene.change.state == .assessed)
    }

    @Test func whoSetWhatIsAskedForIsARequesterToo() {
        var scene = ChangeScene()
        scene.tell(.amend(ChangeSamples.request(urgency: .high)), by: "bob")
        scene.tell(.submit(ChangeSamples.rules()), by: "rea")
        scene.tell(.assess(.init(note: "fits")))
        #expect(
            scene.tell(.decide(ChangeSamples.statement("bob"), ChangeSamples.facts())) == [
                ApprovalProblem.isRequester.text
            ])
    }

    @Test func othersMayApproveInThePlaceOfWhoTookTheirsBackAmidTheRun() {
        var scene = ChangeScene.at(.implementing)
        scene.tell(.revoke(approver: "ann", why: "a new finding"))
        #expect(!scene.change.hasQuorum(at: ChangeSamples.time(60)))
        scene.tell(.decide(ChangeSamples.statement("cid"), ChangeSamples.facts()))
        #expect(scene.change.hasQuorum(at: ChangeSamples.time(60)))
        #expect(scene.change.state == .implementing)
    }

    @Test func whatExpiresBeforeItsTimeIsNotScheduled() {
        var scene = ChangeScene.at(.approved)
        let late = ChangeSamples.interval(21 * 86_400, 22 * 86_400)
        #expect(
            scene.tell(.schedule(late, adds: false)) == [
                "too many of its approvals will have expired when the time begins"
            ])
        let never = ChangeSamples.interval(35 * 86_400, 36 * 86_400)
        #expect(scene.tell(.schedule(never, adds: false)).count == 2)
    }

    // --- flags and kinds ------------------------------------------------------------------------

    @Test func onHoldIsAFlagInAnyState() {
        for state in ChangeState.allCases where !state.isTerminal {
            var scene = ChangeScene.at(state)
            #expect(scene.tell(.hold(why: "wait"), by: "may") == [])
            #expect(scene.change.isOnHold && scene.change.state == state)
            #expect(scene.tell(.hold(why: "wait")).count == 1)
            #expect(scene.tell(.unhold(why: "go")) == [])
            #expect(!scene.change.isOnHold)
            #expect(scene.tell(.unhold(why: "go")).count == 1)
        }
        var held = ChangeScene.at(.scheduled)
        held.tell(.hold(why: "the vendor calls back"), by: "may")
        #expect(
            held.tell(.runOpened(ChangeSamples.run())) == [
                "may holds it since 2026-11-18T11:07:40Z: 'the vendor calls back'"
            ])
        #expect(held.tell(.runOpened(ChangeSamples.run(isUndoing: true))) == [])
        #expect(held.tell(.runOpened(ChangeSamples.run("r-2", isBound: false))) == [])
    }

    @Test func anEmergencyHas24HoursFromItsApproval() {
        var scene = ChangeScene.at(
            .submitted, request: ChangeSamples.request(urgency: .emergency),
            rules: ChangeSamples.rules(quorum: 1))
        scene.seconds = 5000
        scene.tell(.decide(ChangeSamples.statement("ann"), ChangeSamples.facts()))
        #expect(scene.change.state == .scheduled)
        #expect(scene.change.dates == [ChangeSamples.interval(5000, 5000 + 86_400)])
        let later = ChangeSamples.interval(90_000, 95_000)
        #expect(scene.tell(.schedule(later, adds: true)).count == 1)
    }

    @Test func anAutomaticTypeIsApprovedByItsEntry() {
        var scene = ChangeScene()
        scene.tell(.submit(ChangeSamples.rules(severity: .automatic)))
        #expect(scene.change.state == .approved && scene.change.quorum == 0)
        #expect(
            scene.change.stateReason
                == "the type driver-update is automatic: its entry in the configuration approves it"
        )
        #expect(scene.tell(.runOpened(ChangeSamples.run())) == [])
        var board = ChangeScene(ChangeSamples.request(severity: .minor))
        board.tell(.submit(ChangeSamples.rules(severity: .automatic)))
        #expect(board.change.state == .submitted && board.change.quorum == 2)
    }

    /// Nobody looked before, so somebody looks afterwards.
    @Test func anAutomaticChangeIsReviewedAfterwards() {
        var scene = ChangeScene()
        scene.tell(.submit(ChangeSamples.rules(severity: .automatic)))
        let run = ChangeSamples.run()
        scene.tell(.runOpened(run))
        scene.tell(.runEnded(run.run, .succeeded))
        #expect(scene.change.state == .review)
        #expect(scene.change.review?.owner == "ivo")
        #expect(scene.change.review.map { $0.due > scene.change.changedAt } == true)
    }

    @Test func anAutomaticChangeIsNoEmergency() {
        var scene = ChangeScene(ChangeSamples.request(urgency: .emergency))
        #expect(
            scene.tell(.submit(ChangeSamples.rules(severity: .automatic))) == [
                "an automatic change is no emergency: nobody approves it, so it stays in its windows"
            ])
        #expect(scene.change.state == .draft)
        var board = ChangeScene(ChangeSamples.request(urgency: .emergency, severity: .minor))
        #expect(board.tell(.submit(ChangeSamples.rules(severity: .automatic))) == [])
        #expect(board.change.state == .submitted)
    }

    @Test func breakingGlassOpensAChangeForItsReview() throws {
        let glass = Change.BreakGlass(
            run: ChangeSamples.name("r-1"), signers: ["ann", "bob"], reason: "mail is down")
        let events = Change.open(
            afterBreakingGlass: glass, ChangeSamples.request(urgency: .emergency),
            at: ChangeSamples.time(0)
        ).enumerated().map {
            RecordedChangeEvent(
                sequence: $0 + 1, at: ChangeSamples.time(0), actor: "engine", event: $1)
        }
        let change = try #require(Change(ChangeSamples.id(), events: events))
        #expect(change.state == .review && change.breakGlass == glass)
        #expect(change.review == .init(owner: "ann", due: ChangeSamples.time(7 * 86_400)))
        #expect(!change.mayStart(at: ChangeSamples.time(1)))
    }

    // --- runs -----------------------------------------------------------------------------------

    @Test func aRunOfAnotherPlanOrByAnApproverDoesNotStart() {
        var scene = ChangeScene.at(.scheduled)
        let other = ChangeSamples.run(by: "ann", plan: ChangeSamples.digest("e"))
        #expect(
            scene.tell(.runOpened(other)) == [
                "the run's plan is not the one that was approved",
                "ann has approved it, and so can't start it",
            ])
        #expect(scene.change.state == .scheduled)
    }

    @Test func whatWasTriedMayBeTriedAgainInItsTime() {
        var scene = ChangeScene.at(.review)
        #expect(scene.tell(.runOpened(ChangeSamples.run("r-2"))) == [])
        #expect(scene.change.state == .implementing && scene.change.openRun?.rawValue == "r-2")
        scene.tell(.runEnded(ChangeSamples.run("r-2").run, .succeeded))
        #expect(scene.change.state == .review)
        scene.seconds = 5000
        #expect(scene.tell(.runOpened(ChangeSamples.run("r-3"))).count == 1)
        #expect(scene.tell(.schedule(ChangeSamples.interval(6000, 7000), adds: true)) == [])
        #expect(scene.tell(.runOpened(ChangeSamples.run("r-3"))) == [])
    }

    @Test func aRunGoesOnFromItsParentWhichHasNotEnded() {
        var scene = ChangeScene.at(.implementing)
        #expect(scene.tell(.runOpened(ChangeSamples.run("r-2"))).count == 1)
        let child = Change.Run(
            run: ChangeSamples.name("r-2"), planDigest: ChangeSamples.digest("a"), starter: "ivo",
            parent: ChangeSamples.name("r-1"))
        #expect(scene.tell(.runOpened(child)) == [])
    }

    @Test func aReviewHasAnOwnerAndADueDate() {
        var scene = ChangeScene.at(.implementing, rules: ChangeSamples.rules(isReviewed: true))
        scene.tell(.runEnded(ChangeSamples.run().run, .succeeded))
        #expect(
            scene.change.review == .init(owner: "ivo", due: ChangeSamples.time(60 + 7 * 86_400)))
        #expect(
            scene.tell(.close(.init(isComplete: true, note: " "), unfinished: [])) == [
                "what came of it is missing"
            ])
        #expect(ChangeScene.at(.review).change.review == nil)
    }

    @Test func whatIsNotDoneCantCloseAsComplete() {
        var scene = ChangeScene.at(.review)
        let left = (1...7).map { ChangeSamples.name("mbx\($0)") as TargetName }
        #expect(
            scene.tell(.close(.init(isComplete: true, note: "done"), unfinished: left)) == [
                "mbx1, mbx2, mbx3, mbx4, mbx5 and 2 more: not done, so it isn't complete"
            ])
        let rest = Change.Closing(
            isComplete: false, note: "mbx1 is gone", followedBy: ChangeSamples.id(43))
        #expect(scene.tell(.close(rest, unfinished: left)) == [])
        #expect(scene.change.closing == rest && scene.change.state == .closed)
    }

    @Test func whatWasUndoneCantCloseAsComplete() {
        var scene = ChangeScene.at(.review)
        scene.tell(.runOpened(ChangeSamples.run("r-2", isUndoing: true)))
        scene.tell(.runEnded(ChangeSamples.run("r-2").run, .rolledBack))
        let complete = Change.Closing(isComplete: true, note: "done")
        #expect(
            scene.tell(.close(complete, unfinished: [])) == [
                "what it did was undone, by r-2, so it isn't complete"
            ])
        let long = Change.Closing(
            isComplete: false, note: String(repeating: "x", count: ChangeLimit.textBytes + 1))
        #expect(
            scene.tell(.close(long, unfinished: [])) == ["what came of it is too long for a record"]
        )
        #expect(
            scene.tell(.close(.init(isComplete: false, note: "undone"), unfinished: [])) == [])
    }

    // --- properties -----------------------------------------------------------------------------

    @Test(arguments: UInt64(0)..<200) func theFoldOfTheEventsIsTheLiveChange(
        _ seed: UInt64
    ) throws {
        var numbers = SeededNumbers(seed: seed)
        var scene = RandomChange.scene(&numbers)
        for _ in 0..<40 {
            let (before, count) = (scene.change, scene.events.count)
            let input = RandomChange.input(&numbers)
            let refusals = scene.tell(
                input, by: RandomChange.people.randomElement(using: &numbers) ?? "")
            #expect(Change(ChangeSamples.id(), events: scene.events) == scene.change)
            if !refusals.isEmpty { #expect(scene.change == before) }
            if before.state.isTerminal { #expect(scene.events.count == count) }
            try expectInvariants(of: scene, after: before)
            scene.seconds += Int64.random(in: 0...4000, using: &numbers)
        }
    }

    @Test func whatHasEndedTakesNothing() {
        for state in ChangeState.allCases where state.isTerminal {
            var numbers = SeededNumbers(seed: 1)
            for _ in 0..<200 {
                var scene = ChangeScene.at(state)
                let count = scene.events.count
                scene.tell(RandomChange.input(&numbers))
                #expect(scene.events.count == count)
            }
        }
    }

    /// What holds after every input, whatever it was.
    private func expectInvariants(of scene: ChangeScene, after before: Change) throws {
        let (change, now) = (scene.change, ChangeSamples.time(scene.seconds))
        let approvers = change.standing(at: now).map(\.signed.statement.approver)
        #expect(Set(approvers).count == approvers.count)
        #expect(!approvers.contains { change.authors.contains($0) })
        let isNew = before.state != change.state
        if isNew, [.approved, .scheduled].contains(change.state) {
            #expect(Set(approvers).count >= (try #require(change.quorum)))
        }
        if isNew, change.state == .implementing {
            #expect(
                change.hasQuorum(at: now) && !change.isOnHold
                    || !(change.runs.last?.run.isBound ?? true))
        }
        if change.state == .implementing { #expect(change.openRun != nil) }
        if ![.draft, .cancelled].contains(change.state) { #expect(change.request.missing.isEmpty) }
        if change.state == .closed { #expect(change.closing != nil) }
    }
}

/// Inputs as a seed makes them.
enum RandomChange {
    static let people = ["ann", "bob", "cid", "rea", "ivo", "lea", "eve"]

    static func scene(_ numbers: inout SeededNumbers) -> ChangeScene {
        let urgency = ChangeUrgency.allCases.randomElement(using: &numbers) ?? .normal
        return ChangeScene(
            Bool.random(using: &numbers) || Bool.random(using: &numbers)
                ? ChangeSamples.request(urgency: urgency) : ChangeRequest(urgency: urgency))
    }

    static func input(_ numbers: inout SeededNumbers) -> ChangeInput {
        let person = people.randomElement(using: &numbers) ?? ""
        let run = "r-\(Int.random(in: 1...4, using: &numbers))"
        let start = Int64.random(in: 0...60_000, using: &numbers)
        let interval = ChangeSamples.interval(start, start + 20_000)
        let isFlag = Bool.random(using: &numbers)
        let nonce = String(UInt64.random(in: 0...60, using: &numbers))
        switch Int.random(in: 0..<20, using: &numbers) {
        case 0: return .amend(ChangeSamples.request(severity: isFlag ? .major : nil))
        case 1, 2:
            let severity: ChangeSeverity = nonce.hasPrefix("1") ? .automatic : .minor
            return .submit(
                ChangeSamples.rules(
                    quorum: isFlag ? 1 : 2, severity: severity, isReviewed: isFlag))
        case 3, 4: return .assess(.init(note: "fits", severity: isFlag ? .major : nil))
        case 5, 6, 7, 8:
            return .decide(ChangeSamples.statement(person, nonce: nonce), ChangeSamples.facts())
        case 9 where isFlag:
            return .decide(
                ChangeSamples.statement(person, decision: .rejected, nonce: nonce),
                ChangeSamples.facts())
        case 10: return .revoke(approver: person, why: "why")
        case 11, 12: return .schedule(interval, adds: isFlag)
        case 13: return isFlag ? .hold(why: "wait") : .unhold(why: "go")
        case 14 where nonce.hasPrefix("1"): return .cancel(why: "no")
        case 15, 16:
            return .runOpened(
                ChangeSamples.run(
                    run, by: person, isUndoing: nonce.hasPrefix("2"),
                    isBound: !nonce.hasPrefix("3")))
        case 17, 18: return .runEnded(ChangeSamples.run(run).run, isFlag ? .succeeded : .failed)
        default:
            return .close(
                .init(isComplete: isFlag, note: "n"),
                unfinished: nonce.hasPrefix("4") ? [ChangeSamples.name("mbx1")] : [])
        }
    }
}
