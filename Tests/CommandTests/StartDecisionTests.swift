import Runbooks
import Runner
import Testing

@testable import handrail

struct LeavingOutTests {
    private let plan: Plan

    init() throws { plan = try PastRun(targets: ["mbx01", "mbx02", "mbx03"]).record.plan }

    private func left(_ names: [String], why: String? = "in repair") throws -> [String] {
        try LeavingOut(names: names, reason: why).targets(of: plan).map(\.target.rawValue)
    }

    @Test func namesTargetsOfThePlanInItsOrder() throws {
        #expect(try left(["mbx03,mbx01"]) == ["mbx01", "mbx03"])
        #expect(try left(["mbx03", "mbx01", "mbx01"]) == ["mbx01", "mbx03"])
        #expect(try left([], why: nil).isEmpty)
    }

    @Test(arguments: [
        (["mbx1"], "in repair", "did you mean mbx01"), (["hub"], "in repair", "its targets: mbx01"),
        (["mbx01,mbx02", "mbx03"], "in repair", "nothing to run"), (["mbx01"], nil, "--why"),
        (["mbx01"], "  ", "--why"), ([], "in repair", "--without"),
        (["mbx01,"], "in repair", "no target"),
        (["mbx01"], String(repeating: "y", count: 1001), "1001 characters"),
    ])
    func refusesWhatIsNoSubsetWithAReason(names: [String], why: String?, hint: String) throws {
        let failure = #expect(throws: Failure.self) { try left(names, why: why) }
        let text = "\(failure?.message ?? "") \(failure?.hint ?? "")"
        #expect(text.contains(hint))
    }
}
