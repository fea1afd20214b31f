import Runbooks
import Runner
import Testing

/// What makes an approval count, and every reason why one doesn't.
struct ApprovalCheckTests {
    private static let assessed = ChangeScene.at(.submitted).change

    private func problems(
        _ signed: SignedApproval, _ facts: ApprovalFacts = ChangeSamples.facts(),
        at seconds: Int64 = 60
    ) -> [ApprovalProblem] {
        ApprovalCheck(Self.assessed, facts, at: ChangeSamples.time(seconds)).problems(of: signed)
    }

    @Test func oneThatIsRightCounts() {
        #expect(problems(ChangeSamples.statement("ann")) == [])
    }

    /// One field differs: it is void, for that reason alone.
    private static let differences: [(SignedApproval, ApprovalProblem)] = [
        (
            ChangeSamples.statement("ann", change: ChangeSamples.id(7)),
            ApprovalProblem.ofChange(ChangeSamples.id(7))
        ),
        (
            ChangeSamples.statement("ann", library: "other"), .ofLibrary("other")
        ),
        (ChangeSamples.statement("ann", origin: "other"), .ofHome),
        (ChangeSamples.statement("ann", plan: ChangeSamples.digest("e")), .ofPlan),
        (ChangeSamples.statement("ann", forecast: ChangeSamples.digest("e")), .ofForecast),
        (ChangeSamples.statement("ann", forecast: nil), .ofForecast),
        (ChangeSamples.statement("ann", issued: 400), .fromTheFuture(ChangeSamples.time(400))),
        (ChangeSamples.statement("ann", expires: 60), .expired(ChangeSamples.time(60))),
        (ChangeSamples.statement("rea"), .isRequester),
        (ChangeSamples.statement("ivo"), .isImplementer),
        (ChangeSamples.statement("lea"), .isAuthor),
        (ChangeSamples.statement("eve"), .roleNotHeld("board")),
        (
            SignedApproval(
                statement: ChangeSamples.statement("ann").statement, signature: "signed by eve"),
            .badSignature("it is somebody else's")
        ),
    ]

    @Test(arguments: differences)
    func oneDifferenceVoidsIt(_ signed: SignedApproval, _ problem: ApprovalProblem) {
        #expect(problems(signed) == [problem])
    }

    @Test func ofAnotherEnvironmentTheRoleIsAskedThere() {
        #expect(
            problems(ChangeSamples.statement("ann", environment: "lab")) == [
                .ofEnvironment("lab", expected: "production"), .roleNotHeld("board"),
            ])
    }

    @Test func aRoleThatNobodyAsksForIsNone() {
        var facts = ChangeSamples.facts()
        facts.roles = { _, _ in ["board", "janitor"] }
        #expect(
            problems(ChangeSamples.statement("ann", role: "janitor"), facts) == [
                .roleNotAsked("janitor", asked: ["board"])
            ])
    }

    @Test func whoStartsTheRunDoesNotApproveIt() {
        #expect(
            problems(ChangeSamples.statement("ann"), ChangeSamples.facts(starter: "ann")) == [
                .isStarter
            ])
    }

    @Test func clocksMayDifferByAFewMinutes() {
        #expect(problems(ChangeSamples.statement("ann", issued: 360)) == [])
        #expect(problems(ChangeSamples.statement("ann", issued: 361)) != [])
    }

    @Test func allReasonsAreNamedAtOnce() {
        let signed = SignedApproval(
            statement: ChangeSamples.statement(
                "rea", change: ChangeSamples.id(7), environment: "lab", library: "other",
                origin: "other", plan: ChangeSamples.digest("e"),
                forecast: ChangeSamples.digest("e"), role: "janitor", issued: 400, expires: 50
            ).statement, signature: "")
        let found = problems(signed, ChangeSamples.facts(authors: ["rea"], starter: "rea"))
        #expect(found.count == 14)
        #expect(Set(found.map(\.text)).count == 14)
    }

    @Test func aReplayedStatementIsRefused() {
        var scene = ChangeScene.at(.assessed, rules: ChangeSamples.rules(quorum: 3))
        scene.tell(.revoke(approver: "ann", why: "too early"))
        let again = ChangeSamples.statement("ann")
        let refusals = scene.tell(.decide(again, ChangeSamples.facts()))
        #expect(refusals == [ApprovalProblem.usedNonce.text])
        let anew = ChangeSamples.statement("ann", nonce: "77")
        #expect(scene.tell(.decide(anew, ChangeSamples.facts())) == [])
    }

    @Test func whatWasRevokedOrExpiredCountsNoMore() {
        var scene = ChangeScene.at(.approved)
        func counting(_ seconds: Int64) -> [String] {
            ApprovalCheck(
                scene.change, ChangeSamples.facts(), at: ChangeSamples.time(seconds)
            ).counting.map(\.signed.statement.approver)
        }
        #expect(counting(60) == ["ann", "bob"])
        scene.tell(.revoke(approver: "ann", why: "a new finding"), by: "ann")
        #expect(counting(60) == ["bob"])
        let check = ApprovalCheck(scene.change, ChangeSamples.facts(), at: ChangeSamples.time(60))
        #expect(
            check.problems(ofRecorded: 0) == [.revoked(by: "ann", why: "a new finding")])
        #expect(!check.hasQuorum)
        #expect(counting(20 * 86_400) == [])
    }
}
