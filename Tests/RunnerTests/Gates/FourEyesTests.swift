import Runbooks
import Runner
import Testing

/// Who may let the targets of a run start that others have approved.
struct FourEyesTests {
    private static func run(
        change: PolicyLevel, glass: BrokenGlass? = nil
    ) throws -> RunRecord {
        var fixture = try PlanFixture(
            steps: [PlanFixture.step("s", .once, .run(PlanFixture.script()))])
        fixture.environments = [
            EnvironmentRule(name: "lab", content: .off, change: change, isProduction: false)
        ]
        let plan = try fixture.plan()
        return RunRecord(
            id: try #require(RunID(rawValue: "r-1")), number: 1, plan: plan,
            planDigest: .sha256(of: [1]), forecastDigest: nil, actor: "ivo", ticket: nil,
            alert: nil, librarySource: "main@1", opened: Timestamp(milliseconds: 0),
            brokenGlass: glass)
    }

    private static let standing = ChangeFacts.Standing.known(
        ChangeStanding(
            id: "CHG-7", type: "driver", windows: [], state: "implementing", isApproved: true,
            dates: [], targets: [], requester: "rob", approvers: ["bea"], quorum: 1))

    @Test func whoApprovedTheChangeNeitherResumesNorPromotesItsRun() throws {
        let eyes = FourEyes(of: try Self.run(change: .required))
        for (verb, words) in [(Verb.resume, "resume a run"), (.promote, "let a run's next wave")] {
            let refusal = eyes.refusal(of: "bea", verb, standing: Self.standing)
            #expect(refusal?.reason.hasPrefix("bea approved CHG-7, and so can't " + words) == true)
        }
        #expect(eyes.refusal(of: "ivo", .resume, standing: Self.standing) == nil)
        #expect(eyes.refusal(of: "bea", .resume, standing: .none) == nil)
    }

    @Test func wherePolicyOnlyAdvisesNobodyIsStopped() throws {
        for change in [PolicyLevel.advisory, .off] {
            let eyes = FourEyes(of: try Self.run(change: change))
            #expect(eyes.refusal(of: "bea", .resume, standing: Self.standing) == nil)
        }
    }

    @Test func theSecondWhoBrokeTheGlassIsAnApprover() throws {
        let glass = BrokenGlass(
            first: "ivo", second: "bea", reason: "down", at: Timestamp(milliseconds: 0))
        let eyes = FourEyes(of: try Self.run(change: .off, glass: glass))
        #expect(
            eyes.refusal(of: "bea", .promote, standing: .none)?.reason.hasPrefix(
                "bea is the second who broke the glass") == true)
        #expect(eyes.refusal(of: "ivo", .promote, standing: .none) == nil)
    }
}
